/* Facts become alerts: which are one, when they are written and with what; bounds; and a naive twin. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "config/settings/settings.h"
#include "inspect/detect/alerts.h"
#include "inspect/detect/suppress.h"
#include "support/random.h"

enum { WRITTEN = 4096, CAPACITY = 100 };

/* The writer's outbox. */
struct written {
	uint64_t id, first_ns, last_ns, count;
	bool ended;
	struct ip_addr source;
	char rule[16], title[16], session[16];
};

static struct paper {
	bool refuses;
	unsigned n;
	struct written all[WRITTEN];
	union {
		struct record head;
		struct alert_record alert;
		char bytes[RECORD_MAX];
	} last;
} paper;

static void put(char *to, size_t size, const struct alert_record *r, enum alert_text which)
{
	snprintf(to, size, "%.*s", r->alert.len[which], alert_text(&r->alert, r->text, which));
}

/* What was taken before is whole now. */
static void settle(void)
{
	const struct alert_record *r = &paper.last.alert;
	struct written *w = &paper.all[paper.n];

	if (paper.last.head.len == 0)
		return;
	*w = (struct written){r->id, r->first_ns, r->last_ns, r->count, r->ended,
		r->alert.source, "", "", ""};
	put(w->rule, sizeof(w->rule), r, ALERT_RULE);
	put(w->title, sizeof(w->title), r, ALERT_TITLE);
	if (r->alert.observation_point.session)
		snprintf(w->session, sizeof(w->session), "%s",
			r->alert.observation_point.session);
	paper.last.head.len = 0;
	CU_ASSERT_TRUE_FATAL(++paper.n < WRITTEN);
}

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	settle();
	CU_ASSERT_TRUE_FATAL(type == RECORD_ALERT && len <= RECORD_MAX);
	if (paper.refuses)
		return NULL;
	memset(&paper.last, 0xa5, sizeof(paper.last));
	paper.last.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &paper.last.head;
}

static struct alerts *open_alerts(bool live, uint32_t capacity)
{
	const struct alerts_params params = {.capacity = capacity,
		.idle_ns = 60 * NS_PER_S,
		.live = live,
		.sink = {NULL, take}};
	struct alerts *a = alerts_create(&params);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	memset(&paper, 0, sizeof(paper));
	return a;
}

/* What is told, in short. */
struct saying {
	uint8_t source;
	const char *rule, *title;
	bool by_title;
	uint32_t tenant;
	uint64_t s; /* when */
};

struct fact_room {
	union {
		struct record head;
		struct alert_fact fact;
		char bytes[sizeof(struct alert_fact) + ALERT_BYTES];
	} is;
};

static struct record *take_fact(void *ctx, enum record_type type, size_t len)
{
	struct fact_room *room = ctx;

	CU_ASSERT_TRUE_FATAL(type == RECORD_ALERT_FACT && len <= sizeof(*room));
	memset(room, 0xa5, sizeof(*room));
	room->is.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &room->is.head;
}

static void make(struct fact_room *room, const struct saying *say)
{
	const struct sink sink = {room, take_fact};
	const struct observation_point point = {.session = "tms-1"};
	struct flow flow = {.flags = FLOW_CLIENT_IS_LO, .start_ns = say->s * NS_PER_S};
	struct alert_telling telling = {.engine = ALERT_PERISCOPE,
		.severity = 2,
		.by_title = say->by_title,
		.tenant = say->tenant,
		.source = ip_addr_v4((const uint8_t[]){10, 0, 0, say->source}),
		.time_ns = say->s * NS_PER_S};

	telling.text[ALERT_RULE].at = say->rule;
	telling.text[ALERT_RULE].len = strlen(say->rule);
	telling.text[ALERT_TITLE].at = say->title;
	telling.text[ALERT_TITLE].len = say->title ? strlen(say->title) : 0;
	flow.key.lo = telling.source;
	flow.key.ip_version = 4;
	CU_ASSERT_TRUE(alert_tell(&sink, 7, &flow, &point, &telling));
	CU_ASSERT_EQUAL(room->is.fact.fact.number, 7);
}

