/* What is remembered of names is what nDPI says, asked for once or often, in any order. */
#include <CUnit/Basic.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/dpi/ndpi_inside.h"
#include "support/random.h"

#if COMPAT_KNOWS_NAMES

enum { ASKED = 40000, NAME = 100 };

#define LONG_NAME \
	"a-name-that-is-longer-than-those-that-are-remembered-because-it-has-more-than-" \
	"seventy-nine-bytes.example"

/* Of the world, of nDPI's tables, generated, and of other kinds. */
static const char *const names[] = {"www.google.com", "google.com", "facebook.com",
	"www.example.com", "x", "netflix.com", "rr4---sn-4g5e6nz7.googlevideo.com",
	"kjasdhf9834hfkjsdhf.com", "bbcbedxhgjmdobdprmen.com", "12.34.56.78", "a.b.c.d.e.f.g.h",
	"4.3.2.1.in-addr.arpa", "printer.local", "_ldap._tcp.example.com", "www.wikipedia.org",
	"xxxxxxxxxxxxxxxxxxxxxx.net", "s3.amazonaws.com", "\x01\xff", "-", "..", LONG_NAME};

struct answers {
	int found, has_category, is_generated;
	ndpi_protocol_match_result match;
	ndpi_protocol_category_t category;
	ndpi_risk risks;
};

struct asked {
	char name[NAME];
	uint8_t is_hostname;
	uint16_t stack; /* the flow's protocol so far */
};

static struct ndpi_flow_struct flow;

static void ask(struct answers *a, struct ndpi_detection_module_struct *module,
	const struct originals *of, struct asked *asked)
{
	u_int len = (u_int)strlen(asked->name);

	memset(a, 0, sizeof(*a));
	memset(&flow, 0, sizeof(flow));
	flow.detected_protocol_stack[1] = asked->stack;
	a->found = of->match_string(module, asked->name, len, &a->match);
	a->has_category = of->match_category(module, asked->name, len, &a->category);
	a->is_generated = of->check_generated(module, &flow, asked->name, asked->is_hostname);
	a->risks = flow.risk;
}

/* One of the list, or with some bytes changed, so that many rows are fought for. */
static struct asked any(struct random *random)
{
	struct asked asked = {.is_hostname = random_below(random, 2),
		.stack = random_below(random, 4) ? 0 : NDPI_PROTOCOL_TLS};
	size_t n;

	snprintf(asked.name, sizeof(asked.name), "%s",
		names[random_below(random, sizeof(names) / sizeof(*names))]);
	n = strlen(asked.name);
	if (random_below(random, 2) && n > 2)
		asked.name[random_below(random, (uint32_t)n)] =
			(char)('a' + random_below(random, 26));
	return asked;
}

static const struct originals ours = {.match_string = ndpi_match_string_subprotocol,
	.match_category = ndpi_match_custom_category,
	.check_generated = ndpi_check_dga_name};

static void names_are_answered_as_by_the_library(void)
{
	struct random random = random_seeded(11);
	unsigned known = 0, generated = 0;
	struct error error;
	struct memory memory = {0};
	struct engine *engine = engine_create(&memory, false, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
	CU_ASSERT_TRUE(engine->real.match_string != ndpi_match_string_subprotocol);
	engine_enter(engine, NULL);
	for (unsigned i = 0; i < ASKED; i++) {
		struct asked asked = any(&random);
		struct answers got, want;

		ask(&want, engine->module, &engine->real, &asked);
		ask(&got, engine->module, &ours, &asked);
		CU_ASSERT_EQUAL_FATAL(memcmp(&got, &want, sizeof(got)), 0);
		known += want.found > 0;
		generated += want.is_generated != 0;
	}
	engine_leave();
	CU_ASSERT_TRUE(known > ASKED / 20 && known < ASKED / 2);
	CU_ASSERT_TRUE(generated > ASKED / 50);
	engine_destroy(engine);
	memory_trim(&memory);
}

/* The second time nDPI is not asked. */
static unsigned asked_nDPI;

static int count_match(struct ndpi_detection_module_struct *module, char *name, u_int len,
	ndpi_protocol_match_result *match)
{
	(void)module;
	(void)name;
	(void)len;
	asked_nDPI++;
	*match = (ndpi_protocol_match_result){.protocol_id = 7};
	return 7;
}

static void a_name_is_asked_for_once(void)
{
	struct error error;
	struct memory memory = {0};
	struct engine *engine = engine_create(&memory, false, &error);
	ndpi_protocol_match_result match;
	char name[] = "name.example";

	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
	engine->real.match_string = count_match;
	engine_enter(engine, NULL);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(ndpi_match_string_subprotocol(
					engine->module, name, sizeof(name) - 1, &match),
			7);
	CU_ASSERT_EQUAL(asked_nDPI, 1);
	engine_leave();
	CU_ASSERT_PTR_EQUAL(dlsym(RTLD_DEFAULT, "ndpi_match_string_subprotocol"),
		(void *)(uintptr_t)ndpi_match_string_subprotocol);
	engine_destroy(engine);
	memory_trim(&memory);
}

#endif

void suite_ndpi_names(void);
void suite_ndpi_names(void)
{
	CU_pSuite s = CU_add_suite("ndpi_names", NULL, NULL);

#if COMPAT_KNOWS_NAMES
	CU_ADD_TEST(s, names_are_answered_as_by_the_library);
	CU_ADD_TEST(s, a_name_is_asked_for_once);
#else
	(void)s;
#endif
}
