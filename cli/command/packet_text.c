#include "cli/command/packet_text.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum { WORD = 64 };

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", 6},
	{"udp", 17},
	{"icmp", 1},
	{"icmp6", 58},
	{"sctp", 132},
	{"gre", 47},
	{"esp", 50},
};

static bool parse_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*out = strtoul(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool parse_protocol(const char *word, uint8_t *out)
{
	unsigned long number;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(word, protocols[i].name) == 0) {
			*out = protocols[i].number;
			return true;
		}
	}
	if (!parse_number(word, UINT8_MAX, &number))
		return false;
	*out = (uint8_t)number;
	return true;
}

/* ADDRESS, IPV4:PORT or [IPV6]:PORT; the word is cut up. */
static bool parse_end(char *word, struct ip_addr *addr, uint16_t *port, bool *has_port)
{
	char *colon = strrchr(word, ':'), *digits = NULL;
	unsigned long number = 0;

	if (word[0] == '[') {
		char *close = strchr(word, ']');

		if (!close || close[1] != ':')
			return false;
		*close = '\0';
		digits = close + 2;
		word++;
	} else if (colon && strchr(word, ':') == colon) {
		*colon = '\0';
		digits = colon + 1;
	}
	*has_port = digits != NULL;
	if (digits && !parse_number(digits, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return ip_addr_parse(word, addr);
}

static bool parse_ends(char *src, char *dst, struct packet *p, struct error *error)
{
	char shown_src[WORD], shown_dst[WORD];
	bool src_port, dst_port,
		with_ports = p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP;

	snprintf(shown_src, sizeof(shown_src), "%s", src);
	snprintf(shown_dst, sizeof(shown_dst), "%s", dst);
	if (!parse_end(src, &p->src, &p->src_port, &src_port)) {
		error_set(error, "'%s' is not ADDRESS or ADDRESS:PORT", shown_src);
		return false;
	}
	if (!parse_end(dst, &p->dst, &p->dst_port, &dst_port)) {
		error_set(error, "'%s' is not ADDRESS or ADDRESS:PORT", shown_dst);
		return false;
	}
	if (ip_addr_is_v4(&p->src) != ip_addr_is_v4(&p->dst)) {
		error_set(error, "%s and %s are of different families", shown_src, shown_dst);
		return false;
	}
	if ((src_port || dst_port) && (!with_ports || src_port != dst_port)) {
		error_set(error, "%s",
			with_ports ? "either both ends have a port or none"
				   : "only tcp and udp have ports");
		return false;
	}
	if (with_ports && !src_port)
		p->flags |= PACKET_NO_PORTS;
	p->ip_version = ip_addr_is_v4(&p->src) ? 4 : 6;
	return true;
}

bool packet_text_parse(const char *words, struct packet *p, struct error *error)
{
	char word[6][WORD] = {""};
	int n = sscanf(words, "%63s %63s %63s %63s %63s %63s", word[0], word[1], word[2],
		word[3], word[4], word[5]);
	int first = 0;

	memset(p, 0, sizeof(*p));
	if (strcmp(word[0], "ingress") == 0)
		p->direction = DIRECTION_INGRESS;
	else if (strcmp(word[0], "egress") == 0)
		p->direction = DIRECTION_EGRESS;
	if (p->direction != DIRECTION_UNKNOWN)
		first = 1;
	if (n != first + 4 || strcmp(word[first + 2], ">") != 0) {
		error_set(error, "a packet is '[ingress|egress] PROTOCOL SOURCE[:PORT] > "
				 "DESTINATION[:PORT]'");
		return false;
	}
	if (!parse_protocol(word[first], &p->protocol)) {
		error_set(error, "'%s' is not a protocol: tcp, udp, icmp, ... or 0 to 255",
			word[first]);
		return false;
	}
	return parse_ends(word[first + 1], word[first + 3], p, error);
}

static const char *protocol_name(uint8_t number, char text[4])
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == number)
			return protocols[i].name;
	snprintf(text, 4, "%u", (unsigned)number);
	return text;
}

const char *packet_text_print(const struct packet *p, char *text, size_t size)
{
	bool ports = (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) &&
		     !(p->flags & (PACKET_NO_PORTS | PACKET_PORTS_CUT));
	const char *open = ports && p->ip_version == 6 ? "[" : "", *close = *open ? "]" : "";
	char src[IP_ADDR_TEXT], dst[IP_ADDR_TEXT], number[4], src_port[8] = "",
							      dst_port[8] = "";

	ip_addr_print(&p->src, src);
	ip_addr_print(&p->dst, dst);
	if (ports) {
		snprintf(src_port, sizeof(src_port), ":%u", (unsigned)p->src_port);
		snprintf(dst_port, sizeof(dst_port), ":%u", (unsigned)p->dst_port);
	}
	snprintf(text, size, "%s %s%s%s%s > %s%s%s%s", protocol_name(p->protocol, number), open,
		src, close, src_port, open, dst, close, dst_port);
	return text;
}
