/* Which attempts of TCP come to nothing, and when that is told, through a flow table as a worker has one; a full table, and
 * a full outbox. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/attempts.h"
#include "inspect/detect/scans/scan_fact.h"

enum { A_LO = 40000, TOLD_MAX = 64, FACT_MAX = 16 * 1024 };

static struct settings settings;
static struct session_table *sessions;
static struct flow_table *flows;
static struct attempts *attempts;

/* The outbox. */
static struct {
	bool refuses;
	unsigned n;
	union {
		struct record head;
		struct probes_fact probes;
		struct syns_fact syns;
		char bytes[FACT_MAX];
	} told[TOLD_MAX];
} ear;

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	CU_ASSERT_TRUE_FATAL(ear.n < TOLD_MAX && len <= FACT_MAX);
	if (ear.refuses)
		return NULL;
	memset(&ear.told[ear.n], 0xa5, len);
	ear.told[ear.n].head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &ear.told[ear.n++].head;
}

static void odd(void *ctx, const struct flow *flow, const struct packet *p)
{
	(void)ctx;
	attempts_packet(attempts, flow, p);
}

static void ended(void *ctx, struct flow *flow, enum flow_end end)
{
	(void)ctx;
	if (end == FLOW_END_EVICTED)
		attempts_evicted(attempts, flow);
}

static void begin(uint32_t capacity, uint64_t guard_ns)
{
	const struct flow_observer observer = {.ended = ended, .odd = odd};
	const struct flow_params params = {.capacity = capacity,
		.idle_timeout_ns = 120 * NS_PER_S,
		.tcp_close_timeout_ns = 10 * NS_PER_S,
		.guard_ns = guard_ns};
	struct attempts_params with;

	memset(&ear, 0, sizeof(ear));
	flows = flow_table_create(&params, &observer);
	with = (struct attempts_params){flows, sessions, &settings, {NULL, take}, 0};
	attempts = attempts_create(&with);
	CU_ASSERT_TRUE_FATAL(flows != NULL && attempts != NULL);
	attempts_tick(attempts, 1000 * NS_PER_S, 1);
}

static void finish(void)
{
	attempts_destroy(attempts);
	flow_table_destroy(flows);
}

/* `flags` of both sides in turn: "S" SYN, "s" SYN-ACK of the server, "A" and "a" ACK, "R" and "r" RST, "F" FIN alone,
 * "N" nothing. Ten ms each, from `at_ms` of second 1000 on. */
static void talk(uint16_t port, unsigned at_ms, const char *flags)
{
	for (; *flags != '\0'; flags++, at_ms += 10) {
		bool is_server = *flags >= 'a';
		struct packet p = {.protocol = 6,
			.ip_version = 4,
			.session = SESSION_NONE,
			.ip_len = 40,
			.payload = 40};
		struct ip_addr client = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
		struct ip_addr server = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});

		p.src = is_server ? server : client;
		p.dst = is_server ? client : server;
		p.src_port = is_server ? 80 : port;
		p.dst_port = is_server ? port : 80;
		p.time_ns = 1000 * NS_PER_S + at_ms * NS_PER_MS;
		p.direction = is_server ? DIRECTION_INGRESS : DIRECTION_EGRESS;
		p.tcp_flags = *flags == 'S'                    ? TCP_SYN
			      : *flags == 's'                  ? TCP_SYN | TCP_ACK
			      : *flags == 'A' || *flags == 'a' ? TCP_ACK
			      : *flags == 'R'                  ? TCP_RST
			      : *flags == 'r'                  ? TCP_RST | TCP_ACK
			      : *flags == 'F'                  ? TCP_FIN
							       : 0;
		flow_table_prefetch(flows, &p, 1);
		if (flow_table_packet(flows, &p, p.time_ns) == NULL)
			attempts_refused(attempts, &p);
	}
}

static void clock_says(unsigned at_ms)
{
	attempts_tick(attempts, 1000 * NS_PER_S + at_ms * NS_PER_MS, 7);
}

static const struct probes_fact *probes(void)
{
	for (unsigned i = 0; i < ear.n; i++)
		if (ear.told[i].head.type == RECORD_PROBES_FACT)
			return &ear.told[i].probes;
	return NULL;
}

static const struct syns_fact *syns(void)
{
	for (unsigned i = 0; i < ear.n; i++)
		if (ear.told[i].head.type == RECORD_SYNS_FACT)
			return &ear.told[i].syns;
	return NULL;
}

