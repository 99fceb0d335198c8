/* What index_reader.c and index_find.c share. */
#pragma once

#include "inspect/packets/index/index_blocks_in.h"

/* Where a part's areas begin; `lists_end` and `end` where the last two end. */
struct index_place {
	uint64_t filter, rows, points, v4, v6, skips, stretches, lists, postings, end;
	uint32_t n_lines, n_points, n_v4, n_v6, n_stretches;
	unsigned tick;
};

struct index_reader {
	char *path; /* of the index */
	int fd;
	struct index_about about;
	uint64_t length; /* of the packet file */
	uint64_t landmarks_at, directory_at;
	struct index_part *parts;
	struct index_place *places; /* of each part */
	uint64_t *landmarks;        /* NULL: not read yet */
	struct index_blocks_in in;
};

/* Why something could not be read, as a sentence: what the blocks' reader met, else that what was read cannot be. */
enum index_status index_refuse(const struct index_reader *reader, struct error *error);