static void add(struct alerts *a, struct saying say)
{
	struct fact_room room;

	make(&room, &say);
	alerts_add(a, &room.is.fact);
	/* What it took was copied. */
	memset(&room, 0x5a, sizeof(room));
}

static void one_rule_and_one_source_are_one(void)
{
	static const struct {
		struct saying say;
		unsigned alert; /* which it is */
	} rows[] = {
		{{1, "a", NULL, false, 0, 1}, 0},
		{{1, "a", NULL, false, 0, 2}, 0},
		{{2, "a", NULL, false, 0, 2}, 1}, /* another source */
		{{1, "b", NULL, false, 0, 3}, 2}, /* another rule */
		{{1, "a", NULL, false, 5, 4}, 3}, /* another tenant */
		{{1, "a", "x", false, 0, 5}, 0},  /* titles are words alone */
		{{1, "c", "x", true, 0, 6}, 4},   /* and what makes them others */
		{{1, "c", "y", true, 0, 7}, 5},
		{{1, "c", "x", true, 0, 8}, 4},
	};
	static const unsigned counts[] = {3, 1, 1, 1, 2, 1};
	struct alerts *a = open_alerts(false, CAPACITY);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		add(a, rows[i].say);
	CU_ASSERT_EQUAL(paper.n, 0);
	alerts_end(a);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 6);
	for (unsigned i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(paper.all[i].count, counts[i]);
		CU_ASSERT_TRUE(paper.all[i].ended);
		CU_ASSERT_STRING_EQUAL(paper.all[i].session, "tms-1");
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(paper.all[i].id, paper.all[j].id);
	}
	CU_ASSERT_STRING_EQUAL(paper.all[2].rule, "b");
	CU_ASSERT_STRING_EQUAL(paper.all[5].title, "y");
	CU_ASSERT_EQUAL(paper.all[0].first_ns, 1 * NS_PER_S);
	CU_ASSERT_EQUAL(paper.all[0].last_ns, 5 * NS_PER_S);
	CU_ASSERT_EQUAL(alerts_stats(a).begun, 6);
	CU_ASSERT_EQUAL(alerts_stats(a).facts, 9);
	CU_ASSERT_EQUAL(alerts_ledger(a).offered, 6);
	alerts_destroy(a);
}

static void live_it_is_written_again_at_powers_of_ten(void)
{
	struct alerts *a = open_alerts(true, CAPACITY);

	for (unsigned i = 0; i < 1234; i++)
		add(a, (struct saying){1, "scan", NULL, false, 0, 100 + i / 100});
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 4);
	for (unsigned i = 0, n = 1; i < 4; i++, n *= 10) {
		CU_ASSERT_EQUAL(paper.all[i].count, n);
		CU_ASSERT_EQUAL(paper.all[i].id, paper.all[0].id);
		CU_ASSERT_FALSE(paper.all[i].ended);
	}
	alerts_age(a, (112 + 59) * NS_PER_S);
	settle();
	CU_ASSERT_EQUAL(paper.n, 4);
	alerts_age(a, (112 + 60) * NS_PER_S);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 5);
	CU_ASSERT_EQUAL(paper.all[4].count, 1234);
	CU_ASSERT_TRUE(paper.all[4].ended);
	CU_ASSERT_EQUAL(paper.all[4].last_ns, 112 * NS_PER_S);
	/* What follows is another one of that id, which begins then. */
	add(a, (struct saying){1, "scan", NULL, false, 0, 300});
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 6);
	CU_ASSERT_EQUAL(paper.all[5].count, 1);
	CU_ASSERT_EQUAL(paper.all[5].id, paper.all[0].id);
	CU_ASSERT_EQUAL(paper.all[5].first_ns, 300 * NS_PER_S);
	alerts_destroy(a);
}

