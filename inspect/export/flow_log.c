#include "inspect/export/flow_log.h"

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

/* TCP, UDP, DCCP, SCTP, UDP-Lite; flow keys of ICMP hold type and code in their ports. */
static bool has_ports(uint8_t protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static void put_ends(struct text *t, const struct flow *flow, unsigned side)
{
	struct flow_ends ends = flow_ends(flow);
	bool client = side == 0, ports = has_ports(flow->key.protocol);
	uint16_t from = client ? ends.src_port : ends.dst_port;
	uint16_t to = client ? ends.dst_port : ends.src_port;

	text_addr(t, client ? ends.src : ends.dst, flow->key.ip_version);
	text_char(t, ' ');
	text_addr(t, client ? ends.dst : ends.src, flow->key.ip_version);
	text_char(t, ' ');
	put_number(t, ports ? from : 0);
	put_number(t, ports ? to : 0);
}

void flow_log_record(struct text *t, const struct flow *flow, unsigned side,
	const struct flow_window *sent, const struct vantage *vantage)
{
	text_cstr(t, "2 ");
	put_name(t, vantage->account, "unknown");
	put_name(t, vantage->interface_id, "-");
	put_ends(t, flow, side);
	put_number(t, flow->key.protocol);
	put_number(t, sent->packets);
	put_number(t, sent->bytes);
	put_number(t, sent->first);
	put_number(t, sent->last);
	/* A mirror shows accepted packets only: the source's security groups and network ACLs
	 * have let them through. */
	text_cstr(t, "ACCEPT OK\n");
}
