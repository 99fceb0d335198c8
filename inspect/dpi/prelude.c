#include "inspect/dpi/prelude.h"

#include <netinet/in.h>
#include <string.h>

/* A piece is the first member: who is given a piece gives back the whole. */
struct prelude_packet {
	struct piece piece;
	struct prelude_packet *next;
	uint8_t bytes[];
};

bool prelude_add(struct prelude *prelude, struct memory *memory, struct memory_list *list,
	const struct piece *piece)
{
	struct prelude_packet *kept;

	if (piece->protocol != IPPROTO_TCP || piece->wire > piece->payload ||
		piece->cap > PRELUDE_BYTES_MAX || prelude->count == PRELUDE_MAX)
		return false;
	kept = memory_take(memory, list, sizeof(*kept) + piece->cap);
	if (!kept)
		return false;
	kept->piece = *piece;
	kept->piece.ip = kept->bytes;
	kept->next = NULL;
	memcpy(kept->bytes, piece->ip, piece->cap);
	if (!prelude->first)
		prelude->end = &prelude->first;
	*prelude->end = kept;
	prelude->end = &kept->next;
	prelude->count++;
	return true;
}

struct piece *prelude_next(struct prelude *prelude)
{
	struct prelude_packet *kept = prelude->first;

	if (!kept)
		return NULL;
	prelude->first = kept->next;
	prelude->count--;
	return &kept->piece;
}
