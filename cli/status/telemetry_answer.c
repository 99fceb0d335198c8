#include "cli/status/telemetry_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status/answer.h"
#include "cli/status/health_check.h"
#include "config/log/error.h"
#include "dataplane/live/telemetry.h"
#include "inspect/record/json.h"

/* Rows of a list in one answer: they fit DPDK's 16 KiB. */
enum { ROWS = 16 };

/* A part of a request's JSON. */
struct part {
	const char *request, *member; /* NULL: single values at the top */
};

static bool answer_part(void *ctx, const struct telemetry_command *command,
	const char *argument, struct telemetry_object to);

/* Beside `commands`, row by row. */
static const struct part parts[] = {
#define COMMAND(name, request, member, help) {request, member},
#include "cli/status/telemetry_answer.def"
#undef COMMAND
};

static const struct telemetry_command commands[] = {
#define COMMAND(name, request, member, help) {"/periscope/" name, help, answer_part},
#include "cli/status/telemetry_answer.def"
#undef COMMAND
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

enum { DEPTH_MAX = 8 };

/* What is asked of an answer while its members pass by: depth 1 is the answer itself, 2 its parts. */
struct asking {
	const char *member;
	uint32_t from;           /* rows of a list before it are left out */
	bool counting;           /* rows alone */
	uint32_t depth, skipped; /* left out from that depth on; 0: nothing is */
	struct level {
		struct telemetry_object to;
		bool is_list;
		uint32_t n; /* members so far */
	} levels[DEPTH_MAX];
};

/* Whether the next member of the level is asked for; the list's get their index for a name. */
static const char *name_next(struct asking *a, const char *key, char room[16])
{
	struct level *level = &a->levels[a->depth];
	uint32_t index = level->n++;

	if (a->depth == 1 && a->member && (!key || strcmp(key, a->member) != 0))
		return NULL;
	if (!level->is_list)
		return key;
	if (a->depth == 2 && a->member &&
		(a->counting || index < a->from || index >= a->from + ROWS))
		return NULL;
	snprintf(room, 16, "%" PRIu32, index);
	return room;
}

/* Objects and lists in an answer that is asked for whole: what is wrong. */
static bool is_asked(const struct asking *a, const char *name)
{
	return name && (a->depth > 1 || a->member || strcmp(name, "wrong") == 0);
}

static void ask_open(void *ctx, const char *key, char bracket)
{
	struct asking *a = ctx;
	struct level *outer = &a->levels[a->depth], *inner = outer + 1;
	char room[16];
	const char *name = NULL;

	if (a->skipped == 0 && a->depth > 0)
		name = name_next(a, key, room);
	if (a->skipped == 0 && a->depth > 0 && !is_asked(a, name))
		a->skipped = a->depth + 1;
	if (a->skipped == 0) {
		bool is_part = a->depth == 0 || (a->depth == 1 && a->member);

		*inner = (struct level){.is_list = bracket == '['};
		inner->to = is_part ? outer->to : telemetry_within(outer->to, name);
	}
	a->depth++;
}

static void ask_close(void *ctx)
{
	struct asking *a = ctx;

	if (a->skipped == a->depth)
		a->skipped = 0;
	a->depth--;
}

static void ask_number(void *ctx, const char *key, uint64_t n)
{
	struct asking *a = ctx;
	char room[16];
	const char *name = a->skipped ? NULL : name_next(a, key, room);

	if (name && (a->depth > 1 || !a->member))
		telemetry_u64(a->levels[a->depth].to, name, n);
}

static void ask_text(void *ctx, const char *key, const char *text)
{
	struct asking *a = ctx;
	char room[16];
	const char *name = a->skipped ? NULL : name_next(a, key, room);

	if (name && (a->depth > 1 || !a->member))
		telemetry_text(a->levels[a->depth].to, name, text);
}

/* Once for its rows to be counted, once more for those of a list that are asked for. */
static void put_part(const struct answer_kind *kind, const struct status *status,
	const struct health_result *result, struct asking *a)
{
	const struct json_taker taker = {ask_open, ask_close, ask_number, ask_text, a};
	struct telemetry_object to = a->levels[0].to;
	struct json j = {.taker = &taker};

	a->counting = true;
	a->levels[0].to = (struct telemetry_object){NULL};
	kind->json(status, result, &j);
	if (a->levels[2].is_list && a->member) {
		telemetry_u64(to, "total", a->levels[2].n);
		telemetry_u64(to, "from", a->from);
	}
	a->counting = false;
	a->levels[0].to = to;
	kind->json(status, result, &j);
}

static bool answer_part(void *ctx, const struct telemetry_command *command,
	const char *argument, struct telemetry_object to)
{
	const struct part *part = &parts[command - commands];
	const struct answer_kind *kind = answer_find(part->request);
	struct asking asking = {
		.member = part->member, .from = (uint32_t)strtoul(argument, NULL, 10)};
	struct status status;
	struct health_result result;
	bool collected;

	/* What drivers count stands under /ethdev/xstats. */
	status_init(&status, kind->parts & ~(unsigned)STATUS_XSTATS);
	collected = health_check_collect(ctx, &status);
	health_check_latest(ctx, &result);
	asking.levels[0].to = to;
	if (collected)
		put_part(kind, &status, &result, &asking);
	status_fini(&status);
	return collected;
}

bool telemetry_answer_start(struct health_check *health_check, struct error *error)
{
	if (telemetry_begin(commands, COMMANDS, health_check))
		return true;
	error_set(error, "control.telemetry: DPDK did not take the commands");
	return false;
}

void telemetry_answer_stop(void)
{
	telemetry_end();
}
