/* What is found among the probes of sources: thresholds, windows, samples, bounds; and that it does not matter which
 * worker told what. Naive counts of exact sets stand beside. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/scans.h"
#include "support/random.h"

enum { WORKERS_MAX = 4, TOLD_MAX = 512, WORDS = 700 };

static struct settings settings;

/* Alerts' facts that were told, in words. */
static struct {
	unsigned n;
	uint64_t times;
	char words[TOLD_MAX][WORDS];
} ear;

static void hear(void *ctx, const struct alert_fact *fact)
{
	const struct alert *a = &fact->alert;
	char *words = ear.words[ear.n];
	size_t len;

	(void)ctx;
	CU_ASSERT_TRUE_FATAL(ear.n < TOLD_MAX);
	len = (size_t)snprintf(words, WORDS, "%u %u-%u x%u s%u ", a->source.byte[15],
		(unsigned)(fact->first_ns / NS_PER_S), (unsigned)(fact->time_ns / NS_PER_S),
		(unsigned)fact->times, a->severity);
	for (int which = ALERT_RULE; which < ALERT_TENANT; which++)
		len += (size_t)snprintf(words + len, WORDS - len, "|%.*s", a->len[which],
			alert_text(a, fact->text, (enum alert_text)which));
	CU_ASSERT_FALSE(a->cut);
	CU_ASSERT_TRUE(a->is_latest);
	ear.n++;
	ear.times += fact->times;
}

static struct scans *open_scans(void)
{
	const struct scan_teller teller = {NULL, hear};
	struct scans *s = scans_create(&settings, &teller);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	ear.n = 0;
	ear.times = 0;
	return s;
}

/* One worker's part of a source's probes. */
static struct probe_set parts[WORKERS_MAX];
static struct probe rooms[WORKERS_MAX][PROBES_MAX];
static unsigned workers = 1, turn;
static uint8_t protocol = 6;

static void try(uint32_t second, uint32_t host, uint16_t port)
{
	struct probe probe = {.time_ns = second * NS_PER_S,
		.dst = ip_addr_v4((const uint8_t[]){
			10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host}),
		.port = port,
		.protocol = protocol,
		.end = PROBE_REFUSED};
	struct probe_set *set = &parts[turn++ % workers];

	probe.hash = probe_hash(&probe, 0);
	if (set->at == NULL)
		*set = (struct probe_set){0, UINT64_MAX, rooms[set - parts]};
	probe_set_add(set, &probe);
}

/* What was tried is `source`'s, and is told at `second`. */
static void tell(struct scans *s, uint8_t source, uint32_t second)
{
	struct probes_fact *fact = malloc(sizeof(*fact) + PROBES_MAX * sizeof(struct probe));

	CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
	for (unsigned w = 0; w < workers; w++) {
		struct probe_set *set = &parts[w];

		if (set->n == 0)
			continue;
		memset(fact, 0, sizeof(*fact));
		fact->about.now_ns = second * NS_PER_S;
		fact->about.key.addr = ip_addr_v4((const uint8_t[]){10, 9, 0, source});
		fact->about.key.port = protocol;
		fact->about.sight.flow.key.ip_version = 4;
		fact->about.sight.is_inside = source == 200;
		fact->bound = set->bound;
		fact->n = set->n;
		memcpy(fact->probe, set->at, set->n * sizeof(*set->at));
		scans_add(s, fact);
		*set = (struct probe_set){0, UINT64_MAX, set->at};
	}
	free(fact);
}

static void row(uint32_t n, uint32_t first_s, double every_s)
{
	for (uint32_t i = 0; i < n; i++)
		try(first_s + (uint32_t)(i * every_s), i, 22);
}

static void expect(const char *words)
{
	CU_ASSERT_EQUAL_FATAL(ear.n, words != NULL);
	if (words != NULL && strcmp(ear.words[0], words) != 0) {
		printf("\n%s\n%s\n", ear.words[0], words);
		CU_FAIL("other words");
	}
}

