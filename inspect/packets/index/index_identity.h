/* By what an index knows its packet file again: its length, and checksums of its first and last bytes.
 * Of a file that is kept compressed, those of what it holds. A file that was replaced, cut, or has grown
 * is another one; one that was changed in place and kept its length and both ends is not noticed here, so
 * whoever reads packets by an index judges each of them again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { INDEX_IDENTITY_BYTES = 4096 }; /* at either end; of a shorter file all of it */

struct index_identity {
	uint64_t length;
	uint32_t head, tail; /* CRC-32 */
};

/* Reads them of an open file. false: errno says why. */
bool index_identity_read(int fd, struct index_identity *out);

static inline bool index_identity_equal(
	const struct index_identity *a, const struct index_identity *b)
{
	return a->length == b->length && a->head == b->head && a->tail == b->tail;
}
