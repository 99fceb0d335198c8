#include "inspect/record/encoder/flow_log.h"

static void put_name(struct text *t, const char *name, const char *unknown)
{
	text_cstr(t, name == NULL ? unknown : name);
	text_char(t, ' ');
}

static void put_number(struct text *t, uint64_t n)
{
	text_u64(t, n);
	text_char(t, ' ');
}

static void put_ends(struct text *t, const struct window_record *r)
{
	text_addr(t, &r->src, r->ip_version);
	text_char(t, ' ');
	text_addr(t, &r->dst, r->ip_version);
	text_char(t, ' ');
	put_number(t, r->src_port);
	put_number(t, r->dst_port);
}

void flow_log_line(struct text *t, const struct record *record, const struct names *names)
{
	const struct window_record *r = (const struct window_record *)record;

	(void)names;
	text_cstr(t, "2 ");
	put_name(t, r->observation_point.account, "unknown");
	put_name(t, r->observation_point.interface_id, "-");
	put_ends(t, r);
	put_number(t, r->protocol);
	put_number(t, r->packets);
	put_number(t, r->bytes);
	put_number(t, r->first_s);
	put_number(t, r->last_s);
	/* A mirror shows accepted packets only: the source's security groups and network ACLs
	 * have let them through. */
	text_cstr(t, "ACCEPT OK\n");
}

uint64_t flow_log_route(uint64_t end_s, uint32_t owner)
{
	return end_s / FLOW_LOG_PERIOD_S << 32 | owner;
}
