#include "inspect/packets/feed_frame.h"

#include <string.h>

enum { MACS = 12 };

static void put_tag(uint8_t *at, uint16_t tpid, uint16_t id)
{
	at[0] = (uint8_t)(tpid >> 8);
	at[1] = (uint8_t)tpid;
	at[2] = (uint8_t)(id >> 8); /* priority 0 */
	at[3] = (uint8_t)id;
}

/* The MAC addresses are in `header` already, `len` bytes of it. */
static uint32_t put_tags(uint8_t *header, uint32_t len, const struct point_tag *tag)
{
	memmove(header + MACS + FEED_TAGS, header + MACS, len - MACS);
	put_tag(header + MACS, TPID_S_TAG, tag->outer);
	put_tag(header + MACS + FEED_TAGS / 2, TPID_C_TAG, tag->inner);
	return len + FEED_TAGS;
}

bool feed_frame_make(struct feed_frame *out, const struct packet_record *record,
	const struct point_tag *tag, uint32_t cut)
{
	uint32_t cap = cut > 0 && cut < record->cap ? cut : record->cap;
	struct packet_bytes *b = &out->bytes;
	struct ethernet frame;
	uint32_t room;

	ethernet_make(&frame, record->link, record->frame, cap, record->wire);
	*b = (struct packet_bytes){
		out->header, frame.header_len, frame.payload, frame.cap, frame.wire};
	memcpy(out->header, frame.header, frame.header_len);
	if (tag && b->header_len == 0) {
		if (b->cap < MACS)
			return false;
		memcpy(out->header, b->payload, MACS);
		b->header_len = MACS;
		b->payload += MACS;
		b->cap -= MACS;
		b->wire -= MACS;
	}
	if (tag)
		b->header_len = put_tags(out->header, b->header_len, tag);
	room = PCAPNG_SNAPLEN - b->header_len;
	b->cap = b->cap < room ? b->cap : room;
	return true;
}
