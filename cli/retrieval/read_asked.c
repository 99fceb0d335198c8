#include "cli/retrieval/read_asked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "inspect/packets/expression/expression.h"
#include "inspect/packets/question/question_event.h"
#include "inspect/packets/question/question_log.h"

/* Every frame has that many bytes. */
static const char everything[] = "greater 0";

static bool keep(struct read_question *q, const char *text)
{
	q->expression = strdup(text);
	if (!q->expression)
		log_error("not enough memory");
	return q->expression != NULL;
}

/* `word 'id'`: in quotes, so that it is a value whatever it looks like. */
static bool keep_id(
	struct read_question *q, const char *word, const char *option, const char *id)
{
	char text[256];

	if (id[0] == '\0' || strlen(id) > 128 || strchr(id, '"')) {
		log_error("%s: '%.64s' is no id", option, id);
		return false;
	}
	snprintf(text, sizeof(text), "%s \"%s\"", word, id);
	return keep(q, text);
}

/* All of standard input; the caller frees. NULL: what is wrong was said. */
static char *event_read(size_t *len)
{
	char *text = malloc(QUESTION_EVENT_MAX + 1);

	*len = text ? fread(text, 1, QUESTION_EVENT_MAX + 1, stdin) : 0;
	if (text && !ferror(stdin) && *len <= QUESTION_EVENT_MAX)
		return text;
	if (!text)
		log_error("not enough memory");
	else if (ferror(stdin))
		log_error("standard input: cannot read: %s", strerror(errno));
	else
		log_error(
			"--event: standard input has more than %d bytes, and one event is asked "
			"for",
			QUESTION_EVENT_MAX);
	free(text);
	return NULL;
}

static bool ask_event(struct read_question *q, const struct read_arguments *a)
{
	bool is_input = strcmp(a->text, "-") == 0;
	size_t len = strlen(a->text);
	char *read = is_input ? event_read(&len) : NULL, text[QUESTION_TEXT];
	struct error error;
	bool good;

	if (is_input && !read)
		return false;
	good = question_event_read(is_input ? read : a->text, len, &q->ends, &error);
	free(read);
	q->covering = true;
	if (good)
		return keep(q, question_ends_print(&q->ends, text));
	log_error("--event: %s", error.text);
	return false;
}

static bool ask_log(struct read_question *q, const struct read_arguments *a)
{
	char text[QUESTION_TEXT], lines[EXPRESSION_SHOWN];
	struct expression_error error;
	bool of_format;

	if (question_log_read(a->text, a->log_format, &q->ends, &error, &of_format))
		return keep(q, question_ends_print_within(
				       &q->ends, QUESTION_LOG_AROUND_S * NS_PER_S, text));
	log_error_lines(expression_error_lines(
		&error, of_format && a->log_format ? a->log_format : a->text, lines));
	return false;
}

bool read_question_make(struct read_question *q, const struct read_arguments *a)
{
	*q = (struct read_question){.covering = false};
	switch (a->asked) {
	case READ_EXPRESSION:
		return keep(q, a->text);
	case READ_FLOW:
		return keep_id(q, "flow", "--flow", a->text);
	case READ_COMMUNITY:
		return keep_id(q, "community", "--community", a->text);
	case READ_ALERT:
		return keep_id(q, "alert", "--alert", a->text);
	case READ_EVENT:
		return ask_event(q, a);
	case READ_LOG:
		return ask_log(q, a);
	case READ_ALL:
		break;
	}
	return keep(q, everything);
}

void read_question_fini(struct read_question *q)
{
	free(q->expression);
}
