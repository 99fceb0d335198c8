/* Reads the index of a packet file (index_builder.h). Every block of it has a checksum, every number is bounded: an
 * index that was damaged or cut is INDEX_DAMAGED, and never an answer with fewer packets; whoever gets that reads
 * the packet file from its beginning. An index that an enemy made costs no more than another one, and may lie.
 *
 * Reads as little as it can: of a part that has none of the flow ids or hosts asked for, a line of 64 bytes.
 * One thread uses a reader; several readers of one file are no matter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/flow/community_id.h"
#include "inspect/packets/index/index_flow.h"
#include "inspect/packets/index/index_identity.h"

enum index_status {
	INDEX_OK,
	INDEX_NONE,    /* there is no index */
	INDEX_STALE,   /* it is of another file, or of this one as it was before */
	INDEX_DAMAGED, /* also: of another version of the format */
	INDEX_FAILED,  /* no memory, or the file system refused */
};

struct index_reader;

/* Opens the index of `packet_file`, and compares it with what that file is now. NULL: `*status` is not
 * INDEX_OK, and `error` says why in a sentence that names the index. */
struct index_reader *index_open(const char *packet_file, const struct index_identity *file,
	enum index_status *status, struct error *error);
/* Whether a file begins as an index does, or is none at all (not there, empty): one that does neither is somebody's. */
bool index_may_replace(const char *path);
/* NULL is legal. */
void index_close(struct index_reader *reader);

struct index_about {
	uint64_t made_with;      /* see index_builder_open() */
	uint64_t packets, flows; /* rows of all parts together */
	uint64_t
		joined; /* packets that came in several records: of those only the last is theirs, the others
			  * stand in rows without a flow. When this is not 0, read the packet file from its
			  * beginning to get them whole */
	uint64_t first_ns, last_ns; /* of all packets; both 0: there are none */
	uint32_t parts, landmarks;
};
const struct index_about *index_about(const struct index_reader *reader);

/* The landmarks, ascending, as index_about() numbers them; owned by the reader. */
enum index_status index_landmarks(
	struct index_reader *reader, const uint64_t **landmarks, struct error *error);

struct index_part {
	uint64_t first_offset, last_offset; /* of its packets */
	uint64_t first_ns, last_ns;         /* exact: earliest and latest */
	uint32_t packets, flows;
};
/* `part` < index_about()->parts; parts follow each other in the file. Owned by the reader. */
const struct index_part *index_part(const struct index_reader *reader, uint32_t part);

/* An address and how many of its bits count: 128 for a host, 96 + n for an IPv4 prefix of n bits. */
struct index_prefix {
	struct ip_addr address;
	uint8_t bits;
};

struct index_ports {
	uint16_t from, to; /* inclusive */
};

/* A row as it is shown to `wants`. */
struct index_row {
	struct index_flow flow;
	/* Of the flow's packets in this part, rounded outwards (by at most the part's time / 2^24). */
	uint64_t first_ns, last_ns;
};

/* Which packets: those of rows that meet all that is asked. Each list asks for any of its members; an
 * empty one asks for nothing. All is borrowed for the call. */
struct index_query {
	const uint64_t *flow_ids;
	uint32_t n_flow_ids;
	const uint8_t (*communities)[COMMUNITY_ID_DIGEST]; /* community_id_parse() */
	uint32_t n_communities;
	const struct index_prefix *hosts; /* one end of the flow at least lies in one of them */
	uint32_t n_hosts;
	const struct index_ports
		*ports; /* likewise; a flow without ports has port 0 (but ICMP) */
	uint32_t n_ports;
	const uint8_t *protocols;
	uint32_t n_protocols;
	uint64_t from_ns, to_ns; /* inclusive; both 0: any time */
	/* Asked last, of rows that meet all else; NULL: takes them. */
	bool (*wants)(void *ctx, const struct index_row *row);
	void *ctx;
};

/* An answer: `at` from malloc(), the caller's to free; all zero is empty, and it is used again. */
struct index_offsets {
	uint64_t *at;
	size_t n, room;
};

/* The offsets of all packets of one part that `query` asks for, ascending; no packet twice. By rows the answer is exact. By
 * time it may hold packets a little out of the range: a stretch of 64 KiB of the packet file is in it or
 * not. INDEX_DAMAGED or INDEX_FAILED: `error` says why, and `out` means nothing. */
enum index_status index_find(struct index_reader *reader, uint32_t part,
	const struct index_query *query, struct index_offsets *out, struct error *error);

/* Bytes that were read of the index so far. */
uint64_t index_bytes_read(const struct index_reader *reader);
