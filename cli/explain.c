/* periscope explain: which session, rule and decision a packet gets, and why. Asks the compiled
 * matcher that the dataplane uses and the naive evaluator beside it; should they ever differ, it
 * says so and fails. */
#include "cli/explain.h"
#include "cli/command.h"
#include "cli/configured.h"
#include "cli/rights.h"
#include "cli/words.h"

#include "dataplane/eal.h"
#include "dataplane/input.h"
#include "decap/direction.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: periscope explain -c FILE [-j] [--vni N --source IP [--network N]] --packet WORDS\n"
	"       periscope explain -c FILE [-j] [--vni N --source IP [--network N]] -r CAPTURE -n K\n"
	"\n"
	"Says which session, rule and decision a packet gets, and why.\n"
	"\n"
	"  -c FILE         settings (YAML)\n"
	"  --packet WORDS  '[ingress|egress] tcp 10.0.0.1:4242 > 10.0.1.9:443'\n"
	"  -r FILE -n K    packet K of a capture; a mirror packet names its session itself\n"
	"  --vni N         the session's VNI and\n"
	"  --source IP     outer source; without them the settings must leave only one "
	"session\n"
	"  --network N     the network id beside the VNI, where the session has one\n"
	"  -j              JSON\n"
	"\n"
	"exit status: 0 explained; 1 could not read; 2 wrong usage or settings\n";

enum { EAL_MEMORY_MB = 512, ERROR = 512 };

struct arguments {
	const char *settings, *words, *capture, *source, *number, *vni, *network;
	bool json;
};

/* ---- the session ---- */

static bool parse_id(
	const char *option, const char *text, uint32_t max, uint32_t *id, char *error)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*id = (uint32_t)n;
	if (*text >= '0' && *text <= '9' && *end == '\0' && n <= max)
		return true;
	snprintf(error, ERROR, "%s: '%s' is not a number from 0 to %u", option, text, max);
	return false;
}

/* --vni and --source name the session, as the outer headers of a mirror packet do. */
static bool session_by_arguments(struct explained *e, const struct arguments *a, char *error)
{
	if (!a->vni || !a->source) {
		snprintf(error, ERROR, "--vni and --source go together");
		return false;
	}
	if (!parse_id("--vni", a->vni, 0xffffff, &e->packet.vni, error))
		return false;
	if (a->network) {
		if (!parse_id("--network", a->network, NETWORK_ID_MAX, &e->packet.network,
			    error))
			return false;
		e->packet.network += NETWORK_NAMED;
	}
	if (!ip_addr_parse(a->source, &e->packet.outer_src)) {
		snprintf(error, ERROR, "--source: '%s' is not an address", a->source);
		return false;
	}
	e->packet.flags |= PACKET_HAS_VNI;
	return true;
}

static bool session_by_default(struct explained *e, char *error)
{
	if (e->model->n_sessions != 1) {
		snprintf(error, ERROR,
			"the settings have %u sessions: name one with --vni and --source",
			e->model->n_sessions);
		return false;
	}
	e->packet.key = e->model->sessions[0].key;
	e->packet.flags |= PACKET_HAS_VNI;
	return true;
}

static bool find_session(struct explained *e, const struct arguments *a, char *error)
{
	enum direction_by by = DIRECTION_BY_NOTHING;

	if (a->vni || a->source || a->network) {
		if (!session_by_arguments(e, a, error))
			return false;
	} else if (!(e->packet.flags & PACKET_HAS_VNI) && !session_by_default(e, error)) {
		return false;
	}
	e->session = model_session_of(e->model, &e->packet.key);
	if (e->packet.direction != DIRECTION_UNKNOWN)
		e->direction_by = "given";
	/* As in the pipeline: the session first, then what the packet holds. */
	if (!e->session && !e->snapshot->learn)
		e->reason = REASON_session_unknown;
	if (e->reason != REASON_inspected || e->direction_by)
		return true;
	e->packet.direction =
		direction_of(&e->packet, e->session ? e->session->interface : NULL, &by);
	e->direction_by = direction_by_name(by);
	return true;
}

/* ---- the verdict ---- */

static void judge(struct explained *e)
{
	if (e->reason != REASON_inspected)
		return;
	e->judged = judge_begin(e->snapshot, e->session, &e->packet, &e->job, &e->reason);
	if (!e->judged)
		return;
	filter_burst(e->snapshot->filter, &e->job, 1);
	e->reason = judge_end(&e->packet, &e->job);
}

