/* Expressions, one by one: what they take of packets made here, what the tree says, what is refused and where. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "decap/decap.h"
#include "inspect/packets/expression/expression.h"
#include "support/hex.h"

enum {
	ROOM = 256,
	ALL = 0xff,
	COMPARE_TERMS =
		2048, /* a step each, and one for each sign: expression_inside.h has 4,096 */
};

static struct expression *parse_of(
	const char *text, unsigned words, struct expression_error *error)
{
	const struct expression_params params = {
		.words = words, .user = "a test", .now_ns = 1800000000 * NS_PER_S};

	return expression_parse(text, &params, error);
}

static struct expression *parse(const char *text)
{
	struct expression_error error;
	struct expression *e = parse_of(text, ALL, &error);
	char lines[EXPRESSION_SHOWN];

	if (!e)
		printf("\n%s\n", expression_error_lines(&error, text, lines));
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	return e;
}

/* --- packets --- */

#define MACS "02000000000b 02000000000a"
#define UDP4 "0800 45000020 00000000 40110000 0a000001 0a000102 1388 0035 000c 0000 61626364"
#define TCP6 \
	"86dd 60000000 00140640 20010db8000000000000000000000001 20010db8000000000000000000000002" \
	"c350 01bb 00000001 00000000 5002 0000 0000 0000"
/* Behind a hop-by-hop header. */
#define UDP6_BEHIND \
	"86dd 60000000 00100040 20010db8000000000000000000000001 20010db8000000000000000000000002" \
	"1100 0000 00000000  1388 0035 0008 0000"
#define FIRST6 \
	"86dd 60000000 00102c40 20010db8000000000000000000000001 20010db8000000000000000000000002" \
	"1100 0001 00000007  1388 0035 0100 0000"
#define LATER4 "0800 4500001c 00070001 40110000 0a000001 0a000102 13880035 00000000"
#define ARP "0806 0001 0800 0604 0001 02000000000a 0a000001 000000000000 0a000102"
#define GRE4 "0800 45000018 00000000 402f0000 0a000001 0a000102 00000800"
#define SCTP4 "0800 45000020 00000000 40840000 0a000001 0a000102 1388 0035 00000000 00000000"
#define ICMP4 "0800 4500001c 00000000 40010000 0a000001 0a000102 0800 0000 0001 0001"
/* Its total length is a lie: decap refuses it. */
#define ODD4 "0800 45000004 00000000 40110000 0a000001 0a000102 1388 0035 000c 0000"
#define TAGS "88a8 0070 8100 6064 "

static struct packet packet_of(const char *hex, uint8_t *bytes)
{
	struct packet p = {.data = bytes};

	p.cap = p.wire = (uint32_t)hex_read(hex, bytes, ROOM);
	decap_plain(&p);
	return p;
}

