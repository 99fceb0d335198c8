/* Where mirror's packets go: a packet file, or as UDP datagrams to a target. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/encap.h"
#include "inspect/record/sink.h"

struct mirror_out;

/* A packet file (see inspect/packets/packet_file.h). NULL: `error` says why. */
struct mirror_out *mirror_out_file(const char *path, struct error *error);

/* Datagrams to `target`, an address; `port` 0 keeps the headers' own (4789, 6081). The kernel makes
 * the outer headers up to UDP; each outer source port gets a socket bound to it, so that the target
 * sees the ports that AWS would use. NULL: `error` says why. */
struct mirror_out *mirror_out_send(
	const struct ip_addr *target, uint16_t port, struct error *error);

/* One whole outer frame: Ethernet, IP, UDP, ... The ledger counts it as written or lost. */
void mirror_out_put(
	struct mirror_out *out, const uint8_t *frame, uint32_t len, uint64_t time_ns);

const struct output_ledger *mirror_out_ledger(const struct mirror_out *out);

/* Flushes, closes, frees, and adds what was said on the ledger to `*ledger`. false when anything
 * was lost. */
bool mirror_out_close(struct mirror_out *out, struct output_ledger *ledger);
