/* A folder of packet files by a clock of the test, which are read back block by block and by
 * libpcap: both must take each file to its end and agree. Every packet has its number in it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/packets/packet_files.h"
#include "support/folder.h"

#define SECOND UINT64_C(1000000000)
/* 2026-11-22T05:48:01.123456789Z, by date(1). */
#define BEGUN (UINT64_C(1795326481) * SECOND + 123456789)

/* A frame of FRAME bytes makes a block of BLOCK: 32 + 100 + 40 for the comment, and 4. */
enum { FILES_MAX = 300, FRAME = 100, BLOCK = 176, PACKETS_MAX = 20000 };

struct packet_desk {
	struct folder folder;
	uint64_t now;
	struct packet_files *files;
	uint32_t packets; /* given so far */
	/* What reading found. */
	char names[FILES_MAX][FOLDER_NAME];
	unsigned n_names;
	uint8_t times[PACKETS_MAX]; /* that a packet was found */
	uint32_t found, next;
	uint64_t bytes, longest; /* of a file with its companion */
	bool sorted;
};

/* With an empty folder, and no files open. */
struct packet_desk *packet_desk_make(void);
void packet_desk_open(struct packet_desk *desk, struct packet_files_params bounds);
/* Both, as most tests begin. */
struct packet_desk *packet_desk_begin(struct packet_files_params bounds);
void packet_desk_free(struct packet_desk *desk);

/* Valid until the next call. */
const struct packet_record *packet_desk_record(uint32_t number, enum link link, uint32_t cap);
void packet_desk_put(struct packet_desk *desk, unsigned n, enum link link);
/* Every third is raw IP. */
void packet_desk_put_mixed(struct packet_desk *desk, unsigned n);

void packet_desk_list(struct packet_desk *desk);
bool packet_desk_has_name(const struct packet_desk *desk, const char *name);
/* Reads all that is there. */
bool packet_desk_read(struct packet_desk *desk);
/* The packets from `from` on are there, each once, and no other. */
bool packet_desk_has_all(struct packet_desk *desk, uint32_t from);
/* What was given is in the ledger, as written or lost_disk. */
bool packet_desk_closes(const struct packet_desk *desk);
/* Packets of the file, as libpcap reads it to its end; -1: it refuses it, or a part of it. */
int libpcap_count(const char *path, int link);
