/* periscope read: the packets of a flow, an alert, an event, a log line or an expression (dataplane/retrieval/). */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/load_config.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/retrieval/read_asked.h"
#include "cli/retrieval/read_flows.h"
#include "cli/rights/rights.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "config/parse/plural.h"
#include "dataplane/capture/input.h"
#include "dataplane/retrieval/covering.h"
#include "dataplane/retrieval/newest.h"
#include "dataplane/retrieval/question.h"
#include "dataplane/retrieval/sources.h"

enum {
	ALERT_FLOWS_MAX = 1000,
	AROUND_NS =
		1000000000, /* how far the clock of an event may be from that of the packets */
};

struct read {
	const struct read_arguments *arguments;
	const struct settings *settings;
	struct sources sources;
	struct read_question asked;
	struct question *question;
	struct flow_answers *covering; /* see covering.h; NULL: nothing of it is asked */
	struct covering *spans;        /* while they are looked for */
	bool too_many;                 /* of those */
	struct packet_file *packets;   /* of -w; NULL: none */
	struct read_flows *flows;      /* of -s; NULL: none */
	FILE *out;                     /* the table */
	uint64_t found, flushed;       /* packets */
	int status;
};

/* Set by the signal handler. */
static atomic_bool interrupted;

static void on_signal(int signal)
{
	(void)signal;
	atomic_store(&interrupted, true);
}

/* ---- what is found ---- */

static void show(struct read *read, const struct retrieved *packet)
{
	char line[READ_LINE];
	struct text t = text_make(line, sizeof(line));

	if (read->arguments->json)
		read_packet_json(&t, packet);
	else
		read_packet_line(&t, packet);
	fwrite(line, 1, (size_t)(t.at - line), read->out);
}

static bool take(void *ctx, const struct retrieved *packet)
{
	struct read *read = ctx;
	uint64_t count = read->arguments->count;

	if (read->flows)
		read_flows_add(read->flows, packet);
	if (read->packets)
		packet_file_write(read->packets, packet->record);
	else if (!read->flows)
		show(read, packet);
	read->found++;
	return (read->flows && !read->packets) || read->found < count;
}

/* A pipe is followed as it comes. */
static bool pause_all(void *ctx)
{
	struct read *read = ctx;
	bool whole = true;

	if (read->packets && read->found > read->flushed)
		whole = packet_file_flush(read->packets);
	else if (!read->packets)
		fflush(read->out);
	read->flushed = read->found;
	return whole && !ferror(read->out) && !atomic_load(&interrupted);
}

static bool pause_none(void *ctx)
{
	struct read *read = ctx;

	return !read->too_many && !atomic_load(&interrupted);
}

static bool take_span(void *ctx, const struct retrieved *packet)
{
	struct read *read = ctx;

	read->too_many = !covering_add(read->spans, packet);
	return !read->too_many;
}

/* ---- the captures ---- */

/* The end of a file to which somebody writes is none. */
static bool say_wrong(struct read *read, const struct input *input)
{
	unsigned n = input_error_count(input);
	bool whole = true;

	for (unsigned i = 0; i < n; i++) {
		bool cut_off;
		unsigned capture = input_error_capture(input, i, &cut_off);

		if (cut_off && read->sources.growing[capture])
			continue;
		log_error("%s", input_error(input, i));
		whole = false;
	}
	return whole;
}

/* One way through all captures. false: it could not be gone, or not to the end, which was said. */
static bool pass(struct read *read, bool (*take_one)(void *, const struct retrieved *),
	bool (*pause)(void *), bool say)
{
	const struct sources *s = &read->sources;
	struct error error = {.text = ""};
	struct retrieval_params params = {
		.settings = read->settings,
		.input = input_open((const char *const *)s->paths, s->n, NULL, &error),
		.recorded = s->recorded,
		.mode = read->arguments->mode,
		.question = read->question,
		.ctx = read,
		.take = take_one,
		.pause = pause,
	};
	bool good = params.input && retrieval_run(&params, &error);

	if (!good)
		log_error("%s", error.text);
	if (params.input && say)
		good = say_wrong(read, params.input) && good;
	input_close(params.input);
	return good;
}

static bool is_read_once(const struct read *read)
{
	for (uint32_t i = 0; i < read->sources.n; i++)
		if (read->sources.paths[i][0] == '-' && read->sources.paths[i][1] == '\0')
			return true;
	return false;
}

