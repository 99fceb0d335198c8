/* What the files of dataplane/output/suricata*.c share. */
#pragma once

#include <stdatomic.h>

#include "config/log/log.h"
#include "config/thread/thread.h"
#include "dataplane/output/suricata.h"
#include "inspect/detect/suricata/eve.h"
#include "inspect/detect/suricata/sent_flows.h"
#include "inspect/detect/suricata/spawner.h"
#include "inspect/packets/feed.h"
#include "inspect/packets/point_tags.h"

struct suricata {
	struct suricata_params params;
	struct settings_feed feed_settings;
	struct point_tags *tags;
	struct sent_flows *sent;

	/* The sender's. */
	struct feed *feed;
	uint64_t packets;            /* that are in the feed: Suricata counts them likewise */
	uint64_t moved_ns;           /* monotonic: when it last took something */
	uint64_t written;            /* by then */
	struct output_ledger ledger; /* once the feed is closed */

	int eve; /* its connection; -1: none any more */
	struct correlator *correlator;
	uint32_t index;
	struct thread thread;
	_Atomic uint64_t last_ns; /* packet time of the last packet sent */
	_Atomic bool is_ending;   /* it has got all packets */
	_Atomic bool has_ended;   /* the thread has seen its end */
	_Atomic bool hangs;       /* it is killed for that */

	/* The thread's, until it has ended. */
	struct sink sink;
	bool failed;
	uint64_t alerts, unreadable, flow_unknown, unheard;
	char said[SPAWNER_LINE_MAX]; /* its last error, else its last line */
	bool is_error;               /* that one is */
	struct log_limit limit;
	struct eve_alert alert;
	size_t len;       /* bytes of a line without an end yet */
	bool is_too_long; /* the line, whose end is waited for */
	char line[EVE_LINE];
};

/* The program that the settings ask for. */
const char *suricata_command(const struct settings *settings);

/* Until it has started: reads its news, and connects. */
bool suricata_launch(struct suricata *suricata, struct error *error);

/* One line of its console is the last one so far. */
void suricata_remember(struct suricata *suricata, const char *line);

/* The thread that reads its alerts. */
void suricata_read(void *suricata);

/* An alert of its own becomes one of ours. */
void suricata_tell(struct suricata *suricata, const struct eve_alert *alert);
/* It has ended early, or is to be killed: an alert about us. */
void suricata_tell_end(struct suricata *suricata, const char *why);
