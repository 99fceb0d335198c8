/* Keys, their hash, and what is derived from them. */
#include <string.h>

#include "decap/cursor.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/hash.h"

enum { ICMP = 1, TCP = 6, UDP = 17, DCCP = 33, ICMPV6 = 58, SCTP = 132, UDP_LITE = 136 };
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

	if (protocol == ICMP)
		return type < V4_ROWS ? icmp_v4[type] : none;
	return type >= V6_FIRST && type < V6_FIRST + V6_ROWS ? icmp_v6[type - V6_FIRST] : none;
}

/* What stands for the ports, before the ends are put in order. */
struct ends {
	uint16_t src_port, dst_port, icmp_id;
	bool one_way;
};

static struct ends icmp_ends(const struct packet *p)
{
	const struct icmp_pair pair = icmp_pair(p->protocol, p->icmp_type);
	struct ends ends = {.src_port = p->icmp_type};

	ends.dst_port = pair.is_query ? pair.counter : p->icmp_code;
	ends.icmp_id = pair.has_id ? p->icmp_id : 0;
	ends.one_way = !pair.is_query;
	return ends;
}

/* Without its ICMP header nobody can say which query a packet belongs to. */
static bool icmp_is_unknown(const struct packet *p)
{
	if (p->flags & PACKET_PORTS_CUT)
		return true;
	return (p->flags & (PACKET_LATER_FRAGMENT | PACKET_PORTS_LEARNED)) ==
	       PACKET_LATER_FRAGMENT;
}

static struct ends packet_ends(const struct packet *p)
{
	const struct ends none = {0};

	switch (p->protocol) {
	case TCP:
	case UDP:
	case DCCP:
	case SCTP:
	case UDP_LITE:
		return (struct ends){p->src_port, p->dst_port, 0, false};
	case ICMP:
	case ICMPV6:
		return icmp_is_unknown(p) ? none : icmp_ends(p);
	default:
		return none;
	}
}

/* True when (src, its port) comes after (dst, its port). */
static bool ends_reversed(const struct packet *p, uint16_t src_port, uint16_t dst_port)
{
	uint64_t src_high = be64(p->src.byte), dst_high = be64(p->dst.byte);
	uint64_t src_low = be64(p->src.byte + 8), dst_low = be64(p->dst.byte + 8);

	if (src_high != dst_high)
		return src_high > dst_high;
	/* No early exit here: which of two ends is lower is a coin toss to the CPU. */
	return (src_low > dst_low) | ((src_low == dst_low) & (src_port > dst_port));
}

void flow_key_make(struct flow_key *key, const struct packet *p, bool *src_is_lo)
{
	struct ends ends = packet_ends(p);
	bool reversed = !ends.one_way && ends_reversed(p, ends.src_port, ends.dst_port);

	key->lo = *(reversed ? &p->dst : &p->src);
	key->hi = *(reversed ? &p->src : &p->dst);
	key->tenant = p->tenant;
	key->lo_port = reversed ? ends.dst_port : ends.src_port;
	key->hi_port = reversed ? ends.src_port : ends.dst_port;
	key->icmp_id = ends.icmp_id;
	key->protocol = p->protocol;
	key->ip_version = p->ip_version;
	*src_is_lo = !reversed;
}

bool flow_key_is_one_way(const struct flow_key *key)
{
	struct icmp_pair pair;

	if (key->protocol != ICMP && key->protocol != ICMPV6)
		return false;
	pair = icmp_pair(key->protocol, (uint8_t)key->lo_port);
	return !pair.is_query || pair.counter != key->hi_port;
}

_Static_assert(sizeof(struct flow_key) == 44, "the hash reads all bytes, so none is padding");

uint64_t flow_key_hash(const struct flow_key *key)
{
	uint64_t lo = hash_fold(hash_word(key->lo.byte) ^ hash_salt[0],
		hash_word(key->lo.byte + 8) ^ hash_salt[1]);
	uint64_t hi = hash_fold(hash_word(key->hi.byte) ^ hash_salt[2],
		hash_word(key->hi.byte + 8) ^ hash_salt[3]);
	uint64_t ports =
		(uint64_t)key->tenant << 32 | (uint64_t)key->lo_port << 16 | key->hi_port;
	uint64_t rest =
		(uint64_t)key->icmp_id << 16 | (uint64_t)key->protocol << 8 | key->ip_version;
	uint64_t other = hash_fold(ports ^ hash_salt[4], rest ^ hash_salt[5]);

	return hash_fold(hash_fold(lo ^ hash_salt[6], hi) + other, hash_salt[7]);
}

uint64_t flow_id(const struct flow *flow)
{
	uint64_t id = hash_fold(
		flow_key_hash(&flow->key) ^ hash_salt[2], flow->first_ns ^ hash_salt[6]);

	return id ? id : 1;
}

void flow_id_print(const struct flow *flow, char text[17])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t id = flow_id(flow);

	for (int i = 0; i < 16; i++)
		text[i] = digits[id >> (60 - 4 * i) & 15];
	text[16] = 0;
}

struct flow_ends flow_ends(const struct flow *flow)
{
	const struct flow_key *k = &flow->key;

	if (flow->flags & FLOW_CLIENT_IS_LO)
		return (struct flow_ends){&k->lo, &k->hi, k->lo_port, k->hi_port};
	return (struct flow_ends){&k->hi, &k->lo, k->hi_port, k->lo_port};
}
