/* The replay reader: fills blocks from the captures, has them decapsulated and owners chosen
 * (distributor.h), sends the blocks to the workers, takes them back, and records packets in file
 * order. It waits for workers and never drops. All on the calling thread.
 *
 * Outer IP fragments are put together here (decap/outer_defrag.h), whatever the number of workers: the
 * whole packet has the place of its last fragment; the others are counted, and go no further. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/capture/input.h"
#include "dataplane/pipeline/inner_filter.h"
#include "dataplane/replay/replay_feeds.h"
#include "dataplane/replay/worker.h"
#include "decap/decap.h"
#include "inspect/packets/packet_file.h"
#include "inspect/packets/packet_files.h"
#include "inspect/summary/summary.h"

struct reader;
struct suricata;
struct index_feed;

/* Who takes all packets, block by block in file order, when they have been through the workers. */
struct block_taker {
	void *ctx;
	void (*take)(void *ctx, const struct block *block);
};

struct reader_params {
	const struct settings *settings;
	struct input *input;
	struct packet_file *packets;    /* accepted packets go there; NULL: nowhere */
	struct packet_files *recording; /* those that the settings say; NULL: nowhere */
	struct replay_feeds *feeds;     /* NULL: there are none */
	struct suricata *suricata;      /* accepted packets go there, too; NULL: nowhere */
	struct index_feed *index; /* all packets are told to it; NULL: no index is built */
	struct block_taker taker; /* `take` NULL: nobody */
	/* With a taker: for each capture whether it is a packet file of ours (inspect/packets/recorded.h), whose packets were
	 * decapsulated before, and say themselves whose they are. NULL: none is. */
	const bool *recorded;
	uint32_t n_workers;
	enum decap_mode mode;
	const struct inner_filter *inner; /* NULL: everything is taken */
};

/* NULL: no memory. Everything in `params` is borrowed until reader_destroy(). */
struct reader *reader_create(const struct reader_params *params);
void reader_destroy(struct reader *reader);

/* Called now and then while reading; `packets` so far. false: stop reading. */
struct reader_watch {
	void *ctx;
	bool (*go_on)(void *ctx, uint64_t packets);
};

/* Reads to the end (or until the watch says stop), lets the workers end all flows, and takes
 * every block back. */
void reader_run(
	struct reader *reader, struct worker *const *workers, struct reader_watch watch);

/* Instead of reader_run(), when only the first `n_started` workers could be started: lets them end. */
void reader_abandon(struct reader *reader, struct worker *const *workers, uint32_t n_started);

/* Packets read whose blocks were not given back (0 after reader_run()). */
uint64_t reader_in_flight(const struct reader *reader);
/* Of the packets that the BPF expression left out, those that are mirror traffic (in DECAP_PLAIN: 0,
 * nobody looks). */
uint64_t reader_left_out_mirror(const struct reader *reader);
/* Adds what the reader knows: packets received and in flight, and what became of outer fragments. */
void reader_ledger(const struct reader *reader, struct ledger *ledger);
/* Adds what found no room in the fragment table of the reader or in its defrag: then owners may differ
 * from another run's. */
void reader_overflow(const struct reader *reader, struct fragments_stats *sum);
/* Packets that DECAP_AUTO took for no mirror traffic. */
uint64_t reader_plain(const struct reader *reader);
/* Packets whose times were replaced: see packet_times.h. */
uint64_t reader_strays(const struct reader *reader);
/* Blocks on their way at once, at most: the room that worker inboxes need. */
uint32_t reader_max_blocks(const struct reader *reader);