static void from_a_number_on(void)
{
	struct scans *s = open_scans();

	row(99, 1000, 0.5);
	tell(s, 1, 1050);
	scans_judge(s);
	expect(NULL);
	try(1051, 99, 22);
	tell(s, 1, 1051);
	scans_judge(s);
	expect("1 1000-1051 x100 s3 |horizontal_scan|scan|Horizontal scan|100 addresses at TCP port 22 in vain, within 60 s: 100 refused"
	       "|addresses|10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, ...");
	/* The same again is told, and counts nothing; what is old is not. */
	try(1052, 99, 22);
	tell(s, 1, 1052);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 2);
	try(1053, 0, 80);
	tell(s, 1, 1053);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_EQUAL(ear.times, 100);
	scans_destroy(s);
}

static void within_a_window(void)
{
	struct scans *s = open_scans();

	row(120, 1000, 0.7); /* 86 in any minute */
	tell(s, 1, 1100);
	scans_judge(s);
	expect(NULL);
	row(150, 2000,
		0.5); /* some of them again, all at once told, though the clock has gone on */
	tell(s, 2, 2500);
	scans_judge(s);
	expect("2 2000-2074 x150 s3 |horizontal_scan|scan|Horizontal scan|150 addresses at TCP port 22 in vain, 122 of them within 60 s: 150 refused"
	       "|addresses|10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, ...");
	scans_destroy(s);
}

static void ports_of_one_address(void)
{
	struct scans *s = open_scans();

	for (uint16_t i = 0; i < 19; i++)
		try(1000 + i, 5, i);
	for (uint16_t i = 0; i < 38; i++) /* of two other addresses */
		try(1000, 6 + i % 2, (uint16_t)(100 + i));
	tell(s, 200, 1019);
	protocol = 17;
	for (uint16_t i = 0; i < 19; i++)
		try(1000 + i, 5, (uint16_t)(100 + i));
	tell(s, 200, 1019);
	scans_judge(s);
	expect(NULL);
	try(1019, 5, 119);
	tell(s, 200, 1019);
	scans_judge(s);
	expect("200 1000-1019 x20 s2 |udp_vertical_scan|scan|Vertical UDP scan|20 UDP ports of 10.0.0.5 in vain, within 60 s: 20 refused"
	       "|ports|100, 101, 102, 103, 104, 105, 106, 107, ...");
	protocol = 6;
	scans_destroy(s);
}

/* Told as they come; what was fast is not slow, too. */
static void slow_ones(void)
{
	struct scans *s = open_scans();

	for (uint32_t i = 0; i < 250; i++) {
		try(10000 + i * 20, i, 22);
		tell(s, 1, 10000 + i * 20);
		scans_judge(s);
		CU_ASSERT_EQUAL(ear.n, i == 249);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words[0],
		"1 10000-14980 x250 s3 |slow_horizontal_scan|scan|Slow horizontal scan|250 addresses at TCP port 22 in vain, within 7200 s"));
	ear.n = 0;
	row(250, 20000, 0.1);
	tell(s, 2, 20050);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 1);
	for (uint32_t i = 0; i < 100; i++) {
		try(20100 + i * 60, 300 + i, 22);
		tell(s, 2, 20100 + i * 60);
		scans_judge(s);
		CU_ASSERT_PTR_NULL(strstr(ear.words[ear.n - 1], "slow"));
	}
	scans_destroy(s);
}

static void what_is_over_is_forgotten(void)
{
	struct scans *s = open_scans();

	for (uint32_t i = 0; i < 249; i++)
		try(10000 + i * 20, i, 22);
	tell(s, 1, 15000);
	scans_judge(s);
	for (uint32_t i = 0; i < 200; i++)
		try(10000 + 7200 + 4981 + i * 20, 1000 + i, 22);
	tell(s, 1, 10000 + 7200 + 4981 + 4000);
	scans_judge(s);
	expect(NULL);
	CU_ASSERT_EQUAL(scans_overflow(s), 0);
	scans_destroy(s);
}

