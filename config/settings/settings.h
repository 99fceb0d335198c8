/* The settings: every key of the YAML file, typed, checked, with its default. A setting is one row
 * of settings.def: the parser, the default, the range, --dump-config and docs/CONFIG.md all come
 * from that row. No file is needed; a missing key is its default. The mirror model (filters,
 * sessions, interfaces) stands in the same file and is read by config/model/model.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/parse/cidr.h"

struct report;

enum { SETTINGS_LIST_MAX = 8 };

struct settings_ports {
	uint16_t port[SETTINGS_LIST_MAX];
	uint32_t count;
};

struct settings_strings {
	char **text; /* owned by the settings */
	uint32_t count;
};

enum settings_unknown { UNKNOWN_INSPECT, UNKNOWN_REFUSE };
enum settings_direction { DIRECTION_ACCEPT, DIRECTION_REJECT };
enum settings_on_reject { ON_REJECT_NEXT, ON_REJECT_STOP };
enum settings_ntp { NTP_AMAZON, NTP_ALL };
enum settings_neighbor_discovery { NEIGHBOR_DISCOVERY_RULES, NEIGHBOR_DISCOVERY_NEVER };
enum settings_mtu_overhead { MTU_OVERHEAD_GUIDE, MTU_OVERHEAD_HEADERS };
enum settings_oversize { OVERSIZE_CUT, OVERSIZE_DROP };
enum settings_outer_length { OUTER_LENGTH_STRICT, OUTER_LENGTH_CUT };
enum settings_removed { REMOVED_STAY, REMOVED_END };
enum settings_idle { IDLE_SLEEP, IDLE_POLL };
enum settings_exception { EXCEPTION_AUTO, EXCEPTION_ON, EXCEPTION_OFF };
enum settings_dedup { DEDUP_OFF, DEDUP_ON };
enum settings_seccomp { SECCOMP_ON, SECCOMP_OFF, SECCOMP_LOG };
/* Facilities of RFC 5424, section 6.2.1. */
enum settings_syslog {
	SYSLOG_OFF,
	SYSLOG_USER,
	SYSLOG_DAEMON,
	SYSLOG_LOCAL0, /* and the other seven after it */
	SYSLOG_LOCAL7 = SYSLOG_LOCAL0 + 7
};
enum settings_record { RECORD_NONE, RECORD_ALL, RECORD_ACCEPTED, RECORD_SELECTED };
/* What the values of an indicator list are; auto: each line tells. In the order of LIST_TYPE_NAMES. */
enum list_type {
	LIST_AUTO,
	LIST_IP,
	LIST_DOMAIN,
	LIST_URL,
	LIST_JA3,
	LIST_JA4,
	LIST_HASSH,
	LIST_CERTIFICATE,
	LIST_ASN,
	LIST_TYPES
};
#define LIST_TYPE_NAMES "auto|ip|domain|url|ja3|ja4|hassh|certificate|asn"
enum list_action { LIST_ALERT, LIST_ALLOW };
#define LIST_ACTION_NAMES "alert|allow"

/* Which tables the summary has besides those it always has. */
struct settings_summary {
	bool conversations, names, failures, encryption;
};

struct settings_tenant {
	char *name;
	/* VNIs, and networks as NETWORK_NAMED + id (session_key.h). */
	uint32_t *own;
	uint32_t n_own;
};

/* A list of indicators. Texts are owned by the settings. */
struct settings_list {
	char *file; /* relative to the settings file */
	char *name; /* the file's own, without folder and last extension, where none is given */
	enum list_type type;
	uint32_t severity; /* 1, the highest, to 4 */
	enum list_action action;
};

struct settings_lists {
	struct settings_list *list; /* owned by the settings; names differ */
	uint32_t count;
};

enum { LISTS_MAX = 200, LIST_SEVERITY = 2 /* where none is given */, LIST_SEVERITY_MAX = 4 };

