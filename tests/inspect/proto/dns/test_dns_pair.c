/* Questions and answers of a flow, and which belongs to which. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns/dns_pair.h"

enum { TOLD_MAX = 160, CLIENT = 0, SERVER = 1, ADDRESS = 1, MAIL = 15 };

struct stage {
	struct memory memory;
	struct memory_list list;
	struct dns_pair pair;
	struct dns_message message;
	struct dns_pair_sink sink;
	uint64_t now;
	uint16_t class;
	unsigned n;
	char told[TOLD_MAX][128];
};

static void take(void *ctx, const struct dns_transaction *t)
{
	struct stage *s = ctx;
	char *text = s->told[s->n++ % TOLD_MAX];
	const struct dns_question *q = t->question;

	CU_ASSERT_TRUE(q || t->answer);
	if (q)
		snprintf(text, 64, "%u %s %u x%u", q->id, q->has_question ? q->name : "?",
			q->type, q->repeats + 1);
	else
		snprintf(text, 64, "-");
	text += strlen(text);
	if (t->answer)
		snprintf(text, 64, " > %u %u", t->answer->message->id, (unsigned)t->rtt_ns);
	else
		snprintf(text, 64, " > -");
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct dns_pair_sink){take, s};
	s->class = 1;
	return s;
}

/* `name` NULL: the message has no question, or was cut in it. Each comes a nanosecond after the last. */
static void say(struct stage *s, unsigned side, bool is_response, uint16_t id, const char *name,
	uint16_t type)
{
	const struct dns_packet packet = {
		.message = &s->message, .side = side, .time_ns = ++s->now};

	s->message.is_response = is_response;
	s->message.id = id;
	s->message.has_question = name != NULL;
	s->message.type = name ? type : 0;
	s->message.class = name ? s->class : 0;
	snprintf(s->message.query, sizeof(s->message.query), "%s", name ? name : "");
	dns_pair_add(&s->pair, &s->memory, &s->list, &packet, &s->sink);
}

static void ask(struct stage *s, uint16_t id, const char *name)
{
	say(s, CLIENT, false, id, name, ADDRESS);
}

static void answer(struct stage *s, uint16_t id, const char *name)
{
	say(s, SERVER, true, id, name, ADDRESS);
}

