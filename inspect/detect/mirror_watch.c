#include "inspect/detect/mirror_watch.h"

#include <stdlib.h>

#include "config/log/now.h"
#include "config/settings/settings.h"
#include "decap/salt.h"
#include "inspect/detect/mirror_alert.h"

enum {
	ROOM_MIN = 64,
	LOSS_LEAST = 10000, /* bytes: a share of less says nothing */
};

#define LOOP_NS (60 * NS_PER_S) /* without another flow of it a loop is over */

/* A session that was seen. */
struct watched {
	struct session sum;  /* of all workers at the latest look that saw it */
	uint64_t look;       /* the number of that look */
	uint64_t packets;    /* at the look before */
	uint64_t known;      /* packets while the settings named it */
	uint64_t changed_ns; /* when packets came last, or it was first seen */
	uint64_t looped, loop_ns;
	uint64_t bytes, unseen;           /* when the window of losses began */
	uint64_t lost_bytes, lost_unseen; /* of the latest window */
	uint64_t sampled, copies;         /* likewise: when the window began */
	uint64_t had_sampled, had_copies;
	unsigned is, told; /* bit n: in state n */
};

struct mirror_watch {
	struct mirror_watch_params params;
	uint64_t salt[SALT_WORDS_MAX];
	uint64_t look, window_ns;
	bool has_sessions;
	uint32_t n, room; /* of `all`, in the order in which they were first seen */
	uint32_t unknown; /* of them, those that the settings did not name when first seen */
	uint32_t n_slots; /* a power of two, twice the room */
	struct watched *all;
	uint32_t *slots; /* 1 + an index of `all`; 0: free */
	struct mirror_findings found;
};

struct mirror_watch *mirror_watch_create(const struct mirror_watch_params *params)
{
	struct mirror_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->params = *params;
	salt_take(w->salt, SALT_WORDS_MAX);
	return w;
}

void mirror_watch_destroy(struct mirror_watch *w)
{
	if (w == NULL)
		return;
	free(w->all);
	free(w->slots);
	free(w);
}

/* Where the key is or belongs; there is a free slot. */
static uint32_t *slot_of(const struct mirror_watch *w, const struct session_key *key)
{
	uint32_t at = (uint32_t)session_key_hash(key, w->salt);

	for (;; at++) {
		uint32_t *slot = &w->slots[at & (w->n_slots - 1)];

		if (*slot == 0 || session_key_equal(&w->all[*slot - 1].sum.key, key))
			return slot;
	}
}

static void fill_slots(struct mirror_watch *w)
{
	memset(w->slots, 0, w->n_slots * sizeof(*w->slots));
	for (uint32_t i = 0; i < w->n; i++)
		*slot_of(w, &w->all[i].sum.key) = i + 1;
}

static bool make_room(struct mirror_watch *w)
{
	uint32_t room = w->room == 0 ? ROOM_MIN : 2 * w->room;
	struct watched *all;
	uint32_t *slots;

	if (w->n < w->room)
		return true;
	slots = malloc(2 * (size_t)room * sizeof(*slots));
	all = slots == NULL ? NULL : realloc(w->all, room * sizeof(*all));
	if (all == NULL) {
		free(slots);
		return false;
	}
	free(w->slots);
	w->slots = slots;
	w->all = all;
	w->room = room;
	w->n_slots = 2 * room;
	fill_slots(w);
	return true;
}

void mirror_watch_begin(struct mirror_watch *w, bool has_sessions)
{
	w->look++;
	w->has_sessions = has_sessions;
}

static struct watched *begin(struct mirror_watch *w, const struct session *row)
{
	w->all[w->n] = (struct watched){.sum = *row};
	*slot_of(w, &row->key) = ++w->n;
	w->unknown += !row->configured;
	return &w->all[w->n - 1];
}

