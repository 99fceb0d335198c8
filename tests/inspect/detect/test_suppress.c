/* Which alerts are silenced: row by row, each key alone and together. */
#include <CUnit/Basic.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/suppress.h"

static struct alert_words words(const char *text)
{
	return (struct alert_words){text, text ? strlen(text) : 0};
}

/* An alert of engine list, rule bad, title evil.example, tenant blue, of 10.0.0.1 -> 192.0.2.7. */
static bool is_silenced(const char *suppressions, uint64_t time_ns, const char *session)
{
	struct flow flow = {.key.ip_version = 4};
	struct suppress_subject subject = {
		.engine = ALERT_LIST,
		.rule = words("bad"),
		.title = words("evil.example"),
		.tenant = words("blue"),
		.session = session,
		.flow = &flow,
		.time_ns = time_ns,
	};
	struct suppress *suppress;
	struct settings settings;
	struct error error;
	bool is;

	flow.key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	flow.key.hi = ip_addr_v4((const uint8_t[]){192, 0, 2, 7});
	settings_init(&settings);
	CU_ASSERT_EQUAL_FATAL(settings_set(&settings, suppressions, &error), 0);
	suppress = suppress_create(&settings);
	settings_fini(&settings);
	CU_ASSERT_PTR_NOT_NULL_FATAL(suppress);
	is = suppress_has(suppress, &subject);
	suppress_destroy(suppress);
	return is;
}

static void every_key_must_fit(void)
{
	static const struct {
		const char *suppress;
		bool is_silenced;
	} rows[] = {
		{"[]", false},
		{"[{engine: list}]", true},
		{"[{engine: ndpi}]", false},
		{"[{rule: bad}]", true},
		{"[{rule: ba}]", false},
		{"[{rule: bad.}]", false},
		{"[{rule: Bad}]", false},
		{"[{title: evil.example}]", true},
		{"[{title: example}]", false},
		{"[{tenant: blue}]", true},
		{"[{tenant: red}]", false},
		{"[{session: tms-1}]", true},
		{"[{session: tms-2}]", false},
		{"[{address: 10.0.0.1}]", true},
		{"[{address: 192.0.2.0/24}]", true},
		{"[{address: 192.0.3.0/24}]", false},
		{"[{address: \"::/0\"}]", false},
		{"[{address: 0.0.0.0/0}]", true},
		{"[{engine: list, rule: bad, title: evil.example, tenant: blue, session: tms-1, "
		 "address: 10.0.0.0/8}]",
			true},
		{"[{engine: list, rule: bad, address: 11.0.0.0/8}]", false},
		{"[{rule: x}, {rule: y}, {rule: bad}]", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256] = "detect.suppress=";

		strcat(text, rows[i].suppress);
		CU_ASSERT_EQUAL(is_silenced(text, 1, "tms-1"), rows[i].is_silenced);
	}
	CU_ASSERT_FALSE(is_silenced("detect.suppress=[{session: tms-1}]", 1, NULL));
	CU_ASSERT_FALSE(suppress_has(NULL, NULL));
}

/* What is of a session has the address of its outer source. */
static void without_a_flow(void)
{
	static const struct {
		const char *suppress;
		bool is_silenced;
	} rows[] = {{"detect.suppress=[{address: 10.77.0.1}]", true},
		{"detect.suppress=[{address: 10.77.0.2}]", false},
		{"detect.suppress=[{address: 0.0.0.0/0}]", true},
		{"detect.suppress=[{address: \"::/0\"}]", false},
		{"detect.suppress=[{rule: mirror_loss}]", true}};
	const struct suppress_subject subject = {.engine = ALERT_PERISCOPE,
		.rule = words("mirror_loss"),
		.source = ip_addr_v4((const uint8_t[]){10, 77, 0, 1})};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct suppress *suppress;
		struct settings settings;
		struct error error;

		settings_init(&settings);
		CU_ASSERT_EQUAL_FATAL(settings_set(&settings, rows[i].suppress, &error), 0);
		suppress = suppress_create(&settings);
		settings_fini(&settings);
		CU_ASSERT_PTR_NOT_NULL_FATAL(suppress);
		CU_ASSERT_EQUAL(suppress_has(suppress, &subject), rows[i].is_silenced);
		suppress_destroy(suppress);
	}
}

/* The moment itself is not before it. 86,400 s are a day. */
static void until_then(void)
{
	static const char text[] = "detect.suppress=[{rule: bad, until: 1970-01-02}]";

	CU_ASSERT_TRUE(is_silenced(text, UINT64_C(86400000000000) - 1, NULL));
	CU_ASSERT_FALSE(is_silenced(text, UINT64_C(86400000000000), NULL));
	CU_ASSERT_TRUE(is_silenced("detect.suppress=[{rule: bad}]", UINT64_MAX - 1, NULL));
	CU_ASSERT_FALSE(
		is_silenced("detect.suppress=[{rule: bad, until: 1970-01-01}]", 5, NULL));
}

void suite_suppress(void);
void suite_suppress(void)
{
	CU_pSuite s = CU_add_suite("suppress", NULL, NULL);

	CU_ADD_TEST(s, every_key_must_fit);
	CU_ADD_TEST(s, without_a_flow);
	CU_ADD_TEST(s, until_then);
}
