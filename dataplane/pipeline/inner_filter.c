#include "dataplane/pipeline/inner_filter.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/choice.h"

enum { SHOWN = 64 }; /* bytes of the expression before the sentence */

struct inner_filter {
	struct choice *choice;
};

/* The expression as it was given, with nothing in it that a terminal would obey. */
static void say(const char *expression, const struct expression_error *why, struct error *error)
{
	char given[SHOWN + 1], lines[EXPRESSION_SHOWN];
	struct expression_error sentence = *why;
	const char *hint =
		strchr(expression, ' ')
			? ""
			: " (an expression of several words is one argument: quote it)";

	snprintf(given, sizeof(given), "%s", expression);
	for (char *c = given; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	snprintf(sentence.text, sizeof(sentence.text), "%.180s%s", why->text, hint);
	error_set(error, "--inner '%s': %s", given,
		expression_error_lines(&sentence, expression, lines));
}

struct inner_filter *inner_filter_create(const char *expression,
	const struct settings *settings, const struct model *model, struct error *error)
{
	const struct choice_params params = {
		.words = {.words = EXPRESSION_WORDS_PACKET, .user = "--inner"},
		.settings = settings,
		.model = model};
	struct inner_filter *f = calloc(1, sizeof(*f));
	struct expression_error why = {.text = "not enough memory"};

	if (f)
		f->choice = choice_create(expression, &params, &why);
	if (f && f->choice)
		return f;
	say(expression, &why, error);
	inner_filter_destroy(f);
	return NULL;
}

void inner_filter_destroy(struct inner_filter *f)
{
	if (f)
		choice_destroy(f->choice);
	free(f);
}

static bool has_frame(enum reason why)
{
	enum bucket b = reason_bucket(why);

	return b == BUCKET_inspected || b == BUCKET_inner_malformed || b == BUCKET_inner_cut ||
	       b == BUCKET_inner_not_ip;
}

enum reason inner_filter_judge(const struct inner_filter *f, struct packet *p, enum reason why)
{
	if (!has_frame(why) || choice_takes(f->choice, p, 0))
		return why;
	p->flags = 0;
	p->ip = NULL;
	p->ip_cap = p->ip_len = 0;
	return REASON_inner_excluded;
}
