#include "cli/retrieval/read_arguments.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command/expression.h"
#include "cli/command/usage.h"
#include "config/log/log.h"
#include "config/parse/value.h"

static const char default_dir[] = "periscope-out";

/* One question at a time: which of two was meant more, nobody knows. */
static bool ask(struct read_arguments *a, enum read_asked asked, const char *text)
{
	if (a->asked != READ_ALL) {
		log_error(
			"one thing is asked for at a time: an expression, --flow, --community, "
			"--alert, --event or --log");
		return false;
	}
	a->asked = asked;
	a->text = text;
	return true;
}

static bool parse_count(const char *text, uint64_t *out)
{
	if (value_number(text, out) && *out > 0)
		return true;
	log_error("-n: '%s' is no number from 1 on", text);
	return false;
}

static bool parse_question(struct read_arguments *a, int option)
{
	switch (option) {
	case OPT_FLOW:
		return ask(a, READ_FLOW, optarg);
	case OPT_COMMUNITY:
		return ask(a, READ_COMMUNITY, optarg);
	case OPT_ALERT:
		return ask(a, READ_ALERT, optarg);
	case OPT_EVENT:
		return ask(a, READ_EVENT, optarg);
	case OPT_LOG:
		return ask(a, READ_LOG, optarg);
	case OPT_LOG_FORMAT:
		a->log_format = optarg;
		return true;
	default:
		return false;
	}
}

static bool parse_option(struct read_arguments *a, int option)
{
	switch (option) {
	case 'l':
		a->dir = optarg;
		return true;
	case 'r':
		a->captures[a->n_captures++] = optarg;
		return true;
	case 'w':
		a->packet_file = optarg;
		return true;
	case 'n':
		return parse_count(optarg, &a->count);
	case 's':
		return a->flows = true;
	case 'j':
		return a->json = true;
	case 'c':
		a->settings_file = optarg;
		return true;
	case OPT_SET:
		a->set[a->n_set++] = optarg;
		return true;
	case OPT_INPUT:
		return options_input(optarg, &a->mode);
	case OPT_FORCE:
		return a->force = true;
	case 'h':
		return a->help = true;
	default:
		return parse_question(a, option);
	}
}

/* Behind -r more captures, then perhaps an expression. */
static bool take_operands(struct read_arguments *a, char **operands, int n)
{
	bool has_expression = n > 0 && (a->n_captures == 0 || expression_is(operands[n - 1]));

	if (has_expression && !ask(a, READ_EXPRESSION, operands[n - 1]))
		return false;
	n -= has_expression;
	if (n > 0 && a->n_captures == 0) {
		log_error(
			"'%s': captures are named behind -r, and an expression of several words "
			"is one argument: quote it",
			operands[0]);
		return false;
	}
	if (n > 0 && expression_is_unquoted(operands, n))
		return false;
	for (int i = 0; i < n; i++)
		a->captures[a->n_captures++] = operands[i];
	return true;
}

static bool check(struct read_arguments *a)
{
	if (a->dir && a->n_captures > 0) {
		log_error(
			"-l and -r exclude each other: packets come from an output directory or "
			"from captures");
		return false;
	}
	if (a->log_format && a->asked != READ_LOG) {
		log_error("--log-format is the format of --log, which is not given");
		return false;
	}
	if (a->n_captures == 0 && !a->dir)
		a->dir = default_dir;
	return true;
}

bool read_arguments_parse(struct read_arguments *a, int argc, char **argv)
{
	struct options options;
	int option;

	*a = (struct read_arguments){.mode = DECAP_AUTO, .count = UINT64_MAX};
	a->set = calloc((size_t)argc, sizeof(*a->set));
	a->captures = calloc((size_t)argc, sizeof(*a->captures));
	if (!a->set || !a->captures) {
		log_error("not enough memory");
		return false;
	}
	options_begin(&options, "read", argc, argv);
	while ((option = options_next(&options)) != 0)
		if (!parse_option(a, option))
			return false;
	return a->help || (take_operands(a, argv + optind, argc - optind) && check(a));
}

void read_arguments_fini(struct read_arguments *a)
{
	free(a->set);
	free(a->captures);
}
