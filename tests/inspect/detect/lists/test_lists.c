/* Lists from files to what a lookup finds, against a twin that looks at each value. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/lists/lists.h"
#include "support/folder.h"
#include "support/random.h"

static struct folder folder;

static int setup(void)
{
	folder = folder_make();
	return 0;
}

static int teardown(void)
{
	folder_remove(&folder);
	return 0;
}

/* `detect.lists` as YAML; files are relative to the folder. NULL: the report says why. */
static struct lists *load(const char *yaml, struct report *report)
{
	struct settings settings;
	char assignment[2048], path[128];
	struct error error = {0};
	struct lists *lists;

	settings_init(&settings);
	snprintf(assignment, sizeof(assignment), "detect.lists=%s", yaml);
	CU_ASSERT_EQUAL_FATAL(settings_set(&settings, assignment, &error), 0);
	lists = lists_load(
		&settings, folder_path(&folder, "p.yaml", path, sizeof(path)), report);
	settings_fini(&settings);
	return lists;
}

/* Lists that are as they should be. */
static struct lists *load_well(const char *yaml)
{
	struct report report = {0};
	struct lists *lists = load(yaml, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(lists);
	CU_ASSERT(report.n_errors == 0 && report.n_warnings == 0);
	report_fini(&report);
	return lists;
}

static const struct indicator *find(
	const struct lists *lists, const char *type, const char *text)
{
	struct ip_addr address;
	size_t len = strlen(text);

	if (strcmp(type, "ip") == 0) {
		CU_ASSERT_TRUE_FATAL(ip_addr_parse(text, &address));
		return lists_find_address(lists, &address);
	}
	if (strcmp(type, "domain") == 0)
		return lists_find_domain(lists, text, len);
	if (strcmp(type, "host") == 0)
		return lists_find_host(lists, text, len);
	if (strcmp(type, "url") == 0)
		return lists_find_url(lists, text, len);
	return lists_find_fingerprint(lists,
		strcmp(type, "ja3") == 0     ? LIST_JA3
		: strcmp(type, "ja4") == 0   ? LIST_JA4
		: strcmp(type, "hassh") == 0 ? LIST_HASSH
					     : LIST_CERTIFICATE,
		text, len);
}

struct row {
	const char *type, *text;
	const char *want; /* "NAME:LINE VALUE" of the indicator; NULL: none */
};

static void rows_check(const struct lists *lists, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct indicator *found = find(lists, rows[i].type, rows[i].text);
		char value[INDICATOR_TEXT] = "", text[INDICATOR_TEXT + 128] = "";

		if (found) {
			CU_ASSERT_EQUAL(
				lists_indicator_text(lists, found, value), strlen(value));
			snprintf(text, sizeof(text), "%s:%u %s",
				lists_about(lists, found->list)->name, found->line, value);
		}
		if (strcmp(text, rows[i].want ? rows[i].want : "") != 0)
			printf("%s %s: %s\n", rows[i].type, rows[i].text, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].want ? rows[i].want : "");
	}
}

#define ROWS_CHECK(lists, rows) rows_check(lists, rows, sizeof(rows) / sizeof(*(rows)))

#define MD5 "e7d705a3286e19ea42f587b344ee6865"
#define SHA1 "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
#define SHA256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define JA4 "t13d1516h2_8daaf6152771_b186095e22b6"