static const struct {
	const char *expression, *packet;
	bool want;
} rows[] = {
	/* `and` and `or` bind alike, from the left; `not` binds closest. */
	{"udp or tcp and tcp", MACS UDP4, false},
	{"udp or (tcp and tcp)", MACS UDP4, true},
	{"tcp and tcp or udp", MACS UDP4, true},
	{"not tcp or udp and tcp", MACS UDP4, false},
	{"not not udp", MACS UDP4, true},
	{"!tcp&&udp||tcp", MACS UDP4, true},
	/* A value takes over the words before. */
	{"src host 10.0.0.9 or 10.0.0.1", MACS UDP4, true},
	{"src host 10.0.0.9 or 10.0.1.2", MACS UDP4, false},
	{"port 80 and udp or port 80 or 53", MACS UDP4, true},
	{"src port (5000 or 53) and dst port (80 or 53)", MACS UDP4, true},
	{"src port (80 or 53)", MACS UDP4, false},
	{"not port 53 and 80", MACS UDP4, false},
	{"not port (80 and (443 or not 53)) and udp", MACS UDP4, true},
	{"port domain", MACS UDP4, true},
	{"src and dst net 10.0.0.0/23", MACS UDP4, true},
	{"src and dst net 10.0.0.0/24", MACS UDP4, false},
	{"dst or src net 10.0.1", MACS UDP4, true},
	{"net 10.0.1.0 mask 255.255.255.0", MACS UDP4, true},
	{"net 0.0.0.0/0", MACS UDP4, true},
	{"net ::/0", MACS UDP4, false},
	{"net ::/0", MACS TCP6, true},
	{"host 2001:db8::2 and tcp dst port https", MACS TCP6, true},
	{"ip6 src host 2001:db8::1 and not ip", MACS TCP6, true},
	{"tcp port 53", MACS UDP4, false},
	{"udp portrange 50-60 and not portrange 54-4999", MACS UDP4, true},
	{"port 53 and sctp", MACS SCTP4, true},
	{"proto 47 and ip proto gre and not ip6 proto 47", MACS GRE4, true},
	{"port 0", MACS GRE4, false},
	{"icmp and not icmp6 and icmp[icmptype] = icmp-echo", MACS ICMP4, true},
	/* IPv6 is looked through, where libpcap sees its first header alone. */
	{"udp and port 53 and ip6 proto 0 and proto 17", MACS UDP6_BEHIND, true},
	{"udp and port 53 and ip6 proto 44 and ip6 proto \\udp", MACS FIRST6, true},
	{"tcp[13] & 2 != 0", MACS TCP6, true},
	{"udp[2:2] = 53 and udp[0:2] > 4999", MACS UDP6_BEHIND, true},
	/* A later fragment has no ports of its own, nor a header. */
	{"udp and host 10.0.0.1", MACS LATER4, true},
	{"port 5000", MACS LATER4, false},
	{"not port 5000", MACS LATER4, true},
	{"udp[0:2] = 5000", MACS LATER4, false},
	{"ip[6:2] & 0x1fff = 1", MACS LATER4, true},
	/* No IP, or none that decap takes. */
	{"arp host 10.0.0.1 and host 10.0.1.2 and arp[6:2] = 1", MACS ARP, true},
	{"ip host 10.0.0.1", MACS ARP, false},
	{"rarp or ip", MACS ARP, false},
	{"not ip", MACS ARP, true},
	{"ip and host 10.0.1.2 and udp port 53", MACS ODD4, true},
	/* Tags do not hide what is below them. */
	{"udp port 53 and vlan", MACS TAGS UDP4, true},
	{"vlan 100 and vlan 112 and not vlan 1", MACS TAGS UDP4, true},
	{"vlan 1 or 100", MACS TAGS UDP4, true},
	{"vlan", MACS UDP4, false},
	{"ether proto 0x88a8 and ether proto 0x8100 and ether proto \\ip", MACS TAGS UDP4,
		true},
	{"ether src 02:00:00:00:00:0a and ether dst 02-00-00-00-00-0b", MACS UDP4, true},
	{"ether host 020000000000 or 02:00:00:00:00:0A", MACS UDP4, true},
	{"ether dst 02:00:00:00:00:0a", MACS UDP4, false},
	/* Sums. */
	{"len = 46 and less 46 and greater 46", MACS UDP4, true},
	{"less 45 or greater 47", MACS UDP4, false},
	{"ether[0] = 2 and ether[6:4] = 0x02000000", MACS UDP4, true},
	{"1 + 2 * 3 - 1 = 6 and (1 + 2) * 3 == 011 and 7 / 2 = 3 and 7 % 4 = 3", MACS UDP4,
		true},
	{"1 << 4 | 1 = 17 and 0xf0 >> 4 & 3 = 3 and 5 ^ 1 = 4 and -1 > 5", MACS UDP4, true},
	{"1 << 32 = 0 and 1 / (len - len) = 0", MACS UDP4, false},
	{"ip[(ip[0] & 0xf) << 2:2] = 5000", MACS UDP4, true},
	{"ip[200] = 0 or ip[4294967295:4] = 0", MACS UDP4, false},
	{"(tcp[0] = 0) or udp", MACS UDP4, true},
};

