/* Which questions make a tunnel: thresholds, windows, clients, domains, bounds; in whatever order they are told. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/tunnels/tunnels.h"
#include "inspect/support/alert_ear.h"
#include "support/random.h"

enum { ASKED_MAX = 4096 };

static struct settings settings;

static struct alert_ear ear;

static struct tunnels *open_tunnels(void)
{
	const struct scan_teller teller = {&ear, alert_ear_hear};
	struct tunnels *t = tunnels_create(&settings, &teller);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	ear = (struct alert_ear){.n = 0};
	return t;
}

/* Question `name` below `domain` of a client. */
static void ask(
	struct tunnels *t, uint8_t client, const char *domain, unsigned name, uint64_t s)
{
	char text[300];
	size_t len = strlen(domain);
	size_t size = sizeof(struct tunnel_fact) + sizeof(text);
	struct tunnel_fact *fact = calloc(1, size);
	struct random r = random_seeded(name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
	snprintf(text, sizeof(text), "%sname%u.%s", domain, name, domain);
	fact->about.key.addr = ip_addr_v4((const uint8_t[]){10, 0, 0, client});
	fact->about.now_ns = s * NS_PER_S;
	strcpy(fact->about.tenant, "blue");
	fact->about.sight.flow.start_ns = s * NS_PER_S;
	fact->about.sight.flow.key.ip_version = 4;
	fact->hash = random_next(&r);
	fact->own = 30;
	fact->domain_len = (uint16_t)len;
	fact->name_len = (uint16_t)(strlen(text) - len);
	memcpy(fact->text, text, strlen(text));
	tunnels_add(t, fact);
	free(fact);
}

static int setup(void)
{
	struct error error;

	settings_init(&settings);
	return settings_set(&settings, "detect.dns_tunnel_names=10", &error) ||
	       settings_set(&settings, "detect.dns_tunnel_window=60s", &error);
}

static int teardown(void)
{
	settings_fini(&settings);
	return 0;
}

static void so_many_names_within_the_window(void)
{
	static const struct {
		unsigned names, every_s, repeat;
		bool is_one;
	} rows[] = {
		{9, 1, 1, false},
		{10, 1, 1, true},
		{9, 1, 5, false}, /* asked again */
		{10, 6, 1, true}, /* 54 s */
		{10, 7, 1, false},
		{100, 7, 1, false}, /* eight or nine at a time */
		{11, 6, 1, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tunnels *t = open_tunnels();

		for (unsigned n = 0; n < rows[i].names * rows[i].repeat; n++) {
			unsigned name = n % rows[i].names;

			ask(t, 1, "example.com", name, 100 + name * rows[i].every_s);
			tunnels_judge(t);
		}
		CU_ASSERT_EQUAL(ear.n > 0, rows[i].is_one);
		tunnels_destroy(t);
	}
}

static void what_is_said_of_one(void)
{
	struct tunnels *t = open_tunnels();

	for (unsigned n = 0; n < 12; n++)
		ask(t, 1, "example.com", n, 111 - n); /* the earliest comes last */
	tunnels_judge(t);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_TRUE(ear.by_title);
	CU_ASSERT_STRING_EQUAL(ear.words,
		"1 100-111 x12 s2|dns_tunnel|tunnel|DNS tunnel below example.com|"
		"12 different long names within 60 s below example.com; in all 360 bytes of text|"
		"dns.query|name11.example.com|blue");
	ask(t, 1, "example.com", 50, 112);
	tunnels_judge(t);
	tunnels_judge(t);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_EQUAL(ear.times, 13);
	/* Others' are not added to it, nor those below another domain. */
	for (unsigned n = 0; n < 9; n++) {
		ask(t, 2, "example.com", n, 100);
		ask(t, 1, "sample.net", n, 100);
		tunnels_judge(t);
	}
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_EQUAL(tunnels_overflow(t), 0);
	tunnels_destroy(t);
}

/* Names without a domain. */
static void without_a_domain(void)
{
	struct tunnels *t = open_tunnels();

	for (unsigned n = 0; n < 10; n++)
		ask(t, 1, "", n, 100);
	tunnels_judge(t);
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words, "|DNS tunnel below no domain|10 different"));
	tunnels_destroy(t);
}

/* Workers tell in an order of their own; of so many names they are a sample. */
static void order_does_not_matter(void)
{
	static char said[2][ALERT_EAR_WORDS];
	static unsigned order[ASKED_MAX];

	for (unsigned round = 0; round < 2; round++) {
		struct random r = random_seeded(3);
		struct tunnels *t = open_tunnels();
		unsigned long names;

		for (unsigned n = 0; n < ASKED_MAX; n++)
			order[n] = n;
		for (unsigned n = ASKED_MAX - 1; round == 1 && n > 0; n--) {
			unsigned k = random_below(&r, n + 1), swap = order[n];

			order[n] = order[k];
			order[k] = swap;
		}
		for (unsigned n = 0; n < ASKED_MAX; n++)
			ask(t, 1, "example.com", order[n], 100 + order[n] % 50);
		tunnels_judge(t);
		CU_ASSERT_EQUAL(ear.n, 1);
		CU_ASSERT_EQUAL(ear.times, ASKED_MAX);
		names = strtoul(
			strstr(ear.words, "example.com|") + strlen("example.com|"), NULL, 10);
		/* Four standard errors of 1 / sqrt(256). */
		CU_ASSERT_TRUE(names > ASKED_MAX * 3 / 4 && names < ASKED_MAX * 5 / 4);
		strcpy(said[round], ear.words);
		tunnels_destroy(t);
	}
	CU_ASSERT_STRING_EQUAL(said[0], said[1]);
}

static void there_is_a_bound(void)
{
	struct tunnels *t = open_tunnels();

	for (unsigned n = 0; n < TUNNELS_MAX + 10; n++) {
		char domain[32];

		snprintf(domain, sizeof(domain), "%c%c%u.example", (int)(n / 128 + 1),
			(int)(n % 128 + 1), n);
		ask(t, 1, domain, 1, 100);
		tunnels_judge(t);
	}
	CU_ASSERT_EQUAL(tunnels_overflow(t), 10);
	CU_ASSERT_EQUAL(ear.n, 0);
	tunnels_destroy(t);
}

void suite_tunnels(void);
void suite_tunnels(void)
{
	CU_pSuite s = CU_add_suite("tunnels", setup, teardown);

	CU_ADD_TEST(s, so_many_names_within_the_window);
	CU_ADD_TEST(s, what_is_said_of_one);
	CU_ADD_TEST(s, without_a_domain);
	CU_ADD_TEST(s, order_does_not_matter);
	CU_ADD_TEST(s, there_is_a_bound);
}
