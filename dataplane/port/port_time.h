/* The times that a device gives its packets on receive (RTE_ETH_RX_OFFLOAD_TIMESTAMP), as wall time:
 * some count ns or us since 1970, most have a counter of their own, whose pace is measured against the
 * system clock. One control thread measures; any worker converts. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;

/* ns = base_ns + (stamp - base) * rate / 2^32. */
struct time_scale {
	uint64_t base, base_ns, rate; /* rate 0: not known yet */
};

struct port_time {
	int offset;    /* of the time in an mbuf; -1: the device gives none */
	uint64_t flag; /* set in the ol_flags of an mbuf that has one */
	bool counts;   /* ticks of its own; else ns since 1970, times `scale.rate` */
	/* Written by the control thread, read by workers; odd `version`: it is writing. */
	_Atomic uint64_t version, base, base_ns, rate;
};

/* Begins without a scale. */
void port_time_begin(struct port_time *time, int offset, uint64_t flag, uint64_t unit_ns);
/* No times. */
void port_time_none(struct port_time *time);

/* Control thread: the device's counter read `ticks` at `now_ns`. Seldom, such as once a second: the
 * pace is taken from one reading to the next. */
void port_time_reading(struct port_time *time, uint64_t ticks, uint64_t now_ns);

/* Any thread. */
struct time_scale port_time_scale(const struct port_time *time);

/* The time of a stamp, when it is sane: within the second before `now_ns`. Else `now_ns`, and
 * `*sane` is false. */
uint64_t time_scale_ns(
	const struct time_scale *scale, uint64_t stamp, uint64_t now_ns, bool *sane);
