#include "inspect/detect/scans/scans.h"

#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/scan_judge.h"
#include "inspect/detect/scans/scan_words.h"

enum { ROOM_MIN = 4, PROBES_PER_SOURCE = 16 };

/* What was told of one kind of scan. */
struct told {
	uint64_t count, last_ns;
};

struct source {
	struct scan_row row;
	struct probe_set set;
	uint32_t room;                      /* in probes */
	struct told told[2][2][SCAN_KINDS]; /* is_udp, is_slow */
};

struct scans {
	struct scan_limits limits;
	struct scan_teller teller;
	uint32_t least; /* fewer probes are no scan */
	uint64_t keep_ns;
	uint64_t now_ns;
	struct recent *sources;
	struct scan_row *fresh;
	uint64_t probes, probes_max; /* for which there is memory; the most */
	uint64_t overflow;
	struct probe scratch[PROBES_MAX];
};

static void drop(struct scans *s, struct source *source)
{
	s->probes -= source->room;
	free(source->set.at);
	recent_drop(s->sources, source);
}

void scans_destroy(struct scans *s)
{
	if (s == NULL)
		return;
	while (s->sources && recent_count(s->sources) > 0)
		drop(s, recent_oldest(s->sources));
	recent_destroy(s->sources);
	free(s);
}

static uint32_t least_of(const struct scan_limits *limits)
{
	uint32_t least = UINT32_MAX;

	for (int kind = 0; kind < SCAN_KINDS; kind++) {
		if (limits->least[kind] != 0 && limits->least[kind] < least)
			least = limits->least[kind];
		if (limits->slow_least[kind] != 0 && limits->slow_least[kind] < least)
			least = limits->slow_least[kind];
	}
	return least < PROBES_MAX ? least : PROBES_MAX;
}

struct scans *scans_create(const struct settings *settings, const struct scan_teller *teller)
{
	struct scans *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->teller = *teller;
	s->limits = (struct scan_limits){
		.least = {settings->detect.scan_hosts, settings->detect.scan_ports},
		.slow_least = {settings->detect.slow_scan_hosts,
			settings->detect.slow_scan_ports},
		.window_ns = settings->detect.scan_window,
		.slow_window_ns = settings->detect.slow_scan_window,
	};
	s->least = least_of(&s->limits);
	s->keep_ns = s->limits.window_ns > s->limits.slow_window_ns ? s->limits.window_ns
								    : s->limits.slow_window_ns;
	s->probes_max = (uint64_t)settings->detect.scan_sources * PROBES_PER_SOURCE;
	s->sources = recent_create(settings->detect.scan_sources, sizeof(struct source));
	if (s->sources != NULL)
		return s;
	free(s);
	return NULL;
}

static uint64_t before(uint64_t now_ns, uint64_t ns)
{
	return now_ns > ns ? now_ns - ns : 0;
}

/* One source less, if there is one that is not to be judged yet. */
static bool make_room(struct scans *s)
{
	struct source *oldest = recent_oldest(s->sources);

	if (oldest == NULL || oldest->row.is_fresh)
		return false;
	s->overflow += oldest->set.n;
	drop(s, oldest);
	return true;
}

static struct source *source_of(struct scans *s, const struct recent_key *key)
{
	struct source *source = recent_find(s->sources, key);

	if (source == NULL) {
		source = recent_take(s->sources, key);
		if (source == NULL && make_room(s))
			source = recent_take(s->sources, key);
		if (source != NULL)
			source->set.bound = UINT64_MAX;
	} else if (!source->row.is_fresh &&
		   source->row.last_ns < before(s->now_ns, s->keep_ns)) {
		/* As if it had been dropped when its time was over. */
		struct probe *at = source->set.at;
		uint32_t room = source->room;

		scan_row_reset(&source->row, sizeof(*source));
		source->set = (struct probe_set){0, UINT64_MAX, at};
		source->room = room;
	}
	return source;
}