static void join(struct session *to, const struct session *from)
{
	if (from->packets > 0 && (to->packets == 0 || from->first_ns < to->first_ns))
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	counters_add(&to->session_stats, &from->session_stats, sizeof(to->session_stats));
}

/* NULL: it is none of those that are watched. */
static struct watched *find_row(const struct mirror_watch *w, const struct session *row)
{
	const uint32_t *slot = w->n_slots > 0 ? slot_of(w, &row->key) : NULL;

	return slot && *slot ? &w->all[*slot - 1] : NULL;
}

bool mirror_watch_see(struct mirror_watch *w, const struct session *row)
{
	struct watched *watched = find_row(w, row);

	if (watched == NULL) {
		if (!row->configured && w->unknown == MIRROR_UNKNOWN_MAX)
			return true;
		if (!make_room(w))
			return false;
		watched = begin(w, row);
	}
	if (watched->look == w->look)
		join(&watched->sum, row);
	else
		watched->sum = *row;
	watched->look = w->look;
	return true;
}

static bool is_loss(const struct settings *settings, uint64_t bytes, uint64_t unseen)
{
	uint32_t share = settings->sessions.loss_share;

	return share > 0 && unseen >= LOSS_LEAST &&
	       (double)unseen * 100 >= (double)share * (double)(bytes + unseen);
}

static void set(struct watched *s, enum mirror_fault fault, bool is)
{
	s->is = (s->is & ~(1u << fault)) | (unsigned)is << fault;
}

bool mirror_is_doubled(uint32_t share, uint64_t sampled, uint64_t copies)
{
	return share > 0 && copies >= MIRROR_COPIES_LEAST &&
	       (double)copies * 100 >= (double)share * (double)sampled;
}

static void judge_copies(const struct settings *settings, struct watched *s)
{
	bool fell = s->sum.sampled < s->sampled || s->sum.sampled_copies < s->copies;

	s->had_sampled = fell ? 0 : s->sum.sampled - s->sampled;
	s->had_copies = fell ? 0 : s->sum.sampled_copies - s->copies;
	s->sampled = s->sum.sampled;
	s->copies = s->sum.sampled_copies;
	set(s, MIRROR_DUPLICATES,
		mirror_is_doubled(
			settings->sessions.duplicates_share, s->had_sampled, s->had_copies));
}

/* The window of losses is over: what came in it. */
static void judge_loss(const struct settings *settings, struct watched *s)
{
	/* A worker that gave the row to another session takes what it had counted away. */
	bool fell = s->sum.bytes < s->bytes || s->sum.acked_unseen < s->unseen;

	s->lost_bytes = fell ? 0 : s->sum.bytes - s->bytes;
	s->lost_unseen = fell ? 0 : s->sum.acked_unseen - s->unseen;
	s->bytes = s->sum.bytes;
	s->unseen = s->sum.acked_unseen;
	set(s, MIRROR_LOSS, is_loss(settings, s->lost_bytes, s->lost_unseen));
}

static void judge_window(const struct settings *settings, struct watched *s)
{
	judge_loss(settings, s);
	judge_copies(settings, s);
}

static void judge(struct mirror_watch *w, struct watched *s, uint64_t now_ns)
{
	const struct settings *settings = w->params.settings;
	uint64_t silent_ns = settings->sessions.silent_after,
		 idle_ns = settings->detect.idle_timeout;
	uint64_t quiet_ns;

	if (s->changed_ns == 0 || s->sum.packets != s->packets)
		s->changed_ns = now_ns;
	if (s->sum.looped_flows != s->looped)
		s->loop_ns = now_ns;
	if (s->sum.configured || s->known > s->sum.packets)
		s->known = s->sum.configured ? s->sum.packets : 0;
	s->packets = s->sum.packets;
	s->looped = s->sum.looped_flows;
	quiet_ns = now_ns - s->changed_ns;
	if (w->params.live)
		set(s, MIRROR_SILENT,
			s->sum.configured && silent_ns > 0 && quiet_ns >= silent_ns);
	else
		set(s, MIRROR_SILENT, s->sum.configured && s->sum.packets == 0);
	set(s, MIRROR_UNKNOWN,
		w->has_sessions && !s->sum.configured && s->sum.packets > s->known &&
			(idle_ns == 0 || quiet_ns < idle_ns));
	set(s, MIRROR_LOOP, s->looped > 0 && now_ns - s->loop_ns < LOOP_NS);
}