/* Alerts that are not wanted: those that all of it fit. Texts are owned by the settings; NULL: any. */
struct settings_suppression {
	char *engine, *rule, *title, *session, *tenant;
	struct cidr address; /* of one of the flow's ends */
	bool has_address;
	uint64_t until_ns; /* since 1970; 0: for good */
};

struct settings_suppressions {
	struct settings_suppression *suppression; /* owned by the settings */
	uint32_t count;
};

enum { SUPPRESSIONS_MAX = 1000 };

/* Who sees what alerts are about. */
#define ALERT_ENGINE_NAMES "periscope|ndpi|list|suricata"

/* The Suricata that is started, and fed. Texts are owned by the settings; NULL: not given. */
struct settings_suricata {
	char *command;                 /* the program; NULL: suricata */
	char *config;                  /* its suricata.yaml; relative to the settings file */
	struct settings_strings rules; /* files, or patterns of them; relative likewise */
	uint64_t timeout;              /* ns in which it must take packets */
	/* Or one that runs already, and reads a feed: the socket at which it is waited for. The others but `timeout` are
	 * not given then. */
	char *attach;
};

enum { SURICATA_RULES_MAX = 200 };

static inline bool settings_suricata_is_on(const struct settings_suricata *suricata)
{
	return suricata->rules.count > 0 || suricata->config || suricata->attach;
}

/* Decapsulated packets for another program. */
enum feed_kind { FEED_PIPE, FEED_PCAP_OVER_IP, FEED_INTERFACE, FEED_KINDS };
#define FEED_KIND_NAMES "pipe|pcap_over_ip|interface"
enum feed_tag { FEED_TAG_NONE, FEED_TAG_QINQ };
#define FEED_TAG_NAMES "none|qinq"
enum feed_times { FEED_TIMES_US, FEED_TIMES_NS };
#define FEED_TIMES_NAMES "us|ns"

enum { FEEDS_MAX = 8, FEED_NAME_MAX = 31, FEED_CUT_MIN = 64, FEED_CUT_MAX = 262144 };

struct settings_feed {
	char name[FEED_NAME_MAX + 1]; /* of letters, digits and -_ */
	enum feed_kind kind;
	char *path;                /* of a pipe; owned by the settings; else NULL */
	bool listens;              /* pcap_over_ip: at the address; else it connects to it */
	char address[64];          /* see value_endpoint() */
	char iface[16];            /* of an interface */
	enum settings_record what; /* RECORD_ALL or RECORD_ACCEPTED */
	/* Of those accepted the ones of which this is true (inspect/packets/expression/expression.h), not checked
	 * here. NULL: all of them. Owned by the settings. */
	char *expression;
	uint32_t what_line; /* where `what` stands; 0: nowhere */
	enum feed_tag tag;
	enum feed_times times;
	uint32_t cut; /* bytes of each packet; 0 = all */
};

struct settings_feeds {
	struct settings_feed *feed; /* owned by the settings; names differ */
	uint32_t count;
};

