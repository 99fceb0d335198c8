#include "inspect/detect/scans/scan_words.h"

#include "inspect/flow/addr_text.h"

enum { EXAMPLES = 8 };

static const struct {
	const char *rule, *title;
} names[2][2][SCAN_KINDS] = {
	{{{"horizontal_scan", "Horizontal scan"}, {"vertical_scan", "Vertical scan"}},
		{{"slow_horizontal_scan", "Slow horizontal scan"},
			{"slow_vertical_scan", "Slow vertical scan"}}},
	{{{"udp_horizontal_scan", "Horizontal UDP scan"},
		 {"udp_vertical_scan", "Vertical UDP scan"}},
		{{"slow_udp_horizontal_scan", "Slow horizontal UDP scan"},
			{"slow_udp_vertical_scan", "Slow vertical UDP scan"}}},
};

const char *scan_rule(const struct scan_words *words)
{
	return names[words->is_udp][words->is_slow][words->found->kind].rule;
}

const char *scan_title(const struct scan_words *words)
{
	return names[words->is_udp][words->is_slow][words->found->kind].title;
}

static void put_seconds(struct text *t, uint64_t ns)
{
	text_u64(t, ns / NS_PER_S);
	text_cstr(t, " s");
}

/* How they ended, as far as the sample has them. */
static void put_ends(struct text *t, const struct scan_found *found)
{
	static const char *const words[PROBE_ENDS] = {[PROBE_UNANSWERED] = "unanswered",
		[PROBE_HALF_OPEN] = "answered, and reset by the source",
		[PROBE_REFUSED] = "refused",
		[PROBE_UNREACHABLE] = "unreachable by ICMP"};
	uint32_t n[PROBE_ENDS] = {0};
	const char *before = ": ";

	for (uint32_t i = 0; i < found->n; i++)
		n[found->probe[i].end]++;
	for (int end = 0; end < PROBE_ENDS; end++) {
		if (n[end] == 0)
			continue;
		text_cstr(t, before);
		text_u64(t, n[end]);
		text_char(t, ' ');
		text_cstr(t, words[end]);
		before = ", ";
	}
}

/* So many addresses at one port, or ports of one address. */
static void put_target(struct text *t, const struct scan_words *words)
{
	const struct scan_found *found = words->found;
	const char *protocol = words->is_udp ? "UDP" : "TCP";
	bool many = found->average > 0;

	if (found->kind == SCAN_HORIZONTAL) {
		text_cstr(t, many ? " addresses at each of about " : " addresses at ");
		if (many)
			text_u64(t, found->groups);
		text_cstr(t, many ? " " : "");
		text_cstr(t, protocol);
		text_cstr(t, many ? " ports" : " port ");
		if (!many)
			text_u64(t, found->probe[0].port);
		return;
	}
	text_char(t, ' ');
	text_cstr(t, protocol);
	text_cstr(t, many ? " ports of each of about " : " ports of ");
	if (many)
		text_u64(t, found->groups);
	else
		text_addr(t, &found->probe[0].dst, words->ip_version);
	text_cstr(t, many ? " addresses" : "");
}

void scan_why(struct text *t, const struct scan_words *words)
{
	struct scan_size size = scan_size(words->found, words->weight);

	if (size.percent > 0)
		text_cstr(t, "about ");
	text_u64(t, size.all);
	put_target(t, words);
	text_cstr(t, " in vain, ");
	if (size.within < size.all) {
		text_u64(t, size.within);
		text_cstr(t, " of them ");
	}
	text_cstr(t, "within ");
	put_seconds(t, words->window_ns);
	if (size.percent > 0) {
		text_cstr(t, ", give or take ");
		text_u64(t, size.percent);
		text_cstr(t, " %; of a sample of ");
		text_u64(t, words->found->n);
	}
	put_ends(t, words->found);
}

const char *scan_field(const struct scan_words *words)
{
	return words->found->kind == SCAN_HORIZONTAL ? "addresses" : "ports";
}

void scan_value(struct text *t, const struct scan_words *words)
{
	const struct scan_found *found = words->found;
	const char more[] = ", ...";
	uint32_t i = 0;

	for (; i < found->n && i < EXAMPLES &&
		t->end - t->at > IP_ADDR_TEXT + 2 * (int)sizeof(more);
		i++) {
		if (i > 0)
			text_cstr(t, ", ");
		if (found->kind == SCAN_HORIZONTAL)
			text_addr(t, &found->probe[i].dst, words->ip_version);
		else
			text_u64(t, found->probe[i].port);
	}
	if (i < found->n)
		text_cstr(t, more);
}

void flood_why(struct text *t, const struct flow *flow, const struct syns_count *count,
	uint64_t window_ns)
{
	struct flow_ends ends = flow_ends(flow);

	text_u64(t, count->unanswered + count->half_open);
	text_cstr(t, " SYNs to port ");
	text_u64(t, ends.dst_port);
	text_cstr(t, " of ");
	text_addr(t, ends.dst, flow->key.ip_version);
	text_cstr(t, " became no connection within ");
	put_seconds(t, window_ns);
	text_cstr(t, ": ");
	text_u64(t, count->unanswered);
	text_cstr(t, " unanswered, ");
	text_u64(t, count->half_open);
	text_cstr(t, count->many_sources
			     ? " answered and left open; from many addresses, first "
			     : " answered and left open; from ");
	text_addr(t, ends.src, flow->key.ip_version);
}
