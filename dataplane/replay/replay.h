/* Replay: captures -> flow events, flow logs, packets, summary. Offline, without root, huge pages
 * or a NIC; as many workers as asked for, with the same results for any number of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model/model.h"
#include "config/settings/settings.h"
#include "decap/decap.h"
#include "inspect/summary/summary.h"

struct replay_params {
	const struct settings *settings;
	const struct model *model; /* NULL: no filters, sessions or interfaces are known */
	const struct lists *lists; /* of indicators; NULL: none */
	const struct geo *geo;     /* where addresses are; NULL: nobody knows */
	struct suricata *suricata; /* started, and ended by the replay; NULL: none */
	const char *const *captures;
	uint32_t n_captures;
	const char *bpf;         /* of packets as captured; NULL: every packet */
	const char *inner;       /* of what is inside (inner_filter.h); NULL: every packet */
	const char *output_dir;  /* NULL: none, and the settings ask for no files */
	bool force;              /* an output directory that is not empty is taken over */
	const char *packet_file; /* NULL: none, but for what packets.record asks for */
	uint32_t n_workers;      /* 0: as the settings say */
	enum decap_mode input;
	const char *version;
	bool (*stop)(void); /* asked now and then: true ends the replay early, in order */
	bool progress;      /* a line on stderr for replays that take long */
	/* Called before the first capture is opened, when nothing but files, memory and threads will
	 * be asked of the system: the moment to give up rights. NULL: nothing to do. */
	void (*confine)(void *ctx);
};

enum replay_status {
	REPLAY_DONE = 0,
	REPLAY_FAILED = 1, /* something could not be read, written or finished */
	REPLAY_USAGE = 2,  /* the call was wrong: nothing was done */
};

/* Runs the replay. `report` is given the summary, borrowed for the call, once everything is
 * written; it also stands in summary.json by then. `ctx` is that of both calls. On REPLAY_FAILED each cause was said on stderr
 * (as `periscope: ...`), and what was done before is kept and reported; when nothing could be
 * done at all, `report` is not called. */
enum replay_status replay_run(const struct replay_params *params,
	void (*report)(void *ctx, const struct summary *summary), void *ctx);
