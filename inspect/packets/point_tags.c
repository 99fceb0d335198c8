#include "inspect/packets/point_tags.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/log/log.h"
#include "decap/session/session.h"
#include "inspect/packets/point_tags_file.h"

/* A tag's place in the order in which tags are given: 0 is (1, 1). */
enum { IDS = POINT_TAG_MAX, OTHERS_FIRST = (POINT_TAG_OTHERS - 1) * IDS };

/* Written before it is published in a slot, and never again. */
struct entry {
	struct session_key key;
	uint32_t place;
};

struct names {
	bool configured;
	char session[POINT_NAME], interface_id[POINT_NAME];
};

/* Entries come and never go, so whoever looks needs no lock: a slot is 0, or an entry's index + 1. */
struct point_tags {
	const struct settings *settings;
	struct point_tags_file *file; /* NULL: in memory only */
	struct session_table *tenants;
	uint64_t salt[4];
	uint32_t mask, room; /* of the slots; of the entries */
	_Atomic uint32_t *by_key;
	struct entry *entries;

	pthread_mutex_t lock; /* for what follows */
	uint32_t *by_place;
	struct names *names; /* of the entries */
	uint32_t count, n_unknown;
	uint32_t next, next_other; /* places */
	bool shared;
};

static struct point_tag tag_of(uint32_t place)
{
	return (struct point_tag){(uint16_t)(POINT_TAG_MIN + place / IDS),
		(uint16_t)(POINT_TAG_MIN + place % IDS)};
}

static uint32_t place_of(struct point_tag tag)
{
	return (uint32_t)(tag.outer - POINT_TAG_MIN) * IDS + tag.inner - POINT_TAG_MIN;
}

static bool is_tag(struct point_tag tag)
{
	return tag.outer >= POINT_TAG_MIN && tag.outer <= POINT_TAG_MAX &&
	       tag.inner >= POINT_TAG_MIN && tag.inner <= POINT_TAG_MAX;
}

/* --- the tables --- */

/* The slot of the key, or the empty one where it would be: the slots are twice the entries. */
static _Atomic uint32_t *key_slot(const struct point_tags *t, const struct session_key *key)
{
	uint32_t at = (uint32_t)session_key_hash(key, t->salt) & t->mask;

	for (;; at = (at + 1) & t->mask) {
		uint32_t i = atomic_load_explicit(&t->by_key[at], memory_order_acquire);

		if (i == 0 || session_key_equal(&t->entries[i - 1].key, key))
			return &t->by_key[at];
	}
}

static uint32_t *place_slot(const struct point_tags *t, uint32_t place)
{
	uint32_t at = (uint32_t)session_key_fold(place ^ t->salt[0], t->salt[1]) & t->mask;

	for (;; at = (at + 1) & t->mask) {
		uint32_t i = t->by_place[at];

		if (i == 0 || t->entries[i - 1].place == place)
			return &t->by_place[at];
	}
}

/* With the lock; neither the key nor the place is there, and there is room. Returns the entry's index. */
static uint32_t add(struct point_tags *t, const struct session_key *key, uint32_t place)
{
	_Atomic uint32_t *slot = key_slot(t, key);
	uint32_t i = t->count++;

	t->entries[i] = (struct entry){*key, place};
	*place_slot(t, place) = i + 1;
	if (place >= OTHERS_FIRST) {
		t->n_unknown++;
		if (place >= t->next_other)
			t->next_other = place + 1;
	} else if (place >= t->next) {
		t->next = place + 1;
	}
	atomic_store_explicit(slot, i + 1, memory_order_release);
	return i;
}

/* --- start and end --- */

/* What the file has, before there are tables: their size depends on it. */
struct loading {
	struct entry *entries;
	size_t count, room;
};

static bool load_line(
	void *ctx, const struct session_key *key, struct point_tag tag, char *why, size_t size)
{
	struct loading *loading = ctx;

	if (place_of(tag) == place_of(POINT_TAG_SHARED)) {
		snprintf(why, size, "vlan: (%u, %u) is nobody's own", tag.outer, tag.inner);
		return false;
	}
	if (loading->count == loading->room) {
		size_t room = loading->room ? 2 * loading->room : 1024;
		struct entry *more = realloc(loading->entries, room * sizeof(*more));

		if (!more) {
			snprintf(why, size, "no memory for more");
			return false;
		}
		loading->entries = more;
		loading->room = room;
	}
	loading->entries[loading->count++] = (struct entry){*key, place_of(tag)};
	return true;
}

static bool make_tables(struct point_tags *t, size_t known)
{
	uint64_t room = known + t->settings->sessions.capacity + POINT_TAGS_UNKNOWN, slots = 1;

	if (room > INT32_MAX / 2)
		return false;
	while (slots < 2 * room)
		slots *= 2;
	t->room = (uint32_t)room;
	t->mask = (uint32_t)slots - 1;
	t->entries = calloc(room, sizeof(*t->entries));
	t->names = calloc(room, sizeof(*t->names));
	t->by_key = calloc(slots, sizeof(*t->by_key));
	t->by_place = calloc(slots, sizeof(*t->by_place));
	return t->entries && t->names && t->by_key && t->by_place;
}

/* Two lines of one point, or of one number: which of them readers have seen nobody knows. */
static bool take_over(struct point_tags *t, const struct loading *loading, const char *dir,
	struct error *error)
{
	for (size_t i = 0; i < loading->count; i++) {
		const struct entry *entry = &loading->entries[i];
		struct point_tag tag = tag_of(entry->place);

		if (*key_slot(t, &entry->key) == 0 && *place_slot(t, entry->place) == 0) {
			add(t, &entry->key, entry->place);
			continue;
		}
		error_set(error,
			"%s/feeds/vlan-tags.jsonl:%zu: vlan: (%u, %u), or its point, has a line "
			"before it already; remove one of the two",
			dir, i + 1, tag.outer, tag.inner);
		return false;
	}
	return true;
}

