#include "inspect/detect/scans/scans.h"

#include <netinet/in.h>
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

enum speed { FAST, SLOW, SPEEDS };

struct source {
	struct scan_row row;
	struct probes {
		struct probe_set set;
		uint32_t room; /* in probes */
	} probes[SPEEDS];
	struct told told[SPEEDS][SCAN_KINDS];
};

struct scans {
	struct scan_limits limits[SPEEDS];
	uint32_t least[SPEEDS]; /* fewer probes are no scan; 0: none are */
	struct scan_teller teller;
	uint64_t now_ns;
	struct recent *sources;
	struct scan_row *fresh;
	uint64_t probes, probes_max; /* for which there is memory; the most */
	uint64_t overflow;
	struct probe scratch[PROBES_MAX];
};

static void drop(struct scans *s, struct source *source)
{
	for (int speed = 0; speed < SPEEDS; speed++) {
		s->probes -= source->probes[speed].room;
		free(source->probes[speed].set.at);
	}
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
	uint32_t least = 0;

	for (int kind = 0; kind < SCAN_KINDS; kind++)
		if (least == 0 || (limits->least[kind] != 0 && limits->least[kind] < least))
			least = limits->least[kind];
	return least < PROBES_MAX ? least : PROBES_MAX;
}

struct scans *scans_create(const struct settings *settings, const struct scan_teller *teller)
{
	struct scans *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->teller = *teller;
	s->limits[FAST] =
		(struct scan_limits){{settings->detect.scan_hosts, settings->detect.scan_ports},
			settings->detect.scan_window};
	s->limits[SLOW] = (struct scan_limits){
		{settings->detect.slow_scan_hosts, settings->detect.slow_scan_ports},
		settings->detect.slow_scan_window};
	for (int speed = 0; speed < SPEEDS; speed++)
		s->least[speed] = least_of(&s->limits[speed]);
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

/* Nothing is kept for longer. */
static uint64_t keep_ns(const struct scans *s)
{
	return s->least[SLOW] && s->limits[SLOW].window_ns > s->limits[FAST].window_ns
		       ? s->limits[SLOW].window_ns
		       : s->limits[FAST].window_ns;
}

static bool is_over(const struct scans *s, const struct source *source)
{
	return !source->row.is_fresh && source->row.last_ns < before(s->now_ns, keep_ns(s));
}

/* One source less, if there is one that is not to be judged yet. */
static bool make_room(struct scans *s)
{
	struct source *oldest = recent_oldest(s->sources);
	uint32_t fast, slow;

	if (oldest == NULL || oldest->row.is_fresh)
		return false;
	fast = oldest->probes[FAST].set.n;
	slow = oldest->probes[SLOW].set.n;
	s->overflow += fast > slow ? fast : slow;
	drop(s, oldest);
	return true;
}

static struct source *source_of(struct scans *s, const struct recent_key *key)
{
	struct source *source = recent_find(s->sources, key);

	if (source != NULL && is_over(s, source)) { /* as if it had been dropped in time */
		drop(s, source);
		source = NULL;
	}
	if (source != NULL)
		return source;
	source = recent_take(s->sources, key);
	if (source == NULL && make_room(s))
		source = recent_take(s->sources, key);
	for (int speed = 0; source != NULL && speed < SPEEDS; speed++)
		source->probes[speed].set.bound = UINT64_MAX;
	return source;
}

/* Room for `n` probes more, as far as a set has any. */
static bool grow(
	struct scans *s, const struct source *source, struct probes *probes, uint32_t n)
{
	uint32_t need = probes->set.n + n < PROBES_MAX ? probes->set.n + n : PROBES_MAX;
	uint32_t room = probes->room ? probes->room : ROOM_MIN;
	struct probe *at;

