/* A made-up appliance: a status provider whose values a test sets while the control plane runs. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/status/status.h"
#include "config/settings/settings.h"

struct puppet {
	pthread_mutex_t lock;
	/* Under the lock: what collect() tells. */
	uint64_t since_poll_ns; /* of worker 1 */
	uint32_t ring_fill;     /* of 1023 */
	uint32_t queue_fill;    /* of 100 */
	uint64_t lost_disk;     /* of the events */
	uint64_t lost_feed;     /* packets of a feed, whose queue is full then */
	uint64_t shared_tags;   /* packets of a feed whose points have no tags of their own */
	uint64_t disk_free;
	enum status_link link;
	bool stopping, collect_fails;
	const char *wrong;   /* NULL: nothing */
	uint32_t n_learned;  /* sessions beyond the two that are always there */
	unsigned collect_us; /* it takes that long */
	const char *refusal; /* of reload; NULL: done */
	/* Under the lock: what was asked. */
	unsigned collects, at_once, most_at_once, reloads, quits;
	unsigned parts; /* of the latest collect() that asked for any */
};

void puppet_begin(struct puppet *a);
void puppet_end(struct puppet *a);
struct status_provider puppet_provider(struct puppet *a);

/* Sets a field while others read it. */
#define PUPPET_SET(a, field, value) \
	do { \
		pthread_mutex_lock(&(a)->lock); \
		(a)->field = (value); \
		pthread_mutex_unlock(&(a)->lock); \
	} while (0)
/* A field that is an unsigned. */
#define PUPPET_GET(a, field) puppet_get(a, &(a)->field)
unsigned puppet_get(struct puppet *a, const unsigned *field);

/* The status that collect() makes, for tests without threads. */
void puppet_status(struct puppet *a, struct status *out);
/* Settings whose times suit a test: looks every 20 ms, no sockets. */
void puppet_settings(struct settings *settings);
