/* Packet files (-w): FILE.pcapng by our own writer, anything else as classic pcap with ns times. Every record is a decapsulated inner frame with its true original length.
 * pcapng: one interface a session (Ethernet, snap length 262144, ns), direction in the packet
 * flags, a comment such as `vni=42 outer_src=10.0.0.1 rule=100 flow=<id>`, or with
 * `refused=rule_rejected` at its end, statistics blocks at the end of the file. Raw IP inner packets go to a file of their own, with one interface, FILE-ip.pcapng or FILE-ip.pcap, made
 * when the first one comes (libpcap refuses a file whose interfaces differ in link type).
 * What a failed write took with it is missing, and the file goes on behind it when there is room again
 * (record_file.h): pcapng with a new section, so that it stays readable. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/packet.h"
#include "inspect/record/sink.h"

/* One packet to record; pointers are borrowed for the call. */
struct packet_record {
	const uint8_t *frame;
	uint32_t cap, wire;
	uint64_t time_ns;
	enum link link; /* LINK_IP goes to the -ip file; others than Ethernet are rewritten */
	bool has_vni;   /* else plain mode: one interface for all */
	SESSION_KEY;
	enum direction direction;
	uint32_t rule_number; /* 0 = none */
	uint64_t flow_id;     /* 0 = reached no flow */
	const char *refused; /* bucket of a packet that was refused; a static string, or NULL */
};

struct packet_file;

/* Where raw IP packets of a file go. false: too long a name. */
bool packet_file_ip_path(const char *path, char *ip_path, size_t size);

/* NULL: `error` says what and why. */
struct packet_file *packet_file_open(const char *path, struct error *error);
/* The same for packets that were retrieved: pcapng, too, where the name does not end in .pcap, and on standard output, which
 * takes raw IP packets as well, behind an Ethernet header whose MAC addresses are zero. */
struct packet_file *packet_file_open_retrieved(const char *path, struct error *error);
/* The same for one of several files, which share a `ledger` (borrowed); `flags` are more flags of
 * open(2). NULL: errno says why. */
struct packet_file *packet_file_begin(
	const char *path, int flags, struct output_ledger *ledger);
void packet_file_write(struct packet_file *file, const struct packet_record *record);
/* Writes what is buffered, so that the ledger tells what became of every record; false when
 * anything was lost (said on stderr). A file for raw IP packets that could not be made is tried
 * again afterwards. */
bool packet_file_flush(struct packet_file *file);
/* Writes what ends the file, closes, frees. false when anything was lost (said on stderr). */
bool packet_file_close(struct packet_file *file);
/* The same of a pcapng file that no packet was written to, which is removed. */
bool packet_file_discard(struct packet_file *file);

/* Bytes of both files when they are closed; one packet more adds at most its own bytes and
 * PACKET_FILE_EXTRA. */
uint64_t packet_file_size(const struct packet_file *file);
enum { PACKET_FILE_EXTRA = 512 };
/* Packets that the file for raw IP took. */
uint64_t packet_file_ip_packets(const struct packet_file *file);
const struct output_ledger *packet_file_ledger(const struct packet_file *file);