static void how_they_end(void)
{
	static const struct {
		const char *talk;
		int end;       /* of the probe; -1: it is none */
		unsigned syns; /* that became no connection */
	} rows[] = {
		{"S", PROBE_UNANSWERED, 1},
		{"SSS", PROBE_UNANSWERED, 1},
		{"Sr", PROBE_REFUSED, 0},
		{"SsR", PROBE_HALF_OPEN, 0},
		{"Fr", PROBE_REFUSED, 0},
		{"Nr", PROBE_REFUSED, 0},
		{"Ss", -1, 1},
		{"SsA", -1, 0},
		{"SsAR", -1, 0},
		{"SsAr", -1, 0},
		{"SA", -1, 0},
		{"Ar", -1, 0},
		{"r", -1, 0},
		{"R", -1, 0},
		{"s", -1, 0},
		{"SR", -1, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(64, 0);
		talk(A_LO, 100, rows[i].talk);
		clock_says(5000);
		CU_ASSERT_EQUAL(probes() != NULL, rows[i].end >= 0);
		CU_ASSERT_EQUAL(syns() != NULL, rows[i].syns > 0);
		if (probes() != NULL) {
			CU_ASSERT_EQUAL(probes()->n, 1);
			CU_ASSERT_EQUAL(probes()->probe[0].end, rows[i].end);
			CU_ASSERT_EQUAL(probes()->probe[0].port, 80);
			CU_ASSERT_EQUAL(probes()->probe[0].dst.byte[15], 2);
			CU_ASSERT_EQUAL(probes()->about.key.addr.byte[15], 1);
			CU_ASSERT_EQUAL(probes()->about.key.port, 6);
			CU_ASSERT_EQUAL(probes()->about.fact.number, 7);
			CU_ASSERT_TRUE(probes()->about.sight.is_inside);
			CU_ASSERT_STRING_EQUAL(probes()->about.tenant, "plain");
		}
		if (syns() != NULL) {
			CU_ASSERT_EQUAL(syns()->count.unanswered + syns()->count.half_open,
				rows[i].syns);
			CU_ASSERT_EQUAL(syns()->about.key.addr.byte[15], 2);
		}
		finish();
	}
}

/* RST at the next tick; what is not answered when a second is over, or nothing more comes. */
static void when_it_is_told(void)
{
	begin(64, 0);
	talk(A_LO, 100, "Sr");
	clock_says(249);
	CU_ASSERT_EQUAL(ear.n, 0);
	clock_says(250);
	CU_ASSERT_EQUAL(ear.n, 1);
	talk(A_LO + 1, 260, "S");
	for (unsigned ms = 250; ms < 1500; ms += 50)
		clock_says(ms);
	CU_ASSERT_EQUAL(ear.n, 1);
	clock_says(1500);
	CU_ASSERT_EQUAL(ear.n, 3);
	talk(A_LO + 2, 1510, "S");
	talk(A_LO + 3, 1510, "SsA");
	attempts_end(attempts, 1001 * NS_PER_S, 9);
	CU_ASSERT_EQUAL(ear.n, 5);
	CU_ASSERT_EQUAL(ear.told[4].probes.about.fact.number, 9);
	finish();
}

/* Flows that have to go, and SYNs for which there is no room, count; each once. */
static void a_full_table(void)
{
	uint64_t n = 0;

	begin(64, 0);
	for (uint16_t i = 0; i < 1000; i++)
		talk((uint16_t)(10000 + i), 100, "S");
	clock_says(2000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(syns());
	CU_ASSERT_EQUAL(syns()->count.unanswered, 1000);
	finish();
	begin(64, 3600 * NS_PER_S);
	for (uint16_t i = 0; i < 64; i++)
		talk((uint16_t)(10000 + i), 100, "S");
	clock_says(1500);
	n = syns() ? syns()->count.unanswered : 0;
	CU_ASSERT_TRUE(n > 32); /* all for which there was room */
	ear.n = 0;
	for (uint16_t i = 0; i < 100; i++)
		talk((uint16_t)(20000 + i), 1600, "S");
	clock_says(1750);
	CU_ASSERT_PTR_NULL(
		syns()); /* of a port of which nothing is known in this tick: counted as lost */
	CU_ASSERT_TRUE(attempts_stats(attempts).overflow >= 100);
	finish();
}

static void a_full_outbox(void)
{
	begin(64, 0);
	talk(A_LO, 100, "Sr");
	ear.refuses = true;
	clock_says(250);
	CU_ASSERT_EQUAL(attempts_stats(attempts).unheard, 1);
	CU_ASSERT_EQUAL(attempts_stats(attempts).told, 0);
	ear.refuses = false;
	clock_says(500);
	CU_ASSERT_EQUAL(ear.n, 0); /* it is not told later */
	finish();
}

static int setup(void)
{
	settings_init(&settings);
	sessions = session_table_create(16);
	return sessions == NULL;
}

static int teardown(void)
{
	session_table_destroy(sessions);
	settings_fini(&settings);
	return 0;
}

void suite_attempts(void);
void suite_attempts(void)
{
	CU_pSuite s = CU_add_suite("attempts", setup, teardown);

	CU_ADD_TEST(s, how_they_end);
	CU_ADD_TEST(s, when_it_is_told);
	CU_ADD_TEST(s, a_full_table);
	CU_ADD_TEST(s, a_full_outbox);
}