static void each_type_is_found_in_each_way_that_traffic_shows_it(void)
{
	static const struct row rows[] = {
		{"ip", "192.0.2.1", "bad:1 192.0.2.1"},
		{"ip", "192.0.2.2", "bad:2 192.0.2.0/24"},
		{"ip", "192.0.3.0", NULL},
		{"ip", "192.0.1.255", NULL},
		{"ip", "192.0.2.255", "bad:2 192.0.2.0/24"},
		{"ip", "10.255.255.255", "bad:3 10.0.0.0/8"},
		{"ip", "11.0.0.0", NULL},
		{"ip", "2001:db8::1", "bad:4 2001:db8::/32"},
		{"ip", "2001:db8:1::", "bad:5 2001:db8:1::/48"},
		{"ip", "2001:db9::", NULL},
		{"ip", "::ffff:192.0.2.1", "bad:1 192.0.2.1"},
		{"domain", "evil.example", "bad:6 evil.example"},
		{"domain", "EVIL.Example.", "bad:6 evil.example"},
		{"domain", "www.a.evil.example", "bad:7 a.evil.example"},
		{"domain", "b.evil.example", "bad:6 evil.example"},
		{"domain", "notevil.example", NULL},
		{"domain", "example", NULL},
		{"domain", "evil.example.org", NULL},
		{"domain", "x\\.evil.example", NULL}, /* one label: "x.evil" */
		{"domain", "x\\\\.evil.example", "bad:6 evil.example"}, /* "x\" */
		{"domain", "\\000\\255.evil.example", "bad:6 evil.example"},
		{"domain", "evil.example\\.", NULL},
		{"domain", "", NULL},
		{"domain", ".", NULL},
		{"domain", "..", NULL},
		{"domain", "www.xn--bcher-kva.example", "bad:8 xn--bcher-kva.example"},
		{"host", "evil.example", "bad:6 evil.example"},
		{"host", "192.0.2.1", "bad:1 192.0.2.1"},
		{"host", "[2001:db8::1]", "bad:4 2001:db8::/32"},
		{"host", "[", NULL},
		{"host", "[]", NULL},
		{"url", "evil.example/Path", "bad:9 evil.example/Path"},
		{"url", "EVIL.example:80/Path#x", "bad:9 evil.example/Path"},
		{"url", "http://evil.example/Path", "bad:9 evil.example/Path"},
		{"url", "evil.example/path", NULL},
		{"url", "evil.example/Path/", NULL},
		{"url", "", NULL},
		{"ja3", MD5, "bad:10 " MD5},
		{"hassh", MD5, "bad:10 " MD5},
		{"ja3", SHA1, NULL},
		{"ja3", "", NULL},
		{"ja4", JA4, "bad:11 " JA4},
		{"ja4", "t13d1516h2_8daaf6152771_b186095e22b7", NULL},
		{"cert", SHA1, "bad:12 " SHA1},
		{"cert", SHA256, "bad:13 " SHA256},
		{"cert", MD5, NULL},
	};
	struct lists *lists;

	folder_put(&folder, "bad.txt",
		"192.0.2.1\n192.0.2.0/24\n10.0.0.0/8\n2001:db8::/32\n2001:db8:1::/48\n"
		"evil.example\na.evil.example\nb\xc3\xbc"
		"cher.example\nhttp://evil.example/Path\n" MD5 "\n" JA4 "\n" SHA1 "\n" SHA256
		"\n");
	lists = load_well("[{file: bad.txt}]");
	ROWS_CHECK(lists, rows);
	CU_ASSERT_EQUAL(lists_types(lists), (1u << LIST_ASN) - 2);
	CU_ASSERT_EQUAL(lists_count(lists), 1);
	CU_ASSERT_EQUAL(lists_about(lists, 0)->values, 14); /* MD5 is two */
	CU_ASSERT_EQUAL(lists_about(lists, 0)->others, 0);
	lists_destroy(lists);
}

