/* Builds the index of one packet file while packets are written to it or read from it: FILE.idx, made as
 * FILE.idx.part and renamed once it is whole (docs/OUTPUT.md has the layout). One thread.
 *
 * An index has parts, each of a range of the packet file of at most INDEX_PART_BYTES. A part is built in
 * memory and written when its range, its flows or its points are all used up; then the next one begins.
 * So memory is bounded whatever the file's length: see index_builder_memory(). A flow has a row in each part in
 * which it has packets.
 *
 * No call fails for want of memory or disk: the index is given up then, and index_builder_close() says why. A
 * packet file without an index is read from its beginning. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/packets/index/index_flow.h"
#include "inspect/packets/index/index_identity.h"

enum {
	/* Of the packet file: so an offset within a part has 28 bits, and a posting at most 4 bytes. */
	INDEX_PART_BYTES = 1 << 28,
	INDEX_PART_FLOWS = 1 << 17,
	INDEX_PART_POINTS = 65535,
	INDEX_LANDMARKS_MAX = 1 << 16,
	INDEX_BUILDER_MEMORY = 64 << 20,
};

struct index_builder;

/* `made_with`: whatever tells indexes apart that were made of equal bytes by different settings; the reader
 * gives it back. NULL: `error` says why. */
struct index_builder *index_builder_open(
	const char *packet_file, uint64_t made_with, struct error *error);

/* Offsets ascend from call to call; times may go back. */
void index_builder_add(struct index_builder *builder, const struct index_packet *packet);

/* What whoever reads a packet at an offset needs to have read before: the header of a pcap file; of pcapng
 * each section header and interface description. Ascending; a packet file with more than INDEX_LANDMARKS_MAX
 * gets no index. */
void index_builder_landmark(struct index_builder *builder, uint64_t offset);

/* A packet came in several records of the file (outer IP fragments): see index_about.joined. */
void index_builder_joined(struct index_builder *builder);

/* Writes what is left, syncs and renames. `file` is what the packet file is now, and its own bytes were
 * synced before: a machine that fails leaves no index of packets that are not there. Frees, and
 * removes FILE.idx.part in any case. false: there is no new index, and `error` says why. */
bool index_builder_close(
	struct index_builder *builder, const struct index_identity *file, struct error *error);
/* No index is made, and none is removed. NULL is legal. */
void index_builder_discard(struct index_builder *builder);

/* The most bytes that it held so far, those while a part was written included; at most INDEX_BUILDER_MEMORY. */
size_t index_builder_memory(const struct index_builder *builder);

/* The name of the index of a packet file. false: too long. */
bool index_path(const char *packet_file, char *path, size_t size);
