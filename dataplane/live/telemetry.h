/* Commands of our own on DPDK's telemetry socket, which dpdk-telemetry.py and collectors ask (DPDK
 * Programmer's Guide, "Telemetry"). DPDK has a thread for each client, and at most 16 KiB for an
 * answer: what does not fit it leaves out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* An answer, or an object in it. Names may have letters, digits, `_` and `/`; others become `_`. Texts
 * are cut at 127 bytes. What has no room is left out. */
struct telemetry_object {
	void *data; /* NULL: takes nothing */
};

void telemetry_u64(struct telemetry_object to, const char *name, uint64_t value);
void telemetry_text(struct telemetry_object to, const char *name, const char *value);
/* A new object in another; the answer's owner frees it. */
struct telemetry_object telemetry_within(struct telemetry_object outer, const char *name);

struct telemetry_command {
	const char *name; /* "/periscope/stats" */
	const char *help; /* one sentence */
	/* What of `command` was asked; `argument` is what stands behind its name and a comma, or "". Called
	 * by any thread, one at a time. false: there is no answer now. */
	bool (*answer)(void *ctx, const struct telemetry_command *command, const char *argument,
		struct telemetry_object to);
};

/* Offers `commands`, which must live until telemetry_end(). One set at a time. false: DPDK took one of
 * them not. */
bool telemetry_begin(const struct telemetry_command *commands, uint32_t n, void *ctx);
/* From now on they have no answer; waits for one that is being made. */
void telemetry_end(void);