static void packets(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expression *e = parse(rows[i].expression);
		struct expression_facts facts;
		uint8_t bytes[ROOM];
		struct packet p = packet_of(rows[i].packet, bytes);

		expression_facts_of(&p, NULL, &facts);
		if (expression_match(e, &facts) != rows[i].want)
			printf("\n%s", rows[i].expression);
		CU_ASSERT_EQUAL(expression_match(e, &facts), rows[i].want);
		CU_ASSERT_STRING_EQUAL(expression_text(e), rows[i].expression);
		expression_destroy(e);
	}
}

static bool takes(const char *text, const struct expression_facts *facts)
{
	struct expression *e = parse(text);
	bool taken = expression_match(e, facts);

	expression_destroy(e);
	return taken;
}

static void where_it_was_mirrored(void)
{
	struct expression_facts f = {
		.has_vni = true, .vni = 42, .session = "tms-1", .interface = "eni-1"};

	CU_ASSERT_TRUE(takes("vni 42 and session tms-1 and interface eni-1 and tenant 42", &f));
	CU_ASSERT_TRUE(takes("vni 41 or 42 and not session 'tms 1'", &f));
	CU_ASSERT_FALSE(takes(
		"vni 43 or session tms-11 or interface eni or tenant 4 or tenant plain", &f));
	f.tenant = "blue";
	CU_ASSERT_TRUE(takes("tenant \"blue\" and not tenant 42", &f));
	f.tenant = NULL;
	f.network_id = NETWORK_NAMED + 7;
	CU_ASSERT_TRUE(
		takes("tenant network-7 and not tenant 42 and not tenant network-8", &f));
	f = (struct expression_facts){.time_ns = 1};
	CU_ASSERT_TRUE(
		takes("tenant plain and not vni 0 and not session x and not tenant 0", &f));
}

/* What others find out: a bit each, in the order of the text. */
static void answers(void)
{
	struct expression *e =
		parse("app TLS or (risk 4 and alert 'a b') or flow 1f or community 1:aGk=");
	struct expression_facts f = {.answers = 0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < expression_count(e); i++) {
		const struct expression_node *node = expression_node(e, i);

		if (node->kind >= EXPRESSION_FLOW && node->kind <= EXPRESSION_ALERT)
			CU_ASSERT_EQUAL(node->name.question, n++);
		if (node->kind == EXPRESSION_ALERT)
			CU_ASSERT_STRING_EQUAL(node->name.text, "a b");
	}
	CU_ASSERT_EQUAL(n, 5);
	for (f.answers = 0; f.answers < 32; f.answers++)
		CU_ASSERT_EQUAL(expression_match(e, &f),
			(f.answers & 1) || (f.answers & 6) == 6 || f.answers >= 8);
	expression_destroy(e);
}

/* --- times --- */

static const struct {
	const char *expression;
	uint64_t from_s, to_s; /* to_s 0: for ever */
} times[] = {
	{"after 2026-11-30", 1795996800, 0},
	{"after 2026-11-30 12:30", 1796041800, 0},
	{"after 2026-11-30 12:30:15 and tcp", 1796041815, 0},
	{"after '2026-11-30 12:30'", 1796041800, 0},
	{"after 2026-11-30T12:30:00Z", 1796041800, 0},
	{"after 2026-11-30T13:30:00+01:00 or after 2026-11-30T07:00-05:30", 1796041800, 0},
	{"after 1796041800", 1796041800, 0},
	{"after 3h ago", 1800000000 - 10800, 0},
	{"within 30s of 1796041800", 1796041770, 1796041830},
	{"tcp and within 1m of 2026-11-30 12:30", 1796041740, 1796041860},
	{"within 1m of 1000 or within 1m of 2000", 940, 2060},
	{"within 1m of 1000 and within 1m of 1060", 1000, 1060},
	{"not after 1796041800", 0, 0},
	{"after 1000 or tcp", 0, 0},
};

