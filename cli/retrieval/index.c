/* periscope index: makes indexes of captures (dataplane/replay/index_capture.h), several at once, and says what became
 * of each in the order in which they were named. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command/command.h"
#include "cli/command/load_config.h"
#include "cli/command/usage.h"
#include "cli/rights/rights.h"
#include "config/log/log.h"
#include "config/log/text.h"
#include "config/parse/plural.h"
#include "config/thread/thread.h"
#include "dataplane/port/processors.h"
#include "dataplane/replay/index_capture.h"

struct made {
	enum index_capture_status status;
	struct index_captured captured;
};

struct arguments {
	struct index_capture_params params;
	const char *settings_file;
	const char **set; /* --set values, in order */
	uint32_t n_set;
	char *const *captures;
	uint32_t n_captures, workers;
	bool json, help;
};

/* What the threads share: each takes the next capture, and writes its own row. */
struct work {
	const struct arguments *arguments;
	struct made *made;
	_Atomic uint32_t next;
};

/* Set by the signal handler, read by all threads. */
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

/* ---- the command line ---- */

static bool parse_option(struct arguments *a, int option)
{
	switch (option) {
	case 'c':
		a->settings_file = optarg;
		return true;
	case 'j':
		a->json = true;
		return true;
	case OPT_SET:
		a->set[a->n_set++] = optarg;
		return true;
	case OPT_FORCE:
		a->params.force = true;
		return true;
	case OPT_WORKERS:
		return options_workers(optarg, &a->workers);
	case 'h':
		a->help = true;
		return true;
	default:
		return false;
	}
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return strcmp(a, b) == 0 ||
	       (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
		       of_a.st_ino == of_b.st_ino);
}

/* Two threads would make one index. */
static bool are_distinct(const struct arguments *a)
{
	for (uint32_t i = 0; i < a->n_captures; i++)
		for (uint32_t k = 0; k < i; k++)
			if (is_same_file(a->captures[i], a->captures[k])) {
				log_error("%s and %s are one file", a->captures[k],
					a->captures[i]);
				return false;
			}
	return true;
}

static bool parse_arguments(struct arguments *a, int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "index", argc, argv);
	while ((option = options_next(&options)) != 0)
		if (!parse_option(a, option))
			return false;
	a->captures = argv + optind;
	a->n_captures = (uint32_t)(argc - optind);
	if (a->help || (a->n_captures > 0 && are_distinct(a)))
		return true;
	if (a->n_captures == 0)
		log_error("no capture given; see 'periscope index --help'");
	return false;
}

/* ---- making them ---- */

static void work_main(void *ctx)
{
	struct work *work = ctx;
	const struct arguments *a = work->arguments;
	uint32_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < a->n_captures)
		work->made[i].status =
			index_capture(&a->params, a->captures[i], &work->made[i].captured);
}

static uint32_t count_threads(const struct arguments *a)
{
	cpu_set_t cpus;
	uint32_t n = a->workers ? a->workers : processors_allowed(&cpus);

	if (n > OPTIONS_WORKERS_MAX)
		n = OPTIONS_WORKERS_MAX;
	return n < a->n_captures ? n : a->n_captures;
}

/* This thread is one of them, so that there is always one. */
static void make_all(struct work *work)
{
	uint32_t n = count_threads(work->arguments);
	struct thread threads[OPTIONS_WORKERS_MAX] = {{.started = false}};
	struct error error;
	char name[THREAD_NAME];

	for (uint32_t i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "index %" PRIu32, i);
		if (thread_start(&threads[i], name, work_main, work, &error) != 0)
			break;
	}
	work_main(work);
	for (uint32_t i = 1; i < n; i++)
		thread_join(&threads[i]);
}

/* ---- saying so ---- */

static void say_line(const char *capture, const struct made *made)
{
	const struct index_captured *c = &made->captured;

	printf("%s.idx: %" PRIu64 " packet%s, %" PRIu64 " flow%s%s\n", capture, c->packets,
		plural(c->packets), c->flows, plural(c->flows),
		made->status == INDEX_CAPTURE_THERE ? ", was there" : "");
}

static void say_trouble(const struct made *made)
{
	const struct index_captured *c = &made->captured;
	bool was_made =
		made->status == INDEX_CAPTURE_DONE || made->status == INDEX_CAPTURE_BROKEN;

	if (c->note[0])
		log_info("%s", c->note);
	if (was_made && c->rebuilt)
		log_info("%s: it was made anew", c->old.text);
	if (c->error.text[0])
		log_error("%s", c->error.text);
}

static void print_text(const char *bytes)
{
	size_t len = strlen(bytes), room = 2 + TEXT_JSON_GROWTH * len;
	char *text = malloc(room);
	struct text t;

	if (!text)
		return;
	t = text_make(text, room);
	text_json(&t, bytes, len);
	fwrite(text, 1, (size_t)(t.at - text), stdout);
	free(text);
}

static void say_json(const char *capture, const struct made *made, bool first)
{
	static const char *const names[] = {
		[INDEX_CAPTURE_DONE] = "made",
		[INDEX_CAPTURE_THERE] = "there",
		[INDEX_CAPTURE_BROKEN] = "of a part",
		[INDEX_CAPTURE_FAILED] = "none",
	};
	const struct index_captured *c = &made->captured;

	printf("%s{\"capture\": ", first ? "" : ", ");
	print_text(capture);
	printf(", \"status\": \"%s\", \"packets\": %" PRIu64 ", \"flows\": %" PRIu64
	       ", \"bytes\": %" PRIu64 "}",
		names[made->status], c->packets, c->flows, c->bytes);
}

static int say(const struct work *work)
{
	const struct arguments *a = work->arguments;
	int status = EXIT_DONE;

	if (a->json)
		putchar('[');
	for (uint32_t i = 0; i < a->n_captures; i++) {
		const struct made *made = &work->made[i];

		say_trouble(made);
		if (made->status >= INDEX_CAPTURE_BROKEN)
			status = EXIT_FAILED;
		if (a->json)
			say_json(a->captures[i], made, i == 0);
		else if (made->status != INDEX_CAPTURE_FAILED)
			say_line(a->captures[i], made);
	}
	if (a->json)
		puts("]");
	return status;
}

static int run(const struct arguments *a)
{
	/* A second signal ends the program at once. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct work work = {.arguments = a, .made = calloc(a->n_captures, sizeof(*work.made))};
	int status = EXIT_FAILED;

	if (!work.made) {
		log_error("not enough memory");
		return status;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rights_confine_offline(a->params.settings);
	make_all(&work);
	status = say(&work);
	free(work.made);
	return status;
}

static int act(struct arguments *a)
{
	const struct config_source from = {
		.file = a->settings_file, .set = a->set, .n_set = a->n_set};
	struct settings settings;
	struct model *model;
	struct error error;
	int status = EXIT_USAGE;

	settings_init(&settings);
	model = load_config(&from, &settings, &error);
	if (model) {
		a->params.settings = &settings;
		status = run(a);
	} else {
		log_error("%s", error.text);
	}
	model_destroy(model);
	settings_fini(&settings);
	return status;
}

int command_index(int argc, char **argv)
{
	struct arguments a = {
		.params = {.mode = DECAP_AUTO, .stop = stop_asked},
		.set = calloc((size_t)argc, sizeof(char *)),
	};
	int status = EXIT_USAGE;

	if (a.set && parse_arguments(&a, argc, argv))
		status = a.help ? usage_help("index") : act(&a);
	free(a.set);
	return status;
}