/* Room for `n` probes more, as far as a set has any. */
static bool grow(struct scans *s, struct source *source, uint32_t n)
{
	uint32_t need = source->set.n + n < PROBES_MAX ? source->set.n + n : PROBES_MAX;
	uint32_t room = source->room ? source->room : ROOM_MIN;
	struct probe *at;

	if (need <= source->room)
		return true;
	while (room < need)
		room *= 4;
	while (s->probes + room - source->room > s->probes_max)
		if (recent_oldest(s->sources) == source || !make_room(s))
			return false;
	at = realloc(source->set.at, room * sizeof(*at));
	if (at == NULL)
		return false;
	source->set.at = at;
	s->probes += room - source->room;
	source->room = room;
	return true;
}

void scans_add(struct scans *s, const struct probes_fact *fact)
{
	struct source *source;

	s->now_ns = fact->about.now_ns;
	source = source_of(s, &fact->about.key);
	if (source == NULL || !grow(s, source, fact->n)) {
		s->overflow += fact->n;
		return;
	}
	probe_set_lower(&source->set, fact->bound);
	for (uint32_t i = 0; i < fact->n; i++) {
		probe_set_add(&source->set, &fact->probe[i]);
		if (fact->probe[i].time_ns > source->row.last_ns)
			source->row.last_ns = fact->probe[i].time_ns;
	}
	scan_row_see(&source->row, &fact->about);
	if (source->row.is_fresh)
		return;
	source->row.is_fresh = true;
	source->row.next_fresh = s->fresh;
	s->fresh = &source->row;
}

/* Who scans from within is worse than who does from without, which goes on all day. */
static void tell(struct scans *s, const struct source *source, const struct scan_found *found,
	double weight, uint64_t more)
{
	char why[ALERT_TEXT], value[ALERT_TEXT];
	struct text t = text_make(why, sizeof(why)), v = text_make(value, sizeof(value));
	struct alert_telling telling = {
		.severity = source->row.sight.is_inside ? 2 : 3,
		.first_ns = found->first_ns,
		.time_ns = found->last_ns,
		.times = more,
	};

	scan_why(&t, found, weight, &s->limits);
	scan_value(&v, found);
	alert_say(&telling, ALERT_RULE, scan_rule(found));
	alert_say(&telling, ALERT_CATEGORY, "scan");
	alert_say(&telling, ALERT_TITLE, scan_title(found));
	alert_say_text(&telling, ALERT_WHY, why, &t);
	alert_say(&telling, ALERT_FIELD, scan_field(found));
	alert_say_text(&telling, ALERT_VALUE, value, &v);
	scan_row_tell(&source->row, &s->teller, &telling);
}

/* A scan that goes on is told again, as far as it has grown; one that was fast is not told as a slow one, too. */
static void found_one(
	struct scans *s, struct source *source, struct scan_found *found, double weight)
{
	struct told *told = &source->told[found->is_udp][found->is_slow][found->kind];
	uint64_t count = scan_size(found, weight).all;
	uint64_t more = count > told->count ? count - told->count : 0;

	if ((found->last_ns <= told->last_ns && more == 0) ||
		(found->is_slow && source->told[found->is_udp][false][found->kind].count > 0))
		return;
	found->ip_version = (uint8_t)source->row.sight.flow.key.ip_version;
	tell(s, source, found, weight, more);
	told->last_ns = found->last_ns;
	told->count += more;
}

static void judge(struct scans *s, struct source *source)
{
	double weight = probe_set_weight(&source->set);

	for (int kind = 0; kind < SCAN_KINDS && source->set.n >= s->least; kind++) {
		struct scan_found found[2];
		uint32_t n = source->set.n;

		memcpy(s->scratch, source->set.at, n * sizeof(s->scratch[0]));
		n = scan_find((enum scan_kind)kind, s->scratch, n, weight, &s->limits, found);
		for (uint32_t i = 0; i < n; i++)
			found_one(s, source, &found[i], weight);
	}
	probe_set_forget(&source->set, before(s->now_ns, s->keep_ns));
}

void scans_judge(struct scans *s)
{
	struct source *oldest;

	while (s->fresh != NULL) {
		struct source *source = (struct source *)s->fresh;

		s->fresh = source->row.next_fresh;
		source->row.is_fresh = false;
		judge(s, source);
	}
	while ((oldest = recent_oldest(s->sources)) != NULL &&
		oldest->row.last_ns < before(s->now_ns, s->keep_ns))
		drop(s, oldest);
}

uint64_t scans_overflow(const struct scans *s)
{
	return s->overflow;
}
