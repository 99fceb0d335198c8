/* What the correlator is told: of each flow its conversation and how TCP began, of each transaction the name
 * and what failed; and what it could not be told. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <string.h>

#include "decap/packet.h"
#include "inspect/proto/details_draft.h"
#include "inspect/record/teller.h"

enum { HEARD = 4, ROOM = 1024, EVERY_KIND = 0xff };

/* The outbox. */
struct ear {
	bool refuses;
	unsigned n;
	union {
		struct record head;
		struct flow_fact flow;
		struct name_fact name;
		char bytes[ROOM];
	} facts[HEARD];
};

static struct ear ear;
static struct draft draft;
static _Alignas(8) uint8_t room[DETAILS_MAX];

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	struct ear *to = ctx;
	struct record *head = &to->facts[to->n].head;

	CU_ASSERT_TRUE_FATAL(len <= ROOM && to->n < HEARD);
	if (to->refuses)
		return NULL;
	/* Whatever stood there before must not shine through. */
	memset(head, 0xa5, ROOM);
	*head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	to->n++;
	return head;
}

static struct teller teller_of(uint32_t kinds, bool names, bool failures)
{
	ear = (struct ear){.n = 0};
	draft_reset(&draft);
	return (struct teller){
		.sink = {&ear, take}, .kinds = kinds, .names = names, .failures = failures};
}

/* From 10.0.0.1 to port 53 of 10.0.0.2. */
static struct flow flow_of(uint8_t protocol)
{
	struct flow flow = {.flags = FLOW_CLIENT_IS_LO};

	flow.key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	flow.key.hi = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	flow.key.lo_port = 4000;
	flow.key.hi_port = 53;
	flow.key.ip_version = 4;
	flow.key.protocol = protocol;
	return flow;
}

static void tell(struct teller *teller, struct flow flow)
{
	const struct observation_point nowhere = {.has_vni = false};
	const struct flow_fact_of of = {.flow = &flow, .point = &nowhere};

	if (draft.have) {
		const struct details *details = draft_copy(&draft, room);

		memcpy(&flow.details, &details, sizeof(details)); /* read alone */
	}
	tell_flow(teller, &of);
}

/* The first fact is of this name and failure, and no other name is told. `what` "": nothing failed. */
static void expect(enum naming by, const char *name, const char *what)
{
	const struct name_fact *fact = &ear.facts[0].name;
	const struct ip_addr client = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});

	CU_ASSERT_EQUAL_FATAL(ear.facts[0].head.type, RECORD_NAME_FACT);
	CU_ASSERT_EQUAL(fact->by, by);
	CU_ASSERT_EQUAL(fact->name_len, strlen(name));
	CU_ASSERT_EQUAL(fact->what_len, strlen(what));
	CU_ASSERT_EQUAL(memcmp(fact->text, what, strlen(what)), 0);
	CU_ASSERT_EQUAL(memcmp(fact->text + strlen(what), name, strlen(name)), 0);
	CU_ASSERT_TRUE(ip_addr_equal(&fact->client, &client));
	CU_ASSERT_EQUAL(fact->is_address, strcmp(name, "10.0.0.2:53") == 0);
	for (unsigned i = 1; i < ear.n; i++)
		CU_ASSERT_EQUAL(ear.facts[i].head.type, RECORD_FLOW_FACT);
}

static void expect_dns(struct flow flow, const char *query, const char *rcode, const char *name,
	const char *what)
{
	struct teller teller = teller_of(EVERY_KIND, true, true);

	draft_text(&draft, DETAIL_dns_query, query);
	draft_text(&draft, DETAIL_dns_rcode, rcode);
	tell_transaction(&teller, &flow, TRANSACTION_DNS, draft_copy(&draft, room));
	expect(NAMING_DNS, name, what);
}

static void questions(void)
{
	struct flow flow = flow_of(IPPROTO_UDP), group = flow, group6 = flow;
	char longest[254] = "";

	group.key.hi = ip_addr_v4((const uint8_t[]){224, 0, 0, 251});
	group6.key.hi = (struct ip_addr){.byte = {0xff, 2}};
	group6.key.ip_version = 6;
	expect_dns(flow, "a.example", "NOERROR", "a.example", "");
	expect_dns(flow, "a.example", "NXDOMAIN", "a.example", "NXDOMAIN");
	expect_dns(flow, "a.example", NULL, "a.example", "no answer");
	expect_dns(group, "a.local", NULL, "a.local", "");
	expect_dns(group6, "a.local", NULL, "a.local", "");
	expect_dns(flow, NULL, "FORMERR", "10.0.0.2:53", "FORMERR");
	memset(longest, 'x', sizeof(longest) - 1);
	draft_reset(&draft);
	expect_dns(flow, longest, "NOERROR", longest + sizeof(longest) - 1 - NAMED_TEXT, "");
}

