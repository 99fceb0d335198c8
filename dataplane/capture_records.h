/* The packet records of a classic pcap file (version 2.4, either byte order, micro- or
 * nanoseconds), read in large pieces without libpcap, which needs two copies and two function
 * calls of stdio for each packet. libpcap still reads the file's header, and all other formats.
 * What is accepted and what it means is as libpcap 1.10 has it. */
#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture_stream.h"

struct capture_records;

enum records_status {
	RECORDS_OK,
	RECORDS_ENDED,  /* between two records; nothing is wrong */
	RECORDS_CUT,    /* inside a record; `wrong` says what was missing */
	RECORDS_BROKEN, /* `wrong` says why the record cannot be one */
	/* Lending: the next record does not fit; exchange the buffer, then call again. When this
	 * comes depends on the records alone, and not on how they could be read. */
	RECORDS_FULL,
};

/* Takes over from `pcap`, which has read the file's header through the stream's FILE and nothing
 * else. Both are borrowed until capture_records_destroy(). Reads `piece` bytes at a time. NULL:
 * the file is none of these (libpcap is to read on), or no memory. */
struct capture_records *capture_records_create(
	struct capture_stream *stream, pcap_t *pcap, size_t piece);

/* From now on records stay good until capture_records_exchange(), in a buffer of `room` bytes, at
 * least RECORDS_ROOM_MIN. Before the first record only. false: no memory. */
enum { RECORDS_ROOM_MIN = 16 + 262144 };
bool capture_records_lend(struct capture_records *records, size_t room);
/* The buffer that holds them; owned by `records`. */
const uint8_t *capture_records_lent(const struct capture_records *records);
/* Gives the buffer away (the caller frees it) and takes `empty` of the same size, from malloc(),
 * for the records to come; NULL: there are none to come. `kept` (NULL: nobody) points into the
 * last record, which goes along into the new buffer. */
uint8_t *capture_records_exchange(
	struct capture_records *records, uint8_t *empty, const uint8_t **kept);

/* The next record. `*data` is good until the next call; when lending, longer. */
enum records_status capture_records_next(
	struct capture_records *records, struct pcap_pkthdr *header, const uint8_t **data);

/* Why, without a full stop. */
const char *capture_records_wrong(const struct capture_records *records);

/* NULL is legal. */
void capture_records_destroy(struct capture_records *records);