static void expect(struct stage *s, const char *const *told)
{
	unsigned n = 0;

	dns_pair_end(&s->pair, &s->sink);
	for (; told[n]; n++)
		if (n < s->n)
			CU_ASSERT_STRING_EQUAL(s->told[n], told[n]);
	CU_ASSERT_EQUAL(s->n, n);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

static void answers_find_their_questions_in_any_order(void)
{
	struct stage *s = stage_make();

	ask(s, 1, "a");
	ask(s, 2, "b");
	ask(s, 3, "c");
	ask(s, 4, "d");
	answer(s, 3, "c");
	answer(s, 1, "A");
	answer(s, 4, NULL);
	answer(s, 9, "z");
	expect(s, (const char *[]){"3 c 1 x1 > 3 2", "1 a 1 x1 > 1 5", "4 d 1 x1 > 4 3",
			  "- > 9 0", "2 b 1 x1 > -", NULL});
}

/* The same name and type in another class is another question. */
static void classes_are_told_apart(void)
{
	struct stage *s = stage_make();

	ask(s, 7, "a");
	s->class = 3;
	ask(s, 7, "a");
	answer(s, 7, "a");
	s->class = 1;
	answer(s, 7, "a");
	expect(s, (const char *[]){"7 a 1 x1 > 7 1", "7 a 1 x1 > 7 3", NULL});
}

static void answers_may_come_before_their_questions(void)
{
	struct stage *s = stage_make();

	answer(s, 1, "a");
	answer(s, 2, "b");
	CU_ASSERT_TRUE(dns_pair_waits(&s->pair));
	ask(s, 2, "B");
	ask(s, 1, "a");
	CU_ASSERT_FALSE(dns_pair_waits(&s->pair));
	ask(s, 1, "a"); /* another one */
	answer(s, 1, "a");
	expect(s, (const char *[]){"- > 1 0", "- > 2 0", "1 a 1 x1 > 1 1", NULL});
}

/* Of another name, type, side or id, and too late: what was told does not say what they ask. */
static void questions_of_others_answers_are_open(void)
{
	struct stage *s = stage_make();

	answer(s, 1, "a");
	answer(s, 2, NULL);
	ask(s, 1, "b");
	say(s, CLIENT, false, 1, "a", MAIL);
	say(s, SERVER, false, 1, "a", ADDRESS);
	ask(s, 2, "a");
	ask(s, 3, "a");
	s->now += DNS_EARLY_NS;
	ask(s, 1, "a");
	expect(s,
		(const char *[]){"- > 1 0", "- > 2 0", "1 b 1 x1 > -", "1 a 15 x1 > -",
			"1 a 1 x1 > -", "2 a 1 x1 > -", "3 a 1 x1 > -", "1 a 1 x1 > -", NULL});
}

static void early_answers_are_bounded(void)
{
	struct stage *s = stage_make();

	for (uint16_t i = 1; i <= DNS_EARLY_MAX + 1; i++)
		answer(s, i, "a");
	ask(s, 1, "a");
	ask(s, DNS_EARLY_MAX + 1, "a");
	CU_ASSERT_EQUAL(s->pair.n_early, DNS_EARLY_MAX - 1);
	CU_ASSERT_EQUAL(s->pair.n_open, 1);
	expect(s, (const char *[]){"- > 1 0", "- > 2 0", "- > 3 0", "- > 4 0", "- > 5 0",
			  "1 a 1 x1 > -", NULL});
}

static void ids_are_used_again(void)
{
	struct stage *s = stage_make();

	/* For another name while the first is open, for another type; for the same once it is answered. */
	ask(s, 7, "a");
	ask(s, 7, "b");
	say(s, CLIENT, false, 7, "b", MAIL);
	answer(s, 7, "b");
	say(s, SERVER, true, 7, "b", MAIL);
	answer(s, 7, "forged");
	answer(s, 7, "a");
	ask(s, 7, "a");
	answer(s, 7, "a");
	expect(s, (const char *[]){"7 b 1 x1 > 7 2", "7 b 15 x1 > 7 2", "- > 7 0",
			  "7 a 1 x1 > 7 6", "7 a 1 x1 > 7 1", NULL});
}

static void what_is_asked_or_answered_again_is_counted(void)
{
	struct stage *s = stage_make();

	ask(s, 7, "a");
	ask(s, 7, "a");
	ask(s, 7, "A");
	answer(s, 7, "a");
	answer(s, 7, "a");
	answer(s, 7, NULL); /* a transfer goes on */
	CU_ASSERT_EQUAL(s->pair.further, 2);
	expect(s, (const char *[]){"7 a 1 x3 > 7 3", NULL});
}

static void either_side_asks_and_none_answers_itself(void)
{
	struct stage *s = stage_make();

	ask(s, 7, "a");
	say(s, SERVER, false, 7, "a", ADDRESS);
	say(s, CLIENT, true, 7, "a", ADDRESS);
	say(s, CLIENT, true, 8, "a", ADDRESS);
	answer(s, 7, "a");
	expect(s, (const char *[]){"7 a 1 x1 > 7 1", "- > 8 0", "7 a 1 x1 > 7 4", NULL});
}

static void cut_questions_are_known_by_their_id(void)
{
	struct stage *s = stage_make();

	ask(s, 7, NULL);
	ask(s, 8, NULL);
	answer(s, 7, "a");
	expect(s, (const char *[]){"7 ? 0 x1 > 7 2", "8 ? 0 x1 > -", NULL});
}

/* RFC 6762, 18.1: all have the id 0. */
static void multicast_dns_has_no_ids(void)
{
	struct stage *s = stage_make();

	ask(s, 0, "_http._tcp.local");
	ask(s, 0, "b.local");
	answer(s, 0, NULL);
	answer(s, 0, NULL);
	answer(s, 0, "b.local");
	expect(s, (const char *[]){"- > 0 0", "- > 0 0", "0 b.local 1 x1 > 0 3",
			  "0 _http._tcp.local 1 x1 > -", NULL});
}

static void open_questions_are_bounded(void)
{
	struct stage *s = stage_make();
	char name[16];

	for (unsigned i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ask(s, (uint16_t)i, name);
	}
	CU_ASSERT_EQUAL(s->pair.n_open, DNS_OPEN_MAX);
	CU_ASSERT_EQUAL(s->pair.given_up, 100 - DNS_OPEN_MAX);
	CU_ASSERT_EQUAL(s->n, 100 - DNS_OPEN_MAX);
	CU_ASSERT_STRING_EQUAL(s->told[0], "1 n1 1 x1 > -");
	CU_ASSERT_TRUE(s->memory.peak < DNS_OPEN_MAX * 192);
	answer(s, 100, "n100");
	CU_ASSERT_STRING_EQUAL(s->told[s->n - 1], "100 n100 1 x1 > 100 1");
	answer(s, 37, "n37");
	CU_ASSERT_STRING_EQUAL(s->told[s->n - 1], "37 n37 1 x1 > 37 65");
	ask(s, 500, "last");
	dns_pair_end(&s->pair, &s->sink);
	CU_ASSERT_EQUAL(s->n, 101);
	CU_ASSERT_STRING_EQUAL(s->told[100], "500 last 1 x1 > -");
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

static void without_memory_answers_are_told_alone(void)
{
	struct stage *s = stage_make();

	CU_ASSERT_TRUE(memory_share(&s->memory, 1, &(struct quota_params){0}));
	ask(s, 7, "a");
	answer(s, 7, "a");
	CU_ASSERT_EQUAL(s->pair.unheld, 1);
	expect(s, (const char *[]){"- > 7 0", NULL});
}

void suite_dns_pair(void);
void suite_dns_pair(void)
{
	CU_pSuite s = CU_add_suite("dns_pair", NULL, NULL);

	CU_add_test(s, "answers find their questions in any order",
		answers_find_their_questions_in_any_order);
	CU_add_test(s, "classes are told apart", classes_are_told_apart);
	CU_ADD_TEST(s, answers_may_come_before_their_questions);
	CU_ADD_TEST(s, questions_of_others_answers_are_open);
	CU_ADD_TEST(s, early_answers_are_bounded);
	CU_add_test(s, "ids are used again", ids_are_used_again);
	CU_add_test(s, "what is asked or answered again is counted",
		what_is_asked_or_answered_again_is_counted);
	CU_add_test(s, "either side asks and none answers itself",
		either_side_asks_and_none_answers_itself);
	CU_add_test(
		s, "cut questions are known by their id", cut_questions_are_known_by_their_id);
	CU_add_test(s, "multicast DNS has no ids", multicast_dns_has_no_ids);
	CU_add_test(s, "open questions are bounded", open_questions_are_bounded);
	CU_add_test(s, "without memory answers are told alone",
		without_memory_answers_are_told_alone);
}
