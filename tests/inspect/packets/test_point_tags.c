/* Numbers of observation points: there and back, to the end of their ranges, over several starts. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "decap/addr.h"
#include "decap/session/session.h"
#include "inspect/packets/point_tags.h"
#include "support/folder.h"
#include "support/scratch.h"

#define FILE_NAME "feeds/vlan-tags.jsonl"

static const char two_sessions[] =
	"tenants: [{name: blue, virtual_network_ids: [42, 43]}]\n"
	"network_interfaces:\n"
	"  - {id: eni-1, private_ip_addresses: [10.0.0.1]}\n"
	"  - {id: eni-2, private_ip_addresses: [10.0.0.2]}\n"
	"traffic_mirror_sessions:\n"
	"  - {id: tms-b, session_number: 1, virtual_network_id: 42, network_interface_id: "
	"eni-2}\n"
	"  - {id: tms-a, session_number: 1, virtual_network_id: 42, network_interface_id: "
	"eni-1}\n";
static const char third_session[] =
	"network_interfaces:\n"
	"  - {id: eni-2, private_ip_addresses: [10.0.0.2]}\n"
	"  - {id: eni-3, private_ip_addresses: [10.0.0.3]}\n"
	"traffic_mirror_sessions:\n"
	"  - {id: tms-c, session_number: 1, virtual_network_id: 9, network_interface_id: eni-3}\n"
	"  - {id: tms-new, session_number: 1, virtual_network_id: 42, network_interface_id: "
	"eni-2}\n";

static struct session_key key_of(const char *source, uint32_t vni)
{
	struct session_key key;

	memset(&key, 0, sizeof(key));
	CU_ASSERT_TRUE(ip_addr_parse(source, &key.outer_src));
	session_key_name(&key, vni, NETWORK_NONE);
	return key;
}

static void tag_is(
	struct point_tags *tags, const struct session_key *key, unsigned outer, unsigned inner)
{
	struct point_tag tag = point_tags_of(tags, key);

	CU_ASSERT_EQUAL(tag.outer, outer);
	CU_ASSERT_EQUAL(tag.inner, inner);
}

static struct point_tags *must_open(const char *dir, const struct settings *settings)
{
	struct error error = {0};
	struct point_tags *tags = point_tags_open(dir, settings, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
	return tags;
}

static void configure(struct point_tags *tags, const char *text)
{
	struct settings settings;
	struct report report = {0};
	struct model *model = scratch_model(text, &settings, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	point_tags_configure(tags, model);
	report_fini(&report);
	model_destroy(model);
	settings_fini(&settings);
}

static void both_ways(void)
{
	struct session_key a = key_of("10.0.0.1", 42), b = key_of("10.0.0.2", 42),
			   other = key_of("2001:db8::1", 42);
	struct settings settings;
	struct report report = {0};
	struct model *model = scratch_model(two_sessions, &settings, &report);
	struct point_tags *tags = must_open(NULL, &settings);
	struct tagged_point point;

	point_tags_configure(tags, model);
	/* By their ids: tms-a, tms-b. One VNI twice, and two numbers. */
	tag_is(tags, &a, 1, 1);
	tag_is(tags, &b, 1, 2);
	tag_is(tags, &other, 4078, 1);
	tag_is(tags, &a, 1, 1);
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){1, 2}, &point));
	CU_ASSERT_TRUE(session_key_equal(&point.key, &b));
	CU_ASSERT_TRUE(point.configured);
	CU_ASSERT_STRING_EQUAL(point.session, "tms-b");
	CU_ASSERT_STRING_EQUAL(point.interface_id, "eni-2");
	CU_ASSERT_EQUAL(point.tenant, TENANT_NAMED + 0);
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){4078, 1}, &point));
	CU_ASSERT_TRUE(session_key_equal(&point.key, &other));
	CU_ASSERT_FALSE(point.configured);
	CU_ASSERT_STRING_EQUAL(point.session, "");
	for (uint16_t i = 3; i < 5; i++)
		CU_ASSERT_FALSE(point_tags_find(tags, (struct point_tag){1, i}, &point));
	CU_ASSERT_FALSE(point_tags_find(tags, (struct point_tag){0, 1}, &point));
	CU_ASSERT_FALSE(point_tags_find(tags, (struct point_tag){1, 4095}, &point));
	CU_ASSERT_FALSE(point_tags_find(tags, POINT_TAG_SHARED, &point));
	report_fini(&report);
	model_destroy(model);
	point_tags_close(tags);
	settings_fini(&settings);
}