static void the_highest_severity_wins_then_the_first_and_allow_over_all(void)
{
	static const struct row rows[] = {
		{"ip", "192.0.2.1", "high:1 192.0.2.1"},
		{"ip", "192.0.2.2", "low:2 192.0.2.2"},
		{"ip", "192.0.2.3", NULL},    /* in an allowed block */
		{"ip", "198.51.100.1", NULL}, /* allowed itself; a block of it is not */
		{"ip", "198.51.100.2", "low:4 198.51.100.0/24"},
		{"domain", "a.evil.example", "low:5 evil.example"},
		{"domain", "good.evil.example", NULL},
		{"domain", "www.good.evil.example", NULL},
		{"domain", "listed.good.evil.example", NULL},
		{"url", "good.evil.example/x", NULL}, /* by its host */
		{"url", "evil.example/y", NULL},      /* itself */
		{"url", "evil.example/x", "low:7 evil.example/x"},
		{"url", "192.0.2.3/x", NULL},
		{"ja3", MD5, NULL},
	};
	struct lists *lists;

	folder_put(&folder, "low.txt",
		"192.0.2.1\n192.0.2.2\n192.0.2.3\n198.51.100.0/24\nevil.example\n"
		"listed.good.evil.example\nevil.example/x\nevil.example/y\ngood.evil.example/x\n"
		"192.0.2.3/x\n" MD5 "\n");
	folder_put(&folder, "high.txt", "192.0.2.1\n192.0.2.1\n");
	folder_put(&folder, "same.txt", "192.0.2.2\n");
	folder_put(&folder, "good.txt",
		"192.0.2.3/32\n198.51.100.1\ngood.evil.example\nhttp://evil.example/y\n" MD5
		"\n");
	lists = load_well("[{file: low.txt, severity: 3}, {file: high.txt, severity: 1}, "
			  "{file: same.txt, severity: 3}, {file: good.txt, action: allow}]");
	ROWS_CHECK(lists, rows);
	CU_ASSERT_EQUAL(lists_about(lists, 1)->severity, 1);
	CU_ASSERT_EQUAL(lists_about(lists, 3)->action, LIST_ALLOW);
	lists_destroy(lists);
}

static void autonomous_systems(void)
{
	struct lists *lists;
	const struct indicator *found;
	char text[INDICATOR_TEXT];

	folder_put(&folder, "as.txt", "AS64512\nevil.example\nas1\nAS4294967295\nAS7\n");
	folder_put(&folder, "own.txt", "7\n");
	lists = load_well("[{file: as.txt}, {file: own.txt, type: asn, action: allow}]");
	CU_ASSERT_EQUAL(lists_types(lists), 1u << LIST_DOMAIN | 1u << LIST_ASN);
	CU_ASSERT_EQUAL(lists_about(lists, 0)->values, 5);
	found = lists_find_asn(lists, 64512);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found->line, 1);
	CU_ASSERT_EQUAL(lists_indicator_text(lists, found, text), 7);
	CU_ASSERT_STRING_EQUAL(text, "AS64512");
	found = lists_find_asn(lists, UINT32_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	lists_indicator_text(lists, found, text);
	CU_ASSERT_STRING_EQUAL(text, "AS4294967295");
	CU_ASSERT_PTR_NOT_NULL(lists_find_asn(lists, 1));
	CU_ASSERT_PTR_NULL(lists_find_asn(lists, 2));
	CU_ASSERT_PTR_NULL(lists_find_asn(lists, 0));
	CU_ASSERT_PTR_NULL(lists_find_asn(lists, 7)); /* it is allowed */
	lists_destroy(lists);
}

static void no_lists_find_nothing(void)
{
	struct lists *lists = load_well("[]");
	static const struct row rows[] = {{"ip", "192.0.2.1", NULL}, {"domain", "a.b", NULL},
		{"host", "a.b", NULL}, {"url", "a.b/", NULL}, {"ja3", MD5, NULL}};

	CU_ASSERT_EQUAL(lists_types(lists), 0);
	ROWS_CHECK(lists, rows);
	lists_destroy(lists);
	folder_put(&folder, "good.txt", "192.0.2.3/32\ngood.example\n");
	lists = load_well("[{file: good.txt, action: allow}]");
	CU_ASSERT_EQUAL(lists_types(lists), 0);
	ROWS_CHECK(lists, rows);
	lists_destroy(lists);
	lists_destroy(NULL);
}

