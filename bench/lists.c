/* What indicator lists cost: to load a million addresses (of both families, blocks among them) and a million
 * names, the memory of them, and a lookup of what is in them and of what is not.
 *
 *   cmake --build --preset release --target bench_lists
 *   build/bench/lists [VALUES]
 *
 * Prints processor seconds and MB, then ns a lookup: the best of many short runs, so that other work on the machine
 * matters little. What is asked for is made before. `empty` are the same lookups in no lists at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "config/log/now.h"
#include "inspect/detect/lists/lists.h"
#include "support/random.h"

enum { RUNS = 40, ASKED = 1 << 14, NAME_MAX_LEN = 48, ROWS = 4 };

/* Places of random_at(): what is listed, and what is not. */
enum { ROW_IPV4 = 1, ROW_IPV6, ROW_NAME, OTHER = 100 };

struct asked {
	struct ip_addr address[ASKED];
	char name[ASKED][NAME_MAX_LEN];
};

static struct ip_addr ipv4_at(uint64_t row, uint64_t n)
{
	uint64_t value = random_at(row, n);
	const uint8_t byte[4] = {(uint8_t)(1 + (value >> 24 & 0xff) % 223),
		(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	return ip_addr_v4(byte);
}

static struct ip_addr ipv6_at(uint64_t row, uint64_t n)
{
	uint64_t high = random_at(row, 2 * n), low = random_at(row, 2 * n + 1);
	uint8_t byte[16] = {0x20, 0x01};

	memcpy(byte + 2, &high, 6);
	memcpy(byte + 8, &low, 8);
	return ip_addr_v6(byte);
}

/* Two to four labels, some 20 characters, below a few of the top. */
static void name_at(uint64_t row, uint64_t n, char name[NAME_MAX_LEN])
{
	static const char tops[8][8] = {
		"com", "net", "org", "info", "xyz", "top", "ru", "co.uk"};
	uint64_t value = random_at(row, n);

	if (value & 8)
		snprintf(name, NAME_MAX_LEN, "w%u.%llx.%s", (unsigned)(value >> 4 & 63),
			(unsigned long long)(value >> 16), tops[value & 7]);
	else
		snprintf(name, NAME_MAX_LEN, "%llx.%s", (unsigned long long)(value >> 16),
			tops[value & 7]);
}

static FILE *begin(const char *folder, const char *name)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "we");
	if (!out)
		bench_fail(path, "cannot be written");
	return out;
}

/* One of twenty addresses is a block: /26 to /30, or /48 to /64. */
static void files_make(const char *folder, uint64_t values)
{
	FILE *ips = begin(folder, "ips.txt"), *names = begin(folder, "names.txt");

	for (uint64_t n = 0; n < values; n++) {
		const bool is_v4 = n % 4 != 0;
		struct ip_addr a = is_v4 ? ipv4_at(ROW_IPV4, n) : ipv6_at(ROW_IPV6, n);
		char text[IP_ADDR_TEXT], name[NAME_MAX_LEN];
		unsigned block = n % 20 == 0 ? (unsigned)(n / 20 % 3) + 1 : 0;

		ip_addr_print(&a, text);
		if (block)
			fprintf(ips, "%s/%u\n", text, is_v4 ? 32 - 2 * block : 72 - 8 * block);
		else
			fprintf(ips, "%s\n", text);
		name_at(ROW_NAME, n, name);
		fprintf(names, "%s\n", name);
	}
	if (fclose(ips) || fclose(names))
		bench_fail(folder, "cannot be written");
}

static struct lists *load(const char *folder, const char *lists_of)
{
	struct settings settings;
	struct report report = {0};
	struct error error;
	char path[128], set[256];
	struct lists *lists;

	settings_init(&settings);
	snprintf(path, sizeof(path), "%s/x.yaml", folder);
	snprintf(set, sizeof(set), "detect.lists=%s", lists_of);
	if (settings_set(&settings, set, &error) < 0)
		bench_fail(set, error.text);
	lists = lists_load(&settings, path, &report);
	if (!lists || report.n_warnings > 0)
		bench_fail(set, "does not load as it should");
	settings_fini(&settings);
	report_fini(&report);
	return lists;
}

