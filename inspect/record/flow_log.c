#include "inspect/record/flow_log.h"

enum { NAME_MAX_LEN = 64 };

static void put_name(struct text *t, const char *name, const char *unknown)
{
	const char *s = name == NULL ? unknown : name;

	text_bytes(t, s, strnlen(s, NAME_MAX_LEN));
	text_char(t, ' ');
}

static void put_number(struct text *t, uint64_t n)
{
	text_u64(t, n);
	text_char(t, ' ');
}

static void put_ends(struct text *t, const struct aggregate_key *key, unsigned side)
{
	bool lo = side == 0;

	text_addr(t, lo ? &key->lo : &key->hi, key->ip_version);
	text_char(t, ' ');
	text_addr(t, lo ? &key->hi : &key->lo, key->ip_version);
	text_char(t, ' ');
	put_number(t, lo ? key->lo_port : key->hi_port);
	put_number(t, lo ? key->hi_port : key->lo_port);
}

static uint64_t begin_of(const struct aggregate *aggregate, uint32_t window_s)
{
	return (uint64_t)aggregate->key.window * window_s;
}

uint64_t flow_log_end(const struct aggregate *aggregate, unsigned side, uint32_t window_s)
{
	return begin_of(aggregate, window_s) + aggregate->side[side].last;
}

void flow_log_record(struct text *t, const struct aggregate *aggregate, unsigned side,
	uint32_t window_s, const struct vantage *vantage)
{
	const struct aggregate_side *sent = &aggregate->side[side];

	text_cstr(t, "2 ");
	put_name(t, vantage->account, "unknown");
	put_name(t, vantage->interface_id, "-");
	put_ends(t, &aggregate->key, side);
	put_number(t, aggregate->key.protocol);
	put_number(t, sent->packets);
	put_number(t, sent->bytes);
	put_number(t, begin_of(aggregate, window_s) + sent->first);
	put_number(t, flow_log_end(aggregate, side, window_s));
	/* A mirror shows accepted packets only: the source's security groups and network ACLs
	 * have let them through. */
	text_cstr(t, "ACCEPT OK\n");
}

uint64_t flow_log_route(uint64_t end_s, uint32_t owner)
{
	return end_s / FLOW_LOG_PERIOD_S << 32 | owner;
}