static void expect_http(const char *host, unsigned status, const char *name, const char *what)
{
	struct teller teller = teller_of(EVERY_KIND, true, true);
	struct flow flow = flow_of(IPPROTO_TCP);

	draft_text(&draft, DETAIL_http_host, host);
	draft_number(&draft, DETAIL_http_status, status);
	tell_transaction(&teller, &flow, TRANSACTION_HTTP, draft_copy(&draft, room));
	expect(NAMING_HTTP, name, what);
}

static void requests(void)
{
	expect_http("a.example", 399, "a.example", "");
	expect_http("a.example", 400, "a.example", "400");
	expect_http(NULL, 503, "10.0.0.2:53", "503");
}

static void expect_tls(const char *quic, const char *sni, const char *alert, const char *name,
	const char *what)
{
	struct teller teller = teller_of(EVERY_KIND, true, true);

	draft_text(&draft, DETAIL_quic_version, quic);
	draft_text(&draft, DETAIL_tls_sni, sni);
	draft_text(&draft, DETAIL_tls_alert, alert);
	tell(&teller, flow_of(quic ? IPPROTO_UDP : IPPROTO_TCP));
	expect(quic ? NAMING_QUIC : NAMING_TLS, name, what);
	CU_ASSERT_EQUAL(ear.n, 2);
}

/* Once, when the flow ends. */
static void handshakes(void)
{
	expect_tls(NULL, "a.example", NULL, "a.example", "");
	expect_tls(NULL, "a.example", "handshake_failure", "a.example", "handshake_failure");
	expect_tls(NULL, "a.example", "close_notify", "a.example", "");
	expect_tls(NULL, NULL, "unknown_ca", "10.0.0.2:53", "unknown_ca");
	expect_tls("v1", "q.example", NULL, "q.example", "");
	expect_tls("v1", "q.example", "no_application_protocol", "q.example",
		"no_application_protocol");
}

/* What transactions do not tell, the flow's own details do; and what nobody asks for is not told. */
static void what_is_asked_for(void)
{
	const struct flow flow = flow_of(IPPROTO_UDP);
	struct teller teller = teller_of(1u << TRANSACTION_HTTP, true, true);

	draft_text(&draft, DETAIL_dns_query, "a.example");
	draft_text(&draft, DETAIL_dns_rcode, "NXDOMAIN");
	tell(&teller, flow);
	CU_ASSERT_EQUAL(ear.n, 2);
	expect(NAMING_DNS, "a.example", "NXDOMAIN");
	for (unsigned asked = 0; asked < 4; asked++) {
		teller = teller_of(EVERY_KIND, asked & 1, asked & 2);
		draft_text(&draft, DETAIL_dns_query, "a.example");
		draft_text(&draft, DETAIL_dns_rcode, "NXDOMAIN");
		tell(&teller, flow); /* transactions tell it */
		CU_ASSERT_EQUAL(ear.n, 1);
		CU_ASSERT_EQUAL(ear.facts[0].head.type, RECORD_FLOW_FACT);
		ear.n = 0;
		tell_transaction(&teller, &flow, TRANSACTION_DNS, draft_copy(&draft, room));
		CU_ASSERT_EQUAL(ear.n, asked != 0);
		if (asked)
			expect(NAMING_DNS, "a.example", asked & 2 ? "NXDOMAIN" : "");
	}
	teller = teller_of(EVERY_KIND, false, true);
	draft_text(&draft, DETAIL_dns_query, "a.example");
	draft_text(&draft, DETAIL_dns_rcode, "NOERROR");
	tell_transaction(&teller, &flow, TRANSACTION_DNS, draft_copy(&draft, room));
	CU_ASSERT_EQUAL(ear.n, 0);
	teller.sink.take = NULL;
	tell(&teller, flow);
	CU_ASSERT_EQUAL(teller.unheard_flows + teller.unheard_names, 0);
}

static void what_was_refused(void)
{
	struct teller teller = teller_of(EVERY_KIND, true, true);
	struct flow flow = flow_of(IPPROTO_TCP);

	flow.side[0].bytes = 300;
	flow.side[1].bytes = 70;
	draft_text(&draft, DETAIL_tls_sni, "a.example");
	ear.refuses = true;
	tell(&teller, flow);
	CU_ASSERT_EQUAL(ear.n, 0);
	CU_ASSERT_EQUAL(teller.unheard_names, 1);
	CU_ASSERT_EQUAL(teller.unheard_flows, 1);
	CU_ASSERT_EQUAL(teller.unheard_bytes, 370);
}

