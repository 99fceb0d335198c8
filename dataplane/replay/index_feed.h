/* What the replay reader tells to who builds an index of the capture that it reads: each packet of it, in file order,
 * those that became part of another one included. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/capture/block.h"
#include "inspect/packets/index/index_builder.h"

struct index_feed;

/* `recorded`: the capture is one of our packet files, whose comments name sessions and flows. The builder is borrowed.
 * NULL: no memory. */
struct index_feed *index_feed_create(struct index_builder *builder, bool recorded);
/* Tells what is left. false: not all could be told, for want of memory. Frees. NULL is legal: true. */
bool index_feed_end(struct index_feed *feed);

/* The next complete block. */
void index_feed_block(struct index_feed *feed, const struct block *block);

/* NULL is legal with these. A packet that is no packet of a block: a fragment of one that comes later, or of none. */
void index_feed_fragment(struct index_feed *feed, uint64_t offset, uint64_t time_ns);
/* Such fragments have made a packet of a block. */
void index_feed_joined(struct index_feed *feed);