/* What workers could not know of: counted, and of no alert; others go on. */
static void what_is_suppressed(void)
{
	struct alerts *a = open_alerts(true, 16);
	struct settings settings;
	struct error error;

	settings_init(&settings);
	CU_ASSERT_EQUAL(
		settings_set(&settings,
			"detect.suppress=[{rule: scan, session: tms-1, address: 10.0.0.1}]",
			&error),
		0);
	add(a, (struct saying){1, "scan", NULL, false, 0, 1});
	alerts_suppress(a, suppress_create(&settings));
	for (unsigned i = 0; i < 20; i++)
		add(a, (struct saying){1, "scan", NULL, false, 0, 2});
	add(a, (struct saying){1, "beacon", NULL, false, 0, 3});
	add(a, (struct saying){2, "scan", NULL, false, 0, 3});
	settle();
	CU_ASSERT_EQUAL(paper.n, 3);
	CU_ASSERT_EQUAL(alerts_stats(a).suppressed, 20);
	CU_ASSERT_EQUAL(alerts_stats(a).facts, 3);
	alerts_suppress(a, NULL);
	add(a, (struct saying){1, "scan", NULL, false, 0, 4});
	CU_ASSERT_EQUAL(alerts_stats(a).facts, 4);
	settings_fini(&settings);
	alerts_destroy(a);
}

/* The one that has not grown for the longest time gives way. */
static void there_is_a_bound(void)
{
	struct alerts *a = open_alerts(true, 16);
	uint64_t sum = 0;

	for (uint8_t i = 0; i < 16; i++)
		add(a, (struct saying){i, "a", NULL, false, 0, 1});
	add(a, (struct saying){0, "a", NULL, false, 0, 2}); /* 1 is the oldest now */
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 16);
	CU_ASSERT_EQUAL(alerts_stats(a).overflow, 0);
	add(a, (struct saying){100, "a", NULL, false, 0, 3});
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 18);
	CU_ASSERT_TRUE(paper.all[16].ended);
	CU_ASSERT_EQUAL(paper.all[16].source.byte[15], 1);
	CU_ASSERT_EQUAL(alerts_stats(a).overflow, 1);
	alerts_end(a);
	settle();
	for (unsigned i = 0; i < paper.n; i++)
		sum += paper.all[i].ended ? paper.all[i].count : 0;
	CU_ASSERT_EQUAL(sum, alerts_stats(a).facts);
	/* A sink that refuses is counted. */
	paper.refuses = true;
	add(a, (struct saying){1, "a", NULL, false, 0, 9});
	CU_ASSERT_EQUAL(alerts_ledger(a).lost_queue, 1);
	CU_ASSERT_EQUAL(alerts_ledger(a).offered, paper.n + 1);
	alerts_destroy(a);
}

/* Of a state that begins, or is over. */
static void add_state(struct alerts *a, struct saying say, bool over)
{
	struct fact_room room;

	make(&room, &say);
	room.is.fact.alert.lasts = true;
	room.is.fact.alert.over = over;
	alerts_add(a, &room.is.fact);
}

/* Not by time, but by the fact that says so; and those behind it in the list go by time as ever. */
static void a_state_lasts_until_it_is_over(void)
{
	struct alerts *a = open_alerts(true, CAPACITY);

	add_state(a, (struct saying){1, "silent", NULL, false, 0, 1}, false);
	add(a, (struct saying){2, "scan", NULL, false, 0, 1});
	add_state(a, (struct saying){3, "silent", NULL, false, 0, 1}, false);
	add(a, (struct saying){4, "scan", NULL, false, 0, 1});
	alerts_age(a, 1000 * NS_PER_S);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 6);
	CU_ASSERT_EQUAL(paper.all[4].source.byte[15], 2);
	CU_ASSERT_EQUAL(paper.all[5].source.byte[15], 4);
	add_state(a, (struct saying){1, "silent", NULL, false, 0, 1001}, true);
	add_state(a, (struct saying){1, "silent", NULL, false, 0, 1002}, true);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 7);
	CU_ASSERT_TRUE(paper.all[6].ended);
	CU_ASSERT_EQUAL(paper.all[6].id, paper.all[0].id);
	CU_ASSERT_EQUAL(paper.all[6].count, 1);
	CU_ASSERT_EQUAL(paper.all[6].last_ns, 1001 * NS_PER_S);
	/* Those that said so were none themselves. */
	CU_ASSERT_EQUAL(alerts_stats(a).facts, 4);
	alerts_end(a);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, 8);
	CU_ASSERT_EQUAL(paper.all[7].source.byte[15], 3);
	CU_ASSERT_TRUE(paper.all[7].ended);
	alerts_destroy(a);
}

