/* Keys, their hash, and what is derived from them. */
#include <netinet/in.h>
#include <string.h>

#include "decap/cursor.h"
#include "decap/link.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/row.h"

enum { V4_ROWS = 24, V6_FIRST = 128, V6_ROWS = 24 };

/* How an ICMP type pairs up: with which counter type, and whether the two share an id. */
struct icmp_pair {
	uint8_t counter;
	bool is_query, has_id;
};

static const struct icmp_pair icmp_v4[V4_ROWS] = {
	[0] = {8, true, true},   /* echo reply */
	[8] = {0, true, true},   /* echo */
	[9] = {10, true, false}, /* router advertisement */
	[10] = {9, true, false}, /* router solicitation */
	[13] = {14, true, true}, /* timestamp */
	[14] = {13, true, true}, /* timestamp reply */
	[15] = {16, true, true}, /* information request */
	[16] = {15, true, true}, /* information reply */
	[17] = {18, true, true}, /* address mask request */
	[18] = {17, true, true}, /* address mask reply */
};

static const struct icmp_pair icmp_v6[V6_ROWS] = {
	[128 - V6_FIRST] = {129, true, true},  /* echo */
	[129 - V6_FIRST] = {128, true, true},  /* echo reply */
	[130 - V6_FIRST] = {131, true, false}, /* multicast listener query */
	[131 - V6_FIRST] = {130, true, false}, /* multicast listener report */
	[133 - V6_FIRST] = {134, true, false}, /* router solicitation */
	[134 - V6_FIRST] = {133, true, false}, /* router advertisement */
	[135 - V6_FIRST] = {136, true, false}, /* neighbor solicitation */
	[136 - V6_FIRST] = {135, true, false}, /* neighbor advertisement */
	[139 - V6_FIRST] = {140, true, false}, /* node information query */
	[140 - V6_FIRST] = {139, true, false}, /* node information response */
	[144 - V6_FIRST] = {145, true, true},  /* home agent address discovery request */
	[145 - V6_FIRST] = {144, true, true},  /* home agent address discovery reply */
};

static struct icmp_pair icmp_pair(uint8_t protocol, uint8_t type)
{
	const struct icmp_pair none = {0, false, false};

	if (protocol == IPPROTO_ICMP)
		return type < V4_ROWS ? icmp_v4[type] : none;
	return type >= V6_FIRST && type < V6_FIRST + V6_ROWS ? icmp_v6[type - V6_FIRST] : none;
}

bool flow_has_ports(uint8_t protocol)
{
	static const bool has_ports[256] = {
		[IPPROTO_TCP] = true,
		[IPPROTO_UDP] = true,
		[IPPROTO_DCCP] = true,
		[IPPROTO_SCTP] = true,
		[IPPROTO_UDPLITE] = true,
	};

	return has_ports[protocol];
}

/* Without its ICMP header nobody can say which query a packet belongs to. */
static bool icmp_is_unknown(const struct packet *p)
{
	if (p->flags & PACKET_PORTS_CUT)
		return true;
	return (p->flags & (PACKET_LATER_FRAGMENT | PACKET_PORTS_LEARNED)) ==
	       PACKET_LATER_FRAGMENT;
}

static unsigned __int128 addr_number(const struct ip_addr *a)
{
	return (unsigned __int128)be64(a->byte) << 64 | be64(a->byte + 8);
}

/* 1 when (src, its port) comes after (dst, its port). Which of two ends is lower is a coin toss to
 * the CPU: so no branch here, nor where the ends change places. */
static uint64_t ends_reversed(const struct packet *p, uint16_t src_port, uint16_t dst_port)
{
	unsigned __int128 src = addr_number(&p->src), dst = addr_number(&p->dst);

	return (uint64_t)(src > dst) |
	       ((uint64_t)(src == dst) & (uint64_t)(src_port > dst_port));
}

/* Half an address each, exchanged where `mask` is all ones. */
static void ends_order(
	uint8_t lo[8], uint8_t hi[8], const uint8_t src[8], const uint8_t dst[8], uint64_t mask)
{
	uint64_t s = hash_word(src), d = hash_word(dst), change = (s ^ d) & mask;

	s ^= change;
	d ^= change;
	memcpy(lo, &s, sizeof(s));
	memcpy(hi, &d, sizeof(d));
}

/* All but icmp_id and VLAN ids; returns whether the source is `lo`. */
static inline bool key_fill(
	struct flow_key *key, const struct packet *p, uint16_t src_port, uint16_t dst_port)
{
	uint64_t reversed = ends_reversed(p, src_port, dst_port);
	unsigned change = (unsigned)(src_port ^ dst_port) & -(unsigned)reversed;