static void ranges(void)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct expression *e = parse(times[i].expression);
		uint64_t from, to, want = times[i].to_s ? times[i].to_s * NS_PER_S : UINT64_MAX;

		CU_ASSERT_TRUE(expression_times(e, &from, &to));
		if (from != times[i].from_s * NS_PER_S || to != want)
			printf("\n%s: %llu to %llu", times[i].expression,
				(unsigned long long)from, (unsigned long long)to);
		CU_ASSERT_EQUAL(from, times[i].from_s * NS_PER_S);
		CU_ASSERT_EQUAL(to, want);
		CU_ASSERT_FALSE(expression_asks_newest(e));
		expression_destroy(e);
	}
}

static void before_and_last(void)
{
	struct expression *e = parse("before 1000.000000001 and after 999.5");
	struct expression_facts f = {.time_ns = 1000 * NS_PER_S};
	uint64_t from, to;

	CU_ASSERT_TRUE(
		expression_times(e, &from, &to) && from == 999 * NS_PER_S + NS_PER_S / 2);
	CU_ASSERT_TRUE(to == 1000 * NS_PER_S && expression_match(e, &f));
	f.time_ns++;
	CU_ASSERT_FALSE(expression_match(e, &f));
	expression_destroy(e);
	e = parse("after 2000 and before 1000");
	CU_ASSERT_FALSE(expression_times(e, &from, &to));
	expression_destroy(e);
	e = parse("last 3h");
	CU_ASSERT_TRUE(expression_asks_newest(e) && !expression_match(e, &f));
	expression_set_newest(e, 20000 * NS_PER_S);
	f.time_ns = 9200 * NS_PER_S;
	CU_ASSERT_TRUE(expression_match(e, &f));
	f.time_ns--;
	CU_ASSERT_FALSE(expression_match(e, &f));
	expression_set_newest(e, 1);
	CU_ASSERT_TRUE(expression_match(e, &f));
	expression_destroy(e);
}

/* --- the tree --- */

static void tree(void)
{
	struct expression *e =
		parse("src net 10.0.0.0/8 and not (tcp dst port 80 or ip proto 47)");
	const struct expression_node *n;

	CU_ASSERT_EQUAL_FATAL(expression_count(e), 6);
	n = expression_node(e, 5);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_AND && n->left == 0 && n->right == 4);
	n = expression_node(e, 4);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_NOT && n->left == 3);
	n = expression_node(e, 3);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_OR && n->left == 1 && n->right == 2);
	n = expression_node(e, 0);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_ADDRESS && n->address.side == EXPRESSION_SRC);
	CU_ASSERT_TRUE(n->address.block.bits == 8 && n->address.block.ip_version == 4);
	CU_ASSERT_EQUAL(n->address.networks,
		1 << EXPRESSION_IP | 1 << EXPRESSION_ARP | 1 << EXPRESSION_RARP);
	n = expression_node(e, 1);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_PORT && n->port.side == EXPRESSION_DST);
	CU_ASSERT_TRUE(n->port.from == 80 && n->port.to == 80 && n->port.protocol == 6);
	n = expression_node(e, 2);
	CU_ASSERT_TRUE(n->kind == EXPRESSION_PROTOCOL && n->protocol.number == 47);
	CU_ASSERT_EQUAL(n->protocol.ip_version, 4);
	expression_destroy(e);
}

/* --- what is none --- */

