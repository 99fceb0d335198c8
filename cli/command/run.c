/* periscope run: the live appliance. Options and settings, then dataplane/live/appliance.h, and the
 * signals: SIGTERM and SIGINT end it in order (a second one at once), SIGHUP reloads. */
#include "cli/command/check.h"
#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/load_config.h"
#include "cli/command/no_effect.h"
#include "cli/command/signals.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/control/control_plane.h"
#include "cli/control/notify.h"
#include "cli/rights/rights.h"
#include "cli/rights/start_suricata.h"
#include "cli/status/appliance_status.h"
#include "config/log/log.h"
#include "config/log/now.h"

#include "config/model/model.h"
#include "config/parse/plural.h"
#include "config/settings/settings.h"
#include "dataplane/live/appliance.h"
#include "inspect/output/output_dir.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "config/log/error.h"

enum { TICK_MS = 250 };

struct run {
	const char *settings_file, *output_dir;
	const char **set;
	uint32_t n_set;
	bool json, dump, check, help;
	struct settings settings;
	struct rights rights;
	bool gave_up;
	bool must_restart;         /* status 1, however well it ended */
	struct suricata *suricata; /* NULL: it is not wanted */
	struct appliance *appliance;
	struct control_plane *control_plane;
	size_t there; /* of the output directory's path, before the start */
	struct notify notify;
	/* Written by the main thread; read by whoever collects a status. */
	atomic_bool stopping;
	/* Written by the thread that reloads (main or control plane); read by whoever collects a status. */
	_Atomic uint64_t reloads, refused;
	int quit;                  /* eventfd: the control socket asks for the end */
	pthread_mutex_t reloading; /* SIGHUP and the control socket, one at a time */
};

static bool parse_option(struct run *run, int option)
{
	switch (option) {
	case 'c':
		run->settings_file = optarg;
		return true;
	case 'l':
		run->output_dir = optarg;
		return true;
	case 'j':
		run->json = true;
		return true;
	case 'T':
		run->check = true;
		return true;
	case OPT_SET:
		run->set[run->n_set++] = optarg;
		return true;
	case OPT_DUMP:
		run->dump = true;
		return true;
	case 'h':
		run->help = true;
		return true;
	default:
		return false;
	}
}

static bool parse_arguments(struct run *run, int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "run", argc, argv);
	while ((option = options_next(&options)) != 0)
		if (!parse_option(run, option))
			return false;
	if (optind == argc)
		return true;
	log_error("run takes no '%s'; see 'periscope run --help'", argv[optind]);
	return false;
}

/* Settings, model and lists, anew. false: `error` says why, and nothing is held. */
static bool load(const struct run *run, struct settings *settings, struct policy *policy,
	struct error *error)
{
	const struct config_source from = {
		.file = run->settings_file,
		.set = run->set,
		.n_set = run->n_set,
		.again = settings != &run->settings,
	};

	settings_init(settings);
	*policy = (struct policy){.model = load_config(&from, settings, error)};
	if (policy->model && load_knowledge(&from, settings, policy, error) &&
		suricata_check(settings, run->settings_file, error))
		return true;
	policy_destroy(policy);
	settings_fini(settings);
	return false;
}

static int reload(void *ctx, char *message, size_t size)
{
	struct run *run = ctx;
	struct settings settings;
	struct policy policy;
	struct error error;
	int result = -1;

	pthread_mutex_lock(&run->reloading);
	notify_reloading();
	if (load(run, &settings, &policy, &error)) {
		result = appliance_reload(run->appliance, &settings, policy, message, size);
		settings_fini(&settings);
	} else {
		snprintf(message, size, "%s", error.text);
	}
	notify_reloaded();
	pthread_mutex_unlock(&run->reloading);
	atomic_fetch_add(result == 0 ? &run->reloads : &run->refused, 1);
	return result;
}

static bool collect(void *ctx, struct status *out)
{
	struct run *run = ctx;

	out->stopping = run->stopping;
	out->reloads = run->reloads;
	out->reloads_refused = run->refused;
	return appliance_status(run->appliance, &run->settings, PERISCOPE_VERSION, out);
}

