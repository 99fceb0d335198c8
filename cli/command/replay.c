/* periscope replay: options, then dataplane/replay/replay.h, then the summary on the terminal. */
#include "cli/command/check.h"
#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/expression.h"
#include "cli/command/load_config.h"
#include "cli/command/no_effect.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/rights/rights.h"
#include "cli/rights/start_suricata.h"
#include "config/log/error.h"
#include "config/log/log.h"

#include "config/settings/settings.h"
#include "dataplane/replay/replay.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	struct replay_params params;
	const char *settings_file;
	const char **set; /* --set values, in order */
	uint32_t n_set;
	const char **list_files; /* --list, in order; relative to here */
	uint32_t n_list_files;
	const char **rule_files; /* --rules, likewise */
	uint32_t n_rule_files;
	struct policy policy;
	bool json, dump, check, help;
};

/* Set by the signal handler, read between blocks. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

static bool stop_asked(void)
{
	return interrupted;
}

static bool parse_option(struct arguments *a, int option)
{
	switch (option) {
	case 'c':
		a->settings_file = optarg;
		return true;
	case 'l':
		a->params.output_dir = optarg;
		return true;
	case 'w':
		a->params.packet_file = optarg;
		return true;
	case 'j':
		a->json = true;
		return true;
	case 'T':
		a->check = true;
		return true;
	case OPT_SET:
		a->set[a->n_set++] = optarg;
		return true;
	case OPT_FORCE:
		a->params.force = true;
		return true;
	case OPT_WORKERS:
		return options_workers(optarg, &a->params.n_workers);
	case OPT_INPUT:
		return options_input(optarg, &a->params.input);
	case OPT_INNER:
		a->params.inner = optarg;
		return true;
	case OPT_LIST:
		a->list_files[a->n_list_files++] = optarg;
		return true;
	case OPT_RULES:
		a->rule_files[a->n_rule_files++] = optarg;
		return true;
	case OPT_DUMP:
		a->dump = true;
		return true;
	case 'h':
		a->help = true;
		return true;
	default:
		return false;
	}
}

static bool parse_arguments(struct arguments *a, int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "replay", argc, argv);
	while ((option = options_next(&options)) != 0)
		if (!parse_option(a, option))
			return false;
	if (a->help || a->dump || a->check)
		return true;
	if (expression_is_unquoted(argv + optind, argc - optind))
		return false;
	if (argc - optind > 1 && expression_is(argv[argc - 1]))
		a->params.bpf = argv[--argc];
	a->params.captures = (const char *const *)argv + optind;
	a->params.n_captures = (uint32_t)(argc - optind);
	if (argc > optind)
		return true;
	log_error("no capture given; see 'periscope replay --help'");
	return false;
}

static void report(void *ctx, const struct summary *summary)
{
	const struct arguments *a = ctx;

	if (a->json)
		summary_json(summary, stdout);
	else
		summary_tables(summary,
			standard_output_tables(a->params.settings, a->params.packet_file));
}

/* From here on captures are read, which anybody may have made. */
static void confine(void *ctx)
{
	const struct arguments *a = ctx;

	rights_confine_offline(a->params.settings);
}

/* It is started first: there are no threads yet, and rights for it. */
static int run_with_suricata(struct arguments *a)
{
	struct suricata_params params = {
		.settings = a->params.settings,
		.settings_file = a->settings_file,
		.model = a->policy.model,
	};
	struct error error;
	int status = EXIT_USAGE;

	a->params.suricata = start_suricata(&params, &error);
	if (a->params.suricata)
		status = (int)replay_run(&a->params, report, a);
	else
		log_error("%s", error.text);
	stop_suricata(a->params.suricata, &params);
	return status;
}

static int run(struct arguments *a)
{
	/* A second signal ends the program at once: a read from a silent pipe may never end. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	no_effect_say(a->params.settings);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Readers of feeds may go, and the run goes on. */
	if (a->params.settings->feeds.count > 0)
		signal(SIGPIPE, SIG_IGN);
	if (!settings_suricata_is_on(&a->params.settings->detect.suricata))
		return (int)replay_run(&a->params, report, a);
	return run_with_suricata(a);
}

/* Adds files to the settings. Their paths are made absolute: those of the settings are relative to the settings
 * file. */
