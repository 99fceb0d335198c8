/* Retrieves packets: reads captures (mirror traffic, plain, and packet files of our own) as a replay does, and gives those
 * that a question means, in time order. Every packet that has an inner frame is asked, whatever became of it: those of plain captures
 * are their own. Flows have the ids that a replay of the same captures gives them, packets of our own files those that they were
 * recorded with. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "decap/decap.h"
#include "inspect/packets/index/index_flow.h"
#include "inspect/packets/packet_file.h"

struct question;
struct input;
struct picks;

/* A packet, borrowed for the call. */
struct retrieved {
	const struct packet
		*packet; /* as decap left it; `ip` NULL: it has no headers that can be used */
	const struct packet_record *record; /* what a packet file has of it */
	const struct index_flow *flow;      /* its flow's key; ip_version 0: none */
};

struct retrieval_params {
	const struct settings *settings; /* capture, flow, tenants */
	struct input *input;             /* the captures; read to its end */
	const bool *
		recorded; /* of each capture: it is one of our packet files. Borrowed, as all is */
	const struct picks *
		picks; /* of each capture what the input reads of it (input_pick()); NULL: all */
	enum decap_mode mode; /* of the others */
	const struct question *question;
	void *ctx;
	/* The next packet that the question means; false: no more of them. */
	bool (*take)(void *ctx, const struct retrieved *packet);
	/* Now and then, and at the end: what was taken may be shown now. false: no more is wanted. */
	bool (*pause)(void *ctx);
};

/* false: `error` says why it could not begin, or go on. What the captures had wrong is the input's to say. `*backwards`: how often
 * what was taken goes back in time all the same (time_order.h). */
bool retrieval_run(
	const struct retrieval_params *params, uint64_t *backwards, struct error *error);
