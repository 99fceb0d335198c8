/* Typed records: what crosses from a worker to a writer. A worker makes one in the room of its queue
 * (sink.h), with all strings behind its fixed part; encoders (encoder.h) make text of it on the
 * writer's thread. Its pointers lead into itself or to static strings, so it outlives the flow, the
 * configuration and the worker's tables; but it is never moved.
 *
 * What is longer than the room there is for it is cut, and the record says so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/flow/history.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/observation_point.h"
#include "inspect/record/tables/encryption.h"

enum record_type {
	RECORD_FLOW,
	RECORD_WINDOW,
	RECORD_STATS,
	RECORD_TRANSACTION,
	RECORD_FLOW_START,
	RECORD_FLOW_FACT,
	RECORD_NAME_FACT,
	RECORD_ALERT,
	RECORD_ALERT_FACT,
	RECORD_PROBES_FACT,
	RECORD_SYNS_FACT,
	RECORD_TUNNEL_FACT,
	RECORD_BEACON_FACT,
	RECORD_LISTENER_FACT,
	RECORD_TYPES
};

enum {
	RECORD_MAX = 16 * 1024, /* bytes of any record */
	RECORD_ALIGN = 8,
};

struct record {
	_Alignas(RECORD_ALIGN) uint32_t len; /* in bytes, this head included */
	uint16_t type;                       /* enum record_type */
	bool cut;
};

/* What is told of a flow beside what it holds itself. */
struct flow_outcome {
	enum flow_end end;
	enum encryption encryption;
	uint32_t kinds; /* bit n: transactions of kind n were counted */
	struct flow_course course;
	/* In a record its own, both; NULL: none. */
	const struct flow_alerts *alerts;
	const struct flow_recorded *recorded;
};

/* A flow that ended or, with FLOW_END_ACTIVE, goes on. */
struct flow_record {
	struct record record;
	struct flow_outcome outcome;
	struct observation_point observation_point;
	struct flow flow; /* as it was; `details` is this record's own, `dpi` NULL */
};

/* A transaction of a flow, which goes on. */
struct transaction_record {
	struct record record;
	enum transaction kind;
	uint64_t time_ns;
	struct observation_point observation_point;
	struct flow flow; /* as it was; `details` is this record's own, `dpi` NULL */
};

/* A flow whose label is known, or will not be. */
struct flow_start_record {
	struct record record;
	uint64_t time_ns;
	struct observation_point observation_point;
	struct flow flow; /* as it was; without `details` and `dpi` */
};

/* What one end sent to the other in an aggregation window: a flow log record. */
struct window_record {
	struct record record;
	struct observation_point observation_point;
	struct ip_addr src, dst;
	uint64_t packets, bytes;
	uint64_t first_s, last_s;    /* when the first and the last packet came */
	uint16_t src_port, dst_port; /* 0 for protocols without */
	uint8_t protocol, ip_version;
	uint8_t tcp_flags; /* as VPC Flow Logs count them: see struct flow_window */
	uint8_t direction; /* enum direction, of what `src` sends */
};

struct aggregate;
struct flow_alerts;
struct sink;

/* Each makes a record in the sink. false: the sink has refused it. */
bool record_flow(const struct sink *sink, const struct flow *flow,
	const struct flow_outcome *outcome, const struct observation_point *observation_point);
/* `details` instead of the flow's; NULL: none. */
bool record_transaction(const struct sink *sink, const struct flow *flow, enum transaction kind,
	uint64_t time_ns, const struct details *details,
	const struct observation_point *observation_point);
bool record_flow_start(const struct sink *sink, const struct flow *flow, uint64_t time_ns,
	const struct observation_point *observation_point);
/* What side 0 (`lo`) or 1 of the aggregate has sent. */
bool record_window(const struct sink *sink, const struct aggregate *aggregate, unsigned side,
	uint32_t window_s, const struct observation_point *observation_point);
