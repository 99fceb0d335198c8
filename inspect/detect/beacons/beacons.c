#include "inspect/detect/beacons/beacons.h"

#include <stdlib.h>
#include <string.h>

#include "config/log/text.h"
#include "config/settings/settings.h"
#include "decap/salt.h"
#include "inspect/detect/beacons/beacon_judge.h"
#include "inspect/flow/addr_text.h"
#include "inspect/flow/hash.h"

struct beacon {
	struct scan_row row;
	uint32_t n;
	uint64_t untold; /* calls since it was told, or began */
	uint64_t first_ns;
	struct beacon_call calls[BEACON_CALLS]; /* the latest, by time */
};

struct beacons {
	struct scan_teller teller;
	bool live;
	struct beacon_limits limits;
	uint64_t secret; /* of the servers' numbers: nobody makes a decoy for one */
	struct recent *table;
	struct scan_row *fresh;
	uint64_t overflow;
};

void beacons_destroy(struct beacons *b)
{
	if (b == NULL)
		return;
	recent_destroy(b->table);
	free(b);
}

struct beacons *beacons_create(
	const struct settings *settings, bool live, const struct scan_teller *teller)
{
	struct beacons *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	salt_take(&b->secret, 1);
	b->live = live;
	b->teller = *teller;
	b->limits = (struct beacon_limits){.calls = settings->detect.beacon_calls,
		.jitter = settings->detect.beacon_jitter,
		.interval_ns = settings->detect.beacon_interval};
	b->table = recent_create(BEACONS_MAX, sizeof(struct beacon));
	if (b->table != NULL)
		return b;
	free(b);
	return NULL;
}

/* One less; where all are to be judged still, these are. */
static bool make_room(struct beacons *b)
{
	struct beacon *oldest = recent_oldest(b->table);

	if (oldest == NULL)
		return false;
	if (oldest->row.is_fresh)
		beacons_judge(b);
	b->overflow += oldest->n;
	recent_drop(b->table, oldest);
	return true;
}

static bool is_server(const struct beacon *beacon, const struct flow *flow)
{
	const struct flow_ends has = flow_ends(&beacon->row.sight.flow), is = flow_ends(flow);

	return ip_addr_equal(has.dst, is.dst) && has.dst_port == is.dst_port &&
	       beacon->row.sight.flow.key.protocol == flow->key.protocol;
}

/* The client's row of the server and its port. */
static struct recent_key key_of(const struct beacons *b, const struct beacon_fact *fact)
{
	const struct flow *flow = &fact->about.sight.flow;
	const struct flow_ends ends = flow_ends(flow);
	struct recent_key key = fact->about.key;
	uint64_t port = (uint64_t)flow->key.protocol << 16 | ends.dst_port;

	key.port = (uint32_t)hash_bytes(b->secret ^ port, ends.dst, sizeof(*ends.dst));
	return key;
}

/* NULL, too, where another server of the client has the number of this one, by chance. */
static struct beacon *beacon_of(struct beacons *b, const struct beacon_fact *fact)
{
	const struct recent_key key = key_of(b, fact);
	struct beacon *beacon = recent_find(b->table, &key);

	if (beacon != NULL)
		return is_server(beacon, &fact->about.sight.flow) ? beacon : NULL;
	beacon = recent_take(b->table, &key);
	if (beacon == NULL && make_room(b))
		beacon = recent_take(b->table, &key);
	if (beacon != NULL)
		beacon->first_ns = UINT64_MAX;
	return beacon;
}

static bool is_before(const struct beacon_call *a, const struct beacon_call *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->bytes < b->bytes;
}

