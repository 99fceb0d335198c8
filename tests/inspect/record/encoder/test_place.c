/* Where a flow's ends are, as events say it; of databases that tests/system/make/mmdb.py writes. */
#include <CUnit/Basic.h>
#include <limits.h>
#include <string.h>

#include "inspect/record/encoder/place.h"
#include "inspect/support/record_stage.h"
#include "support/folder.h"
#include "support/python.h"

static const char nothing[] =
	"\"src_country\":null,\"dst_country\":null,\"src_asn\":null,\"dst_asn\":null,"
	"\"src_as_org\":null,\"dst_as_org\":null,";

static void says(struct places *places, const struct flow *flow, const char *want)
{
	char line[PLACE_JSON + 1];
	struct text t = text_make(line, PLACE_JSON);

	place_json(places, flow, &t);
	CU_ASSERT_FALSE_FATAL(t.full);
	*t.at = '\0';
	CU_ASSERT_STRING_EQUAL(line, want);
}

static const char maker[] =
	"import sys\n"
	"sys.path.insert(0, '" SOURCE_DIR "/tests/system/make')\n"
	"import mmdb\n"
	"asn = lambda n, org: {'autonomous_system_number': n, 'autonomous_system_organization': org}\n"
	"open(sys.argv[1] + '/a.mmdb', 'wb').write(mmdb.database('ASN', [('128.0.0.0/1', asn(786, 'Jisc \"x\"')),"
	" ('0.0.0.0/1', {'autonomous_system_number': 4294967295}), ('2001:db8::/32', asn(1, '\\x01' * 200))]))\n"
	"open(sys.argv[1] + '/c.mmdb', 'wb').write(mmdb.database('Country', [('128.0.0.0/1',"
	" {'country': {'iso_code': 'GB'}})]))\n";

static struct geo *load(const struct folder *folder)
{
	struct settings settings;
	struct report report = {0};
	struct error error;
	char path[PATH_MAX];
	struct geo *geo;

	CU_ASSERT_TRUE_FATAL(python_agrees(maker, folder->path));
	settings_init(&settings);
	CU_ASSERT_EQUAL(settings_set(&settings, "detect.geoip=[a.mmdb, c.mmdb]", &error), 0);
	geo = geo_load(&settings, folder_path(folder, "x", path, sizeof(path)), &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(geo);
	report_fini(&report);
	settings_fini(&settings);
	return geo;
}

static void where_both_ends_are(void)
{
	struct folder folder = folder_make();
	const struct flow flow = sample_flow(); /* 128.232.110.120 to 66.35.250.204 */
	struct places *places = places_create();
	struct geo *geo = load(&folder);

	CU_ASSERT_PTR_NOT_NULL_FATAL(places);
	says(NULL, &flow, nothing);
	says(places, &flow, nothing);
	places_use(places, geo);
	for (int twice = 0; twice < 2; twice++) /* the second time out of the cache */
		says(places, &flow,
			"\"src_country\":\"GB\",\"dst_country\":null,\"src_asn\":786,\"dst_asn\":4294967295,"
			"\"src_as_org\":\"Jisc \\\"x\\\"\",\"dst_as_org\":null,");
	/* Other databases: what was kept is forgotten. */
	places_use(places, NULL);
	says(places, &flow, nothing);
	places_destroy(places);
	geo_destroy(geo);
	folder_remove(&folder);
}

/* Every byte of a name that is too long grows to six, at both ends. */
static void none_is_longer(void)
{
	struct folder folder = folder_make();
	struct flow flow = sample_flow();
	struct places *places = places_create();
	struct geo *geo = load(&folder);
	char line[PLACE_JSON + 1];
	struct text t = text_make(line, PLACE_JSON);

	CU_ASSERT_PTR_NOT_NULL_FATAL(places);
	flow.key.ip_version = 6;
	CU_ASSERT_TRUE(ip_addr_parse("2001:db8::1", &flow.key.lo));
	CU_ASSERT_TRUE(ip_addr_parse("2001:db8::2", &flow.key.hi));
	places_use(places, geo);
	place_json(places, &flow, &t);
	CU_ASSERT_FALSE(t.full);
	CU_ASSERT_TRUE(t.at - line > 2 * TEXT_JSON_GROWTH * GEO_ORG);
	places_destroy(places);
	geo_destroy(geo);
	folder_remove(&folder);
}

void suite_place(void);
void suite_place(void)
{
	CU_pSuite s = CU_add_suite("place", NULL, NULL);

	CU_ADD_TEST(s, where_both_ends_are);
	CU_ADD_TEST(s, none_is_longer);
}
