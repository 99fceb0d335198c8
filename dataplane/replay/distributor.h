/* Decapsulates the packets of blocks and distributes them to the workers that own their flows, on the
 * reader's thread. Nothing is decapsulated again behind it: the workers begin with the session.
 *
 * An owner is chosen by the hash of (tenant, inner addresses, ports, protocol), so every flow keeps
 * file order in one worker; later fragments follow the ports of their first one. With one worker only
 * that hash is left out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/capture/block.h"
#include "dataplane/pipeline/inner_filter.h"
#include "decap/decap.h"

struct distributor;

/* NULL: no memory. `inner` (NULL: everything is taken) and `recorded` (see struct reader_params) are borrowed until
 * distributor_destroy(). */
struct distributor *distributor_create(const struct settings *settings,
	const struct decap_params *decap, const struct inner_filter *inner,
	const bool *recorded, uint32_t n_workers);
/* NULL is legal. */
void distributor_destroy(struct distributor *distributor);

/* Once the block is filled: what is in its packets, and `why` they end here, if they do. */
void distributor_decap(struct distributor *distributor, struct block *block);

/* In the order of blocks, once those behind it are filled as far as `ahead_end` says: tells later
 * fragments their ports, leaves out what --inner does not take, and fills the workers' lists of packets. */
void distributor_deal(struct distributor *distributor, struct block *block);

/* Packets that DECAP_AUTO took for no mirror traffic. */
uint64_t distributor_plain(const struct distributor *distributor);
/* First fragments forgotten for want of room. */
uint64_t distributor_overflow(const struct distributor *distributor);