struct fault {
	const char *content; /* NULL: there is no such file */
	const char *yaml;
	const char *first; /* finding, and the folder in front of it left out */
	bool is_error;
	unsigned findings;
};

static const struct fault faults[] = {
	{NULL, "[{file: none.txt}]",
		"none.txt: detect.lists[0]: cannot open: No such file or directory", true, 1},
	{NULL, "[{file: .}]", ".: detect.lists[0]: cannot read: Is a directory", true, 1},
	{"", "[{file: f}]", "f: detect.lists[0]: holds no value", false, 1},
	{"# a\n", "[{file: f}]", "f: detect.lists[0]: holds no value", false, 1},
	{"<html>\nx\n", "[{file: f}]", "f:1: '<html>' is no address, name, URL or fingerprint",
		true, 3},
	{"192.0.2.1\nx\n", "[{file: f}]", "f:2: 'x' is no address, name, URL or fingerprint",
		false, 1},
	{"192.0.2.1\nb\n\nc\nd\ne\nf\ng\nh\n", "[{file: f}]",
		"f:2: 'b' is no address, name, URL or fingerprint", false, 6},
	{"evil.example\n", "[{file: f, type: ip}]",
		"f:1: 'evil.example' is no IP address or CIDR block", true, 2},
	{"#fields\tindicator\tindicator_type\nx\tIntel::EMAIL\n", "[{file: f}]",
		"f: detect.lists[0]: holds no value that is looked for, but Intel::EMAIL",
		false, 1},
	{"#fields\tindicator\tindicator_type\nx\tIntel::EMAIL\n192.0.2.1\tIntel::ADDR\n",
		"[{file: f}]",
		"f: detect.lists[0]: 1 value is left out, since nothing looks for Intel::EMAIL",
		false, 1},
};

static void each_bad_file_gives_its_sentence(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		const struct fault *f = &faults[i];
		struct report report = {0};
		const struct finding *first;
		struct lists *lists;
		char text[512];

		if (f->content)
			folder_put(&folder, "f", f->content);
		lists = load(f->yaml, &report);
		CU_ASSERT_EQUAL(lists == NULL, f->is_error);
		CU_ASSERT_EQUAL(report.n_errors > 0, f->is_error);
		CU_ASSERT_EQUAL(report.n_errors + report.n_warnings, f->findings);
		first = report.warnings ? report.warnings : report.errors;
		CU_ASSERT_PTR_NOT_NULL_FATAL(first);
		finding_print(first, text, sizeof(text));
		if (strcmp(text + strlen(folder.path) + 1, f->first) != 0)
			printf("%s\n", text);
		CU_ASSERT_STRING_EQUAL(text + strlen(folder.path) + 1, f->first);
		lists_destroy(lists);
		report_fini(&report);
	}
}

/* --- the twin --- */

enum { BLOCKS = 400, NAMES = 300, ASKED = 20000 };

struct block {
	struct ip_addr address;
	unsigned bits; /* of 128 */
	bool is_v4, is_allowed;
};

static bool block_has(const struct block *b, const struct ip_addr *a)
{
	if (ip_addr_is_v4(a) != b->is_v4)
		return false;
	for (unsigned i = 0; i < b->bits; i++) {
		if ((a->byte[i / 8] ^ b->address.byte[i / 8]) >> (7 - i % 8) & 1)
			return false;
	}
	return true;
}

/* Few values for each byte, so that blocks hold each other and addresses lie in them. */
static struct ip_addr address_random(struct random *r, bool is_v4)
{
	static const uint8_t values[] = {0, 1, 127, 128, 254, 255};
	struct ip_addr a = {.byte = {[10] = 0xff, [11] = 0xff}};

	for (unsigned i = is_v4 ? 12 : 0; i < 16; i++)
		a.byte[i] = values[random_below(r, sizeof(values))];
	return a;
}

