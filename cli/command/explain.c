/* periscope explain: which session, rule and decision a packet gets, and why. Asks the compiled
 * matcher that the dataplane uses and the naive evaluator beside it; should they ever differ, it
 * says so and fails. */
#include "cli/command/explain.h"
#include "cli/command/command.h"
#include "cli/command/load_config.h"
#include "cli/command/packet_text.h"
#include "cli/command/usage.h"
#include "cli/rights/rights.h"
#include "config/log/log.h"

#include "dataplane/capture/input.h"
#include "dataplane/port/eal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum { EAL_MEMORY_MB = 512, ERROR = 512 };

struct arguments {
	const char *settings, *words, *capture, *interface, *source, *number, *vni, *network;
	const char **set; /* KEY=VALUE; room for as many as there are arguments */
	uint32_t n_set;
	bool json;
};

/* ---- the session ---- */

static bool is_session_named(const struct arguments *a)
{
	return a->vni || a->source || a->network;
}

static bool parse_id(
	const char *option, const char *text, uint32_t max, uint32_t *id, struct error *error)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*id = (uint32_t)n;
	if (*text >= '0' && *text <= '9' && *end == '\0' && n <= max)
		return true;
	error_set(error, "%s: '%s' is not a number from 0 to %u", option, text, max);
	return false;
}

/* --vni and --source name the session, as the outer headers of a mirror packet do. */
static bool session_by_arguments(
	struct explained *e, const struct arguments *a, struct error *error)
{
	if (!a->vni || !a->source) {
		error_set(error, "--vni and --source go together");
		return false;
	}
	if (!parse_id("--vni", a->vni, 0xffffff, &e->packet.vni, error))
		return false;
	if (a->network) {
		if (!parse_id(
			    "--network", a->network, NETWORK_ID_MAX, &e->packet.network, error))
			return false;
		e->packet.network += NETWORK_NAMED;
	}
	if (!ip_addr_parse(a->source, &e->packet.outer_src)) {
		error_set(error, "--source: '%s' is not an address", a->source);
		return false;
	}
	e->packet.flags |= PACKET_HAS_VNI;
	return true;
}

/* The only interface that is the source of a session. */
static const struct model_interface *interface_by_default(
	const struct explained *e, struct error *error)
{
	const struct model_interface *only = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < e->model->n_interfaces; i++) {
		if (e->model->interfaces[i].n_sessions == 0)
			continue;
		only = &e->model->interfaces[i];
		count++;
	}
	if (count == 1)
		return only;
	error_set(error,
		"the settings have sessions of %u interfaces: name one with --interface, or a "
		"session with --vni and --source",
		count);
	return NULL;
}

static const struct model_interface *interface_by_name(
	const struct explained *e, const char *id, struct error *error)
{
	const struct model_interface *interface = model_interface_find(e->model, id);

	if (interface && interface->n_sessions > 0)
		return interface;
	error_set(error, "--interface: %s is %s", id,
		interface ? "the source of no session" : "not in the settings");
	return NULL;
}

/* Where the packet is looked at: in a session, or at an interface. */
static bool find_place(struct explained *e, const struct arguments *a, struct error *error)
{
	bool is_named = is_session_named(a);

	if (is_named && !session_by_arguments(e, a, error))
		return false;
	if (is_named || (!a->interface && e->packet.flags & PACKET_HAS_VNI))
		return true;
	e->interface = a->interface ? interface_by_name(e, a->interface, error)
				    : interface_by_default(e, error);
	if (!e->interface)
		return false;
	e->packet.outer_src = e->interface->primary;
	e->packet.flags |= PACKET_HAS_VNI;
	return true;
}

/* ---- the command ---- */

static int explain_with(struct explained *e, const struct arguments *a, struct input *input,
	struct error *error)
{
	int status = EXIT_DONE;

	if (input)
		status = explained_read(
			e, input, a->number, is_session_named(a) || a->interface, error);
	else if (!packet_text_parse(a->words, &e->packet, error))
		status = EXIT_USAGE;
	if (status != EXIT_DONE)
		return status;
	e->is_mirrored = input && e->packet.flags & PACKET_HAS_VNI;
	if (e->reason == REASON_inspected || e->is_mirrored || is_session_named(a) ||
		a->interface) {
		if (!find_place(e, a, error))
			return EXIT_USAGE;
		if (!explained_judge(e)) {
			error_set(error, "not enough memory");
			return EXIT_FAILED;
		}
	}
	if (!explained_agrees(e)) {
		error_set(error, "the compiled rules and the evaluator differ on this packet");
		return EXIT_FAILED;
	}
	if (a->json)
		explained_json(e);
	else
		explained_text(e);
	return EXIT_DONE;
}

static int with_snapshot(struct explained *e, const struct arguments *a, struct error *error)
{
	struct snapshot *snapshot;
	struct input *input = NULL;
	int status = EXIT_FAILED;

	if (eal_start_offline(EAL_MEMORY_MB, error) != 0)
		return EXIT_FAILED;
	snapshot = snapshot_create(e->model, NULL, e->settings, 1, 1, error);
	e->snapshot = snapshot;
	if (a->capture)
		rights_confine_offline(e->settings);
	if (snapshot && a->capture)
		input = input_open(&a->capture, 1, NULL, error);
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
	const struct config_source from = {
		.file = a->settings, .set = a->set, .n_set = a->n_set};
	struct error error = {0};
	struct explained e = {.settings = &settings};
	struct model *model;
	int status = EXIT_USAGE;

	settings_init(&settings);
	model = load_config(&from, &settings, &error);
	e.model = model;
	if (model)
		status = with_snapshot(&e, a, &error);
	if (error.text[0] && status != EXIT_DONE)
		log_error("%s", error.text);
	free(e.answers);
	model_destroy(model);
	settings_fini(&settings);
	return status;
}

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
	case OPT_INTERFACE:
		a->interface = optarg;
		return true;
	case OPT_SET:
		a->set[a->n_set++] = optarg;
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

static bool parse_arguments(struct arguments *a, int argc, char **argv, int *option)
{
	struct options options;

	options_begin(&options, "explain", argc, argv);
	while ((*option = options_next(&options)) != 0)
		if (!parse_option(a, *option))
			return false;
	return a->settings && optind == argc && !a->words != !(a->capture && a->number) &&
	       !(a->interface && is_session_named(a));
}

int command_explain(int argc, char **argv)
{
	struct arguments a = {.set = calloc((size_t)argc, sizeof(char *))};
	int option = 0, status = EXIT_USAGE;

	if (!a.set) {
		log_error("not enough memory");
		status = EXIT_FAILED;
	} else if (parse_arguments(&a, argc, argv, &option)) {
		status = explain(&a);
	} else {
		status = usage_instead("explain", option);
	}
	free(a.set);
	return status;
}