/* Sources of all sorts by chance, told by any number of workers. */
static void by_chance(unsigned n_workers, uint64_t seed)
{
	struct random random = random_seeded(seed);
	struct scans *s = open_scans();

	workers = n_workers;
	for (uint32_t tick = 0; tick < 30; tick++) {
		for (uint8_t source = 1; source < 20; source++) {
			uint32_t n = random_below(&random, 40U * source);

			for (uint32_t i = 0; i < n; i++)
				try(1000 + tick, random_below(&random, 200),
					(uint16_t)random_below(&random, source));
			turn = random_below(&random, 100);
			tell(s, source, 1000 + tick);
		}
		scans_judge(s);
	}
	CU_ASSERT_EQUAL(scans_overflow(s), 0);
	scans_destroy(s);
	workers = 1;
}

static int by_words(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void it_does_not_matter_who_tells(void)
{
	static char one[TOLD_MAX][WORDS];
	unsigned n;

	by_chance(1, 9);
	n = ear.n;
	CU_ASSERT_TRUE(n > 50);
	qsort(ear.words, n, WORDS, by_words);
	memcpy(one, ear.words, sizeof(one));
	for (unsigned w = 2; w <= WORKERS_MAX; w++) {
		by_chance(w, 9);
		CU_ASSERT_EQUAL_FATAL(ear.n, n);
		qsort(ear.words, n, WORDS, by_words);
		for (unsigned i = 0; i < n; i++)
			CU_ASSERT_STRING_EQUAL(ear.words[i], one[i]);
	}
}

/* A peer-to-peer client of any size is none: probes without number, all of other ports and addresses. */
static void noise_is_no_scan(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct random random = random_seeded(seed);
		struct scans *s = open_scans();

		for (uint32_t tick = 0; tick < 20; tick++) {
			for (uint32_t i = 0; i < 2000; i++)
				try(1000 + tick, random_below(&random, 1 << 24),
					(uint16_t)random_below(&random, 60000));
			tell(s, 1, 1000 + tick);
			scans_judge(s);
		}
		CU_ASSERT_EQUAL(ear.n, 0);
		scans_destroy(s);
	}
}

/* 100 ports of 254 addresses: two or three probes of each are in the sample. The first of it is one scan of each kind. */
static void many_ports_of_many_addresses(void)
{
	struct scans *s = open_scans();
	unsigned kinds = 0;

	for (uint32_t i = 0; i < 254 * 100; i++)
		try(1000 + i / 1000, i % 254, (uint16_t)(i / 254));
	tell(s, 1, 1030);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 2);
	for (unsigned i = 0; i < ear.n; i++) {
		unsigned size, groups, times;
		const char *about = strstr(ear.words[i], "|about ");

		CU_ASSERT_PTR_NOT_NULL_FATAL(about);
		CU_ASSERT_EQUAL(sscanf(strstr(ear.words[i], " x"), " x%u", &times), 1);
		if (sscanf(about, "|about %u addresses at each of about %u TCP ports in vain",
			    &size, &groups) == 2) {
			kinds |= 1;
			CU_ASSERT_TRUE(size > 200 && size < 310 && groups > 75 && groups < 130);
		} else if (sscanf(about, "|about %u TCP ports of each of about %u addresses",
				   &size, &groups) == 2) {
			kinds |= 2;
			CU_ASSERT_TRUE(size > 70 && size < 130 && groups > 190 && groups < 330);
		}
		CU_ASSERT_EQUAL(times, size);
	}
	CU_ASSERT_EQUAL(kinds, 3);
	scans_destroy(s);
}

/* 92 addresses at each of 60 ports, of which a sample may well have as many as 100 would give: three standard errors are
 * to spare. */
static void almost_a_scan_is_none(void)
{
	for (uint32_t net = 0; net < 30; net++) {
		struct scans *s = open_scans();

		for (uint32_t i = 0; i < 92 * 60; i++)
			try(1000 + i / 1000, net * 256 + i % 92, (uint16_t)(i / 92));
		tell(s, 1, 1010);
		scans_judge(s);
		for (unsigned i = 0; i < ear.n; i++)
			CU_ASSERT_PTR_NULL(strstr(ear.words[i], "horizontal"));
		scans_destroy(s);
	}
}

