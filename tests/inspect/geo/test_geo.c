/* Databases in MaxMind's format, written by tests/system/make/mmdb.py: what is found in them, and what is wrong with
 * those that are cut, changed in any byte, of no use or no such database. */
#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/settings/settings.h"
#include "decap/addr.h"
#include "inspect/geo/geo.h"
#include "support/folder.h"
#include "support/python.h"

/* libmaxminddb 1.7.1 loses some 5 KiB when the metadata of a file that it opens are damaged. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb.so\n";
}

static struct folder folder;
static struct settings settings;

/* Calls database() of the maker with these arguments, into the file. */
static bool made(const char *name, const char *arguments)
{
	char script[2048], path[PATH_MAX];

	snprintf(script, sizeof(script),
		"import sys\n"
		"sys.path.insert(0, '" SOURCE_DIR "/tests/system/make')\n"
		"import mmdb\n"
		"open(sys.argv[1], 'wb').write(mmdb.database(%s))\n",
		arguments);
	return python_agrees(script, folder_path(&folder, name, path, sizeof(path)));
}

static void make(const char *name, const char *arguments)
{
	CU_ASSERT_TRUE_FATAL(made(name, arguments));
}

#define COUNTRY(code) "{'country': {'iso_code': '" code "'}, 'x': [1, 2.5, True]}"
#define COUNTRIES \
	"[('10.0.0.0/8', " COUNTRY("DE") "), ('10.1.0.0/16', " COUNTRY( \
		"FR") "), " \
		      "('10.1.2.3/32', " COUNTRY("IT") "), ('2001:db8::/32', " COUNTRY( \
			      "JP") "), " \
				    "('192.0.2.0/24', {'registered_country': {'iso_code': 'US'}}), " \
				    "('198.51.100.0/24', " COUNTRY("A\\n") ")]"
#define AS(n, org) \
	"{'autonomous_system_number': " n ", 'autonomous_system_organization': '" org "'}"
#define SYSTEMS \
	"[('10.0.0.0/9', " AS("64512", "Example \"Net\"") "), ('10.128.0.0/9', " AS( \
		"4294967295", "") "), ('2001:db8::/32', {'autonomous_system_number': 65000})]"

static int setup(void)
{
	folder = folder_make();
	settings_init(&settings);
	return !made("country.mmdb", "'GeoLite2-Country', " COUNTRIES) ||
	       !made("asn.mmdb", "'DBIP-ASN-Lite (compat=GeoLite2-ASN)', " SYSTEMS);
}

static int teardown(void)
{
	settings_fini(&settings);
	folder_remove(&folder);
	return 0;
}

/* The settings file would stand in the folder. */
static struct geo *load(const char *files, struct report *report)
{
	char text[512], path[PATH_MAX];
	struct error error;

	*report = (struct report){0};
	snprintf(text, sizeof(text), "detect.geoip=%s", files);
	CU_ASSERT_EQUAL_FATAL(settings_set(&settings, text, &error), 0);
	return geo_load(&settings, folder_path(&folder, "x.yaml", path, sizeof(path)), report);
}

static struct geo *load_well(const char *files)
{
	struct report report;
	struct geo *geo = load(files, &report);

	if (report.errors)
		fprintf(stderr, "\n  %s\n", report.errors->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(geo);
	CU_ASSERT_EQUAL(report.n_errors, 0);
	report_fini(&report);
	return geo;
}

/* "COUNTRY ASN ORG". */
static void finds(const struct geo *geo, const char *address, const char *want)
{
	struct geo_place place;
	struct ip_addr a;
	char got[GEO_ORG + 64];

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(address, &a));
	place = geo_find(geo, &a);
	snprintf(got, sizeof(got), "%s %u %.*s", place.country, place.asn, place.org_len,
		place.org ? place.org : "");
	CU_ASSERT_STRING_EQUAL(got, want);
	CU_ASSERT_EQUAL(geo_find_asn(geo, &a), place.asn);
	if (strcmp(got, want) != 0)
		fprintf(stderr, "\n  %s: %s\n", address, got);
}

static void both_kinds_are_found(void)
{
	struct geo *geo = load_well("[country.mmdb, asn.mmdb]");

	CU_ASSERT_TRUE(geo_has_country(geo) && geo_has_asn(geo));
	finds(geo, "10.127.3.4", "DE 64512 Example \"Net\"");
	finds(geo, "10.200.3.4", "DE 4294967295 ");
	finds(geo, "10.1.2.4", "FR 64512 Example \"Net\"");
	finds(geo, "10.1.2.3", "IT 64512 Example \"Net\"");
	finds(geo, "2001:db8:1::1", "JP 65000 ");
	finds(geo, "192.0.2.1", " 0 ");
	finds(geo, "198.51.100.1", " 0 "); /* no letters */
	finds(geo, "9.9.9.9", " 0 ");
	finds(geo, "fe80::1", " 0 ");
	CU_ASSERT_PTR_NULL(geo_damaged(geo));
	CU_ASSERT_TRUE(geo_memory(geo) > 500);
	geo_destroy(geo);
}