struct settings {
	struct {
		struct settings_strings ports; /* DPDK device descriptions; replay uses none */
		uint32_t queues;               /* a port; 0 = auto */
		uint32_t workers;              /* 0 = auto */
		struct settings_ports vxlan_ports, geneve_ports;
		uint32_t max_depth;
		enum settings_outer_length outer_length;
		enum settings_removed removed;
		enum settings_idle idle;
		bool device_times;
		uint64_t memory;             /* bytes */
		struct settings_strings eal; /* arguments */
	} capture;
	struct {
		enum settings_exception mode;
		char interface[16];                /* "%d" at its end: the port's number */
		struct settings_strings addresses; /* see value_address() */
		uint32_t rate;                     /* packets a second; 0 = no limit */
		uint32_t burst;                    /* packets */
	} exception;
	struct {
		enum settings_unknown unknown;
		enum settings_direction unknown_direction;
		uint32_t capacity;
		uint64_t silent_after;     /* ns; 0 = never */
		uint32_t loss_share;       /* percent; 0 = never */
		uint32_t duplicates_share; /* percent; 0 = never */
		uint64_t loss_window;      /* ns */
	} sessions;
	struct { /* what AWS does at a source, where it does not say */
		enum settings_on_reject on_reject;
		enum settings_ntp ntp;
		enum settings_neighbor_discovery neighbor_discovery;
		enum settings_mtu_overhead mtu_overhead;
		enum settings_oversize oversize;
	} mirroring;
	struct settings_tenant
		*tenants; /* each VNI and network is in one at most; names differ */
	uint32_t n_tenants;
	struct {
		uint32_t capacity;
		bool use_vlan;
		uint64_t idle_timeout, active_timeout, tcp_close_timeout; /* ns; 0 = never */
		uint64_t guard_time;                                      /* ns */
		uint32_t max_ndpi_packets_tcp, max_ndpi_packets_udp; /* 0 = never give up */
		uint32_t max_parsed_packets;                         /* 0 = any number */
	} flow;
	struct {
		bool enabled, correlate;
		uint64_t memory_limit, fragment_limit; /* bytes; 0 = none */
		uint64_t reorder_limit;                /* bytes of a flow; 0: none wait */
	} dpi;
	struct {
		uint32_t sessions, unknown; /* percent */
	} shares;
	struct {
		enum settings_dedup mode;
	} dedup;
	struct settings_strings aws_import; /* paths, relative to the settings file */
	struct settings_summary summary;
	struct {
		bool alerts;
		uint32_t risk_score;             /* the least; 0 = none */
		uint32_t open_alerts;            /* that grow at a time */
		uint64_t idle_timeout;           /* ns; 0 = never */
		uint32_t scan_hosts, scan_ports; /* the least that are a scan; 0 = none is */
		uint64_t scan_window;            /* ns */
		uint32_t slow_scan_hosts, slow_scan_ports;
		uint64_t slow_scan_window;  /* ns */
		uint32_t syn_flood;         /* the least SYNs; 0 = none is */
		uint32_t dns_tunnel_names;  /* the least; 0 = none is */
		uint32_t dns_tunnel_length; /* bytes that make a name long */
		uint64_t dns_tunnel_window; /* ns */
		uint32_t beacon_calls;      /* the least; 0 = none is */
		uint32_t beacon_jitter;     /* percent */
		uint64_t beacon_interval;   /* ns */
		uint64_t listener_learning; /* ns; 0 = none are looked for */
		uint32_t scan_sources;      /* that are held at a time */
		struct settings_lists lists;
		struct settings_suppressions suppress;
		struct settings_strings geoip; /* paths, relative to the settings file */
		struct settings_suricata suricata;
	} detect;
	struct {
		bool flow, flow_start;
		bool dns, http, tls, quic, ssh;   /* of transactions */
		uint32_t transactions_per_flow;   /* 0 = any number */
		uint32_t transactions_per_second; /* over all workers, live; 0 = any number */
		bool file, stdout;
		char socket[108]; /* path of a UNIX socket; "" = off */
		enum settings_syslog syslog;
		uint64_t queue;         /* bytes, each sink */
		uint64_t max_file_size; /* bytes; 0 = any, as for all that follow */
		uint64_t max_file_age;  /* ns */
		uint32_t max_files;
		uint64_t max_total_size; /* bytes */
		uint64_t stats_interval; /* ns; 0 = never */
	} events;
	struct {
		bool enabled;
		char format[1024]; /* "default", or ${field-id} ${field-id} ... */
		uint32_t max_aggregation_interval; /* s: 60 or 600 */
		uint32_t capacity;       /* conversations of a window, over all workers */
		uint32_t max_files;      /* 0 = any number */
		uint64_t max_total_size; /* bytes; 0 = any */
	} flow_logs;
	struct {
		enum settings_record record;
		uint32_t snaplen; /* bytes of a frame; 0 = all, as for all that follow */
		uint32_t max_flow_packets; /* of a flow, its first ones */
		uint64_t max_flow_bytes;   /* of their frames, as recorded */
		uint32_t queue;            /* packets, each worker */
		uint64_t max_file_size;    /* bytes */
		uint64_t max_file_age;     /* ns */
		uint32_t max_files;
		uint64_t max_total_size; /* bytes */
	} packets;
	struct settings_feeds feeds;
	struct {
		char socket[108];    /* path of a UNIX socket; "" = off */
		char http[64];       /* address:port; "" = off */
		uint32_t health_tcp; /* port; 0 = off */
		bool telemetry;
		uint64_t check_interval, worker_stall; /* ns */
		uint32_t ring_mark;                    /* percent */
		uint64_t ring_hold, loss_hold;         /* ns */
		uint64_t disk_free_min;                /* bytes; 0 = any */
	} control;
	struct {
		enum log_format format;
		enum log_level level;
	} log;
	struct {
		char user[32]; /* "" = off */
		enum settings_seccomp seccomp;
		bool core_dumps;
	} rights;
	struct {
		bool shed_dpi, shed_recording;
		uint32_t queue_high, queue_low, busy_high, busy_low, memory_high,
			memory_low;          /* percent */
		uint64_t enter, next, leave; /* ns */
	} overload;
};