static const struct {
	const char *expression;
	uint32_t at;
	const char *says; /* its beginning */
} none[] = {
	{"", 0, "the expression is empty"},
	{"  ", 2, "the expression is empty"},
	{"tcp port 80 and hots 10.0.0.1", 16, "'hots' is no word of expressions"},
	{"port 80 and", 11, "something to ask is missing here"},
	{"and port 80", 0, "'and' stands where something to ask belongs"},
	{"tcp 80", 4, "'and' or 'or' is missing here, or a word such as port"},
	{"10.0.0.1", 0, "'10.0.0.1' needs a word before it, such as host, net or port"},
	{"tcp and 80", 8, "'80' needs a word before it"},
	{"host", 4, "an address is missing behind 'host'"},
	{"host www.example", 5, "'www.example' is no IP address; names are not looked up"},
	{"host 10.0.0.0/8", 5, "'10.0.0.0/8' is a block of addresses: say net before it"},
	{"net 10.0.0.1/8", 4,
		"'10.0.0.1/8' has bits set beyond its length: the block is 10.0.0.0/8"},
	{"net 10.0.0.0 mask 255.0.255.0", 18, "'255.0.255.0' is no mask: its ones"},
	{"net 10.0.0.0/33", 4, "'10.0.0.0/33' is no network"},
	{"ip host ::1", 8, "'::1' is not of ip"},
	{"tcp host 10.0.0.1", 0, "'tcp' does not go with host, which takes ether"},
	{"ip port 80", 0, "'ip' does not go with port, which takes tcp, udp and sctp"},
	{"src proto 6", 0, "'proto' has no side"},
	{"port 65536", 5, "'65536' is no port"},
	{"port 80-90", 5, "'80-90' is no port"},
	{"portrange 9-3", 10, "'9-3' is no range of ports"},
	{"proto 256", 6, "'256' is no protocol"},
	{"ether", 5, "host, src, dst or proto is missing behind 'ether'"},
	{"ether host 02:00:00:00:00", 11, "'02:00:00:00:00' is no MAC address"},
	{"vlan 4096", 5, "'4096' is not a VLAN id"},
	{"vni 16777216", 4, "'16777216' is not a VNI"},
	{"session a or b", 13, "'b' is no word of expressions"},
	{"session (a)", 8, "a name is missing behind 'session'"},
	{"session 'a", 8, "the quotation has no end"},
	{"src (port 80)", 5, "'port' stands where a value of 'src' belongs"},
	{"port (80 or (tcp[0] = 1))", 13, "'tcp' stands where a value of 'port' belongs"},
	{"(port 80 or (udp)", 0, "'(' is not closed"},
	{"port 80)", 7, "')' closes nothing"},
	{"()", 1, "')' stands where something to ask belongs"},
	{"less x", 5, "a number of bytes is missing behind 'less'"},
	{"tcp[13", 6, "']' is missing here"},
	{"tcp[0:3] = 1", 6, "1, 2 or 4 bytes"},
	{"tcp[13] & 2", 11, "a comparison is missing here"},
	{"len > 4294967296", 6, "the number has more than 32 bits"},
	{"len = and", 6, "a number, len, or bytes such as tcp[13] are missing here"},
	{"after 2026-02-30", 6, "'2026-02-30' is not a time"},
	{"after 2026-01-01 25:00", 6, "'2026-01-01' is not a time"},
	{"after 3h", 6, "'3h' is no time: did you mean 3h ago"},
	{"within 30s 1000", 11, "'of' is missing here"},
	{"last 3x", 5, "'3x' is no length of time"},
};

static void refused(void)
{
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct expression_error error;
		struct expression *e = parse_of(none[i].expression, ALL, &error);

		CU_ASSERT_PTR_NULL_FATAL(e);
		if (error.at != none[i].at ||
			strncmp(error.text, none[i].says, strlen(none[i].says)) != 0)
			printf("\n%s: %u: %s", none[i].expression, error.at, error.text);
		CU_ASSERT_EQUAL(error.at, none[i].at);
		CU_ASSERT_EQUAL(strncmp(error.text, none[i].says, strlen(none[i].says)), 0);
	}
}