static bool make_tenants(struct point_tags *t)
{
	const struct settings *s = t->settings;

	t->tenants = session_table_create(1);
	for (uint32_t i = 0; t->tenants && i < s->n_tenants; i++)
		for (uint32_t k = 0; k < s->tenants[i].n_own; k++)
			if (!session_table_tenant(t->tenants, s->tenants[i].own[k], i))
				return false;
	return t->tenants != NULL;
}

static bool fill(struct point_tags *t, const char *dir, struct error *error)
{
	struct loading loading = {.count = 0};
	const struct point_tags_reader reader = {&loading, load_line};
	bool ok = true;

	if (dir) {
		t->file = point_tags_file_open(dir, reader, error);
		ok = t->file != NULL;
	}
	if (ok) {
		error_set(error, "not enough memory for the numbers of feeds");
		ok = getrandom(t->salt, sizeof(t->salt), 0) == sizeof(t->salt) &&
		     make_tenants(t) && make_tables(t, loading.count) &&
		     take_over(t, &loading, dir, error);
	}
	free(loading.entries);
	return ok;
}

struct point_tags *point_tags_open(
	const char *dir, const struct settings *settings, struct error *error)
{
	struct point_tags *tags = calloc(1, sizeof(*tags));

	if (!tags) {
		error_set(error, "not enough memory for the numbers of feeds");
		return NULL;
	}
	pthread_mutex_init(&tags->lock, NULL);
	tags->settings = settings;
	tags->next_other = OTHERS_FIRST;
	if (fill(tags, dir, error))
		return tags;
	point_tags_close(tags);
	return NULL;
}

void point_tags_close(struct point_tags *tags)
{
	if (!tags)
		return;
	point_tags_file_close(tags->file);
	session_table_destroy(tags->tenants);
	free(tags->entries);
	free(tags->names);
	free(tags->by_key);
	free(tags->by_place);
	pthread_mutex_destroy(&tags->lock);
	free(tags);
}

/* --- numbers --- */

/* With the lock: the entry's index, or -1: it shares a number. */
static int64_t give(struct point_tags *t, const struct session_key *key,
	const struct model_session *session)
{
	bool other = session == NULL;
	uint32_t place = other ? t->next_other : t->next;
	uint32_t end = other ? OTHERS_FIRST + POINT_TAGS_UNKNOWN : OTHERS_FIRST;
	uint32_t i = atomic_load_explicit(key_slot(t, key), memory_order_relaxed);

	if (i > 0)
		return i - 1;
	if (place >= end || t->count == t->room) {
		if (!t->shared)
			log_warning("feeds: there are more observation points than numbers for "
				    "%s; packets of more go as (%u, %u)",
				other ? "those in no settings" : "sessions",
				POINT_TAG_SHARED.outer, POINT_TAG_SHARED.inner);
		t->shared = true;
		return -1;
	}
	if (t->file && !point_tags_file_add(t->file, key, tag_of(place),
			       other ? "" : session->id, other ? "" : session->interface->id)) {
		t->shared = true;
		return -1;
	}
	return add(t, key, place);
}

void point_tags_configure(struct point_tags *tags, const struct model *model)
{
	pthread_mutex_lock(&tags->lock);
	for (uint32_t i = 0; i < tags->count; i++)
		tags->names[i].configured = false;
	for (uint32_t s = 0; model && s < model->n_sessions; s++) {
		const struct model_session *session = &model->sessions[s];
		int64_t i = session->has_source ? give(tags, &session->key, session) : -1;
		struct names *names = i >= 0 ? &tags->names[i] : NULL;

		if (!names)
			continue;
		names->configured = true;
		snprintf(names->session, sizeof(names->session), "%s", session->id);
		snprintf(names->interface_id, sizeof(names->interface_id), "%s",
			session->interface->id);
	}
	pthread_mutex_unlock(&tags->lock);
}

struct point_tag point_tags_of(struct point_tags *tags, const struct session_key *key)
{
	uint32_t i = atomic_load_explicit(key_slot(tags, key), memory_order_acquire);
	int64_t given = (int64_t)i - 1;

	if (__builtin_expect(i == 0, 0)) {
		pthread_mutex_lock(&tags->lock);
		given = give(tags, key, NULL);
		pthread_mutex_unlock(&tags->lock);
	}
	return given < 0 ? POINT_TAG_SHARED : tag_of(tags->entries[given].place);
}

bool point_tags_find(struct point_tags *tags, struct point_tag tag, struct tagged_point *point)
{
	uint32_t i = 0;

	pthread_mutex_lock(&tags->lock);
	if (is_tag(tag))
		i = *place_slot(tags, place_of(tag));
	if (i > 0) {
		const struct names *names = &tags->names[i - 1];

		*point = (struct tagged_point){
			.key = tags->entries[i - 1].key, .configured = names->configured};
		point->tenant = session_table_tenant_of(tags->tenants, &point->key);
		if (names->configured) {
			memcpy(point->session, names->session, sizeof(point->session));
			memcpy(point->interface_id, names->interface_id,
				sizeof(point->interface_id));
		}
	}
	pthread_mutex_unlock(&tags->lock);
	return i > 0;
}

struct point_tags_stats point_tags_stats(struct point_tags *tags)
{
	struct point_tags_stats stats;

	pthread_mutex_lock(&tags->lock);
	stats = (struct point_tags_stats){
		.configured = tags->count - tags->n_unknown,
		.unknown = tags->n_unknown,
	};
	pthread_mutex_unlock(&tags->lock);
	return stats;
}
