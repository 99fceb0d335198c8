/* Private to the exception path: exception.c starts it, ends it and reads its counters,
 * exception_move.c moves its packets. */
#pragma once

#include "config/parse/value.h"
#include "config/thread/ring.h"
#include "config/thread/service.h"
#include "dataplane/exception/exception.h"
#include "dataplane/exception/tap.h"
#include "dataplane/exception/token_bucket.h"

/* What the exception thread counts; it alone writes. */
enum count {
	DELIVERED,
	DELIVERED_BYTES,
	RATE_LIMITED,
	LOST_TAP,
	FROM_KERNEL,
	FROM_KERNEL_BYTES,
	SENT,
	SENT_BYTES,
	LOST_TX,
	COUNTS,
};

/* One worker's way in: the worker puts frames into the ring, the exception thread takes them. */
struct way_in {
	struct ring ring;
	struct rte_mbuf *mbufs[EXCEPTION_RING];
	_Atomic uint64_t offered, offered_bytes, lost_ring;
};

struct exception_port {
	struct port *port;
	struct tap *tap; /* NULL: stopped */
	char interface[VALUE_INTERFACE + 1];
	struct way_in *ways;
	uint32_t n_ways;
	struct token_bucket bucket;
	/* Written by the exception thread, read by any: counters, and that the tap is no more. */
	_Atomic uint64_t counts[COUNTS];
	atomic_bool gone;
};

struct exception {
	uint32_t n_workers;
	struct exception_port *ports[EXCEPTION_PORTS];
	uint32_t n_ports;
	struct service service;
	uint32_t idle; /* the thread's: rounds since a packet */
};

/* The thread; `ctx` is the struct exception. */
extern const struct service_work exception_work;
