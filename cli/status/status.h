/* The state of the running appliance at one moment, as plain values: what health, metrics and the
 * control socket are made from. The appliance fills it in; none of its readers sees a lane, a port
 * or a ring.
 *
 * A status owns what it points to: the provider takes arrays from status_array(), texts from
 * status_text() (string literals may be pointed to as they are), and everything lives until
 * status_fini(). So a status outlives a reload, and rows of a retired model are copied, not
 * pointed to.
 *
 * Counters count from the start of the program and never go back. A text is never NULL unless its
 * comment says so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/addr.h"
#include "config/parse/arena.h"
#include "decap/counters/counters.h"
#include "decap/ledger.h"
#include "inspect/detect/mirror_watch.h"
#include "inspect/summary/summary.h"

/* What costs more than a few counters is filled in only when it is asked for. */
enum status_part {
	STATUS_XSTATS = 1 << 0,
	STATUS_SESSIONS = 1 << 1,
	STATUS_RULES = 1 << 2,
	STATUS_FLOWS = 1 << 3,  /* the list of live flows; their statistics are always there */
	STATUS_ALERTS = 1 << 4, /* likewise */
};

enum { STATUS_FLOWS_MAX = 100, STATUS_ALERTS_MAX = 1000 };

/* The hand-off ring of one ordered pair of workers. */
struct status_ring {
	uint32_t from, to;
	COUNTERS(ring_stats);
};

struct status_xstat {
	const char *name; /* as the driver calls it */
	COUNTERS(xstat_stats);
};

/* GONE: the interface was removed, and nothing will come any more. */
enum status_link { STATUS_LINK_UNKNOWN, STATUS_LINK_UP, STATUS_LINK_DOWN, STATUS_LINK_GONE };

struct status_port {
	const char *name;
	const char *beneath; /* the kernel's interface that it reads; "": none, or not known */
	enum status_link link;
	COUNTERS(port_counters);
	const char *interface; /* of the exception path; NULL: there is none */
	struct exception_ledger exception;
	const struct status_xstat *xstats; /* with STATUS_XSTATS */
	uint32_t n_xstats;
	/* By number; none where the driver does not count so. */
	const struct port_queue_counters *queues;
	uint32_t n_queues;
};

struct status_session {
	SESSION_KEY;
	const char *session, *interface_id; /* of the mirror model; NULL: it does not say */
	const char *tenant;                 /* as summary_tenant() has it */
	bool configured;
	bool silent; /* sends nothing, as sessions.silent_after has it */
	COUNTERS(session_stats);
	uint64_t first_ns, last_ns; /* wall time; 0: no packet yet */
};

/* A live flow, in the words of a flow event. */
struct status_flow {
	const char *flow_id, *app;
	const char *session; /* NULL: not in the settings */
	struct ip_addr src, dst;
	uint8_t ip_version, protocol;
	bool has_vni; /* of `key` nothing else is meant but VNI and network, which is 0 if it is not known */
	SESSION_KEY;
	uint16_t src_port, dst_port;
	uint64_t start_ns, last_ns;
	uint64_t packets[2], bytes[2]; /* of the client, of the server */
};

struct status_output {
	const char *name; /* "events", "flow_logs", "packets", ... */
	COUNTERS(output_state_stats);
	struct output_ledger ledger;
	struct output_queue_stats queue; /* records or bytes, alike in both; size 0: no queue */
	struct output_removed_stats removed; /* to stay within the bounds of the settings */
	bool is_feed; /* and so has this; what it loses makes nothing unhealthy */
	COUNTERS(feed_stats);
};

/* A step of the overload order (dataplane/pipeline/overload.h), over all workers. */
struct status_shed {
	const char *name; /* "dpi", "handoff": a static string */
	COUNTERS(shed_stats);
};

struct status {
	unsigned parts; /* enum status_part: what the caller asks for */
	struct arena memory;

	const char *version;
	COUNTERS(process_stats); /* but for the health result */
	bool stopping;           /* draining: no longer healthy */

	struct ledger ledger;         /* of all workers */
	struct counters sum;          /* of what all workers count */
	struct worker_stats *workers; /* by worker number; the health check sets busy_share */
	const struct status_ring *rings;
	const struct status_port *ports;
	const struct status_output *outputs;
	const struct status_shed *sheds;
	uint32_t n_workers, n_rings, n_ports, n_outputs, n_sheds;

	bool has_disk; /* false: nothing is written to a disk */
	const char *disk_path;
	struct disk_stats disk;

	struct mirror_findings mirror; /* what is the matter with sessions */

	/* What else the appliance knows to be wrong, as sentences without a full stop, such as
	 * "port eth1 was removed". Each makes it unhealthy. */
	const char *const *wrong;
	uint32_t n_wrong;

	uint32_t n_sessions, n_rules, n_live;
	const struct status_session *sessions; /* by outer source, then VNI */
	const struct summary_rule *rules;      /* in the order they are judged */
	const struct status_flow *live;        /* most bytes first, at most STATUS_FLOWS_MAX */
	uint32_t n_alerts, growing; /* that are listed, at most STATUS_ALERTS_MAX; and all */
	const struct alert_brief *alerts; /* the one that grew last first */
};

/* What the appliance offers. The functions are called from threads of the control plane.
 * collect: fills in a status that status_init() made. Never called twice at once, but possibly
 * while reload or quit runs. Must not wait for a worker. false: could not.
 * reload: reads settings and mirror model anew; may take its time. 0: done, and `message` may
 * name what cannot change live. Else nothing has changed, and `message` says why
 * (`file:line: key: what is wrong`). Never called twice at once; SIGHUP is the appliance's own.
 * quit: asks for an orderly end and returns at once. */
struct status_provider {
	void *ctx;
	bool (*collect)(void *ctx, struct status *out);
	int (*reload)(void *ctx, char *message, size_t size);
	void (*quit)(void *ctx);
};

/* Zero, but for `parts` and empty texts. */
void status_init(struct status *status, unsigned parts);
/* Frees all memory of the status; legal after status_init alone, and twice. */
void status_fini(struct status *status);

/* Zeroed memory for `n` things of `size` bytes; for n = 0 too. Never NULL. */
void *status_array(struct status *status, size_t n, size_t size);
/* A copy. NULL stays NULL. */
const char *status_text(struct status *status, const char *text);
/* The same of a formatted text. */
__attribute__((format(printf, 2, 3))) const char *status_print(
	struct status *status, const char *format, ...);
