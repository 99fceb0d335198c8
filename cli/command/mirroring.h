/* What VPC Traffic Mirroring does with one packet at its source interface, as AWS's documents have
 * it: `mirror` does it, and `explain` says it. Where the documents leave something open, the
 * settings decide (mirroring). */
#pragma once

#include <stdbool.h>

#include "config/model/unmirrored.h"
#include "config/settings/settings.h"
#include "dataplane/pipeline/filter_ask.h"
#include "decap/encap.h"

/* The packet as config/ takes it; `has_ports` is that of its filter_job. */
struct evaluate_packet mirroring_view(const struct packet *p, bool has_ports);

/* Whether AWS mirrors the packet at all. `p` went through decap; `has_ip`: that gave
 * REASON_inspected. */
enum unmirrored mirroring_never(
	const struct settings *settings, const struct packet *p, bool has_ip);

/* One session's answer. */
struct mirroring_answer {
	const struct model_session *session; /* NULL: the settings do not know it */
	bool judged;                         /* a filter was asked: `job` is set */
	struct filter_job job;
	enum reason reason; /* REASON_inspected: it mirrors the packet */
	uint32_t rule_number;
};

/* Asks a session about a packet whose direction is set. */
struct mirroring_answer mirroring_ask(
	const struct snapshot *snapshot, const struct model_session *session, struct packet *p);

/* True when the interface's next session is not asked any more. */
bool mirroring_is_last(
	const struct mirroring_answer *answer, enum settings_on_reject on_reject);

/* The MTU of a session's target, as far as AWS fixes it: 9001 is the largest of an interface, 8500
 * that of a Gateway Load Balancer endpoint. 0: not known, or no limit (a Network Load Balancer's is
 * the packet length). `target` may be NULL. */
uint32_t mirroring_mtu(const struct model_target *target);

/* Of the MTU, what is not the original IP packet's beyond all headers: mirroring.mtu_overhead. */
uint32_t mirroring_mtu_reserve(
	const struct settings *settings, const struct encap_params *encap, bool is_ip6);
