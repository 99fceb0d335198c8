/* Packets for tests of the index: flows of all kinds with random packets, the index that is built of them, and the
 * answers that a look at each packet gives. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/packets/index/index_builder.h"
#include "inspect/packets/index/index_reader.h"
#include "support/folder.h"
#include "support/random.h"

struct index_stage_packet {
	uint32_t flow;
	uint64_t time_ns, offset;
};

struct index_stage {
	struct random random;
	struct folder folder;
	char file[96]; /* the packet file, of which only length and ends are needed */
	struct index_identity identity;
	struct index_flow *flows;
	uint32_t n_flows;
	struct index_stage_packet *packets;
	uint32_t n_packets;
};

struct index_stage_params {
	uint32_t flows, packets;
	uint32_t gap;     /* bytes between two packets, 1 to this */
	uint64_t step_ns; /* time between two packets, at most; some go back */
};

/* Aborts the test run when it cannot be made. */
struct index_stage *index_stage_make(uint64_t seed, const struct index_stage_params *params);
void index_stage_free(struct index_stage *stage);

/* Builds FILE.idx of all packets. false: `error` says why not; or, the test run is aborted. */
bool index_stage_try(struct index_stage *stage, struct error *error);
void index_stage_build(struct index_stage *stage);
/* Opens it; it must be good. */
struct index_reader *index_stage_open(const struct index_stage *stage);

/* Whether the question means the flow, as a look at it tells, without regard to time. */
bool index_stage_wants(const struct index_query *query, const struct index_flow *flow);

/* Compares the answers of all parts with a look at each packet. Of packets out of the time asked for, answers may have
 * those of stretches that reach into it, and no others. */
bool index_stage_agrees(const struct index_stage *stage, struct index_reader *reader,
	const struct index_query *query);
