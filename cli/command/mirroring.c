#include "cli/command/mirroring.h"

#include "decap/link.h"

struct evaluate_packet mirroring_view(const struct packet *p, bool has_ports)
{
	return (struct evaluate_packet){.ip_version = p->ip_version,
		.protocol = p->protocol,
		.has_ports = has_ports,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.icmp_type = p->icmp_type,
		.src = p->src,
		.dst = p->dst};
}

enum unmirrored mirroring_never(
	const struct settings *settings, const struct packet *p, bool has_ip)
{
	struct cursor c = cursor_make(p->frame, p->frame_cap, p->frame_wire);
	struct evaluate_packet view;

	if (!has_ip)
		return unmirrored_ether(link_read(&c, p->frame_link));
	view = mirroring_view(p, filter_ask_has_ports(p));
	return unmirrored(settings, &view);
}

struct mirroring_answer mirroring_ask(
	const struct snapshot *snapshot, const struct model_session *session, struct packet *p)
{
	struct mirroring_answer answer = {.session = session};

	answer.judged = filter_ask_begin(snapshot, session, p, &answer.job, &answer.reason);
	if (answer.judged) {
		filter_burst(snapshot->filter, &answer.job, 1);
		answer.reason = filter_ask_end(p, &answer.job);
	}
	answer.rule_number = p->rule_number;
	return answer;
}

bool mirroring_is_last(const struct mirroring_answer *answer, enum settings_on_reject on_reject)
{
	return answer->reason == REASON_inspected ||
	       (answer->reason == REASON_rule_rejected && on_reject == ON_REJECT_STOP);
}

uint32_t mirroring_mtu(const struct model_target *target)
{
	static const uint32_t mtu[] = {
		[MODEL_TARGET_INTERFACE] = 9001,
		[MODEL_TARGET_NLB] = 0,
		[MODEL_TARGET_GWLBE] = 8500,
	};

	return target ? mtu[target->type] : 0;
}

/* The guide's 54 and 74 bytes, less the headers that there are: 50, or 70 of outer IPv6. */
uint32_t mirroring_mtu_reserve(
	const struct settings *settings, const struct encap_params *encap, bool is_ip6)
{
	if (settings->mirroring.mtu_overhead == MTU_OVERHEAD_HEADERS)
		return 0;
	return is_ip6 && ip_addr_is_v4(&encap->src) ? 74 - 50 : 54 - 50;
}
