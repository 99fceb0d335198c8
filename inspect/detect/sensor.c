#include "inspect/detect/sensor.h"

#include <stdlib.h>

#include "config/settings/settings.h"
#include "inspect/detect/beacons/beacons.h"
#include "inspect/detect/listeners/listeners.h"
#include "inspect/detect/scans/floods.h"
#include "inspect/detect/scans/scans.h"
#include "inspect/detect/suppress.h"
#include "inspect/detect/tunnels/tunnels.h"

struct sensor {
	bool live;
	struct alerts *alerts;
	struct scans *scans;
	struct floods *floods;
	struct tunnels *tunnels;
	struct beacons *beacons;
	struct listeners *listeners;
	uint64_t
		number; /* in replay: of the facts of scans and floods that wait to be judged */
};

static void add_alert(void *ctx, const struct alert_fact *fact)
{
	struct sensor *s = ctx;

	alerts_add(s->alerts, fact);
}

struct sensor *sensor_create(const struct sensor_params *params)
{
	const struct settings *settings = params->settings;
	const struct alerts_params alerts = {.capacity = settings->detect.open_alerts,
		.idle_ns = settings->detect.idle_timeout,
		.live = params->live,
		.sink = params->sink};
	struct sensor *s = calloc(1, sizeof(*s));
	const struct scan_teller teller = {s, add_alert};
	struct suppress *suppress = suppress_create(settings);

	if (s == NULL || suppress == NULL) {
		free(s);
		suppress_destroy(suppress);
		return NULL;
	}
	s->live = params->live;
	s->alerts = alerts_create(&alerts);
	s->scans = scans_create(settings, &teller);
	s->floods = floods_create(settings, &teller);
	s->tunnels = tunnels_create(settings, &teller);
	s->beacons = beacons_create(settings, params->live, &teller);
	s->listeners = listeners_create(settings, &teller);
	if (s->alerts && s->scans && s->floods && s->tunnels && s->beacons && s->listeners) {
		alerts_suppress(s->alerts, suppress);
		return s;
	}
	suppress_destroy(suppress);
	sensor_destroy(s);
	return NULL;
}

void sensor_destroy(struct sensor *s)
{
	if (s == NULL)
		return;
	scans_destroy(s->scans);
	floods_destroy(s->floods);
	tunnels_destroy(s->tunnels);
	beacons_destroy(s->beacons);
	listeners_destroy(s->listeners);
	alerts_destroy(s->alerts);
	free(s);
}

static void judge_scans(struct sensor *s)
{
	scans_judge(s->scans);
	floods_judge(s->floods);
}

/* In replay at the end: when flows end and are told of, and what was the first of all, is known then. */
static void judge_habits(struct sensor *s)
{
	tunnels_judge(s->tunnels);
	beacons_judge(s->beacons);
	listeners_judge(s->listeners);
}

/* Those of one number are judged when all workers have told theirs. */
static void begin_number(struct sensor *s, uint64_t number)
{
	if (number != s->number)
		judge_scans(s);
	s->number = number;
}

void sensor_take(struct sensor *s, const struct record *record)
{
	switch ((int)record->type) {
	case RECORD_ALERT_FACT:
		alerts_add(s->alerts, (const struct alert_fact *)record);
		break;
	case RECORD_PROBES_FACT:
		begin_number(s, ((const struct fact *)record)->number);
		scans_add(s->scans, (const struct probes_fact *)record);
		break;
	case RECORD_SYNS_FACT:
		begin_number(s, ((const struct fact *)record)->number);
		floods_add(s->floods, (const struct syns_fact *)record);
		break;
	case RECORD_TUNNEL_FACT:
		tunnels_add(s->tunnels, (const struct tunnel_fact *)record);
		break;
	case RECORD_BEACON_FACT:
		beacons_add(s->beacons, (const struct beacon_fact *)record);
		break;
	case RECORD_LISTENER_FACT:
		listeners_add(s->listeners, (const struct listener_fact *)record);
		break;
	default:
		break;
	}
}

void sensor_judge(struct sensor *s)
{
	if (!s->live)
		return;
	judge_scans(s);
	judge_habits(s);
}

void sensor_age(struct sensor *s, uint64_t now_ns)
{
	alerts_age(s->alerts, now_ns);
}

void sensor_end(struct sensor *s)
{
	judge_scans(s);
	judge_habits(s);
	alerts_end(s->alerts);
}

void sensor_suppress(struct sensor *s, struct suppress *suppress)
{
	alerts_suppress(s->alerts, suppress);
}

const struct alerts *sensor_alerts(const struct sensor *s)
{
	return s->alerts;
}

struct alerts_stats sensor_stats(const struct sensor *s)
{
	struct alerts_stats stats = alerts_stats(s->alerts);

	stats.scan_overflow = scans_overflow(s->scans) + floods_overflow(s->floods);
	stats.tunnel_overflow = tunnels_overflow(s->tunnels);
	stats.beacon_overflow = beacons_overflow(s->beacons);
	stats.listener_overflow = listeners_overflow(s->listeners);
	return stats;
}
