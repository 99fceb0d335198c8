/* The packet records of a classic pcap file (version 2.4, either byte order, micro- or
 * nanoseconds), read in large pieces without libpcap, which needs two copies and two function
 * calls of stdio for each packet. libpcap still reads the file's header, and all other formats.
 * What is accepted and what it means is as libpcap 1.10 has it. */
#pragma once

#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture_stream.h"

struct capture_records;

enum records_status {
	RECORDS_OK,
	RECORDS_ENDED,  /* between two records; nothing is wrong */
	RECORDS_CUT,    /* inside a record; `wrong` says what was missing */
	RECORDS_BROKEN, /* `wrong` says why the record cannot be one */
};

/* Takes over from `pcap`, which has read the file's header through the stream's FILE and nothing
 * else. Both are borrowed until capture_records_destroy(). Reads `piece` bytes at a time. NULL:
 * the file is none of these (libpcap is to read on), or no memory. */
struct capture_records *capture_records_create(
	struct capture_stream *stream, pcap_t *pcap, size_t piece);

/* The next record. `*data` is good until the next call. */
enum records_status capture_records_next(
	struct capture_records *records, struct pcap_pkthdr *header, const uint8_t **data);

/* Why, without a full stop. */
const char *capture_records_wrong(const struct capture_records *records);

/* NULL is legal. */
void capture_records_destroy(struct capture_records *records);