static void blocks_write(struct random *r, struct block *blocks, const char *file, bool allowed)
{
	static char text[BLOCKS * 64];
	size_t len = 0;

	for (int i = 0; i < BLOCKS; i++) {
		struct block *b = &blocks[i];
		char address[IP_ADDR_TEXT];

		b->is_allowed = allowed;
		b->is_v4 = random_below(r, 2);
		b->address = address_random(r, b->is_v4);
		/* Those of an allow list are few, and so narrow that they do not hold all. */
		b->bits = b->is_v4 ? 96 + (allowed ? 24 : 1) + random_below(r, allowed ? 9 : 32)
				   : (allowed ? 90 : 0) + random_below(r, allowed ? 39 : 129);
		ip_addr_print(&b->address, address);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s/%u\n", address,
			b->is_v4 ? b->bits - 96 : b->bits);
		if (!b->is_v4 && ip_addr_is_v4(&b->address))
			CU_FAIL_FATAL("an IPv6 block that is IPv4's");
	}
	folder_put(&folder, file, text);
}

static void at_border(struct random *r, const struct block *b, struct ip_addr *a)
{
	/* The last address of the block, the one behind it, or the one before its first. */
	unsigned which = random_below(r, 4), carry = 1;

	*a = b->address;
	for (unsigned i = b->bits; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		a->byte[i / 8] =
			(uint8_t)(which < 2 ? a->byte[i / 8] | bit : a->byte[i / 8] & ~bit);
	}
	for (unsigned i = 16; i-- > (b->is_v4 ? 12 : 0) && carry && which % 2;) {
		a->byte[i] = (uint8_t)(which == 1 ? a->byte[i] + 1 : a->byte[i] - 1);
		carry = a->byte[i] == (which == 1 ? 0 : 255);
	}
}

static void addresses_are_found_as_the_twin_finds_them(void)
{
	static struct block bad[BLOCKS], good[BLOCKS];
	struct random r = random_seeded(14);
	unsigned n_found = 0, n_allowed = 0;
	struct lists *lists;

	blocks_write(&r, bad, "bad.txt", false);
	blocks_write(&r, good, "good.txt", true);
	lists = load_well("[{file: bad.txt}, {file: good.txt, action: allow}]");
	for (int i = 0; i < ASKED; i++) {
		struct ip_addr a = address_random(&r, random_below(&r, 2));
		const struct block *best = NULL;
		const struct indicator *found;
		bool is_allowed = false;

		if (random_below(&r, 2))
			at_border(&r,
				random_below(&r, 2) ? &bad[random_below(&r, BLOCKS)]
						    : &good[random_below(&r, BLOCKS)],
				&a);
		for (int k = 0; k < BLOCKS; k++) {
			is_allowed = is_allowed || block_has(&good[k], &a);
			if (block_has(&bad[k], &a) && (!best || bad[k].bits > best->bits))
				best = &bad[k];
		}
		n_allowed += best && is_allowed;
		found = lists_find_address(lists, &a);
		CU_ASSERT_EQUAL(found != NULL, best && !is_allowed);
		if (found && best) {
			n_found++;
			CU_ASSERT_EQUAL(bad[found->line - 1].bits, best->bits);
			CU_ASSERT(block_has(&bad[found->line - 1], &a));
		}
	}
	CU_ASSERT(n_found > ASKED / 20 && n_allowed > ASKED / 100);
	lists_destroy(lists);
}

static void name_random(struct random *r, char *text, unsigned labels)
{
	static const char *const words[] = {"a", "b", "ab", "ba", "x-1", "a_a"};
	size_t len = 0;

	for (unsigned i = 0; i < labels; i++)
		len += (size_t)sprintf(
			text + len, "%s%s", i ? "." : "", words[random_below(r, 6)]);
}

static void names_write(
	struct random *r, char names[NAMES][64], const char *file, unsigned least)
{
	static char text[NAMES * 64];
	size_t len = 0;