static void one_kind_or_none(void)
{
	struct geo *geo = load_well("[asn.mmdb]");

	CU_ASSERT_FALSE(geo_has_country(geo));
	finds(geo, "10.1.2.3", " 64512 Example \"Net\"");
	geo_destroy(geo);
	geo = load_well("[]");
	CU_ASSERT_FALSE(geo_has_country(geo) || geo_has_asn(geo));
	finds(geo, "10.1.2.3", " 0 ");
	geo_destroy(geo);
}

static void trees_of_all_widths(void)
{
	static const char *const how[] = {"record_size=24", "record_size=28", "record_size=32",
		"record_size=24, ip_version=4"};

	for (size_t i = 0; i < sizeof(how) / sizeof(*how); i++) {
		char arguments[1024];
		struct geo *geo;

		snprintf(arguments, sizeof(arguments), "'GeoIP2-City', " COUNTRIES ", %s",
			how[i]);
		make("width.mmdb", arguments);
		geo = load_well("[width.mmdb]");
		finds(geo, "10.1.2.3", "IT 0 ");
		finds(geo, "10.1.2.2", "FR 0 ");
		finds(geo, "2001:db8::1", i < 3 ? "JP 0 " : " 0 ");
		CU_ASSERT_PTR_NULL(geo_damaged(geo));
		geo_destroy(geo);
	}
}

/* Long names are cut, types that are others are unknown. */
static void odd_values(void)
{
	struct geo *geo;
	char want[GEO_ORG + 16];

	make("odd.mmdb", "'ISP', [('10.0.0.0/8', {'autonomous_system_number': 7, "
			 "'autonomous_system_organization': 'x' * 300}), "
			 "('11.0.0.0/8', {'autonomous_system_number': 'AS7', "
			 "'autonomous_system_organization': 7}), ('12.0.0.0/8', 'text'), "
			 "('13.0.0.0/8', {'autonomous_system_number': [7]})]");
	geo = load_well("[odd.mmdb]");
	memset(want, 0, sizeof(want));
	snprintf(want, sizeof(want), " 7 ");
	memset(want + 3, 'x', GEO_ORG);
	finds(geo, "10.0.0.1", want);
	finds(geo, "11.0.0.1", " 0 ");
	finds(geo, "12.0.0.1", " 0 ");
	finds(geo, "13.0.0.1", " 0 ");
	geo_destroy(geo);
}

static void refused(const char *files, const char *file, const char *why)
{
	struct report report;
	char path[PATH_MAX];

	CU_ASSERT_PTR_NULL(load(files, &report));
	CU_ASSERT_EQUAL_FATAL(report.n_errors, 1);
	CU_ASSERT_STRING_EQUAL(
		report.errors->file, folder_path(&folder, file, path, sizeof(path)));
	CU_ASSERT_NSTRING_EQUAL(report.errors->message, why, strlen(why));
	if (strncmp(report.errors->message, why, strlen(why)) != 0)
		fprintf(stderr, "\n  %s\n", report.errors->message);
	report_fini(&report);
}

static void what_is_none_is_refused(void)
{
	char path[PATH_MAX];

	refused("[missing.mmdb]", "missing.mmdb", "cannot open: No such file or directory");
	folder_put(&folder, "empty.mmdb", "");
	refused("[empty.mmdb]", "empty.mmdb", "is no database in MaxMind's format: ");
	folder_put(&folder, "page.mmdb", "<html>Sign in to download</html>");
	refused("[page.mmdb]", "page.mmdb", "is no database in MaxMind's format: ");
	CU_ASSERT_EQUAL(mkdir(folder_path(&folder, "d.mmdb", path, sizeof(path)), 0700), 0);
	refused("[d.mmdb]", "d.mmdb", "cannot read: Is a directory");
	/* Nobody writes to it. */
	CU_ASSERT_EQUAL(mkfifo(folder_path(&folder, "f.mmdb", path, sizeof(path)), 0600), 0);
	refused("[f.mmdb]", "f.mmdb", "is no database in MaxMind's format: ");
	make("dns.mmdb", "'GeoIP2-Domain', [('10.0.0.0/8', {'domain': 'a.example'})]");
	refused("[dns.mmdb]", "dns.mmdb",
		"is a database of the type 'GeoIP2-Domain'; those of ASN, ISP, Country, City and "
		"Enterprise are of use");
	make("again.mmdb", "'GeoLite2-City', " COUNTRIES);
	refused("[country.mmdb, again.mmdb]", "again.mmdb",
		"is a second database of countries, beside ");
}

/* Whatever was loaded of bytes like these: no lookup may read elsewhere, or not end. */
static void look_around(const struct geo *geo)
{
	static const char *const addresses[] = {"0.0.0.0", "10.1.2.3", "10.127.0.1",
		"192.0.2.1", "255.255.255.255", "::", "2001:db8::1", "ffff::"};
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct geo_place place;
		struct ip_addr a;

		CU_ASSERT_TRUE_FATAL(ip_addr_parse(addresses[i], &a));
		place = geo_find(geo, &a);
		for (int k = 0; k < place.org_len; k++)
			seen += (unsigned char)place.org[k];
		seen += strlen(place.country);
	}
	CU_ASSERT_TRUE(seen < 1000000);
}