/* The second opinion. */
static bool evaluator_agrees(const struct explained *e)
{
	struct evaluate_packet view = explained_view(e);
	struct evaluate_verdict naive;

	if (!e->judged)
		return true;
	naive = evaluate(e->job.filter, e->job.vpc, explained_direction(e), &view);
	if (naive.accept != e->job.accept)
		return false;
	return naive.by != EVALUATE_BY_RULE ||
	       (e->job.by == FILTER_BY_RULE &&
		       filter_rule(e->snapshot->filter, e->job.rule) == naive.rule);
}

/* ---- the command ---- */

static int explain_with(
	struct explained *e, const struct arguments *a, struct input *input, char *error)
{
	int status = EXIT_DONE;

	if (input)
		status = explained_read(e, input, a->number, a->vni || a->source || a->network, error,
			ERROR);
	else if (!words_parse(a->words, &e->packet, error, ERROR))
		status = EXIT_USAGE;
	if (status != EXIT_DONE)
		return status;
	if (e->reason == REASON_inspected || e->packet.flags & PACKET_HAS_VNI) {
		if (!find_session(e, a, error))
			return EXIT_USAGE;
		judge(e);
	}
	if (!evaluator_agrees(e)) {
		snprintf(error, ERROR,
			"the compiled rules and the evaluator differ on this packet");
		return EXIT_FAILED;
	}
	if (a->json)
		explained_json(e);
	else
		explained_text(e);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int with_snapshot(struct explained *e, const struct arguments *a, char *error)
{
	struct snapshot *snapshot;
	struct input *input = NULL;
	int status = EXIT_FAILED;

	if (eal_start_offline(EAL_MEMORY_MB, error, ERROR) != 0)
		return EXIT_FAILED;
	snapshot = snapshot_create(e->model, e->settings, 1, 1, error, ERROR);
	e->snapshot = snapshot;
	if (a->capture)
		rights_confine_offline(e->settings);
	if (snapshot && a->capture)
		input = input_open(&a->capture, 1, NULL, error, ERROR);
	if (snapshot && (input || !a->capture))
		status = explain_with(e, a, input, error);
	input_close(input);
	snapshot_destroy(snapshot);
	eal_stop();
	return status;
}

static int explain(const struct arguments *a)
{
	struct settings settings;
	const struct configured_from from = {.file = a->settings};
	char error[ERROR] = "";
	struct explained e = {.settings = &settings};
	struct model *model;
	int status = EXIT_USAGE;

	settings_init(&settings);
	model = configured_load(&from, &settings, error, sizeof(error));
	e.model = model;
	if (model)
		status = with_snapshot(&e, a, error);
	if (error[0] && status != EXIT_DONE)
		fprintf(stderr, "periscope: %s\n", error);
	model_destroy(model);
	settings_fini(&settings);
	return status;
}

enum { OPT_PACKET = 256, OPT_VNI, OPT_SOURCE, OPT_NETWORK, OPT_HELP };

static const struct option options[] = {
	{"packet", required_argument, NULL, OPT_PACKET},
	{"vni", required_argument, NULL, OPT_VNI},
	{"source", required_argument, NULL, OPT_SOURCE},
	{"network", required_argument, NULL, OPT_NETWORK},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static bool parse_option(struct arguments *a, int option)
{
	switch (option) {
	case 'c':
		a->settings = optarg;
		return true;
	case 'r':
		a->capture = optarg;
		return true;
	case 'n':
		a->number = optarg;
		return true;
	case 'j':
		a->json = true;
		return true;
	case OPT_PACKET:
		a->words = optarg;
		return true;
	case OPT_VNI:
		a->vni = optarg;
		return true;
	case OPT_SOURCE:
		a->source = optarg;
		return true;
	case OPT_NETWORK:
		a->network = optarg;
		return true;
	default:
		return false;
	}
}

int command_explain(int argc, char **argv)
{
	struct arguments a = {0};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:r:n:j", options, NULL)) != -1) {
		if (parse_option(&a, option))
			continue;
		fputs(usage, option == OPT_HELP ? stdout : stderr);
		return option == OPT_HELP ? EXIT_DONE : EXIT_USAGE;
	}
	if (a.settings && optind == argc && !a.words != !(a.capture && a.number))
		return explain(&a);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
