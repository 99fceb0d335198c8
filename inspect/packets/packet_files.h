/* The packet files of an output directory: one after the other, each named by the time at which it
 * was begun, `packets/packets-20261122T054801.123Z.pcapng`, and `...Z-ip.pcapng` beside it when raw
 * IP inner packets came (packet_file.h); named, ended and bounded as event files are
 * (event_files.h), the two as one.
 *
 * A live file is one that readers take, from its beginning on, and after each flush all of it is in
 * the file, in whole blocks. One whose disk is full is closed, and goes on when there is room again;
 * what came between is counted as lost_disk. One without a packet is removed at its end. A new file
 * that cannot be begun is said once, and the one before goes on. One thread calls it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/packets/packet_file.h"
#include "inspect/record/sink.h"

struct packet_files;

struct packet_files_params {
	const char *dir;  /* the output directory, copied */
	const char *name; /* one file of this name (replay: "packets.pcapng"), emptied, whatever
			     the bounds; NULL: as above */
	uint64_t max_file_size, max_file_age_ns, max_files, max_total_size; /* 0: no bound */
	/* Time since 1970; NULL: the system's. */
	uint64_t (*now_ns)(void *ctx);
	void *ctx;
};

/* NULL: `error` says why. */
struct packet_files *packet_files_open(
	const struct packet_files_params *params, struct error *error);

void packet_files_write(struct packet_files *files, const struct packet_record *record);
/* One that is offered, and not wanted: by_policy. */
void packet_files_leave_out(struct packet_files *files);
/* Also begins the next file when it is time; false when anything was lost so far. */
bool packet_files_flush(struct packet_files *files);
/* Flushes, closes, frees; false when anything was lost. NULL is legal. */
bool packet_files_close(struct packet_files *files);

/* What was removed so far; any thread. */
uint64_t packet_files_removed(const struct packet_files *files, uint64_t *bytes);
/* Packets that the file for raw IP took, beside the one that is written now. */
uint64_t packet_files_ip_packets(const struct packet_files *files);
/* Over all files, ended ones too: offered = written + by_policy + lost_disk once flushed. */
const struct output_ledger *packet_files_ledger(const struct packet_files *files);