/* Its row is another session's now. */
static void judge_gone(struct watched *s)
{
	s->sum.config = NULL;
	s->is = 0;
}

/* In replay silence is a note of the summary alone: captures mostly are of some sessions. */
static void tell(struct mirror_watch *w, struct watched *s, uint64_t now_ns, uint64_t wall_ns)
{
	unsigned changed = s->is ^ s->told;

	if (w->params.facts.take == NULL)
		return;
	if (!w->params.live)
		changed &= ~(1u << MIRROR_SILENT);
	for (unsigned fault = 0; fault < MIRROR_FAULTS; fault++) {
		const struct mirror_state state = {
			.fault = (enum mirror_fault)fault,
			.session = &s->sum,
			.over = !(s->is >> fault & 1),
			.quiet_ns = now_ns - s->changed_ns,
			.bytes = s->lost_bytes,
			.unseen = s->lost_unseen,
			.sampled = s->had_sampled,
			.copies = s->had_copies,
			.wall_ns = w->params.live ? wall_ns : s->sum.last_ns,
		};

		if (changed >> fault & 1 &&
			mirror_tell(&w->params.facts, w->params.settings, &state))
			s->told ^= 1u << fault;
	}
}

/* Rows that are another session's now, once nothing is to be told of them. */
static void forget_gone(struct mirror_watch *w)
{
	uint32_t kept = 0;

	w->unknown = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		const struct watched *s = &w->all[i];

		if (s->look != w->look && (s->told == 0 || w->params.facts.take == NULL))
			continue;
		w->unknown += !s->sum.configured;
		w->all[kept++] = *s;
	}
	w->n = kept;
	fill_slots(w);
}

static void find(struct mirror_watch *w)
{
	struct mirror_findings *found = &w->found;

	memset(found, 0, sizeof(*found));
	for (uint32_t i = 0; i < w->n; i++)
		for (unsigned fault = 0; fault < MIRROR_FAULTS; fault++) {
			uint32_t at = found->fault[fault].n;

			if (!(w->all[i].is >> fault & 1))
				continue;
			if (at < MIRROR_NAMED)
				mirror_session_name(found->fault[fault].name[at], MIRROR_NAME,
					&w->all[i].sum);
			found->fault[fault].n++;
		}
}

void mirror_watch_end(struct mirror_watch *w, uint64_t now_ns, uint64_t wall_ns)
{
	const uint64_t window_ns = w->params.settings->sessions.loss_window;
	bool window_ends = !w->params.live || now_ns - w->window_ns >= window_ns;
	bool gone = false;

	for (uint32_t i = 0; i < w->n; i++) {
		struct watched *s = &w->all[i];

		if (s->look != w->look) {
			judge_gone(s);
			gone = true;
		} else {
			judge(w, s, now_ns);
			if (window_ends)
				judge_window(w->params.settings, s);
		}
		tell(w, s, now_ns, wall_ns);
	}
	if (window_ends)
		w->window_ns = now_ns;
	if (gone)
		forget_gone(w);
	/* Names are the configuration's, and may go away with it. */
	find(w);
}

const struct mirror_findings *mirror_watch_findings(const struct mirror_watch *w)
{
	return &w->found;
}

bool mirror_watch_is_silent(const struct mirror_watch *w, const struct session_key *key)
{
	const uint32_t *slot = w->n_slots > 0 ? slot_of(w, key) : NULL;

	return slot && *slot && w->all[*slot - 1].is >> MIRROR_SILENT & 1;
}
