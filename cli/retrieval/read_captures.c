#include <inttypes.h>
#include <stdlib.h>

#include "cli/command/command.h"
#include "cli/retrieval/read_inside.h"
#include "config/log/log.h"
#include "config/parse/plural.h"
#include "dataplane/capture/input.h"
#include "dataplane/retrieval/needs.h"
#include "dataplane/retrieval/newest.h"
#include "dataplane/retrieval/picks.h"

enum {
	AROUND_NS = 1000000000
}; /* how far the clock of an event may be from that of the packets */

static bool pause_none(void *ctx)
{
	struct read *read = ctx;

	return !read->too_many && !read->stop();
}

static bool take_span(void *ctx, const struct retrieved *packet)
{
	struct read *read = ctx;

	read->too_many = !covering_add(read->spans, packet);
	return !read->too_many;
}

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

/* Where an index says that little of a capture can be meant, that alone is read. */
static struct picks *pick(struct read *read, struct input *input)
{
	const struct sources *s = &read->sources;
	struct picks *picks = input ? calloc(s->n, sizeof(*picks)) : NULL;
	struct needs *needs = picks ? malloc(sizeof(*needs)) : NULL;

	if (!needs)
		return picks;
	question_needs(read->question, needs);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct picks_of of = {
			s->paths[i], s->recorded[i], read->settings, read->arguments->mode};
		struct error why;

		picks_find(&picks[i], &of, needs, &why);
		if (why.text[0] && !read->told_index)
			log_info("%s: all of the capture is read", why.text);
		if (!picks[i].all && !input_pick(input, i, picks[i].at, picks[i].n))
			picks_fini(&picks[i]);
	}
	read->told_index = true;
	free(needs);
	return picks;
}

static void forget(struct picks *picks, uint32_t n)
{
	for (uint32_t i = 0; picks && i < n; i++)
		picks_fini(&picks[i]);
	free(picks);
}

/* One way through all captures. false: it could not be gone, or not to the end, which was said. */
static bool pass(struct read *read, bool (*take_one)(void *, const struct retrieved *),
	bool (*pause)(void *), bool say)
{
	struct sources *s = &read->sources;
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
	struct picks *picks;
	uint64_t backwards = 0;
	bool good;

	if (params.input)
		sources_learn(s, params.input);
	params.picks = picks = pick(read, params.input);
	good = params.input && retrieval_run(&params, &backwards, &error);

	if (!good)
		log_error("%s", error.text);
	if (say && backwards > 0)
		log_info("time goes back %" PRIu64
			 " time%s in what was found: more than a second, "
			 "as a clock that was set",
			backwards, plural(backwards));
	if (params.input && say)
		good = say_wrong(read, params.input) && good;
	input_close(params.input);
	forget(picks, s->n);
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
bool read_look_ahead(struct read *read)
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

bool read_captures(struct read *read)
{
	return pass(read, read_take, read_pause, true);
}