	if (need <= probes->room)
		return true;
	while (room < need)
		room *= 4;
	while (s->probes + room - probes->room > s->probes_max)
		if (recent_oldest(s->sources) == source || !make_room(s))
			return false;
	at = realloc(probes->set.at, room * sizeof(*at));
	if (at == NULL)
		return false;
	probes->set.at = at;
	s->probes += room - probes->room;
	probes->room = room;
	return true;
}

/* false: there is no room. */
static bool add(struct scans *s, struct source *source, const struct probes_fact *fact)
{
	for (int speed = 0; speed < SPEEDS; speed++) {
		struct probes *probes = &source->probes[speed];

		if (s->least[speed] == 0)
			continue;
		if (!grow(s, source, probes, fact->n))
			return false;
		probe_set_lower(&probes->set, fact->bound);
		for (uint32_t i = 0; i < fact->n; i++)
			probe_set_add(&probes->set, &fact->probe[i]);
	}
	return true;
}

void scans_add(struct scans *s, const struct probes_fact *fact)
{
	struct source *source;

	s->now_ns = fact->about.now_ns;
	source = source_of(s, &fact->about.key);
	if (source == NULL || !add(s, source, fact)) {
		s->overflow += fact->n;
		return;
	}
	for (uint32_t i = 0; i < fact->n; i++)
		if (fact->probe[i].time_ns > source->row.last_ns)
			source->row.last_ns = fact->probe[i].time_ns;
	scan_row_see(&source->row, &fact->about);
	scan_row_wait(&s->fresh, &source->row);
}

/* Who scans from within is worse than who does from without, which goes on all day. */
static void tell(struct scans *s, const struct source *source, const struct scan_words *words,
	uint64_t more)
{
	char why[ALERT_TEXT], value[ALERT_TEXT];
	struct text t = text_make(why, sizeof(why)), v = text_make(value, sizeof(value));
	struct alert_telling telling = {
		.severity = source->row.sight.is_inside ? 2 : 3,
		.first_ns = words->found->first_ns,
		.time_ns = words->found->last_ns,
		.times = more,
	};

	scan_why(&t, words);
	scan_value(&v, words);
	alert_say(&telling, ALERT_RULE, scan_rule(words));
	alert_say(&telling, ALERT_CATEGORY, "scan");
	alert_say(&telling, ALERT_TITLE, scan_title(words));
	alert_say_text(&telling, ALERT_WHY, why, &t);
	alert_say(&telling, ALERT_FIELD, scan_field(words));
	alert_say_text(&telling, ALERT_VALUE, value, &v);
	scan_row_tell(&source->row, &s->teller, &telling);
}

/* A scan that goes on is told again, as far as it has grown. One that was fast is not told as a slow one, too: of it the
 * slow window says how far it has come. */
static void found_one(struct scans *s, struct source *source, enum speed speed,
	const struct scan_found *found)
{
	bool was_fast = source->told[FAST][found->kind].count > 0;
	struct told *told = &source->told[was_fast ? FAST : speed][found->kind];
	const struct scan_words words = {
		.found = found,
		.weight = probe_set_weight(&source->probes[speed].set),
		.window_ns = s->limits[speed].window_ns,
		.is_udp = source->row.row.key.port == IPPROTO_UDP,
		.is_slow = speed == SLOW && !was_fast,
		.ip_version = (uint8_t)source->row.sight.flow.key.ip_version,
	};
	uint64_t count = scan_size(found, words.weight).all;
	uint64_t more = count > told->count ? count - told->count : 0;

	if (more == 0 && found->last_ns <= told->last_ns)
		return;
	tell(s, source, &words, more);
	told->last_ns = found->last_ns > told->last_ns ? found->last_ns : told->last_ns;
	told->count += more;
}

static void judge(struct scans *s, struct source *source, enum speed speed)
{
	struct probe_set *set = &source->probes[speed].set;
	struct scan_found found;

	if (s->least[speed] == 0)
		return;
	for (int kind = 0; kind < SCAN_KINDS && set->n >= s->least[speed]; kind++) {
		memcpy(s->scratch, set->at, set->n * sizeof(s->scratch[0]));
		if (scan_find((enum scan_kind)kind, s->scratch, set->n, probe_set_weight(set),
			    &s->limits[speed], &found))
			found_one(s, source, speed, &found);
	}
	probe_set_forget(set, before(s->now_ns, s->limits[speed].window_ns));
}

void scans_judge(struct scans *s)
{
	struct source *source, *oldest;

	while ((source = scan_row_next(&s->fresh)) != NULL) {
		judge(s, source, FAST);
		judge(s, source, SLOW);
	}
	while ((oldest = recent_oldest(s->sources)) != NULL && is_over(s, oldest))
		drop(s, oldest);
}

uint64_t scans_overflow(const struct scans *s)
{
	return s->overflow;
}