static void words_of_others(void)
{
	static const char *const words[] = {"app x", "risk x", "alert x", "flow x",
		"community x", "after 1", "before 1", "last 1h", "within 1s of 1"};
	static const unsigned whose[] = {EXPRESSION_WORDS_LABEL, EXPRESSION_WORDS_LABEL,
		EXPRESSION_WORDS_LABEL, EXPRESSION_WORDS_FLOW, EXPRESSION_WORDS_FLOW,
		EXPRESSION_WORDS_TIME, EXPRESSION_WORDS_TIME, EXPRESSION_WORDS_TIME,
		EXPRESSION_WORDS_TIME};
	const struct expression_params bare = {
		.words = EXPRESSION_WORDS_PACKET, .user = "x", .elsewhere = "needs more"};
	struct expression_error error;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct expression *e = parse_of(words[i], whose[i], &error);

		CU_ASSERT_PTR_NOT_NULL(e);
		expression_destroy(e);
		CU_ASSERT_PTR_NULL(parse_of(words[i], ALL & ~whose[i], &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(
			error.text, "cannot be used in a test: it works in periscope read"));
	}
	CU_ASSERT_PTR_NULL(expression_parse("tcp and app TLS", &bare, &error));
	CU_ASSERT_STRING_EQUAL(error.text, "'app' cannot be used in x: it needs more");
	CU_ASSERT_EQUAL(error.at, 8);
}

static void shown(void)
{
	struct expression_error error;
	char out[EXPRESSION_SHOWN], text[600];

	CU_ASSERT_PTR_NULL(parse_of("session 'caf\xc3\xa9' and\tprot\x1b 53", ALL, &error));
	CU_ASSERT_STRING_EQUAL(
		expression_error_lines(&error, "session 'caf\xc3\xa9' and\tprot\x1b 53", out),
		"'prot?' is no word of expressions\n  session 'caf\xc3\xa9' and prot? 53\n"
		"                     ^");
	CU_ASSERT_STRING_EQUAL(
		expression_error_line(&error, "session 'caf\xc3\xa9' and\tprot\x1b 53", out),
		"'prot?' is no word of expressions: session 'caf\xc3\xa9' and ^prot? 53");
	memset(text, ' ', sizeof(text));
	memcpy(text + 300, "x", 1);
	memcpy(text + sizeof(text) - 4, "end", 4);
	CU_ASSERT_PTR_NULL(parse_of(text, ALL, &error));
	expression_error_lines(&error, text, out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "\n  ...  "));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, " ...\n"));
	CU_ASSERT_EQUAL(strlen(strrchr(out, '\n')), strlen("\n  ... ") + 48 + 1);
}

/* --- bounds --- */

