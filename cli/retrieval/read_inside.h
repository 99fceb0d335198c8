/* What the files of `periscope read` share: read.c is the command, read_captures.c goes through the captures, read_output.c shows what
 * is found. Private to them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/retrieval/read_asked.h"
#include "cli/retrieval/read_flows.h"
#include "dataplane/retrieval/covering.h"
#include "dataplane/retrieval/question.h"
#include "dataplane/retrieval/sources.h"

struct read {
	const struct read_arguments *arguments;
	const struct settings *settings;
	struct sources sources;
	struct read_question asked;
	struct question *question;
	struct flow_answers *covering; /* see covering.h; NULL: nothing of it is asked */
	struct covering *spans;        /* while they are looked for */
	bool told_index;               /* what is wrong with indexes was said */
	bool too_many;                 /* of those */
	struct packet_file *packets;   /* of -w; NULL: none */
	struct read_flows *flows;      /* of -s; NULL: none */
	FILE *out;                     /* the table */
	uint64_t found, flushed;       /* packets */
	bool (*stop)(void);            /* somebody asked to end */
	int status;                    /* when it ends early */
};

/* What has to be known before the first packet is asked: of an event its flows, of `last` the newest packet. false: what is
 * wrong was said, and is `status`. */
bool read_look_ahead(struct read *read);
/* Gives what is found to read_take(). false: something was wrong, which was said. */
bool read_captures(struct read *read);

/* Opens what is written to. false: it was said why it cannot be. */
bool read_output_begin(struct read *read);
/* As of struct retrieval_params. */
bool read_take(void *ctx, const struct retrieved *packet);
bool read_pause(void *ctx);
/* Writes what is left, and says what was found. false: something was lost, which was said. */
bool read_output_end(struct read *read);