static const struct {
	uint8_t protocol, client, server; /* flags, OR of all */
	bool answered;
	enum flow_begin begin;
} begins[] = {
	{IPPROTO_TCP, TCP_SYN, 0, false, FLOW_BEGIN_UNANSWERED},
	{IPPROTO_TCP, TCP_SYN | 0xc0 /* ECN */, 0, false, FLOW_BEGIN_UNANSWERED},
	{IPPROTO_TCP, TCP_SYN | TCP_ACK, 0, false, FLOW_BEGIN_OTHER}, /* seen from one side */
	{IPPROTO_TCP, TCP_SYN, TCP_RST | TCP_ACK, true, FLOW_BEGIN_REFUSED},
	{IPPROTO_TCP, TCP_SYN, TCP_RST, true, FLOW_BEGIN_REFUSED},
	{IPPROTO_TCP, TCP_SYN, TCP_SYN | TCP_ACK | TCP_RST, true, FLOW_BEGIN_OTHER},
	/* Its SYN-ACK was not seen, and it ended with RST. */
	{IPPROTO_TCP, TCP_SYN | TCP_ACK, TCP_ACK | TCP_RST, true, FLOW_BEGIN_OTHER},
	{IPPROTO_TCP, TCP_ACK, TCP_RST, true, FLOW_BEGIN_OTHER},
	{IPPROTO_UDP, TCP_SYN, 0, false, FLOW_BEGIN_OTHER},
};

static void how_tcp_began(void)
{
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		struct teller teller = teller_of(EVERY_KIND, true, true);
		struct flow flow = flow_of(begins[i].protocol);

		flow.side[0].packets = 2;
		flow.side[1].packets = begins[i].answered;
		flow.tcp_flags[0] = begins[i].client;
		flow.tcp_flags[1] = begins[i].server;
		tell(&teller, flow);
		CU_ASSERT_EQUAL(ear.n, 1);
		CU_ASSERT_EQUAL(ear.facts[0].flow.begin, begins[i].begin);
	}
}

/* All that tells conversations apart. */
static void whose_conversation(void)
{
	struct observation_point point = {
		.key = {ip_addr_v4((const uint8_t[]){10, 9, 0, 1}), 42, 0}, .has_vni = true};
	struct flow flow = flow_of(IPPROTO_TCP);
	struct flow_fact fact;

	flow.flags |= DIRECTION_INGRESS * (FLOW_DIRECTION / 3);
	flow.app_master = 91;
	flow.app = 126;
	flow_fact_fill(&fact, &(struct flow_fact_of){&flow, &point, 7, ENCRYPTION_TLS_1_2});
	CU_ASSERT_EQUAL(fact.key.direction, DIRECTION_INGRESS);
	CU_ASSERT_EQUAL(fact.key.encryption, ENCRYPTION_TLS_1_2);
	CU_ASSERT_EQUAL(fact.key.tenant, 7);
	CU_ASSERT_EQUAL(fact.key.app_master, 91);
	CU_ASSERT_EQUAL(fact.key.app, 126);
	CU_ASSERT_EQUAL(fact.key.server_port, 53);
	CU_ASSERT_EQUAL(fact.key.protocol, IPPROTO_TCP);
	CU_ASSERT_TRUE(ip_addr_equal(&fact.key.client, &flow.key.lo));
	CU_ASSERT_TRUE(ip_addr_equal(&fact.key.server, &flow.key.hi));
	CU_ASSERT_TRUE(fact.key.has_point);
	CU_ASSERT_EQUAL(fact.key.point.vni, 42);
	flow.key.protocol = IPPROTO_ICMP;
	point.has_vni = false;
	flow_fact_fill(&fact, &(struct flow_fact_of){&flow, &point, 7, ENCRYPTION_UNKNOWN});
	CU_ASSERT_EQUAL(fact.key.server_port, 0);
	CU_ASSERT_FALSE(fact.key.has_point);
	CU_ASSERT_EQUAL(fact.key.point.vni, 0);
}

void suite_teller(void);
void suite_teller(void)
{
	CU_pSuite s = CU_add_suite("teller", NULL, NULL);

	CU_ADD_TEST(s, questions);
	CU_ADD_TEST(s, requests);
	CU_ADD_TEST(s, handshakes);
	CU_ADD_TEST(s, what_is_asked_for);
	CU_ADD_TEST(s, what_was_refused);
	CU_ADD_TEST(s, how_tcp_began);
	CU_ADD_TEST(s, whose_conversation);
}