static void quit(void *ctx)
{
	const struct run *run = ctx;
	const uint64_t one = 1;

	(void)!write(run->quit, &one, sizeof(one));
}

static void reload_and_say(struct run *run)
{
	char message[APPLIANCE_MESSAGE];

	if (reload(run, message, sizeof(message)) != 0)
		log_error("not reloaded, nothing has changed: %s", message);
	else if (message[0])
		log_info("reloaded; %s", message);
	else
		log_info("reloaded");
}

static void report(void *ctx, const struct summary *summary)
{
	const struct run *run = ctx;

	if (run->json)
		summary_json(summary, stdout);
	else
		summary_tables(summary, standard_output_tables(&run->settings, NULL));
}

static void tick(struct run *run, struct control_plane *control_plane)
{
	struct health_result result;

	run->must_restart = !appliance_tick(run->appliance);
	control_plane_health(control_plane, &result);
	notify_look(&run->notify, &result, now_monotonic());
}

/* Until a signal or the control socket says to end, or an interface is there again. */
static void serve(struct run *run, struct control_plane *control_plane, int signals)
{
	struct pollfd waiting[] = {
		{.fd = signals, .events = POLLIN}, {.fd = run->quit, .events = POLLIN}};
	struct signalfd_siginfo info;

	for (;;) {
		int n = poll(waiting, 2, TICK_MS);

		tick(run, control_plane);
		if (run->must_restart)
			return;
		if (n <= 0)
			continue;
		if (waiting[1].revents)
			return;
		if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGHUP)
			return;
		reload_and_say(run);
	}
}

/* What runs, and where it can be asked. */
static void say_running(const struct run *run)
{
	uint32_t ports = appliance_ports(run->appliance);
	uint32_t workers = appliance_workers(run->appliance);
	const char *http = run->settings.control.http;
	uint32_t tcp = run->settings.control.health_tcp;
	char health[16] = "off";

	if (tcp > 0)
		snprintf(health, sizeof(health), "%u", tcp);
	log_info("running: %u port%s, %u worker%s; health and metrics %s%s, TCP health %s, "
		 "output %s",
		ports, plural(ports), workers, plural(workers), *http ? "http://" : "",
		*http ? http : "off", health, run->output_dir);
}

/* With the control plane up; false: it could not be, and `error` says why. */
static bool serve_with_plane(struct run *run, int signals, struct error *error)
{
	if (!control_plane_start(run->control_plane, error))
		return false;
	say_running(run);
	notify_ready(appliance_ports(run->appliance), appliance_workers(run->appliance));
	serve(run, run->control_plane, signals);
	notify_stopping();
	run->stopping = true;
	return true;
}

/* The output directory is ours, and nothing in it has changed: what cannot be had is said now. */
static bool bind_plane(void *ctx, struct error *error)
{
	struct run *run = ctx;
	const struct control_plane_params params = {
		.settings = &run->settings,
		.directory = run->output_dir,
		.provider = {run, collect, reload, quit},
	};

	run->control_plane = control_plane_bind(&params, error);
	return run->control_plane != NULL;
}

/* Devices are open, packets wait, and nothing of them was looked at. */
static bool give_up_rights(void *ctx, struct error *error)
{
	struct run *run = ctx;

	if (!rights_give_up(&run->rights, error))
		return false;
	run->gave_up = true;
	rights_say(&run->rights);
	rights_say_unreadable(run->settings_file, &run->settings);
	return true;
}

/* What would have helped; the one sentence is the last. */
static void say_failed(const struct run *run, const struct error *error)
{
	if (!run->gave_up)
		rights_say_missing(&run->settings);
	else
		rights_say_unwritable(run->output_dir);
	log_error("%s", error->text);
}

