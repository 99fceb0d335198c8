/* Builds the index of a capture: runs its packets through the reader and the lane of a replay without inspection and
 * outputs, so that flows and their ids are those of a replay of that capture alone with the same settings and without
 * filters. Two threads a call; several calls may run at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "decap/decap.h"

struct index_capture_params {
	const struct settings *settings; /* flow, capture, tenants; borrowed */
	enum decap_mode mode;
	bool force;         /* also when there is a good index */
	bool (*stop)(void); /* asked now and then: true ends it without an index; any thread */
};

enum index_capture_status {
	INDEX_CAPTURE_DONE,
	INDEX_CAPTURE_THERE,  /* there is a good one */
	INDEX_CAPTURE_BROKEN, /* of what is whole: `error` says where the capture breaks off */
	INDEX_CAPTURE_FAILED, /* no new index: `error` says why */
};

/* What there is to say. */
struct index_captured {
	bool rebuilt; /* there was one, which was no good: `old` says why */
	struct error old;
	char note[1024];                /* worth knowing of the capture, "": nothing */
	uint64_t packets, flows, bytes; /* of the index; `flows` are rows of it */
	struct error error;
};

enum index_capture_status index_capture(const struct index_capture_params *params,
	const char *capture, struct index_captured *captured);

/* What an index of one of our packet files (inspect/packets/recorded.h) is made with: no setting says what is in it. */
enum { INDEX_OF_RECORDED = 0 };

/* Of other captures: tells apart indexes that were made of equal bytes by settings under which packets are decapsulated otherwise, or
 * flows have other ids. */
uint64_t index_made_with(const struct settings *settings, enum decap_mode mode);
