#include "cli/retrieval/read_print.h"

#include <netinet/in.h>
#include <stdio.h>

#include "cli/command/packet_text.h"
#include "config/log/now.h"
#include "decap/cursor.h"
#include "decap/link.h"
#include "inspect/flow/addr_text.h"
#include "inspect/flow/community_id.h"

enum { TCP_URG = 32, TCP_ECE = 64, TCP_CWR = 128 };

static void put_tcp_flags(struct text *t, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {{TCP_SYN, 'S'}, {TCP_FIN, 'F'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'},
		{TCP_URG, 'U'}, {TCP_ECE, 'E'}, {TCP_CWR, 'W'}, {TCP_ACK, '.'}};

	text_cstr(t, " [");
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].flag)
			text_char(t, letters[i].letter);
	text_char(t, ']');
}

/* A frame without an IP header that can be used. */
static void put_frame(struct text *t, const struct packet_record *record)
{
	struct cursor c = cursor_make(record->frame, record->cap, record->wire);
	uint16_t ether = link_read(&c, record->link);

	switch (c.status == CURSOR_OK ? ether : 0) {
	case ETHER_IP4:
		text_cstr(t, "ip, damaged or cut");
		break;
	case ETHER_IP6:
		text_cstr(t, "ip6, damaged or cut");
		break;
	case 0x0806:
		text_cstr(t, "arp");
		break;
	case 0:
		text_cstr(t, "frame, damaged or cut");
		break;
	default:
		text_cstr(t, "ethertype 0x");
		text_hex(t, ether, 4);
		break;
	}
}

static void put_ends(struct text *t, const struct packet *p)
{
	char words[160];

	text_cstr(t, packet_text_print(p, words, sizeof(words)));
}

static void put_icmp(struct text *t, const struct packet *p)
{
	if (p->flags & PACKET_PORTS_CUT)
		return;
	text_cstr(t, " type ");
	text_u64(t, p->icmp_type);
	text_cstr(t, " code ");
	text_u64(t, p->icmp_code);
}

static void put_packet(struct text *t, const struct packet *p)
{
	bool later = p->flags & PACKET_LATER_FRAGMENT;

	put_ends(t, p);
	if (p->protocol == IPPROTO_TCP && !later)
		put_tcp_flags(t, p->tcp_flags);
	if ((p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) && !later)
		put_icmp(t, p);
	if (p->flags & PACKET_FRAGMENT)
		text_cstr(t, later ? " fragment" : " first fragment");
}

static void put_vni(struct text *t, bool has_vni, const struct session_key *key)
{
	text_cstr(t, has_vni ? "vni " : "plain");
	if (has_vni)
		text_u64(t, key->vni);
}

static void put_flow_id(struct text *t, uint64_t id)
{
	if (id == 0)
		return;
	text_cstr(t, "  flow ");
	text_hex(t, id, 16);
}

void read_packet_line(struct text *t, const struct retrieved *r)
{
	const struct packet_record *record = r->record;

	text_time(t, record->time_ns);
	text_cstr(t, "  ");
	put_vni(t, record->has_vni, &record->key);
	text_cstr(t, "  ");
	if (r->packet->ip)
		put_packet(t, r->packet);
	else
		put_frame(t, record);
	text_cstr(t, "  ");
	text_u64(t, record->wire);
	text_cstr(t, " bytes");
	if (record->cap < record->wire) {
		text_cstr(t, ", cut at ");
		text_u64(t, record->cap);
	}
	if (record->refused) {
		text_cstr(t, "  ");
		text_cstr(t, record->refused);
	}
	put_flow_id(t, record->flow_id);
	text_char(t, '\n');
}

/* ---- JSON ---- */

static void put_key(struct text *t, const char *key)
{
	text_cstr(t, ",\"");
	text_cstr(t, key);
	text_cstr(t, "\":");
}

static void put_number(struct text *t, const char *key, bool known, uint64_t n)
{
	put_key(t, key);
	if (known)
		text_u64(t, n);
	else
		text_cstr(t, "null");
}

static void put_address(struct text *t, const char *key, bool known, const struct ip_addr *addr,
	uint8_t version)
{
	put_key(t, key);
	text_cstr(t, known ? "\"" : "null");
	if (!known)
		return;
	text_addr(t, addr, version);
	text_char(t, '"');
}

static void put_id(struct text *t, const char *key, uint64_t id)
{
	put_key(t, key);
	text_cstr(t, id ? "\"" : "null");
	if (id == 0)
		return;
	text_hex(t, id, 16);
	text_char(t, '"');
}