/* The flows of an event; captures are gone through a second time afterwards. */
static bool find_covering(struct read *read)
{
	uint64_t from = read->asked.ends.from_ns, to = read->asked.ends.to_ns;

	from = from > AROUND_NS ? from - AROUND_NS : 0;
	to = to < UINT64_MAX - AROUND_NS ? to + AROUND_NS : UINT64_MAX;
	read->spans = covering_create();
	if (!read->spans || !pass(read, take_span, pause_none, false) || read->too_many) {
		log_error(read->too_many ? "the ends of the event have too many flows"
					 : "the flow of the event could not be looked for");
		return false;
	}
	read->covering = covering_flows(read->spans, from, to, read->asked.ends.flow_id);
	if (!read->covering) {
		log_error("not enough memory");
		return false;
	}
	question_limit(read->question, read->covering, from, to);
	return true;
}

/* `last 3h` counts from the newest packet of all. */
static bool find_newest(struct read *read)
{
	const struct sources *s = &read->sources;
	struct error error;
	uint64_t newest_ns;

	if (!newest_packet((const char *const *)s->paths, s->n, &newest_ns, &error)) {
		log_error("%s", error.text);
		return false;
	}
	expression_set_newest(question_expression(read->question), newest_ns);
	return true;
}

/* What has to be known before the first packet is asked. */
static bool look_ahead(struct read *read)
{
	bool newest = expression_asks_newest(question_expression(read->question));

	if ((newest || read->asked.covering) && is_read_once(read)) {
		log_error("%s reads the captures twice, which standard input cannot be",
			newest ? "'last'" : "--event");
		read->status = EXIT_USAGE;
		return false;
	}
	return (!newest || find_newest(read)) && (!read->asked.covering || find_covering(read));
}

/* ---- what is said ---- */

static void print_flows(struct read *read)
{
	uint32_t n = read_flows_count(read->flows);

	for (uint32_t i = 0; i < n && i < read->arguments->count; i++) {
		char line[READ_LINE];
		struct text t = text_make(line, sizeof(line));

		if (read->arguments->json)
			read_flow_json(&t, read_flows_get(read->flows, i));
		else
			read_flow_line(&t, read_flows_get(read->flows, i));
		fwrite(line, 1, (size_t)(t.at - line), read->out);
	}
	if (read_flows_left_out(read->flows) > 0)
		log_warning("the table has %u flows; %" PRIu64
			    " packet%s of others are not in it",
			n, read_flows_left_out(read->flows),
			plural(read_flows_left_out(read->flows)));
}

static void say_found(const struct read *read)
{
	if (read->found == 0)
		log_info("no packet was found");
	else if (read->packets)
		log_info("%" PRIu64 " packet%s", read->found, plural(read->found));
	if (atomic_load(&interrupted))
		log_warning("interrupted: what was found until then is complete");
}

static bool begin_output(struct read *read)
{
	const struct read_arguments *a = read->arguments;
	struct error error;

	read->out = standard_output_is(a->packet_file) ? stderr : stdout;
	if (a->flows && !(read->flows = read_flows_create())) {
		log_error("not enough memory");
		return false;
	}
	if (!a->packet_file)
		return true;
	read->packets = packet_file_open_retrieved(a->packet_file, &error);
	if (!read->packets)
		log_error("%s", error.text);
	return read->packets != NULL;
}

/* What is left is written; false: something was lost, and said. */
static bool end_output(struct read *read)
{
	bool whole;

	if (read->flows)
		print_flows(read);
	say_found(read);
	whole = packet_file_close(read->packets);
	read->packets = NULL;
	return fflush(read->out) == 0 && whole;
}

/* ---- in order ---- */

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
	struct error error;
	bool more;

	if (!question_ask_events(read->question, &more, &error)) {
		log_error("%s", error.text);
		return false;
	}
	if (more)
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
	if (!ask_events(read) || !look_ahead(read) || !begin_output(read))
		return read->status;
	good = pass(read, take, pause_all, true);
	good = end_output(read) && good;
	return good && !atomic_load(&interrupted) ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct read_arguments *a, const struct settings *settings,
	const struct model *model)
{
	struct read read = {.arguments = a, .settings = settings};
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