static bool add_files(const char *const *files, uint32_t n,
	int (*add)(struct settings *settings, const char *file, struct error *error),
	struct settings *settings, struct error *error)
{
	for (uint32_t i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (!realpath(files[i], path)) {
			error_set(error, "%s: cannot open: %s", files[i], strerror(errno));
			return false;
		}
		if (add(settings, path, error) != 0)
			return false;
	}
	return true;
}

static bool add_options(
	const struct arguments *a, struct settings *settings, struct error *error)
{
	return add_files(a->list_files, a->n_list_files, settings_add_list, settings, error) &&
	       add_files(a->rule_files, a->n_rule_files, settings_add_rules, settings, error);
}

/* false: they ask for what run alone can do. */
static bool is_for_replay(const struct settings *settings, struct error *error)
{
	if (settings->detect.suricata.attach == NULL)
		return true;
	error_set(error,
		"detect.suricata: attach: only run takes alerts of a Suricata that it has not "
		"started");
	return false;
}

/* false: it was said what is wrong with them. */
static bool load(struct arguments *a, struct settings *settings)
{
	const struct config_source from = {
		.file = a->settings_file, .set = a->set, .n_set = a->n_set};
	struct error error;

	a->policy.model = load_config(&from, settings, &error);
	if (!a->policy.model || !add_options(a, settings, &error) ||
		!is_for_replay(settings, &error) ||
		!suricata_check(settings, a->settings_file, &error) ||
		!load_knowledge(&from, settings, &a->policy, &error)) {
		log_error("%s", error.text);
		return false;
	}
	a->params.model = a->policy.model;
	a->params.lists = a->policy.lists;
	a->params.geo = a->policy.geo;
	return true;
}

/* Nothing that is read would be written to, and standard output has one writer; else it was said. */
static bool is_safe(const struct arguments *a)
{
	const struct distinct_files files = {
		.settings_file = a->settings_file,
		.settings = a->params.settings,
		.captures = a->params.captures,
		.n_captures = a->params.n_captures,
		.packet_file = a->params.packet_file,
		.output_dir = a->params.output_dir,
		.force = a->params.force,
	};

	return standard_output_suffices(a->params.settings, a->json, a->params.packet_file) &&
	       files_are_distinct(&files);
}

/* `-l none` is no directory: no files. false: the settings want some, which was said. */
static bool fits_output(struct arguments *a, struct settings *settings)
{
	if (strcmp(a->params.output_dir, "none") != 0)
		return true;
	if (settings->packets.record != RECORD_NONE) {
		log_error("-l none leaves no files, and packets.record wants some");
		return false;
	}
	a->params.output_dir = NULL;
	settings->events.file = false;
	settings->flow_logs.enabled = false;
	return true;
}

/* With the arguments understood: loads the settings and does what was asked. */
static int act(struct arguments *a, struct settings *settings)
{
	const struct config_source from = {
		.file = a->settings_file, .set = a->set, .n_set = a->n_set};
	int status = EXIT_USAGE, checked = EXIT_DONE;

	/* What check says, all errors of it. */
	if (a->check && a->settings_file) {
		checked = check_settings(&from, a->json);
		if (checked != EXIT_DONE || !a->dump)
			return checked;
	}
	settings_init(settings);
	if (load(a, settings) && fits_output(a, settings)) {
		status = EXIT_DONE;
		if (a->dump)
			settings_dump(settings, stdout);
		else if (!a->check)
			status = is_safe(a) ? run(a) : EXIT_USAGE;
	}
	policy_destroy(&a->policy);
	settings_fini(settings);
	return status;
}

int command_replay(int argc, char **argv)
{
	struct settings settings;
	struct arguments a = {
		.params =
			{
				.settings = &settings,
				.output_dir = "periscope-out",
				.input = DECAP_AUTO,
				.version = PERISCOPE_VERSION,
				.stop = stop_asked,
				.confine = confine,
				.progress = isatty(STDERR_FILENO),
			},
		.set = calloc((size_t)argc, sizeof(char *)),
		.list_files = calloc((size_t)argc, sizeof(char *)),
		.rule_files = calloc((size_t)argc, sizeof(char *)),
	};
	int status = EXIT_USAGE;

	if (a.set && a.list_files && a.rule_files && parse_arguments(&a, argc, argv)) {
		if (a.help)
			status = usage_help("replay");
		else
			status = act(&a, &settings);
	}
	free(a.rule_files);
	free(a.list_files);
	free(a.set);
	return status;
}