/* From its start to its end, with signals as reads from `fd`. */
static bool live(struct run *run, struct policy policy, int fd, const sigset_t *signals)
{
	const struct appliance_params params = {
		.settings = &run->settings,
		.output_dir = run->output_dir,
		.version = PERISCOPE_VERSION,
		.opened = give_up_rights,
		.claimed = bind_plane,
		.suricata = run->suricata,
		.ctx = run,
	};
	struct error error = {0};
	bool started;

	run->appliance = appliance_start(&params, policy, &error);
	started = run->appliance && serve_with_plane(run, fd, &error);
	control_plane_stop(run->control_plane);
	if (started) {
		signals_release(signals);
		return appliance_stop(run->appliance, report, run) && !run->must_restart;
	}
	appliance_abandon(run->appliance);
	say_failed(run, &error);
	output_dir_forget(run->output_dir, run->there);
	return false;
}

static int run_appliance(struct run *run, struct policy policy)
{
	sigset_t signals;
	int fd = signals_block(&signals);
	bool ok;

	no_effect_say(&run->settings);
	notify_begin(&run->notify);
	run->quit = eventfd(0, EFD_CLOEXEC);
	if (fd < 0 || run->quit < 0) {
		log_error("no descriptor for signals: %s", strerror(errno));
		policy_destroy(&policy);
		return EXIT_FAILED;
	}
	ok = live(run, policy, fd, &signals);
	close(run->quit);
	close(fd);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static bool is_safe(const struct run *run)
{
	const struct distinct_files files = {
		.settings_file = run->settings_file,
		.settings = &run->settings,
		.output_dir = run->output_dir,
	};

	return standard_output_suffices(&run->settings, run->json, NULL) &&
	       files_are_distinct(&files);
}

/* Suricata is started first: there are no threads yet, and rights for it. */
static int run_with_suricata(struct run *run, struct policy policy)
{
	struct suricata_params params = {
		.settings = &run->settings,
		.settings_file = run->settings_file,
		.model = policy.model,
		.is_live = true,
	};
	struct error error;
	int status = EXIT_USAGE;

	if (!settings_suricata_is_on(&run->settings.detect.suricata))
		return run_appliance(run, policy);
	run->suricata = start_suricata(&params, &error);
	if (run->suricata) {
		status = run_appliance(run, policy);
	} else {
		log_error("%s", error.text);
		policy_destroy(&policy);
	}
	stop_suricata(run->suricata, &params);
	return status;
}

static int run_with_rights(struct run *run, struct policy policy)
{
	struct error error;
	int status = EXIT_USAGE;

	run->there = output_dir_there(run->output_dir);
	if (rights_plan(&run->rights, &run->settings, &error)) {
		status = EXIT_FAILED;
		if (rights_prepare(&run->rights, run->output_dir, &error))
			return run_with_suricata(run, policy);
	}
	log_error("%s", error.text);
	policy_destroy(&policy);
	return status;
}

static int act(struct run *run)
{
	const struct config_source from = {
		.file = run->settings_file, .set = run->set, .n_set = run->n_set};
	struct error error;
	struct policy policy;
	int status = EXIT_DONE;

	if (run->check && run->settings_file)
		return check_settings(&from, run->json);
	if (!load(run, &run->settings, &policy, &error)) {
		log_error("%s", error.text);
		return EXIT_USAGE;
	}
	if (run->dump)
		settings_dump(&run->settings, stdout);
	if (!run->dump && !run->check && !is_safe(run))
		status = EXIT_USAGE;
	if (run->dump || run->check || status != EXIT_DONE)
		policy_destroy(&policy);
	else
		status = run_with_rights(run, policy);
	settings_fini(&run->settings);
	return status;
}

int command_run(int argc, char **argv)
{
	struct run run = {
		.output_dir = "periscope-out",
		.set = calloc((size_t)argc, sizeof(char *)),
		.reloading = PTHREAD_MUTEX_INITIALIZER,
	};
	int status = EXIT_USAGE;

	if (run.set && parse_arguments(&run, argc, argv)) {
		if (run.help)
			status = usage_help("run");
		else
			status = act(&run);
	}
	free(run.set);
	return status;
}
