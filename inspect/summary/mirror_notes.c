#include "inspect/summary/mirror_notes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config/model/model.h"
#include "config/parse/plural.h"
#include "inspect/detect/mirror_alert.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary_notes.h"
#include "inspect/summary/summary_rows.h"

enum { NAMED = 2 };

/* Sessions of a kind, the first of them by name. */
struct kind_of_session {
	uint32_t n;
	uint64_t count, all; /* packets or flows, and of how many */
	size_t at;
	char names[NAMED * (MIRROR_NAME + 2) + 8];
};

static void add(struct kind_of_session *kind, const struct session *session, uint64_t count)
{
	char name[MIRROR_NAME];

	kind->n++;
	kind->count += count;
	if (kind->n > NAMED + 1)
		return;
	mirror_session_name(name, sizeof(name), session);
	kind->at += (size_t)snprintf(kind->names + kind->at, sizeof(kind->names) - kind->at,
		"%s%s", kind->n > 1 ? ", " : "", kind->n > NAMED ? "..." : name);
}

struct notes {
	struct kind_of_session silent, unknown, looped, doubled;
	uint32_t configured, duplicates_share;
};

static void look(struct notes *n, const struct session *session, bool has_sessions)
{
	n->configured += session->configured;
	if (session->configured && session->packets == 0)
		add(&n->silent, session, 0);
	if (has_sessions && !session->configured && session->packets > 0)
		add(&n->unknown, session, session->packets);
	if (session->looped_flows > 0)
		add(&n->looped, session, session->looped_flows);
	if (mirror_is_doubled(n->duplicates_share, session->sampled, session->sampled_copies)) {
		add(&n->doubled, session, session->sampled_copies);
		n->doubled.all += session->sampled;
	}
}

static void say(const struct notes *n, void (*put)(void *ctx, const char *note), void *ctx)
{
	char note[SUMMARY_NOTE], count[COUNT_TEXT];

	if (n->silent.n > 0) {
		snprintf(note, sizeof(note),
			"no packet came of %" PRIu32 " of %" PRIu32
			" session%s of the settings: %s",
			n->silent.n, n->configured, plural(n->configured), n->silent.names);
		put(ctx, note);
	}
	if (n->unknown.n > 0) {
		snprintf(note, sizeof(note),
			"%s packet%s came of %" PRIu32
			" session%s that the settings do not name: %s",
			count_print(n->unknown.count, count), plural(n->unknown.count),
			n->unknown.n, plural(n->unknown.n), n->unknown.names);
		put(ctx, note);
	}
	if (n->looped.n > 0) {
		snprintf(note, sizeof(note),
			"%s flow%s %s mirror traffic that was mirrored again, of %s: take the interface that mirror "
			"traffic comes to out of the mirrored ones, or reject its UDP port in the filter",
			count_print(n->looped.count, count), plural(n->looped.count),
			plural_are(n->looped.count), n->looped.names);
		put(ctx, note);
	}
}

static void say_doubled(const struct kind_of_session *doubled,
	void (*put)(void *ctx, const char *note), void *ctx)
{
	char note[SUMMARY_NOTE], count[COUNT_TEXT], all[COUNT_TEXT];

	if (doubled->n == 0)
		return;
	snprintf(note, sizeof(note),
		"%s of %s sampled packets are copies of one shortly before, of %s: counts of these sessions are "
		"too high, for their mirrors send packets twice",
		count_print(doubled->count, count), count_print(doubled->all, all),
		doubled->names);
	put(ctx, note);
}

void mirror_notes(const struct summary *s, void (*put)(void *ctx, const char *note), void *ctx)
{
	bool has_sessions = s->model && s->model->n_sessions > 0;
	struct notes notes = {.duplicates_share = s->duplicates_share};
	uint32_t n;
	struct session_row *rows = summary_sessions(s, &n);

	for (uint32_t i = 0; i < n; i++)
		look(&notes, rows[i].session, has_sessions);
	free(rows);
	/* A replay without any mirror traffic has a note on that. */
	if (s->replay && s->replay->mirrored == 0)
		notes.silent.n = 0;
	say(&notes, put, ctx);
	say_doubled(&notes.doubled, put, ctx);
}