	for (int i = 0; i < NAMES; i++) {
		name_random(r, names[i], least + random_below(r, 4));
		len += (size_t)sprintf(text + len, "%s\n", names[i]);
	}
	folder_put(&folder, file, text);
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n >= e && strcmp(name + n - e, end) == 0 && (n == e || name[n - e - 1] == '.');
}

static void names_are_found_as_the_twin_finds_them(void)
{
	static char bad[NAMES][64], good[NAMES][64];
	struct random r = random_seeded(15);
	unsigned n_found = 0, n_allowed = 0;
	struct lists *lists;

	names_write(&r, bad, "bad.txt", 3);
	names_write(&r, good, "good.txt", 4);
	lists = load_well("[{file: bad.txt, type: domain}, "
			  "{file: good.txt, type: domain, action: allow}]");
	for (int i = 0; i < ASKED; i++) {
		char name[128], *best = NULL;
		const struct indicator *found;
		bool is_allowed = false;

		name_random(&r, name, 1 + random_below(&r, 8));
		for (int k = 0; k < NAMES; k++) {
			is_allowed = is_allowed || ends_in(name, good[k]);
			if (ends_in(name, bad[k]) && (!best || strlen(bad[k]) > strlen(best)))
				best = bad[k];
		}
		n_allowed += best && is_allowed;
		found = lists_find_domain(lists, name, strlen(name));
		CU_ASSERT_EQUAL(found != NULL, best && !is_allowed);
		if (found && best) {
			n_found++;
			CU_ASSERT_STRING_EQUAL(bad[found->line - 1], best);
		}
	}
	CU_ASSERT(n_found > ASKED / 20 && n_allowed > ASKED / 100);
	lists_destroy(lists);
}

/* All that a name of DNS can be, right before the end of a mapped page as ASan sees it. */
static void hostile_names_cost_no_more_than_their_bytes(void)
{
	static const char ends[][8] = {
		"\\", ".", "\\.", "..", "a", ".a", "a.", "\xff", "\\\\."};
	struct lists *lists;

	folder_put(&folder, "bad.txt", "evil.example\na.b.c.d.e.f.g.h\n");
	lists = load_well("[{file: bad.txt}]");
	CU_ASSERT_PTR_NOT_NULL(lists_find_domain(lists, "x.a.b.c.d.e.f.g.h", 17));
	CU_ASSERT_PTR_NULL(lists_find_domain(lists, "xa.b.c.d.e.f.g.h", 16));
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		for (size_t len = 0; len <= 1100; len += 1 + len / 8) {
			char *name = malloc(len + 1);

			CU_ASSERT_PTR_NOT_NULL_FATAL(name);
			for (size_t k = 0; k < len; k++)
				name[k] = ends[i][k % strlen(ends[i])];
			CU_ASSERT_PTR_NULL(lists_find_domain(lists, name, len));
			CU_ASSERT_PTR_NULL(lists_find_host(lists, name, len));
			free(name);
		}
	}
	lists_destroy(lists);
}

void suite_lists(void);
void suite_lists(void)
{
	CU_pSuite suite = CU_add_suite("lists", setup, teardown);

	CU_ADD_TEST(suite, autonomous_systems);
	CU_ADD_TEST(suite, each_type_is_found_in_each_way_that_traffic_shows_it);
	CU_ADD_TEST(suite, the_highest_severity_wins_then_the_first_and_allow_over_all);
	CU_ADD_TEST(suite, no_lists_find_nothing);
	CU_ADD_TEST(suite, each_bad_file_gives_its_sentence);
	CU_ADD_TEST(suite, addresses_are_found_as_the_twin_finds_them);
	CU_ADD_TEST(suite, names_are_found_as_the_twin_finds_them);
	CU_ADD_TEST(suite, hostile_names_cost_no_more_than_their_bytes);
}