/* The earliest gives way. */
static void add_call(struct beacon *beacon, const struct beacon_call *call)
{
	uint32_t place = beacon->n;

	while (place > 0 && is_before(call, &beacon->calls[place - 1]))
		place--;
	if (beacon->n < BEACON_CALLS) {
		memmove(&beacon->calls[place + 1], &beacon->calls[place],
			(beacon->n - place) * sizeof(*call));
		beacon->n++;
	} else if (place == 0) {
		return;
	} else {
		place--;
		memmove(&beacon->calls[0], &beacon->calls[1], place * sizeof(*call));
	}
	beacon->calls[place] = *call;
}

void beacons_add(struct beacons *b, const struct beacon_fact *fact)
{
	const struct beacon_call call = {fact->about.now_ns, fact->bytes};
	struct beacon *beacon = beacon_of(b, fact);

	if (beacon == NULL) {
		b->overflow++;
		return;
	}
	add_call(beacon, &call);
	beacon->untold++;
	if (call.time_ns < beacon->first_ns)
		beacon->first_ns = call.time_ns;
	if (call.time_ns > beacon->row.last_ns)
		beacon->row.last_ns = call.time_ns;
	scan_row_see(&beacon->row, &fact->about);
	scan_row_wait(&b->fresh, &beacon->row);
}

static void put_why(
	struct text *t, const struct beacon_found *found, const struct beacon_limits *limits)
{
	text_cstr(t, "it calls every ");
	text_thousandths(t, found->interval_ns / NS_PER_MS);
	text_cstr(t, " s with ");
	text_u64(t, found->bytes);
	text_cstr(t, " bytes: of ");
	text_u64(t, limits->calls);
	text_cstr(t, " calls in a row ");
	text_u64(t, found->regular);
	text_cstr(t, " % keep to both within ");
	text_u64(t, limits->jitter);
	text_cstr(t, " %");
}

static void tell(
	const struct beacons *b, const struct beacon *beacon, const struct beacon_found *found)
{
	const struct flow *flow = &beacon->row.sight.flow;
	const struct flow_ends ends = flow_ends(flow);
	char title[ALERT_TEXT], why[ALERT_TEXT], interval[32];
	struct text in_title = text_make(title, sizeof(title));
	struct text in_why = text_make(why, sizeof(why));
	struct text in_interval = text_make(interval, sizeof(interval));
	struct alert_telling telling = {
		.severity = 3,
		.by_title = true,
		.first_ns = beacon->first_ns,
		.time_ns = beacon->row.last_ns,
		.times = beacon->untold,
	};

	text_cstr(&in_title, "Beacon to ");
	text_endpoint(&in_title, ends.dst, flow->key.ip_version, ends.dst_port);
	put_why(&in_why, found, &b->limits);
	text_thousandths(&in_interval, found->interval_ns / NS_PER_MS);
	alert_say(&telling, ALERT_RULE, "beacon");
	alert_say(&telling, ALERT_CATEGORY, "beacon");
	alert_say_text(&telling, ALERT_TITLE, title, &in_title);
	alert_say_text(&telling, ALERT_WHY, why, &in_why);
	alert_say(&telling, ALERT_FIELD, "interval_s");
	alert_say_text(&telling, ALERT_VALUE, interval, &in_interval);
	scan_row_tell(&beacon->row, &b->teller, &telling);
}

/* The latest calls that keep to it: live those that have just come, in replay any that are held. */
static bool find(
	const struct beacons *b, const struct beacon *beacon, struct beacon_found *found)
{
	uint32_t least = b->live ? beacon->n : b->limits.calls;

	for (uint32_t n = beacon->n; n >= least && n > 0; n--)
		if (beacon_judge(beacon->calls, n, &b->limits, found))
			return true;
	return false;
}

void beacons_judge(struct beacons *b)
{
	struct beacon *beacon;
	struct beacon_found found;

	while ((beacon = scan_row_next(&b->fresh)) != NULL) {
		if (!find(b, beacon, &found))
			continue;
		tell(b, beacon, &found);
		beacon->untold = 0;
	}
}

uint64_t beacons_overflow(const struct beacons *b)
{
	return b->overflow;
}
