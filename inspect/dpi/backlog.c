#include "inspect/dpi/backlog.h"

#include <netinet/in.h>
#include <string.h>

/* A piece is the first member: who is given a piece gives back the whole. */
struct backlog_packet {
	struct piece piece;
	struct backlog_packet *next;
	uint8_t bytes[];
};

bool backlog_add(struct backlog *backlog, struct memory *memory, struct memory_list *list,
	const struct piece *piece)
{
	struct backlog_packet *kept;

	if (piece->protocol != IPPROTO_TCP || piece->wire > piece->payload ||
		piece->cap > BACKLOG_BYTES_MAX || backlog->count == BACKLOG_MAX)
		return false;
	kept = memory_alloc(memory, list, sizeof(*kept) + piece->cap);
	if (!kept)
		return false;
	kept->piece = *piece;
	kept->piece.ip = kept->bytes;
	kept->next = NULL;
	memcpy(kept->bytes, piece->ip, piece->cap);
	if (!backlog->first)
		backlog->end = &backlog->first;
	*backlog->end = kept;
	backlog->end = &kept->next;
	backlog->count++;
	return true;
}

struct piece *backlog_next(struct backlog *backlog)
{
	struct backlog_packet *kept = backlog->first;

	if (!kept)
		return NULL;
	backlog->first = kept->next;
	backlog->count--;
	return &kept->piece;
}
