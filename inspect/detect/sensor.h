/* What makes alerts of facts: those that are of one already (alerts.h), and those of what many flows do together: scans,
 * floods, DNS tunnels, beacons, new listeners. What is found of the latter becomes an alert like the others. One thread uses it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/detect/alerts.h"

struct sensor;
struct settings;

struct sensor_params {
	const struct settings *settings; /* needed by the call alone */
	bool live;
	struct sink sink; /* for alert_records */
};

/* NULL: no memory. */
struct sensor *sensor_create(const struct sensor_params *params);
/* NULL is legal. */
void sensor_destroy(struct sensor *sensor);

/* A fact of detection. In replay in the order of their numbers: those of one number are judged together. */
void sensor_take(struct sensor *sensor, const struct record *fact);
/* Live, when facts were taken: judges what they are part of. */
void sensor_judge(struct sensor *sensor);
/* Live, now and then: see alerts_age(). */
void sensor_age(struct sensor *sensor, uint64_t now_ns);
/* Judges what is left, and ends all alerts. */
void sensor_end(struct sensor *sensor);
/* See alerts_suppress(). */
void sensor_suppress(struct sensor *sensor, struct suppress *suppress);

/* The alerts that grow, and those that have ended. */
const struct alerts *sensor_alerts(const struct sensor *sensor);
/* With what found no room on the way to become one. */
struct alerts_stats sensor_stats(const struct sensor *sensor);