static void put_bytes(const char *name, const char *bytes, size_t len)
{
	char path[PATH_MAX];
	FILE *out = fopen(folder_path(&folder, name, path, sizeof(path)), "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(bytes, 1, len, out), len);
	fclose(out);
}

/* Loads the bytes; a refusal names the file and says something. */
static bool try_bytes(const char *bytes, size_t len)
{
	struct report report;
	struct geo *geo;

	put_bytes("tried.mmdb", bytes, len);
	geo = load("[tried.mmdb]", &report);
	if (geo)
		look_around(geo);
	else
		CU_ASSERT_TRUE(report.n_errors == 1 && report.errors->message[0] != '\0' &&
			       strstr(report.errors->file, "tried.mmdb"));
	report_fini(&report);
	geo_destroy(geo);
	return geo != NULL;
}

static void cut_at_any_length(void)
{
	static const char *const names[] = {"country.mmdb", "asn.mmdb"};

	for (int i = 0; i < 2; i++) {
		size_t len, taken = 0;
		char *bytes = folder_get(&folder, names[i], &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		for (size_t n = 0; n < len; n++)
			taken += try_bytes(bytes, n);
		CU_ASSERT_TRUE(taken < 20); /* the description, which is last, is not needed */
		CU_ASSERT_TRUE(try_bytes(bytes, len));
		free(bytes);
	}
}

/* The search tree is checked as a whole, data when it is asked for. */
static void changed_in_any_byte(void)
{
	static const unsigned char changes[] = {0x00, 0xff, 0x80, 0x01, 0x1f};
	size_t len, refusals = 0;
	char *bytes = folder_get(&folder, "asn.mmdb", &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t at = 0; at < len; at++)
		for (size_t c = 0; c < sizeof(changes); c++) {
			char was = bytes[at];

			bytes[at] = (char)(c < 2 ? changes[c] : was ^ changes[c]);
			refusals += !try_bytes(bytes, len);
			bytes[at] = was;
		}
	CU_ASSERT_TRUE(refusals > 100);
	free(bytes);
}

/* Either record of the first node; they have 28 bits each. */
static void a_tree_that_leads_out_is_refused(void)
{
	static const struct {
		size_t at;
		unsigned char high; /* of the byte that both share */
	} rows[] = {{0, 0xf0}, {4, 0x0f}};

	for (size_t i = 0; i < 2; i++) {
		size_t len;
		char *bytes = folder_get(&folder, "asn.mmdb", &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		memset(bytes + rows[i].at, 0xff, 3);
		bytes[3] = (char)(bytes[3] | rows[i].high);
		put_bytes("tried.mmdb", bytes, len);
		free(bytes);
		refused("[tried.mmdb]", "tried.mmdb",
			"is damaged: node 0 of its search tree leads out of the file");
	}
}

/* A damaged datum is found when it is asked for, and its file named. */
static void damage_is_named(void)
{
	size_t len;
	char *bytes = folder_get(&folder, "asn.mmdb", &len), *at;
	struct geo *geo;
	struct ip_addr a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	at = memmem(bytes, len, "Example", 7);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at[-1] = 0x5f; /* a text of more than 65,820 bytes */
	put_bytes("tried.mmdb", bytes, len);
	geo = load_well("[tried.mmdb]");
	CU_ASSERT_PTR_NULL(geo_damaged(geo));
	CU_ASSERT_TRUE(ip_addr_parse("10.1.2.3", &a));
	CU_ASSERT_EQUAL(geo_find(geo, &a).org_len, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(geo_damaged(geo));
	CU_ASSERT_PTR_NOT_NULL(strstr(geo_damaged(geo), "tried.mmdb"));
	geo_destroy(geo);
	free(bytes);
}

/* Whoever writes over the file, or cuts it, takes nothing away from who has it. */
static void the_file_may_change(void)
{
	size_t len;
	char *bytes = folder_get(&folder, "asn.mmdb", &len);
	struct geo *geo;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	put_bytes("tried.mmdb", bytes, len);
	geo = load_well("[tried.mmdb]");
	put_bytes("tried.mmdb", "", 0);
	finds(geo, "10.1.2.3", " 64512 Example \"Net\"");
	geo_destroy(geo);
	free(bytes);
}

void suite_geo(void);
void suite_geo(void)
{
	CU_pSuite s = CU_add_suite("geo", setup, teardown);

	CU_ADD_TEST(s, both_kinds_are_found);
	CU_ADD_TEST(s, one_kind_or_none);
	CU_ADD_TEST(s, trees_of_all_widths);
	CU_ADD_TEST(s, odd_values);
	CU_ADD_TEST(s, what_is_none_is_refused);
	CU_ADD_TEST(s, cut_at_any_length);
	CU_ADD_TEST(s, changed_in_any_byte);
	CU_ADD_TEST(s, a_tree_that_leads_out_is_refused);
	CU_ADD_TEST(s, damage_is_named);
	CU_ADD_TEST(s, the_file_may_change);
}
