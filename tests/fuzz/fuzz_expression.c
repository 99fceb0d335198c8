/* The first line is an expression, what follows it a frame. An expression that is refused has its fault within its text, and
 * is shown in three lines that command no terminal. One that is taken asks the frame: its negation says otherwise, and
 * it and itself, or it or itself, the same. The range of times that it gives holds every packet that it takes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/decap.h"
#include "inspect/packets/expression/expression.h"
#include "tests/fuzz/demand.h"

enum { TEXT_MAX = EXPRESSION_LENGTH_MAX, AROUND = 64, TIMES = 3 };

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t now_ns = UINT64_C(1800000000000000000);

static struct expression *parse(const char *text, struct expression_error *error)
{
	static const struct expression_params params = {
		.words = EXPRESSION_WORDS_PACKET | EXPRESSION_WORDS_TIME |
			 EXPRESSION_WORDS_FLOW | EXPRESSION_WORDS_LABEL,
		.user = "a test",
		.now_ns = now_ns,
	};

	return expression_parse(text, &params, error);
}

static void check_shown(const struct expression_error *error, const char *text)
{
	char out[EXPRESSION_SHOWN];
	unsigned lines = 1;

	demand(error->at <= strlen(text) && error->text[0] != '\0');
	for (const char *c = expression_error_lines(error, text, out); *c; c++) {
		lines += *c == '\n';
		demand(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	}
	demand(lines == 3 && out[strlen(out) - 1] == '^');
	for (const char *c = expression_error_line(error, text, out); *c; c++)
		demand((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* Nodes stand behind those under them, and texts end. */
static void check_tree(const struct expression *e)
{
	demand(expression_count(e) > 0 && expression_count(e) <= EXPRESSION_NODES_MAX);
	for (uint32_t i = 0; i < expression_count(e); i++) {
		const struct expression_node *n = expression_node(e, i);

		demand(n->at <= strlen(expression_text(e)));
		if (n->kind <= EXPRESSION_NOT)
			demand(n->left < i && (n->kind == EXPRESSION_NOT || n->right < i));
		else if (n->kind >= EXPRESSION_SESSION && n->kind <= EXPRESSION_ALERT)
			demand(strlen(n->name.text) <= strlen(expression_text(e)));
		if (n->kind >= EXPRESSION_FLOW && n->kind <= EXPRESSION_ALERT)
			demand(n->name.question < EXPRESSION_QUESTIONS_MAX);
	}
}

/* The same of a text made of this one, where that is not too much of everything. */
static void check_made(
	const char *format, const char *text, const struct expression_facts *facts, bool want)
{
	static char made[2 * TEXT_MAX + AROUND];
	struct expression_error error;
	struct expression *e;

	snprintf(made, sizeof(made), format, text, text);
	e = parse(made, &error);
	if (e && expression_asks_newest(e))
		expression_set_newest(e, now_ns);
	demand(!e || expression_match(e, facts) == want);
	expression_destroy(e);
}

static void check_answers(
	struct expression *e, const char *text, const struct expression_facts *facts)
{
	bool taken = expression_match(e, facts);
	uint64_t from, to;

	check_made("not (%s)", text, facts, !taken);
	check_made("(%s) and (%s)", text, facts, taken);
	check_made("(%s) or (%s)", text, facts, taken);
	if (!expression_times(e, &from, &to))
		demand(!taken);
	else if (taken)
		demand(from <= facts->time_ns && facts->time_ns <= to);
}

static void ask(struct expression *e, const char *text, const uint8_t *frame, size_t size)
{
	static const uint64_t times[TIMES] = {0, UINT64_C(1796041800000000000), now_ns};
	struct packet p = {
		.data = frame, .cap = (uint32_t)size, .wire = (uint32_t)size + (size & 1)};
	struct expression_facts facts;

	decap_plain(&p);
	expression_facts_of(&p, NULL, &facts);
	if (expression_asks_newest(e))
		expression_set_newest(e, now_ns);
	facts.answers =
		size & 2 ? UINT64_MAX : 0; /* each copy of a word has a bit of its own */
	for (int i = 0; i < TIMES; i++) {
		facts.time_ns = times[i];
		check_answers(e, text, &facts);
	}
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end ? (size_t)(end - data) : size, rest = end ? size - len - 1 : 0;
	char *text = malloc(len + 1);
	uint8_t *frame = malloc(rest + 1);
	struct expression_error error;
	struct expression *e;

	demand(text && frame && rest < UINT32_MAX);
	memcpy(text, data, len);
	text[len] = '\0';
	if (rest > 0)
		memcpy(frame, end + 1, rest);
	e = parse(text, &error);
	if (e) {
		check_tree(e);
		ask(e, text, frame, rest);
	} else {
		check_shown(&error, text);
	}
	expression_destroy(e);
	free(frame);
	free(text);
	return 0;
}
