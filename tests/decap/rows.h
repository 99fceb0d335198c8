/* The rows of rows_*.def: packets as text, each with what decap must give. The expected lengths,
 * offsets and numbers were written down with the packet, header by header; 0 is the default of
 * every field and is checked as well. Fields after `reason` count for inspected packets only. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decap/decap.h"
#include "support/hex.h"

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): reading order
struct row {
	const char *name;
	const char *hex;
	enum link link;
	bool plain;          /* judged by decap_plain */
	uint32_t uncaptured; /* wire - cap */
	enum reason reason;
	enum link frame_link;
	uint32_t vni, network, ip_len, tcp_seq, tcp_ack, fragment_id;
	const char *outer_src, *src, *dst;
	uint8_t ip_version, protocol, tcp_flags, icmp_type, icmp_code;
	uint16_t l4, payload, src_port, dst_port, icmp_id, flags;
};

static const struct row rows[] = {
#define ROW(noun, ...) {.name = #noun, __VA_ARGS__},
#include "rows_outer.def"

#include "rows_inner.def"

#include "rows_plain.def"
#undef ROW
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), ROW_ROOM = 2048 };

static const struct decap_params row_params = {
	.vxlan_ports = {4789},
	.geneve_ports = {6081},
	.n_vxlan_ports = 1,
	.n_geneve_ports = 1,
	.max_depth = 4,
};

/* A packet in a buffer of exactly `cap` bytes, so that a sanitizer sees a read past them; its
 * other fields hold rubbish, as in reused memory. row_free() ends it. */
static inline struct packet row_packet(
	const struct row *row, const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	uint8_t *copy = malloc(cap ? cap : 1);
	struct packet p;

	if (!copy)
		abort();
	memcpy(copy, bytes, cap);
	memset(&p, 0xa5, sizeof(p));
	p.data = cap ? copy : copy + 1;
	p.cap = cap;
	p.wire = wire;
	p.time_ns = 0;
	p.link = row->link;
	return p;
}

static inline void row_free(const struct packet *p)
{
	uintptr_t at = (uintptr_t)p->data;

	free((void *)(p->cap ? at : at - 1));
}

static inline enum reason row_judge(const struct row *row, struct packet *p)
{
	return row->plain ? decap_plain(p) : decap_mirror(&row_params, p);
}
