/* Numbers of observation points, each as the ids of two VLAN tags (IEEE 802.1Q-2022, 9.6): an outer one
 * with TPID 0x88a8 that holds the number's upper 12 bits, an inner one with TPID 0x8100 that holds its
 * lower 12. So a reader that knows VLANs only (Suricata, Zeek, tshark) keeps equal addresses of different
 * mirror sessions apart, and what it says of a packet leads back to the session. Both ids are 1 to 4094: 0
 * and 4095 are reserved. A VNI cannot be the number: it may be used twice.
 *
 *     outer 1 to 4077      sessions of the settings, from (1, 1) on, in the order in which they came
 *     outer 4078 to 4093   others, in the order in which their first packets came: 65,504 at most
 *     (4094, 4094)         all that found no number: there is none left, or it could not be kept
 *
 * A number is the point's for good: it is kept in feeds/vlan-tags.jsonl of the output directory, one JSON
 * object a line, before any packet carries it, and never given to another point. It outlives the program,
 * also one that crashes; after a loss of power those of the last moment may be missing.
 *
 * Any thread may call point_tags_of() and point_tags_find(), at any time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/parse/session_key.h"
#include "config/settings/settings.h"

enum {
	POINT_TAG_MIN = 1,
	POINT_TAG_MAX = 4094,
	POINT_TAG_OTHERS = 4078, /* the first outer id of points that are in no settings */
	POINT_TAGS_UNKNOWN = (POINT_TAG_MAX - POINT_TAG_OTHERS) * POINT_TAG_MAX,
	POINT_NAME = 64, /* longer names are cut */
};

/* VLAN ids, as they stand in the tags. */
struct point_tag {
	uint16_t outer, inner;
};

#define POINT_TAG_SHARED ((struct point_tag){POINT_TAG_MAX, POINT_TAG_MAX})

/* What a tag stands for. */
struct tagged_point {
	SESSION_KEY;
	uint32_t tenant; /* as session_table_tenant_of() has it */
	bool configured; /* it is in the settings in force; else both names are "" */
	char session[POINT_NAME], interface_id[POINT_NAME];
};

struct point_tags;

/* Reads the file of the output directory `dir`, which is made when the first number is given; NULL: numbers
 * are kept in memory only. `settings` (borrowed) bound how many there can be: sessions.capacity of the
 * settings more than the file has. NULL: `error` says why, and names file and line. */
struct point_tags *point_tags_open(
	const char *dir, const struct settings *settings, struct error *error);
void point_tags_close(struct point_tags *tags);

/* Gives numbers to the sessions of a model (NULL: it has none) that have none yet, by their ids, and takes over their names;
 * those that the model before had lose theirs, and keep their numbers. One thread at a time. */
void point_tags_configure(struct point_tags *tags, const struct model *model);

/* The point's tag; one that is new gets the next number of its range. */
struct point_tag point_tags_of(struct point_tags *tags, const struct session_key *key);
/* The way back: fills in `point`. false: nobody has this tag (nor does a point, of POINT_TAG_SHARED). */
bool point_tags_find(struct point_tags *tags, struct point_tag tag, struct tagged_point *point);

static inline bool point_tag_is_shared(struct point_tag tag)
{
	return tag.outer == POINT_TAG_MAX && tag.inner == POINT_TAG_MAX;
}

/* Points with a number of their own, by the ranges above. */
struct point_tags_stats {
	uint64_t configured, unknown;
};
struct point_tags_stats point_tags_stats(struct point_tags *tags);