static void put_community(struct text *t, const struct flow_key *key)
{
	char id[COMMUNITY_ID_TEXT];

	put_key(t, "community_id");
	if (key->ip_version == 0) {
		text_cstr(t, "null");
		return;
	}
	community_id_print(key, 0, id);
	text_char(t, '"');
	text_cstr(t, id);
	text_char(t, '"');
}

static void put_point(struct text *t, bool has_vni, const struct session_key *key)
{
	put_number(t, "vni", has_vni, key->vni);
	put_number(t, "network", has_vni && key->network != NETWORK_NONE,
		network_id(key->network));
	put_address(t, "outer_src", has_vni, &key->outer_src,
		ip_addr_is_v4(&key->outer_src) ? 4 : 6);
}

static void put_json_ends(struct text *t, const struct packet *p)
{
	bool ip = p->ip_version != 0;

	put_address(t, "src_ip", ip, &p->src, p->ip_version);
	put_address(t, "dst_ip", ip, &p->dst, p->ip_version);
	put_number(t, "src_port", ip, p->src_port);
	put_number(t, "dst_port", ip, p->dst_port);
	put_number(t, "protocol", ip, p->protocol);
}

/* What decap did not read is not set. */
static struct packet ends_of(const struct packet *p)
{
	struct packet ends = {.ip_version = 0};

	if (!p->ip)
		return ends;
	ends.ip_version = p->ip_version;
	ends.protocol = p->protocol;
	ends.flags = p->flags;
	ends.src = p->src;
	ends.dst = p->dst;
	if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
		ends.icmp_type = p->icmp_type;
		ends.icmp_code = p->icmp_code;
	} else if (!(p->flags & (PACKET_NO_PORTS | PACKET_PORTS_CUT))) {
		ends.src_port = p->src_port;
		ends.dst_port = p->dst_port;
	}
	return ends;
}

static void put_direction(struct text *t, enum direction direction)
{
	put_key(t, "direction");
	text_cstr(t, direction == DIRECTION_INGRESS  ? "\"ingress\""
		     : direction == DIRECTION_EGRESS ? "\"egress\""
						     : "null");
}

void read_packet_json(struct text *t, const struct retrieved *r)
{
	const struct packet_record *record = r->record;
	const struct packet ends = ends_of(r->packet);

	text_cstr(t, "{\"time\":\"");
	text_time(t, record->time_ns);
	text_char(t, '"');
	put_id(t, "flow_id", record->flow_id);
	put_community(t, &r->flow->key);
	put_point(t, record->has_vni, &record->key);
	put_direction(t, record->direction);
	put_json_ends(t, &ends);
	put_number(t, "tcp_flags", ends.ip_version && ends.protocol == IPPROTO_TCP,
		r->packet->tcp_flags);
	put_number(t, "captured", true, record->cap);
	put_number(t, "length", true, record->wire);
	put_number(t, "rule_number", record->rule_number != 0, record->rule_number);
	put_key(t, "refused");
	text_cstr(t, record->refused ? "\"" : "null");
	if (record->refused) {
		text_cstr(t, record->refused);
		text_char(t, '"');
	}
	text_cstr(t, "}\n");
}

/* ---- flows ---- */

void read_flow_line(struct text *t, const struct read_flow *flow)
{
	text_time(t, flow->first_ns);
	text_cstr(t, "  ");
	text_thousandths(t, (flow->last_ns - flow->first_ns) / NS_PER_MS);
	text_cstr(t, " s  ");
	put_vni(t, flow->has_vni, &flow->key);
	text_cstr(t, "  ");
	if (flow->first.ip_version)
		put_ends(t, &flow->first);
	else
		text_cstr(t, "no IP");
	text_cstr(t, "  ");
	text_u64(t, flow->packets);
	text_cstr(t, flow->packets == 1 ? " packet, " : " packets, ");
	text_u64(t, flow->bytes);
	text_cstr(t, " bytes");
	put_flow_id(t, flow->flow_id);
	text_char(t, '\n');
}

void read_flow_json(struct text *t, const struct read_flow *flow)
{
	text_cstr(t, "{\"start\":\"");
	text_time(t, flow->first_ns);
	text_cstr(t, "\",\"end\":\"");
	text_time(t, flow->last_ns);
	text_char(t, '"');
	put_id(t, "flow_id", flow->flow_id);
	put_community(t, &flow->flow.key);
	put_point(t, flow->has_vni, &flow->key);
	put_json_ends(t, &flow->first);
	put_number(t, "packets", true, flow->packets);
	put_number(t, "bytes", true, flow->bytes);
	text_cstr(t, "}\n");
}
