/* periscope read: the packets of a flow, an alert, an event, a log line or an expression (dataplane/retrieval/). */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/load_config.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/retrieval/read_inside.h"
#include "cli/rights/rights.h"
#include "config/log/log.h"
#include "config/log/now.h"

enum { ALERT_FLOWS_MAX = 1000 };

/* Set by the signal handler. */
static atomic_bool interrupted;

static void on_signal(int signal)
{
	(void)signal;
	atomic_store(&interrupted, true);
}

static bool stop_asked(void)
{
	return atomic_load(&interrupted);
}

static bool find_sources(struct read *read)
{
	const struct read_arguments *a = read->arguments;
	struct error error;
	bool found = a->dir ? sources_of_dir(&read->sources, a->dir, &error)
			    : sources_of_captures(
				      &read->sources, a->captures, a->n_captures, &error);

	if (!found)
		log_error("%s", error.text);
	return found;
}

/* Nothing that is read is written over; else it was said. */
static bool is_safe(const struct read *read)
{
	const struct read_arguments *a = read->arguments;
	const struct distinct_files files = {
		.settings_file = a->settings_file,
		.settings = read->settings,
		.captures = (const char *const *)read->sources.paths,
		.n_captures = read->sources.n,
		.packet_file = a->packet_file,
		.force = a->force,
	};

	return files_are_distinct(&files) &&
	       standard_output_suffices(read->settings, a->json, a->packet_file);
}

static bool make_question(struct read *read, const struct model *model)
{
	const struct read_arguments *a = read->arguments;
	const struct question_params params = {
		.settings = read->settings,
		.model = model,
		.dir = a->dir,
		.flows_max = a->asked == READ_ALERT ? ALERT_FLOWS_MAX : 0,
		.now_ns = (uint64_t)time(NULL) * NS_PER_S,
	};
	struct expression_error error;
	char lines[EXPRESSION_SHOWN];

	read->question = question_create(read->asked.expression, &params, &error);
	if (!read->question)
		log_error_lines(expression_error_lines(&error, read->asked.expression, lines));
	return read->question != NULL;
}

static bool ask_events(struct read *read)
{
	const struct read_arguments *a = read->arguments;
	struct flow_labels labels;
	struct error error;

	if (!question_ask_events(read->question, &labels, &error)) {
		log_error("%s", error.text);
		return false;
	}
	if (a->asked == READ_ALERT && labels.flows == 0)
		log_warning(
			"--alert: no event in %s names a flow of alert '%s'", a->dir, a->text);
	if (labels.more)
		log_warning("the alert has more than %d flows: the packets of the first %d are "
			    "given",
			ALERT_FLOWS_MAX, ALERT_FLOWS_MAX);
	return true;
}

static int find(struct read *read)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	bool good;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rights_confine_offline(read->settings);
	read->status = EXIT_FAILED;
	if (!ask_events(read) || !read_look_ahead(read) || !read_output_begin(read))
		return read->status;
	good = read_captures(read);
	good = read_output_end(read) && good;
	return good && !stop_asked() ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct read_arguments *a, const struct settings *settings,
	const struct model *model)
{
	struct read read = {.arguments = a, .settings = settings, .stop = stop_asked};
	int status = EXIT_USAGE;

	if (!find_sources(&read))
		status = EXIT_FAILED;
	else if (is_safe(&read) && read_question_make(&read.asked, a) &&
		 make_question(&read, model))
		status = find(&read);
	read_flows_destroy(read.flows);
	(void)packet_file_close(read.packets);
	flow_answers_destroy(read.covering);
	covering_destroy(read.spans);
	question_destroy(read.question);
	read_question_fini(&read.asked);
	sources_fini(&read.sources);
	return status;
}

static int act(const struct read_arguments *a)
{
	const struct config_source from = {
		.file = a->settings_file, .set = a->set, .n_set = a->n_set};
	struct settings settings;
	struct model *model;
	struct error error;
	int status = EXIT_USAGE;

	settings_init(&settings);
	model = load_config(&from, &settings, &error);
	if (model)
		status = run(a, &settings, model);
	else
		log_error("%s", error.text);
	model_destroy(model);
	settings_fini(&settings);
	return status;
}

int command_read(int argc, char **argv)
{
	struct read_arguments a;
	int status = EXIT_USAGE;

	if (read_arguments_parse(&a, argc, argv))
		status = a.help ? usage_help("read") : act(&a);
	read_arguments_fini(&a);
	return status;
}