/* A session that goes keeps its number, one that comes gets the next; a point that was unknown keeps the
 * one it has. */
static void a_reload_moves_no_number(void)
{
	struct session_key a = key_of("10.0.0.1", 42), b = key_of("10.0.0.2", 42),
			   c = key_of("10.0.0.3", 9);
	struct settings settings;
	struct tagged_point point;
	struct point_tags *tags;

	settings_init(&settings);
	tags = must_open(NULL, &settings);
	tag_is(tags, &c, 4078, 1);
	configure(tags, two_sessions);
	configure(tags, third_session);
	tag_is(tags, &a, 1, 1);
	tag_is(tags, &b, 1, 2);
	tag_is(tags, &c, 4078, 1);
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){1, 1}, &point));
	CU_ASSERT_FALSE(point.configured);
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){1, 2}, &point));
	CU_ASSERT_STRING_EQUAL(point.session, "tms-new");
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){4078, 1}, &point));
	CU_ASSERT_STRING_EQUAL(point.session, "tms-c");
	point_tags_close(tags);
	settings_fini(&settings);
}

static void the_file_outlives_the_program(void)
{
	struct session_key a = key_of("10.0.0.1", 42), b = key_of("10.0.0.2", 42),
			   c = key_of("10.0.0.3", 9), d = key_of("10.0.0.4", 9),
			   net = key_of("10.0.0.4", 9);
	struct folder folder = folder_make();
	struct settings settings;
	struct point_tags *tags;
	struct tagged_point point;
	size_t len;
	char *text;

	settings_init(&settings);
	session_key_name(&net, 9, NETWORK_NAMED + 5);
	tags = must_open(folder.path, &settings);
	CU_ASSERT_FALSE(folder_has(&folder, FILE_NAME));
	tag_is(tags, &c, 4078, 1);
	configure(tags, two_sessions);
	tag_is(tags, &net, 4078, 2);
	point_tags_close(tags);
	text = folder_get(&folder, FILE_NAME, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text,
		"{\"vlan\":[4078,1],\"vni\":9,\"network_id\":null,\"outer_src\":\"10.0.0.3\","
		"\"session\":null,\"interface_id\":null}\n"
		"{\"vlan\":[1,1],\"vni\":42,\"network_id\":null,\"outer_src\":\"10.0.0.1\","
		"\"session\":\"tms-a\",\"interface_id\":\"eni-1\"}\n"
		"{\"vlan\":[1,2],\"vni\":42,\"network_id\":null,\"outer_src\":\"10.0.0.2\","
		"\"session\":\"tms-b\",\"interface_id\":\"eni-2\"}\n"
		"{\"vlan\":[4078,2],\"vni\":9,\"network_id\":5,\"outer_src\":\"10.0.0.4\","
		"\"session\":null,\"interface_id\":null}\n");
	free(text);
	/* Another start, with other sessions and other packets first. */
	tags = must_open(folder.path, &settings);
	tag_is(tags, &d, 4078, 3);
	configure(tags, third_session);
	tag_is(tags, &a, 1, 1);
	tag_is(tags, &b, 1, 2);
	tag_is(tags, &net, 4078, 2);
	CU_ASSERT_TRUE(point_tags_find(tags, (struct point_tag){4078, 2}, &point));
	CU_ASSERT_EQUAL(point.network, NETWORK_NAMED + 5);
	CU_ASSERT_EQUAL(point.tenant, NETWORK_NAMED + 5);
	point_tags_close(tags);
	settings_fini(&settings);
	folder_remove(&folder);
}

#define LINE(outer, inner, vni) \
	"{\"vlan\":[" outer "," inner "],\"vni\":" vni \
	",\"network_id\":null,\"outer_src\":\"10.0.0.1\"}\n"