/* Packets go to packets/, to feeds or to Suricata: some wait in queues for that. */
static inline bool settings_takes_packets(const struct settings *settings)
{
	return settings->packets.record != RECORD_NONE || settings->feeds.count > 0 ||
	       settings_suricata_is_on(&settings->detect.suricata);
}

/* Sets every default; overwrites, frees nothing. */
void settings_init(struct settings *settings);
/* Frees what the settings own; legal after settings_init alone, and twice. */
void settings_fini(struct settings *settings);

/* Reads a YAML file over what is set already. 0, or -1 with one sentence in `error`:
 * `file:line: key: what is wrong`. On failure `settings` is still legal to fini, not to use.
 * The keys of the mirror model are accepted and left to model_load(). */
int settings_load(struct settings *settings, const char *path, struct error *error);
/* The same, with all that is wrong as errors of a report, in its parts. What is wrong keeps its
 * default, and `settings` is legal to use. */
enum settings_status { SETTINGS_READ, SETTINGS_WRONG /* in part */, SETTINGS_UNREADABLE };
enum settings_status settings_load_report(
	struct settings *settings, const char *path, struct report *report);

/* Applies `key=value` (`flow.idle_timeout=30s`), as --set does. The value of a scalar is taken
 * as it stands; that of a list is YAML (`[4789, 8472]`), the brackets of one of ports optional. */
int settings_set(struct settings *settings, const char *assignment, struct error *error);
/* The same, with the sentence as an error of a report. */
int settings_set_report(
	struct settings *settings, const char *assignment, struct report *report);

/* One more rule file of Suricata's; `file` is copied. 0, or -1 and `error`. */
int settings_add_rules(struct settings *settings, const char *file, struct error *error);
/* One more indicator list, with the defaults of the others. */
int settings_add_list(struct settings *settings, const char *file, struct error *error);

/* Why a change of this key has no effect as the other settings stand, after "has no effect"; static.
 * NULL: it has. */
const char *settings_no_effect(const struct settings *settings, const char *key);
/* Adds a warning for each setting that was changed, and has no effect as the others stand. `path`
 * (may be NULL) is where it is looked for, to name its line. */
void settings_check(const struct settings *settings, const char *path, struct report *report);

/* Writes all settings as YAML that settings_load() reads back to the same. */
void settings_dump(const struct settings *settings, FILE *out);

/* Calls `each` with the key of every setting that differs between the two; those of the mirror model
 * are not settings. */
void settings_differences(const struct settings *a, const struct settings *b,
	void (*each)(void *ctx, const char *key), void *ctx);

/* Writes the reference table of docs/CONFIG.md. */
void settings_reference(FILE *out);
