#include "inspect/packets/question/question_ends.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

#include "config/log/now.h"
#include "config/parse/value.h"
#include "decap/addr.h"

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
static size_t put_way(const struct question_ends *ends, bool back, char *text, size_t size)
{
	const struct ip_addr *from = back ? &ends->dst : &ends->src;
	const struct ip_addr *to = back ? &ends->src : &ends->dst;
	char src[IP_ADDR_TEXT], dst[IP_ADDR_TEXT];
	const char *word = port_word(ends);
	int n;

	ip_addr_print(from, src);
	ip_addr_print(to, dst);
	n = snprintf(text, size, "(src host %s and dst host %s", src, dst);
	if (word)
		n += snprintf(text + n, size - (size_t)n,
			" and %ssrc port %u and %sdst port %u", word,
			back ? ends->dst_port : ends->src_port, word,
			back ? ends->src_port : ends->dst_port);
	n += snprintf(text + n, size - (size_t)n, ")");
	return (size_t)n;
}

static size_t put(const struct question_ends *ends, char *text, size_t size)
{
	size_t n = 0;

	if (ends->has_protocol)
		n += (size_t)snprintf(text, size, "proto %u and ", ends->protocol);
	if (ends->has_vni)
		n += (size_t)snprintf(text + n, size - n, "vni %" PRIu32 " and ", ends->vni);
	n += (size_t)snprintf(text + n, size - n, "(");
	n += put_way(ends, false, text + n, size - n);
	n += (size_t)snprintf(text + n, size - n, " or ");
	n += put_way(ends, true, text + n, size - n);
	return n + (size_t)snprintf(text + n, size - n, ")");
}

/* As the words of time take a moment: seconds since 1970. */
static void moment_print(uint64_t ns, char text[VALUE_TEXT])
{
	snprintf(text, VALUE_TEXT, "%" PRIu64 ".%09" PRIu64, ns / NS_PER_S, ns % NS_PER_S);
}

const char *question_ends_print(const struct question_ends *ends, char text[QUESTION_TEXT])
{
	(void)put(ends, text, QUESTION_TEXT);
	return text;
}

const char *question_ends_print_within(
	const struct question_ends *ends, uint64_t around_ns, char text[QUESTION_TEXT])
{
	uint64_t from = ends->from_ns > around_ns ? ends->from_ns - around_ns : 0;
	uint64_t to = ends->to_ns < UINT64_MAX - around_ns - 1 ? ends->to_ns + around_ns + 1
							       : UINT64_MAX;
	char after[VALUE_TEXT], before[VALUE_TEXT];
	size_t n = put(ends, text, QUESTION_TEXT);

	moment_print(from, after);
	moment_print(to, before);
	snprintf(text + n, QUESTION_TEXT - n, " and after %s and before %s", after, before);
	return text;
}