/* One port of a thousand addresses, under twenty times as much noise. */
static void a_scan_under_noise(void)
{
	struct random random = random_seeded(4);
	struct scans *s = open_scans();

	row(4000, 1000, 0.01);
	for (uint32_t i = 0; i < 20000; i++)
		try(1000, random_below(&random, 1 << 24),
			(uint16_t)(1024 + random_below(&random, 60000)));
	tell(s, 1, 1050);
	scans_judge(s);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words[0], " addresses at TCP port 22 in vain"));
	scans_destroy(s);
}

/* The settings' least number of sources, and 16 probes of each. */
static void bounds(void)
{
	struct scans *s;

	settings.detect.scan_sources = 64;
	s = open_scans();
	for (uint8_t source = 1; source <= 64; source++) {
		try(1000, source, 22);
		tell(s, source, 1000);
		scans_judge(s);
	}
	CU_ASSERT_EQUAL(scans_overflow(s), 0);
	try(1001, 1, 22);
	tell(s, 100, 1001);
	scans_judge(s);
	CU_ASSERT_EQUAL(scans_overflow(s), 1); /* of the quietest */
	/* Five wide ones, of 256 probes for each window, are more than 1024. */
	for (uint8_t source = 101; source <= 105; source++) {
		row(256, 1002, 0.01);
		tell(s, source, 1005);
		scans_judge(s);
	}
	CU_ASSERT_EQUAL(ear.n, 5);
	CU_ASSERT_TRUE(scans_overflow(s) >= 64 + 256);
	/* All are to be judged yet: there is no room. */
	for (uint8_t source = 1; source <= 6; source++) {
		row(256, 1010, 0.01);
		tell(s, source, 1015);
	}
	ear.n = 0;
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 2);
	scans_destroy(s);
	settings.detect.scan_sources = 16384;
}

/* A wide scan hides a narrow one as long as its window lasts, and not for longer. */
static void after_a_wide_one(void)
{
	struct scans *s = open_scans();

	for (uint32_t i = 0; i < 60000; i++)
		try(1000, 1, (uint16_t)i);
	tell(s, 1, 1001);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 1);
	ear.n = 0;
	for (uint16_t port = 0; port < 40; port++) {
		try(1100 + port, 2, port);
		tell(s, 1, 1100 + port);
		scans_judge(s);
	}
	CU_ASSERT_TRUE(ear.n > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words[0], " TCP ports of 10.0.0.2 in vain"));
	scans_destroy(s);
}

static void what_is_off(void)
{
	struct scans *s;

	settings.detect.scan_hosts = settings.detect.slow_scan_hosts = 0;
	s = open_scans();
	row(1000, 1000, 0.01);
	tell(s, 1, 1015);
	scans_judge(s);
	CU_ASSERT_EQUAL(ear.n, 0);
	scans_destroy(s);
	scans_destroy(NULL);
	settings.detect.scan_hosts = 100;
	settings.detect.slow_scan_hosts = 250;
}

static int setup(void)
{
	settings_init(&settings);
	return 0;
}

static int teardown(void)
{
	settings_fini(&settings);
	return 0;
}

void suite_scans(void);
void suite_scans(void)
{
	CU_pSuite s = CU_add_suite("scans", setup, teardown);

	CU_ADD_TEST(s, from_a_number_on);
	CU_ADD_TEST(s, within_a_window);
	CU_ADD_TEST(s, ports_of_one_address);
	CU_ADD_TEST(s, slow_ones);
	CU_ADD_TEST(s, what_is_over_is_forgotten);
	CU_ADD_TEST(s, it_does_not_matter_who_tells);
	CU_ADD_TEST(s, noise_is_no_scan);
	CU_ADD_TEST(s, many_ports_of_many_addresses);
	CU_ADD_TEST(s, almost_a_scan_is_none);
	CU_ADD_TEST(s, a_scan_under_noise);
	CU_ADD_TEST(s, after_a_wide_one);
	CU_ADD_TEST(s, bounds);
	CU_ADD_TEST(s, what_is_off);
}
