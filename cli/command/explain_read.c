/* The packet that explain takes from a capture. */
#include "cli/command/command.h"
#include "cli/command/explain.h"

#include "dataplane/pipeline/lane.h"
#include "decap/decap.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"

/* What the packets before it leave behind in a worker, as far as verdicts depend on it. */
struct past {
	struct decap_params decap;
	bool plain;
	struct session_table *sessions;
	struct fragment_table *fragments;
};

static bool past_begin(struct past *past, const struct explained *e, bool plain)
{
	past->decap = lane_decap_params(e->settings);
	past->plain = plain;
	past->sessions = lane_sessions(e->settings);
	past->fragments = lane_fragments(e->settings, 0);
	if (!past->sessions || !past->fragments)
		return false;
	session_table_bind(past->sessions, e->model);
	return true;
}

static void past_end(struct past *past)
{
	session_table_destroy(past->sessions);
	fragment_table_destroy(past->fragments);
}

/* In the order of the pipeline: a refused session teaches nothing. */
static enum reason past_packet(struct past *past, struct packet *p, bool learn)
{
	enum reason why = past->plain ? decap_plain(p) : decap_mirror(&past->decap, p);

	if (!session_table_packet(past->sessions, p, learn))
		return why;
	if (why == REASON_inspected && p->flags & PACKET_FRAGMENT &&
		!fragment_table_packet(past->fragments, p))
		p->flags |= PACKET_NO_PORTS;
	return why;
}

static bool read_on(
	struct explained *e, struct past *past, struct input *input, unsigned long long number)
{
	struct input_packet in;

	while (input_next(input, &in)) {
		e->packet = (struct packet){.data = in.data,
			.cap = in.cap,
			.wire = in.wire,
			.time_ns = in.time_ns,
			.number = in.number,
			.link = in.link};
		e->reason = past_packet(past, &e->packet, e->snapshot->learn);
		if (in.number == number)
			return true;
	}
	return false;
}

int explained_read(struct explained *e, struct input *input, const char *number, bool plain,
	struct error *error)
{
	struct past past = {.sessions = NULL};
	char *end;
	unsigned long long n = strtoull(number, &end, 10);
	int status = EXIT_FAILED;

	if (*number < '0' || *number > '9' || *end || n == 0) {
		error_set(error, "-n: '%s' is not a packet number, counted from 1", number);
		return EXIT_USAGE;
	}
	if (!past_begin(&past, e, plain))
		error_set(error, "not enough memory");
	else if (read_on(e, &past, input, n))
		status = EXIT_DONE;
	else if (input_error_count(input) > 0)
		error_set(error, "%s", input_error(input, 0));
	else
		error_set(error, "%s has no packet %llu", input_name(input, 0), n);
	past_end(&past);
	return status;
}
