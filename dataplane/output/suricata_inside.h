/* What the files of dataplane/output/suricata*.c share. */
#pragma once

#include <stdatomic.h>

#include "config/log/log.h"
#include "config/socket/unix_listener.h"
#include "config/thread/service.h"
#include "config/thread/thread.h"
#include "dataplane/output/offers.h"
#include "dataplane/output/suricata.h"
#include "decap/counters/shared.h"
#include "inspect/detect/suricata/eve.h"
#include "inspect/detect/suricata/sent_flows.h"
#include "inspect/detect/suricata/spawner.h"
#include "inspect/detect/suricata/suricata_command.h"
#include "inspect/packets/feed.h"
#include "inspect/packets/point_tags.h"

/* Live: who feeds it, and who sees to it. */
enum suricata_phase {
	SURICATA_FED,  /* it runs: `feed` is the thread's that feeds it */
	SURICATA_GONE, /* it has ended, which that thread is to notice */
	SURICATA_OFF,  /* it has: `feed` is the reading thread's, which starts it again */
};

/* What it was given too long for. */
enum suricata_patience {
	SURICATA_IS_FINE,
	SURICATA_TAKES_NOTHING, /* to take packets */
	SURICATA_IS_LATE,       /* to end, after its last packet */
};

struct suricata {
	struct suricata_params params;
	struct settings_feed feed_settings;
	struct point_tags *tags;
	struct sent_flows *sent;

	/* The sender's; live as `phase` says. */
	struct feed *feed;
	uint64_t packets;  /* that are in the feed: Suricata counts them likewise */
	uint64_t moved_ns; /* monotonic: when it last took something */
	uint64_t written;  /* by then */
	_Atomic uint64_t
		forgotten;         /* flows: as sent_flows_forgotten(), of all that was noted */
	uint64_t forgotten_before; /* by those that it is not noted in any more */
	_Atomic uint64_t shared_tags; /* packets of points that have no tags of their own */
	struct output_ledger ledger;  /* of feeds that are closed */

	struct unix_listener
		listens; /* of one started otherwise: where it connects; fd -1: it is ours */
	_Atomic bool is_there; /* and whether it has */

	/* Live. */
	struct offers *offers; /* NULL: replay */
	struct service ids;    /* the thread that feeds it */
	bool is_fed;           /* that thread's: what it knows of `phase` */
	uint64_t missed;       /* and what came while it was off */
	_Atomic int phase;
	_Atomic uint64_t restarts;
	struct shared_ledger fed; /* for others to look at: of all feeds, and `missed` */

	int eve; /* its connection; -1: none any more */
	struct correlator *correlator;
	uint32_t index;
	struct thread thread;
	_Atomic uint64_t last_ns;        /* replay: packet time of the last packet sent */
	_Atomic bool is_ending;          /* it has got all packets */
	_Atomic bool has_ended;          /* the thread has seen its end */
	_Atomic int killed_for;          /* enum suricata_patience: why it is killed */
	_Atomic bool must_reload;        /* its rules */
	_Atomic uint64_t ends_within_ns; /* since is_ending */

	/* The thread's, until it has ended. */
	struct sink sink;
	bool failed;
	_Atomic uint64_t alerts, unreadable, flow_unknown, unheard; /* others look */
	struct suricata_command *command; /* NULL: nothing is asked of it */
	uint64_t begun_ns;                /* monotonic: when it was started last */
	uint64_t wait_ns;                 /* before it is started again */
	uint64_t told_lost;               /* what an alert has told of lost packets */
	uint64_t looked_ns;               /* when that was looked at */
	char said[SPAWNER_LINE_MAX];      /* its last error, else its last line */
	bool is_error;                    /* that one is */
	struct log_limit limit;
	struct eve_alert alert;
	size_t len;       /* bytes of a line without an end yet */
	bool is_too_long; /* the line, whose end is waited for */
	char line[EVE_LINE];
};

/* The program that the settings ask for. */
const char *suricata_command(const struct settings *settings);

/* A feed for it, and what is noted of what goes there. */
bool suricata_open(struct suricata *suricata, struct error *error);
/* Adds what became of packets to the ledger, and closes the feed: it has got all that it will get. */
void suricata_close(struct suricata *suricata);
/* Before packet `record` goes to the feed: an alert may be there before we look again. */
void suricata_note(struct suricata *suricata, const struct packet_record *record);
/* Kills it, for that, if nobody has yet. */
void suricata_kill(struct suricata *suricata, enum suricata_patience why);
/* Of a feed that is behind: kills it when it has taken nothing for too long. */
void suricata_watch(struct suricata *suricata);

/* Until it has started: reads its news, and connects. Not for longer than until it is to end. */
bool suricata_launch(struct suricata *suricata, struct error *error);

/* Live: the thread that feeds it. 0, or -1 and `error`. */
int suricata_feed(struct suricata *suricata, struct error *error);
/* Live, the reading thread: it has ended. Starts it again, as often as that takes. false: it is not wanted any more. */
bool suricata_revive(struct suricata *suricata);
/* Live, the reading thread, now and then: rules to be read again, packets that are lost. */
void suricata_attend(struct suricata *suricata);

/* One line of its console is the last one so far. */
void suricata_remember(struct suricata *suricata, const char *line);

/* The thread that reads its alerts. */
void suricata_read(void *suricata);
/* What there is to read at `eve`. false: there is no more to come. And the rest, when it has ended. */
bool suricata_read_some(struct suricata *suricata);
void suricata_read_rest(struct suricata *suricata);

/* One that was started otherwise: where it connects; and the thread that reads its alerts. */
bool suricata_attach(struct suricata *suricata, struct error *error);
void suricata_read_attached(void *suricata);
static inline bool suricata_is_attached(const struct suricata *suricata)
{
	return suricata->listens.fd >= 0;
}

/* An alert of its own becomes one of ours. */
void suricata_tell(struct suricata *suricata, const struct eve_alert *alert);
/* An alert about us. */
void suricata_tell_of_us(
	struct suricata *suricata, const char *rule, const char *title, const char *why);