static const struct {
	const char *text, *says;
} bad_files[] = {
	{LINE("1", "1", "1") "x\n", ".jsonl:2: "},
	{"\n", ".jsonl:1: is not one JSON object"},
	{"[]\n", ".jsonl:1: is no object"},
	{"{} {}\n", ".jsonl:1: is not one JSON object"},
	{LINE("1", "0", "1"), ".jsonl:1: vlan: is no list of two VLAN ids, 1 to 4094"},
	{LINE("4095", "1", "1"), ".jsonl:1: vlan: is no list of two VLAN ids, 1 to 4094"},
	{LINE("\"1\"", "1", "1"), ".jsonl:1: vlan: is no list of two VLAN ids, 1 to 4094"},
	{"{\"vlan\":[1,2,3]}\n", ".jsonl:1: vlan: is no list"},
	{LINE("4094", "4094", "1"), ".jsonl:1: vlan: (4094, 4094) is nobody's own"},
	{LINE("1", "1", "16777216"), ".jsonl:1: needs vni, network_id and outer_src"},
	{"{\"vlan\":[1,1],\"vni\":1,\"outer_src\":\"10.0.0.1\"}\n", ".jsonl:1: needs vni"},
	{LINE("1", "1", "1") LINE("1", "1", "2"), ".jsonl:2: vlan: (1, 1), or its point"},
	{LINE("1", "1", "1") LINE("1", "2", "1"), ".jsonl:2: vlan: (1, 2), or its point"},
};

static void a_bad_file_is_refused_by_its_line(void)
{
	struct folder folder = folder_make();
	struct settings settings;

	settings_init(&settings);
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(*bad_files); i++) {
		struct error error = {0};
		size_t len;
		char *text;

		folder_put(&folder, FILE_NAME, bad_files[i].text);
		CU_ASSERT_PTR_NULL(point_tags_open(folder.path, &settings, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, bad_files[i].says));
		if (!strstr(error.text, bad_files[i].says))
			printf("\n%zu: %s", i, error.text);
		text = folder_get(&folder, FILE_NAME, &len); /* and left as it is */
		CU_ASSERT_STRING_EQUAL(text, bad_files[i].text);
		free(text);
	}
	settings_fini(&settings);
	folder_remove(&folder);
}

/* A last line cut anywhere: its number was not used yet, and is given again. */
static void a_torn_line_is_cut_off(void)
{
	static const char begin[] = "{\"vlan\":[4078,1],\"vni\":3,";
	static const char whole[] = LINE("1", "1", "1"), last[] = LINE("4078", "1", "7");
	struct session_key first = key_of("10.0.0.1", 1), next = key_of("10.0.0.9", 3);
	struct folder folder = folder_make();
	struct settings settings;
	char text[512];

	settings_init(&settings);
	for (size_t cut = 1; cut < sizeof(last) - 1; cut++) {
		struct point_tags *tags;
		size_t len;
		char *left;

		snprintf(text, sizeof(text), "%s%.*s", whole, (int)cut, last);
		folder_put(&folder, FILE_NAME, text);
		tags = must_open(folder.path, &settings);
		tag_is(tags, &first, 1, 1);
		tag_is(tags, &next, 4078, 1);
		point_tags_close(tags);
		left = folder_get(&folder, FILE_NAME, &len);
		CU_ASSERT_EQUAL(strncmp(left, whole, sizeof(whole) - 1), 0);
		CU_ASSERT_EQUAL(strncmp(left + sizeof(whole) - 1, begin, strlen(begin)), 0);
		free(left);
	}
	settings_fini(&settings);
	folder_remove(&folder);
}

/* Every number of the range once, all of them legal, then the one that is shared. */
static void unknown_points_have_a_bound(void)
{
	struct session_key key = key_of("10.1.0.1", 0), late = key_of("10.9.9.9", 1);
	uint8_t *seen = calloc(1, 4096 * 4096 / 8);
	struct settings settings;
	struct tagged_point point;
	struct point_tags *tags;

	settings_init(&settings);
	tags = must_open(NULL, &settings);
	for (uint32_t i = 0; i < POINT_TAGS_UNKNOWN; i++) {
		struct point_tag tag;
		uint32_t number;

		session_key_name(&key, i, NETWORK_NONE);
		tag = point_tags_of(tags, &key);
		number = (uint32_t)tag.outer << 12 | tag.inner;
		if (tag.outer < 4078 || tag.outer > 4093 || tag.inner < 1 || tag.inner > 4094 ||
			(seen[number / 8] >> number % 8 & 1))
			CU_FAIL_FATAL("no number of its own");
		seen[number / 8] |= (uint8_t)(1 << number % 8);
		if (!point_tags_find(tags, tag, &point) || point.vni != i)
			CU_FAIL_FATAL("not the way back");
	}
	CU_ASSERT_EQUAL(point_tags_stats(tags).unknown, POINT_TAGS_UNKNOWN);
	tag_is(tags, &late, 4094, 4094);
	tag_is(tags, &late, 4094, 4094);
	session_key_name(&key, 0, NETWORK_NONE);
	tag_is(tags, &key, 4078, 1);
	CU_ASSERT_EQUAL(point_tags_stats(tags).unknown, POINT_TAGS_UNKNOWN);
	/* Sessions of the settings have a range of their own. */
	configure(tags, two_sessions);
	key = key_of("10.0.0.2", 42);
	tag_is(tags, &key, 1, 2);
	CU_ASSERT_EQUAL(point_tags_stats(tags).configured, 2);
	point_tags_close(tags);
	settings_fini(&settings);
	free(seen);
}

