#include "decap/counters/counters.h"

#include <stdio.h>
#include <string.h>

static const struct counter rows[] = {
#define ROW(type, member, places, metric, unit, head, help) \
	{COUNTERS_##type, places, offsetof(struct type, member), #member, metric, unit, head, \
		help},
#define SET(type, ...) ROWS_##type(ROW, type)
	COUNTER_SETS(SET)
#undef SET
	/* the end */
	{.set = COUNTER_SETS_N}};

/* Rows are words, so that a struct's size says how many it has. */
enum {
#define SET(type, ...) \
	FIRST_##type, LAST_##type = FIRST_##type + sizeof(struct type) / sizeof(uint64_t) - 1,
	COUNTER_SETS(SET)
#undef SET
};

static const size_t first[COUNTER_SETS_N] = {
#define SET(type, ...) [COUNTERS_##type] = FIRST_##type,
	COUNTER_SETS(SET)
#undef SET
};

static const struct counter_set_info sets[COUNTER_SETS_N] = {
#define SET(type, ...) [COUNTERS_##type] = {__VA_ARGS__},
	COUNTER_SETS(SET)
#undef SET
};

/* In struct counters, + 1. */
static const size_t parts[COUNTER_SETS_N] = {
#define SET(type, ...) [COUNTERS_##type] = offsetof(struct counters, type) + 1,
	COUNTER_SUMS(SET)
#undef SET
};

const struct counter *counters_first(enum counter_set set)
{
	return &rows[first[set]];
}

const struct counter_set_info *counters_info(enum counter_set set)
{
	return &sets[set];
}

const void *counters_part(const struct counters *counters, enum counter_set set)
{
	return parts[set] ? (const char *)counters + parts[set] - 1 : NULL;
}

enum counter_form counter_form(const struct counter *c)
{
	if (c->places & IS_TRUTH)
		return COUNTER_TRUTH;
	if (strcmp(c->unit, "bytes") == 0)
		return COUNTER_BYTES;
	if (strcmp(c->unit, "0 to 1") == 0)
		return COUNTER_RATIO;
	return c->unit[0] == 's' && (c->unit[1] == '\0' || c->unit[1] == ' ') ? COUNTER_NS
									      : COUNTER_NUMBER;
}

const char *counter_key(const struct counter *c, char room[COUNTER_NAME])
{
	if (counter_form(c) != COUNTER_NS)
		return c->name;
	snprintf(room, COUNTER_NAME, "%.*ss", (int)strlen(c->name) - 2, c->name);
	return room;
}

void counters_add(void *sum, const void *one, size_t size)
{
	uint64_t *to = sum;
	const uint64_t *from = one;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i];
}

bool counters_limited(const struct counters *counters)
{
	for (const struct counter *c = rows; c->set < COUNTER_SETS_N; c++)
		if (c->places & IS_LIMIT &&
			counter_value(c, counters_part(counters, c->set)) > 0)
			return true;
	return false;
}