/* Any order of the same facts gives the same lines, in replay. */
static void the_order_does_not_matter(void)
{
	enum { FACTS = 400 };
	struct random random = random_seeded(3);
	struct saying all[FACTS];
	struct written first[WRITTEN];
	unsigned n = 0;

	for (unsigned i = 0; i < FACTS; i++)
		all[i] = (struct saying){(uint8_t)random_below(&random, 5),
			random_below(&random, 2) ? "a" : "b",
			random_below(&random, 2) ? "x" : "y", random_below(&random, 2) != 0,
			(uint32_t)random_below(&random, 2), random_below(&random, 1000)};
	for (unsigned round = 0; round < 5; round++) {
		struct alerts *a = open_alerts(false, CAPACITY);
		uint64_t count = 0;

		for (unsigned i = 0; i < FACTS; i++)
			add(a, all[i]);
		alerts_end(a);
		settle();
		for (unsigned i = 0; i < paper.n; i++)
			count += paper.all[i].count;
		CU_ASSERT_EQUAL(count, FACTS);
		if (round == 0)
			memcpy(first, paper.all, sizeof(first));
		else
			CU_ASSERT_EQUAL(paper.n, n);
		n = paper.n;
		for (unsigned i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(paper.all[i].id, first[i].id);
			CU_ASSERT_EQUAL(paper.all[i].first_ns, first[i].first_ns);
			CU_ASSERT_EQUAL(paper.all[i].last_ns, first[i].last_ns);
			CU_ASSERT_EQUAL(paper.all[i].count, first[i].count);
			CU_ASSERT_STRING_EQUAL(paper.all[i].rule, first[i].rule);
		}
		for (unsigned i = FACTS - 1; i > 0; i--) {
			unsigned j = (unsigned)random_below(&random, i + 1);
			struct saying was = all[i];

			all[i] = all[j];
			all[j] = was;
		}
		alerts_destroy(a);
	}
	CU_ASSERT_TRUE(n > 20);
}

/* The twin: it looks through all that it has ever heard. */
struct twin {
	struct saying key;
	uint64_t count, first, last;
};

static bool is_same(const struct saying *a, const struct saying *b)
{
	return a->source == b->source && !strcmp(a->rule, b->rule) && a->tenant == b->tenant &&
	       (!a->by_title || !strcmp(a->title, b->title));
}

static void a_naive_twin_counts_the_same(void)
{
	enum { FACTS = 20000, TWINS = 4096 };
	static const char *const rules[] = {"r", "rr", "tcp_overlap", "12345678x", "s"};
	static const char *const values[] = {"", "12345678", "123456789", "z"};
	struct random random = random_seeded(11);
	struct twin *twins = calloc(TWINS, sizeof(*twins));
	struct alerts *a = open_alerts(false, TWINS);
	unsigned n = 0, matched = 0;

	for (unsigned i = 0; i < FACTS; i++) {
		unsigned rule = (unsigned)random_below(&random, 5), t = 0;
		struct saying say = {(uint8_t)random_below(&random, 200), rules[rule],
			values[random_below(&random, 4)], rule == 4,
			(uint32_t)random_below(&random, 2), 1 + random_below(&random, 100000)};

		add(a, say);
		while (t < n && !is_same(&twins[t].key, &say))
			t++;
		if (t == n)
			twins[n++] = (struct twin){say, 0, say.s, say.s};
		twins[t].count++;
		twins[t].first = say.s < twins[t].first ? say.s : twins[t].first;
		twins[t].last = say.s > twins[t].last ? say.s : twins[t].last;
	}
	alerts_end(a);
	settle();
	CU_ASSERT_EQUAL_FATAL(paper.n, n);
	for (unsigned i = 0; i < n; i++) {
		const struct written *w = &paper.all[i];

		for (unsigned t = 0; t < n; t++)
			if (twins[t].key.source == w->source.byte[15] &&
				!strcmp(twins[t].key.rule, w->rule) &&
				twins[t].first * NS_PER_S == w->first_ns &&
				twins[t].last * NS_PER_S == w->last_ns &&
				twins[t].count == w->count) {
				matched++;
				break;
			}
		CU_ASSERT_TRUE(i == 0 || w->first_ns >= paper.all[i - 1].first_ns);
	}
	CU_ASSERT_EQUAL(matched, n);
	alerts_destroy(a);
	free(twins);
}

