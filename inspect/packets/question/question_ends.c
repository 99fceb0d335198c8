#include "inspect/packets/question/question_ends.h"

#include <netinet/in.h>
#include <strings.h>

#include "config/log/now.h"
#include "config/parse/value.h"
#include "decap/addr.h"
#include "inspect/flow/addr_text.h"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"icmp", IPPROTO_ICMP},
	{"ipv6-icmp", IPPROTO_ICMPV6},
	{"icmp6", IPPROTO_ICMPV6},
	{"icmpv6", IPPROTO_ICMPV6},
	{"sctp", IPPROTO_SCTP},
	{"gre", IPPROTO_GRE},
	{"esp", IPPROTO_ESP},
	{"ah", IPPROTO_AH},
	{"igmp", IPPROTO_IGMP},
	{"ip-encap", IPPROTO_IPIP},
	{"ipv6", IPPROTO_IPV6},
};

bool question_protocol(const char *text, uint8_t ip_version, uint8_t *number)
{
	uint64_t n;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcasecmp(text, protocols[i].name) == 0) {
			*number = protocols[i].number;
			if (*number == IPPROTO_ICMP && ip_version == 6)
				*number = IPPROTO_ICMPV6;
			return true;
		}
	if (!value_number(text, &n) || n > UINT8_MAX)
		return false;
	*number = (uint8_t)n;
	return true;
}

bool question_addresses(struct question_ends *ends, const char *src, const char *dst)
{
	if (!ip_addr_parse(src, &ends->src) || !ip_addr_parse(dst, &ends->dst) ||
		ip_addr_is_v4(&ends->src) != ip_addr_is_v4(&ends->dst))
		return false;
	ends->ip_version = ip_addr_is_v4(&ends->src) ? 4 : 6;
	return true;
}

/* The word before `port`; NULL: the protocol has none that an expression knows. */
static const char *port_word(const struct question_ends *ends)
{
	if (!ends->has_ports || !ends->has_protocol)
		return NULL;
	switch (ends->protocol) {
	case IPPROTO_TCP:
		return "tcp ";
	case IPPROTO_UDP:
		return "udp ";
	case IPPROTO_SCTP:
		return "sctp ";
	default:
		return NULL;
	}
}

/* One direction. */
static void put_way(struct text *t, const struct question_ends *ends, bool back)
{
	const char *word = port_word(ends);

	text_cstr(t, "(src host ");
	text_addr(t, back ? &ends->dst : &ends->src, ends->ip_version);
	text_cstr(t, " and dst host ");
	text_addr(t, back ? &ends->src : &ends->dst, ends->ip_version);
	if (word) {
		text_cstr(t, " and ");
		text_cstr(t, word);
		text_cstr(t, "src port ");
		text_u64(t, back ? ends->dst_port : ends->src_port);
		text_cstr(t, " and ");
		text_cstr(t, word);
		text_cstr(t, "dst port ");
		text_u64(t, back ? ends->src_port : ends->dst_port);
	}
	text_char(t, ')');
}

static void put_ends(struct text *t, const struct question_ends *ends)
{
	if (ends->has_protocol) {
		text_cstr(t, "proto ");
		text_u64(t, ends->protocol);
		text_cstr(t, " and ");
	}
	if (ends->has_vni) {
		text_cstr(t, "vni ");
		text_u64(t, ends->vni);
		text_cstr(t, " and ");
	}
	text_char(t, '(');
	put_way(t, ends, false);
	text_cstr(t, " or ");
	put_way(t, ends, true);
	text_char(t, ')');
}

/* As the words of time take a moment: seconds since 1970. */
static void put_moment(struct text *t, uint64_t ns)
{
	uint64_t part = ns % NS_PER_S;

	text_u64(t, ns / NS_PER_S);
	text_char(t, '.');
	for (uint64_t digit = NS_PER_S / 10; digit > 0; digit /= 10)
		text_char(t, (char)('0' + part / digit % 10));
}

const char *question_ends_print(const struct question_ends *ends, char text[QUESTION_TEXT])
{
	struct text t = text_make(text, QUESTION_TEXT - 1);

	put_ends(&t, ends);
	*t.at = '\0';
	return text;
}

const char *question_ends_print_within(
	const struct question_ends *ends, uint64_t around_ns, char text[QUESTION_TEXT])
{
	uint64_t from = ends->from_ns > around_ns ? ends->from_ns - around_ns : 0;
	uint64_t to = ends->to_ns < UINT64_MAX - around_ns - 1 ? ends->to_ns + around_ns + 1
							       : UINT64_MAX;
	struct text t = text_make(text, QUESTION_TEXT - 1);

	put_ends(&t, ends);
	text_cstr(&t, " and after ");
	put_moment(&t, from);
	text_cstr(&t, " and before ");
	put_moment(&t, to);
	*t.at = '\0';
	return text;
}
