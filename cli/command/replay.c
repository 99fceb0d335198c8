/* periscope replay: options, then dataplane/replay/replay.h, then the summary on the terminal. */
#include "cli/command/check.h"
#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/load_config.h"
#include "cli/command/no_effect.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/rights/rights.h"
#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/text.h"

#include "config/settings/settings.h"
#include "dataplane/replay/replay.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arguments {
	struct replay_params params;
	const char *settings_file;
	const char **set; /* --set values, in order */
	uint32_t n_set;
	const char **list_files; /* --list, in order; relative to here */
	uint32_t n_list_files;
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

static bool parse_workers(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n < 1 || n > 64 || text[0] == '-') {
		log_error("--workers: '%s' is not a number from 1 to 64", text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

static bool parse_input(const char *text, enum decap_mode *out)
{
	static const struct {
		const char *name;
		enum decap_mode mode;
	} kinds[] = {{"auto", DECAP_AUTO}, {"mirror", DECAP_MIRROR}, {"plain", DECAP_PLAIN}};

	for (int i = 0; i < 3; i++) {
		if (strcmp(text, kinds[i].name) == 0) {
			*out = kinds[i].mode;
			return true;
		}
	}
	log_error("--input: '%s' is none of auto, mirror, plain", text);
	return false;
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
		return parse_workers(optarg, &a->params.n_workers);
	case OPT_INPUT:
		return parse_input(optarg, &a->params.input);
	case OPT_INNER:
		a->params.inner = optarg;
		return true;
	case OPT_LIST:
		a->list_files[a->n_list_files++] = optarg;
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

static bool exists(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || stat(path, &st) == 0;
}

/* As tcpdump has it, an expression may follow the captures: the last argument is one when others
 * stand before it, no file has that name, and it does not look like a path. */
static bool is_expression(const char *text)
{
	return !exists(text) && (strchr(text, ' ') || !strpbrk(text, "./"));
}

/* Words that an expression begins with or is put together from (pcap-filter(7)). */
static bool is_primitive(const char *text)
{
	static const char *const words[] = {"host", "net", "port", "portrange", "src", "dst",
		"tcp", "udp", "sctp", "icmp", "icmp6", "ip", "ip6", "arp", "rarp", "ether",
		"proto", "gateway", "greater", "less", "len", "vlan", "mpls", "geneve",
		"broadcast", "multicast", "not", "and", "or", "!"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* The shell has made several arguments of an expression: says so, with what it should have been. */
static bool is_unquoted(char *const *arguments, int n)
{
	char expression[ERROR_TEXT];
	struct text t = text_make(expression, sizeof(expression) - 1);
	int at = 0;

	while (at < n && !(is_primitive(arguments[at]) && !exists(arguments[at])))
		at++;
	if (at >= n - 1)
		return false;
	for (int i = at; i < n; i++) {
		text_cstr(&t, i > at ? " " : "");
		text_cstr(&t, arguments[i]);
	}
	*t.at = '\0';
	log_error("'%s' is no file; an expression of several words is one argument, so quote "
		  "it: '%s'",
		arguments[at], expression);
	return true;
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
	if (is_unquoted(argv + optind, argc - optind))
		return false;
	if (argc - optind > 1 && is_expression(argv[argc - 1]))
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
	return (int)replay_run(&a->params, report, a);
}

/* Their paths are made absolute: those of the settings are relative to the settings file. */
static bool add_lists(const struct arguments *a, struct settings *settings, struct error *error)
{
	for (uint32_t i = 0; i < a->n_list_files; i++) {
		char path[PATH_MAX];

		if (!realpath(a->list_files[i], path)) {
			error_set(error, "%s: cannot open: %s", a->list_files[i],
				strerror(errno));
			return false;
		}
		if (settings_add_list(settings, path, error) != 0)
			return false;
	}
	return true;
}

/* false: it was said what is wrong with them. */
static bool load(struct arguments *a, struct settings *settings)
{
	const struct config_source from = {
		.file = a->settings_file, .set = a->set, .n_set = a->n_set};
	struct error error;

	a->policy.model = load_config(&from, settings, &error);
	if (!a->policy.model || !add_lists(a, settings, &error) ||
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
	};
	int status = EXIT_USAGE;

	if (a.set && a.list_files && parse_arguments(&a, argc, argv)) {
		if (a.help)
			status = usage_help("replay");
		else
			status = act(&a, &settings);
	}
	free(a.list_files);
	free(a.set);
	return status;
}