enum what { IPV4, IPV6, NAME, WHATS };

static void asked_make(struct asked *asked, enum what what, bool listed, uint64_t values)
{
	for (uint64_t i = 0; i < ASKED; i++) {
		uint64_t n = random_at(ROWS + what, i) % values;
		uint64_t other = listed ? 0 : OTHER;

		/* Every fourth address is of IPv6: see files_make(). */
		if (what == IPV4)
			asked->address[i] = ipv4_at(ROW_IPV4 + other, n % 4 ? n : n + 1);
		else if (what == IPV6)
			asked->address[i] = ipv6_at(ROW_IPV6 + other, n / 4 * 4);
		else
			name_at(ROW_NAME + other, n, asked->name[i]);
	}
}

static uint64_t ask(const struct lists *lists, const struct asked *asked, enum what what)
{
	uint64_t found = 0;

	for (int i = 0; i < ASKED; i++) {
		if (what == NAME)
			found += lists_find_domain(
					 lists, asked->name[i], strlen(asked->name[i])) != NULL;
		else
			found += lists_find_address(lists, &asked->address[i]) != NULL;
	}
	return found;
}

static double best_of(
	const struct lists *lists, const struct asked *asked, enum what what, double *share)
{
	double best = 1e18;

	for (int run = 0; run < RUNS; run++) {
		uint64_t start = now_monotonic(), found = ask(lists, asked, what);
		double ns = (double)(now_monotonic() - start) / ASKED;

		best = ns < best ? ns : best;
		*share = 100.0 * (double)found / ASKED;
	}
	return best;
}

static void measure(const struct lists *lists, const struct lists *empty, uint64_t values)
{
	static const char *const names[WHATS] = {"IPv4", "IPv6", "name"};
	static struct asked asked;

	printf("%-6s %10s %10s %10s %10s %10s\n", "", "listed", "found %", "other", "found %",
		"empty");
	for (enum what what = IPV4; what < WHATS; what++) {
		double hit, miss, none, found, wrong, nothing;

		asked_make(&asked, what, true, values);
		hit = best_of(lists, &asked, what, &found);
		asked_make(&asked, what, false, values);
		miss = best_of(lists, &asked, what, &wrong);
		none = best_of(empty, &asked, what, &nothing);
		printf("%-6s %10.1f %10.2f %10.1f %10.2f %10.1f\n", names[what], hit, found,
			miss, wrong, none);
		if (found < 100)
			bench_fail(names[what], "what is listed is not found");
	}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*end != 0 || n < 8 || n > 100000000)
		bench_fail(text, "not a number from 8 to 100000000");
	return n;
}

int main(int argc, char **argv)
{
	const uint64_t values = argc > 1 ? number(argv[1]) : 1000000;
	char folder[] = "/tmp/bench-lists-XXXXXX", path[128];
	struct lists *lists, *empty;
	clock_t start;
	long before;

	if (!mkdtemp(folder))
		bench_fail(folder, "cannot be made");
	files_make(folder, values);
	empty = load(folder, "[]");
	before = bench_resident_bytes();
	start = clock();
	lists = load(folder, "[{file: ips.txt, type: ip}, {file: names.txt, type: domain}]");
	printf("%llu addresses and as many names: loaded in %.2f s, %.1f MB (%.1f MB resident)\n",
		(unsigned long long)values, (double)(clock() - start) / CLOCKS_PER_SEC,
		(double)lists_memory(lists) / 1e6,
		(double)(bench_resident_bytes() - before) / 1e6);
	measure(lists, empty, values);
	lists_destroy(lists);
	lists_destroy(empty);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i ? "names.txt" : "ips.txt");
		unlink(path);
	}
	rmdir(folder);
	return 0;
}