	ends_order(key->lo.byte, key->hi.byte, p->src.byte, p->dst.byte, -reversed);
	ends_order(key->lo.byte + 8, key->hi.byte + 8, p->src.byte + 8, p->dst.byte + 8,
		-reversed);
	key->point = p->session & FLOW_POINT_MASK;
	key->ip_version = p->ip_version & 7u;
	key->lo_port = (uint16_t)(src_port ^ change);
	key->hi_port = (uint16_t)(dst_port ^ change);
	key->protocol = p->protocol;
	return !reversed;
}

static bool __attribute__((noinline))
key_fill_icmp(struct flow_key *key, const struct packet *p)
{
	const struct icmp_pair pair = icmp_pair(p->protocol, p->icmp_type);

	key->icmp_id = 0;
	if (icmp_is_unknown(p))
		return key_fill(key, p, 0, 0);
	if (pair.has_id)
		key->icmp_id = p->icmp_id;
	if (pair.is_query)
		return key_fill(key, p, p->icmp_type, pair.counter);
	key_fill(key, p, 0, 0);
	key->lo = p->src;
	key->hi = p->dst;
	key->lo_port = p->icmp_type;
	key->hi_port = p->icmp_code;
	return true;
}

void flow_key_make(struct flow_key *key, const struct packet *p, bool use_vlan, bool *src_is_lo)
{
	bool ports = flow_has_ports(p->protocol);
	uint16_t vlan[2] = {0, 0};

	if (use_vlan)
		link_vlans(cursor_make(p->frame, p->frame_cap, p->frame_wire), p->frame_link,
			vlan);
	key->vlan_outer = vlan[0] & (unsigned)LINK_VLAN_MAX;
	key->vlan_inner = vlan[1] & (unsigned)LINK_VLAN_MAX;
	if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
		*src_is_lo = key_fill_icmp(key, p);
		return;
	}
	key->icmp_id = 0;
	*src_is_lo = key_fill(key, p, ports ? p->src_port : 0, ports ? p->dst_port : 0);
}

bool flow_key_is_one_way(const struct flow_key *key)
{
	struct icmp_pair pair;

	if (key->protocol != IPPROTO_ICMP && key->protocol != IPPROTO_ICMPV6)
		return false;
	pair = icmp_pair((uint8_t)key->protocol, (uint8_t)key->lo_port);
	return !pair.is_query || pair.counter != key->hi_port;
}

/* Symmetric: both directions of a conversation give the same hash. */
static uint64_t id_of_key(const struct flow_key *key, uint64_t point_id)
{
	uint64_t lo = hash_fold(hash_word(key->lo.byte) ^ hash_salt[0],
		hash_word(key->lo.byte + 8) ^ hash_salt[1]);
	uint64_t hi = hash_fold(hash_word(key->hi.byte) ^ hash_salt[2],
		hash_word(key->hi.byte + 8) ^ hash_salt[3]);
	uint64_t ports = (uint64_t)key->lo_port << 16 | key->hi_port;
	uint64_t vlans = (uint64_t)key->vlan_outer << 12 | key->vlan_inner;
	uint64_t rest = vlans << 32 | (uint64_t)key->icmp_id << 16 |
			(uint64_t)key->protocol << 8 | key->ip_version;
	uint64_t other = hash_fold(ports ^ point_id ^ hash_salt[4], rest ^ hash_salt[5]);

	return hash_fold(hash_fold(lo ^ hash_salt[6], hi) + other, hash_salt[7]);
}

uint64_t flow_id(const struct flow *flow, uint64_t point_id)
{
	uint64_t first = (uint64_t)flow->first[2] << 32 | (uint64_t)flow->first[1] << 16 |
			 flow->first[0];
	uint64_t id =
		hash_fold(id_of_key(&flow->key, point_id) ^ hash_salt[2], first ^ hash_salt[6]);

	return id ? id : 1;
}

void flow_id_print(uint64_t flow_id, char text[17])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		text[i] = digits[flow_id >> (60 - 4 * i) & 15];
	text[16] = 0;
}

struct flow_ends flow_ends(const struct flow *flow)
{
	const struct flow_key *k = &flow->key;

	if (flow->flags & FLOW_CLIENT_IS_LO)
		return (struct flow_ends){&k->lo, &k->hi, k->lo_port, k->hi_port};
	return (struct flow_ends){&k->hi, &k->lo, k->hi_port, k->lo_port};
}