/* Longer ones are cut, and it is said. */
static void texts_have_a_bound_and_what_grows_is_listed(void)
{
	char rule[ALERT_TEXT + 2];
	struct alerts *a = open_alerts(true, CAPACITY);
	struct alert_brief rows[3];

	memset(rule, 'r', sizeof(rule) - 1);
	rule[sizeof(rule) - 1] = '\0';
	add(a, (struct saying){1, rule, NULL, false, 0, 1});
	CU_ASSERT_TRUE(paper.last.head.cut);
	CU_ASSERT_EQUAL(paper.last.alert.alert.len[ALERT_RULE], ALERT_TEXT);
	add(a, (struct saying){1, rule + 1, NULL, false, 0, 2});
	CU_ASSERT_EQUAL(alerts_stats(a).begun, 1); /* as far as it can be told */
	add(a, (struct saying){1, "short", NULL, false, 0, 3});
	CU_ASSERT_FALSE(paper.last.head.cut);
	add(a, (struct saying){2, "short", NULL, false, 0, 4});
	alerts_end(a);
	add(a, (struct saying){2, "short", NULL, false, 0, 5});
	add(a, (struct saying){3, "short", NULL, false, 0, 6});
	CU_ASSERT_EQUAL(alerts_growing(a, rows, 1), 2);
	CU_ASSERT_EQUAL(rows[0].last_ns, 6 * NS_PER_S);
	CU_ASSERT_EQUAL(alerts_growing(a, rows, 3), 2);
	CU_ASSERT_EQUAL(rows[1].source.byte[15], 2);
	CU_ASSERT_STRING_EQUAL(rows[1].rule, "short");
	CU_ASSERT_EQUAL(rows[1].count, 1);
	alerts_destroy(a);
}

/* By severity, then by count: a naive sort of all says the same. */
static void the_gravest_are_kept(void)
{
	enum { ALL = 300 };
	struct random random = random_seeded(5);
	struct alerts_top top = {.n = 0};
	struct alert_brief all[ALL];

	for (unsigned i = 0; i < ALL; i++) {
		all[i] = (struct alert_brief){.id = i,
			.count = 1 + random_below(&random, 20),
			.severity = (uint8_t)(1 + random_below(&random, 4))};
		alerts_top_add(&top, &all[i]);
		CU_ASSERT_EQUAL(top.n, i + 1 < ALERTS_TOP ? i + 1 : ALERTS_TOP);
	}
	for (unsigned place = 0; place < ALERTS_TOP; place++) {
		const struct alert_brief *x = &top.row[place];
		unsigned graver = 0;

		for (unsigned i = 0; i < ALL; i++)
			graver += all[i].severity < x->severity ||
				  (all[i].severity == x->severity &&
					  (all[i].count > x->count ||
						  (all[i].count == x->count &&
							  all[i].id < x->id)));
		CU_ASSERT_EQUAL(graver, place);
	}
}

void suite_alerts(void);
void suite_alerts(void)
{
	CU_pSuite s = CU_add_suite("alerts", NULL, NULL);

	CU_ADD_TEST(s, one_rule_and_one_source_are_one);
	CU_ADD_TEST(s, live_it_is_written_again_at_powers_of_ten);
	CU_ADD_TEST(s, what_is_suppressed);
	CU_ADD_TEST(s, there_is_a_bound);
	CU_ADD_TEST(s, a_state_lasts_until_it_is_over);
	CU_ADD_TEST(s, the_order_does_not_matter);
	CU_ADD_TEST(s, a_naive_twin_counts_the_same);
	CU_ADD_TEST(s, the_gravest_are_kept);
	CU_ADD_TEST(s, texts_have_a_bound_and_what_grows_is_listed);
}