/* Files may be so long, as on a disk that is full: the last line is written in part. */
static void files_end_at(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Gives numbers to points until one has to share; returns how many got one. */
static uint32_t fill_up(struct point_tags *tags)
{
	struct session_key key = key_of("10.0.0.1", 0);

	for (uint32_t i = 0;; i++) {
		struct point_tag tag;

		session_key_name(&key, i, NETWORK_NONE);
		tag = point_tags_of(tags, &key);
		if (tag.outer == POINT_TAG_SHARED.outer)
			return i;
	}
}

/* And what was given before the disk was full is what the next start reads. */
static void no_number_without_its_line(void)
{
	struct folder folder = folder_make();
	struct settings settings;
	struct point_tags *tags;
	uint32_t given;
	size_t len;
	char *text;

	settings_init(&settings);
	files_end_at(10000);
	tags = must_open(folder.path, &settings);
	given = fill_up(tags);
	CU_ASSERT_TRUE(given > 80 && given < 120);
	CU_ASSERT_EQUAL(fill_up(tags), given);
	point_tags_close(tags);
	text = folder_get(&folder, FILE_NAME, &len);
	CU_ASSERT_TRUE(len < 10000);
	CU_ASSERT_EQUAL(text[len - 1], '\n');
	free(text);
	tags = must_open(folder.path, &settings);
	CU_ASSERT_EQUAL(point_tags_stats(tags).unknown, given);
	files_end_at(RLIM_INFINITY);
	CU_ASSERT_EQUAL(fill_up(tags), POINT_TAGS_UNKNOWN);
	point_tags_close(tags);
	settings_fini(&settings);
	folder_remove(&folder);
}

enum { THREADS = 4, POINTS = 20000 };

struct asking {
	struct point_tags *tags;
	struct point_tag got[POINTS];
};

static void *ask(void *arg)
{
	struct asking *asking = arg;
	struct session_key key = key_of("10.0.0.1", 0);

	for (uint32_t i = 0; i < POINTS; i++) {
		session_key_name(&key, i * 7919 % POINTS, NETWORK_NONE);
		asking->got[i] = point_tags_of(asking->tags, &key);
	}
	return NULL;
}

static void threads_agree(void)
{
	struct asking *asking = calloc(THREADS, sizeof(*asking));
	pthread_t threads[THREADS];
	struct settings settings;
	struct point_tags *tags;

	settings_init(&settings);
	tags = must_open(NULL, &settings);
	for (int i = 0; i < THREADS; i++) {
		asking[i].tags = tags;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, ask, &asking[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < THREADS; i++)
		CU_ASSERT_EQUAL(memcmp(asking[i].got, asking[0].got, sizeof(asking[0].got)), 0);
	CU_ASSERT_EQUAL(point_tags_stats(tags).unknown, POINTS);
	point_tags_close(tags);
	settings_fini(&settings);
	free(asking);
}

void suite_point_tags(void);
void suite_point_tags(void)
{
	CU_pSuite s = CU_add_suite("point_tags", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, both_ways);
	CU_ADD_TEST(s, a_reload_moves_no_number);
	CU_ADD_TEST(s, the_file_outlives_the_program);
	CU_ADD_TEST(s, a_bad_file_is_refused_by_its_line);
	CU_ADD_TEST(s, a_torn_line_is_cut_off);
	CU_ADD_TEST(s, unknown_points_have_a_bound);
	CU_ADD_TEST(s, no_number_without_its_line);
	CU_ADD_TEST(s, threads_agree);
}