static char *repeat(const char *part, uint32_t n, const char *end)
{
	size_t len = strlen(part);
	char *text = malloc(len * n + strlen(end) + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (uint32_t i = 0; i < n; i++)
		memcpy(text + len * i, part, len);
	strcpy(text + len * n, end);
	return text;
}

static bool is_one(const char *part, uint32_t n, const char *end)
{
	struct expression_error error;
	char *text = repeat(part, n, end), lines[EXPRESSION_SHOWN];
	struct expression *e = parse_of(text, ALL, &error);
	struct expression_facts facts = {.time_ns = 0};

	if (e)
		expression_match(e, &facts);
	else
		expression_error_lines(&error, text, lines);
	expression_destroy(e);
	free(text);
	return e != NULL;
}

static void bounds(void)
{
	/* n questions have n - 1 nodes above them. */
	CU_ASSERT_TRUE(is_one("ip or ", EXPRESSION_NODES_MAX / 2 - 1, "ip"));
	CU_ASSERT_FALSE(is_one("ip or ", EXPRESSION_NODES_MAX / 2, "ip"));
	CU_ASSERT_TRUE(is_one("not ", EXPRESSION_DEPTH_MAX, "ip"));
	CU_ASSERT_FALSE(is_one("not ", EXPRESSION_DEPTH_MAX + 1, "ip"));
	CU_ASSERT_FALSE(is_one("(", EXPRESSION_DEPTH_MAX + 1, "ip"));
	CU_ASSERT_FALSE(is_one("-", EXPRESSION_DEPTH_MAX + 1, "1 = 1"));
	CU_ASSERT_FALSE(is_one("tcp[", EXPRESSION_DEPTH_MAX + 1, "0"));
	CU_ASSERT_TRUE(is_one("1+(", 30, "1))))))))))))))))))))))))))))))=1"));
	CU_ASSERT_FALSE(is_one("1+(", 32, "1))))))))))))))))))))))))))))))))=1"));
	CU_ASSERT_TRUE(is_one(" ", EXPRESSION_LENGTH_MAX - 2, "ip"));
	CU_ASSERT_FALSE(is_one(" ", EXPRESSION_LENGTH_MAX - 1, "ip"));
	CU_ASSERT_TRUE(is_one("app x or ", EXPRESSION_QUESTIONS_MAX - 1, "app x"));
	CU_ASSERT_FALSE(is_one("app x or ", EXPRESSION_QUESTIONS_MAX, "app x"));
	CU_ASSERT_TRUE(is_one("1+", COMPARE_TERMS - 2, "1=1"));
	CU_ASSERT_FALSE(is_one("1+", COMPARE_TERMS - 1, "1=1"));
}

/* An expression that ends anywhere is one, or says why not within its text. */
static void every_truncation(void)
{
	static const char text[] =
		"not (src or dst net 10.0.0.0 mask 255.0.0.0 || tcp[(tcp[12] & 0xf0) "
		">> 2:4] = 0x47455420) and session 'a b' and after 2026-11-30 12:30 or "
		"within 30s of 3h ago and ether host 02:00:00:00:00:0a";
	char cut[sizeof(text)];

	for (size_t len = 0; len < sizeof(text); len++) {
		struct expression_error error;
		struct expression *e;

		memcpy(cut, text, len);
		cut[len] = '\0';
		e = parse_of(cut, ALL, &error);
		CU_ASSERT_TRUE(e || (error.at <= len && error.text[0] != '\0'));
		expression_destroy(e);
	}
}

/* Of a packet that ends anywhere nothing behind its end is read. */
static void every_cut(void)
{
	struct expression *e =
		parse("vlan 5 or ether proto 5 or ether host 02:00:00:00:00:01 or host "
		      "10.9.9.9 or udp port 9 or udp[0:4] = 1 or ip[16:4] = 1");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[ROOM];
		uint32_t len = (uint32_t)hex_read(rows[i].packet, bytes, ROOM);

		for (uint32_t cap = 0; cap <= len; cap++) {
			uint8_t *exact = malloc(cap + !cap);
			struct packet p = {.data = exact, .cap = cap, .wire = len};
			struct expression_facts facts;

			CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
			memcpy(exact, bytes, cap);
			decap_plain(&p);
			expression_facts_of(&p, NULL, &facts);
			CU_ASSERT_FALSE(expression_match(e, &facts));
			free(exact);
		}
	}
	expression_destroy(e);
}

void suite_expression(void);
void suite_expression(void)
{
	CU_pSuite s = CU_add_suite("expression", NULL, NULL);

	CU_ADD_TEST(s, packets);
	CU_ADD_TEST(s, where_it_was_mirrored);
	CU_ADD_TEST(s, answers);
	CU_ADD_TEST(s, ranges);
	CU_ADD_TEST(s, before_and_last);
	CU_ADD_TEST(s, tree);
	CU_ADD_TEST(s, refused);
	CU_ADD_TEST(s, words_of_others);
	CU_ADD_TEST(s, shown);
	CU_ADD_TEST(s, bounds);
	CU_ADD_TEST(s, every_truncation);
	CU_ADD_TEST(s, every_cut);
}
