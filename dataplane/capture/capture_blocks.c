#include "dataplane/capture/capture_blocks.h"

#include <stdlib.h>

#include "dataplane/capture/capture_blocks_inside.h"
#include "dataplane/capture/capture_records.h"

enum {
	SECTION_LEAST = 28,
	SECTION_PEEK = 16, /* as far as the version */
	PACKET_DATA = 28,  /* where a packet lies in its block, but a simple one */
	SIMPLE_DATA = 12,
	OPTIONS_KEPT = 4096, /* together with what lies before them; more of them is dropped */
	/* Blocks up to this length are looked at in one piece. */
	WHOLE_MAX = PACKET_DATA + CAPTURE_CAP_MAX + OPTIONS_KEPT + BLOCK_TRAILER,
	OTHER_KEPT = 4096,        /* longer ones that are no packets are dropped */
	INTERFACES_MAX = 1 << 20, /* of a section: bounds what a file can ask for */
	OPTION_HEADER = 4,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_FLAGS = 2, /* section 4.3: the lowest two bits are the direction */
};

_Static_assert((int)WHOLE_MAX <= (int)WINDOW_ROOM_MIN, "a block does not fit");

struct capture_blocks *capture_blocks_create(struct capture_window *window)
{
	struct capture_blocks *b = calloc(1, sizeof(*b));

	if (b != NULL)
		b->window = window;
	return b;
}

/* A Section Header Block (section 4.1): from here on its byte order holds, for its own length,
 * too, and interfaces are counted anew. It stays where it is. */
__attribute__((cold, noinline)) static enum records_status section_begin(
	struct capture_blocks *b)
{
	struct capture_window *w = b->window;
	enum window_status status = capture_window_have(w, SECTION_PEEK);
	const uint8_t *at = w->buffer + w->at;
	uint16_t major, minor;
	uint32_t magic;

	if (status == WINDOW_FULL)
		return RECORDS_FULL;
	if (status == WINDOW_SHORT)
		return blocks_cut_in_header(b, SECTION_PEEK);
	magic = capture_u32(at + BLOCK_HEADER, false);
	if (magic != BYTE_ORDER_MAGIC && magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
		return blocks_refuse(b, RECORDS_BROKEN,
			"its byte order is said by %02x %02x %02x %02x", at[8], at[9], at[10],
			at[11]);
	b->swapped = magic != BYTE_ORDER_MAGIC;
	major = capture_u16(at + 12, b->swapped);
	minor = capture_u16(at + 14, b->swapped);
	/* Minor version 2 is known from some writers, and means what 0 means. */
	if (major != 1 || (minor != 0 && minor != 2))
		return blocks_refuse(b, RECORDS_BROKEN, "version %u.%u of pcapng, and not 1.0",
			major, minor);
	b->n_interfaces = 0;
	capture_landmarks_add(w->landmarks, b->offset);
	return RECORDS_OK;
}

/* Passes by what is not wanted. */
__attribute__((cold, noinline)) static enum records_status pick(struct capture_blocks *b)
{
	enum window_pick pick = capture_window_next_pick(b->window);

	if (pick != PICK_GONE)
		return pick == PICK_HERE ? RECORDS_OK : RECORDS_ENDED;
	b->offset = capture_window_offset(b->window);
	return blocks_refuse(b, RECORDS_BROKEN, "the file has changed while it was read");
}

/* Sets `type` and `len` of the next block, which stays where it is (section 3.1). */
static enum records_status block_begin(struct capture_blocks *b)
{
	struct capture_window *w = b->window;
	enum records_status status = w->picks ? pick(b) : RECORDS_OK;
	enum window_status have;
	const uint8_t *at;

	if (status != RECORDS_OK)
		return status;
	have = capture_window_have(w, BLOCK_HEADER);

	b->offset = capture_window_offset(w);
	if (have != WINDOW_OK)
		return have == WINDOW_FULL ? RECORDS_FULL
					   : blocks_cut_in_header(b, BLOCK_HEADER);
	w->last = w->at;
	at = w->buffer + w->at;
	b->type = capture_u32(at, b->swapped);
	if (b->type == BLOCK_SECTION) {
		status = section_begin(b);
		if (status != RECORDS_OK)
			return status;
		at = w->buffer + w->at;
	} else if (capture_records_is_header(at, BLOCK_HEADER)) {
		return RECORDS_ANOTHER;
	}
	/* Some writers leave the padding out of the length, though it must be a multiple of 4. */
	b->len = capture_u32(at + 4, b->swapped);
	if (b->len > UINT32_MAX - 3)
		return blocks_refuse(b, RECORDS_BROKEN, "a length of %u", b->len);
	b->len = (b->len + 3) / 4 * 4;
	if (b->len < (b->type == BLOCK_SECTION ? SECTION_LEAST : BLOCK_LEAST))
		return blocks_refuse(
			b, RECORDS_BROKEN, "a length of %u, which is too short", b->len);
	return RECORDS_OK;
}

/* The length stands at the end of a block once more (section 3.1). */
static bool is_trailer(const struct capture_blocks *b, const uint8_t *at)
{
	return ((uint64_t)capture_u32(at, b->swapped) + 3) / 4 * 4 == b->len;
}

__attribute__((cold)) static enum records_status refuse_trailer(
	struct capture_blocks *b, const uint8_t *at)
{
	return blocks_refuse(b, RECORDS_BROKEN,
		"its length is %u at its start and %u at its end", b->len,
		capture_u32(at, b->swapped));
}

/* The block in hand is whole in the window, and is taken; or why not. */
static enum records_status take_whole(struct capture_blocks *b)
{
	struct capture_window *w = b->window;
	const uint8_t *trailer = w->buffer + w->at + b->len - BLOCK_TRAILER;

	if (!is_trailer(b, trailer))
		return refuse_trailer(b, trailer);
	w->at += b->len;
	b->done++;
	return RECORDS_OK;
}

/* Drops what is left of the block in hand from `at` on, `n` bytes. */
__attribute__((cold, noinline)) static enum records_status drop_rest(
	struct capture_blocks *b, uint32_t n)
{
	uint8_t tail[BLOCK_TRAILER];

	if (!capture_window_drop(b->window, n, tail))
		return blocks_cut(b);
	if (!is_trailer(b, tail))
		return refuse_trailer(b, tail);
	b->done++;
	return RECORDS_OK;
}

static enum records_status have(struct capture_blocks *b, size_t need)
{
	enum window_status status = capture_window_have(b->window, need);

	if (status == WINDOW_OK)
		return RECORDS_OK;
	return status == WINDOW_FULL ? RECORDS_FULL : blocks_cut(b);
}

/* Interface Description Block: section 4.2. */
static enum records_status interface_add(struct capture_blocks *b)
{
	const struct capture_window *w = b->window;
	struct capture_interface *i;
	const char *wrong;

	if (b->n_interfaces == INTERFACES_MAX)
		return blocks_refuse(b, RECORDS_BROKEN,
			"the section has more than %u interfaces", (unsigned)INTERFACES_MAX);
	if (b->n_interfaces == b->room) {
		uint32_t room = b->room > 0 ? 2 * b->room : 4;

		i = realloc(b->interfaces, room * sizeof(*i));
		if (i == NULL)
			return blocks_refuse(b, RECORDS_BROKEN, "no memory");
		b->interfaces = i;
		b->room = room;
	}
	i = &b->interfaces[b->n_interfaces];
	wrong = capture_interface_read(
		i, w->buffer + w->at + BLOCK_HEADER, b->len - BLOCK_LEAST, b->swapped);
	if (wrong != NULL)
		return blocks_refuse(b, RECORDS_BROKEN, "%s", wrong);
	b->n_interfaces++;
	capture_landmarks_add(w->landmarks, b->offset);
	if (i->link != NULL)
		b->links |= UINT32_C(1) << (i->link - capture_links);
	return RECORDS_OK;
}

/* A block that is no packet. */
__attribute__((cold, noinline)) static enum records_status other_take(struct capture_blocks *b)
{
	enum records_status status;

	if (b->type == BLOCK_INTERFACE && b->len > WHOLE_MAX)
		return blocks_refuse(b, RECORDS_BROKEN,
			"%u bytes, more than the %u that are read", b->len,
			(unsigned)WHOLE_MAX);
	if (b->type != BLOCK_INTERFACE && b->len > OTHER_KEPT)
		return drop_rest(b, b->len);
	status = have(b, b->len);
	if (status == RECORDS_OK && b->type == BLOCK_INTERFACE)
		status = interface_add(b);
	return status == RECORDS_OK ? take_whole(b) : status;
}

static bool is_packet(const struct capture_blocks *b)
{
	return b->type == BLOCK_ENHANCED || b->type == BLOCK_SIMPLE || b->type == BLOCK_PACKET;
}

/* Simple Packet Block: section 4.4. It is of the first interface, says no time, and how much was
 * captured only by the interface's snap length. */
static void simple_read(
	const struct capture_blocks *b, const uint8_t *at, struct capture_record *r)
{
	uint32_t snaplen = b->interfaces[0].snaplen;

	r->time_ns = CAPTURE_NO_TIME;
	r->wire = capture_u32(at + 8, b->swapped);
	r->cap = snaplen > 0 && snaplen < r->wire ? snaplen : r->wire;
}

/* Enhanced Packet Block: section 4.3; Packet Block: appendix A. They differ in how the interface is
 * said. The captured length is believed as far as the block goes, and above the snap length. */
static enum records_status packet_read(
	struct capture_blocks *b, const uint8_t *at, uint32_t room, struct capture_record *r)
{
	uint32_t n = b->type == BLOCK_ENHANCED ? capture_u32(at + 8, b->swapped)
		     : b->type == BLOCK_PACKET ? capture_u16(at + 8, b->swapped)
					       : 0;
	const struct capture_interface *i;

	if (n >= b->n_interfaces)
		return blocks_refuse(b, RECORDS_BROKEN,
			"interface %u, and the section has described %u so far", n,
			b->n_interfaces);
	i = &b->interfaces[n];
	if (b->type == BLOCK_SIMPLE) {
		simple_read(b, at, r);
	} else {
		r->time_ns = capture_interface_time(
			i, (uint64_t)capture_u32(at + 12, b->swapped) << 32 |
				   capture_u32(at + 16, b->swapped));
		r->cap = capture_u32(at + 20, b->swapped);
		r->wire = capture_u32(at + 24, b->swapped);
	}
	r->link = i->link;
	r->link_number = i->link_number;
	if (r->cap > CAPTURE_CAP_MAX)
		return blocks_refuse(b, RECORDS_BROKEN,
			"a packet of %u captured bytes, more than the %u that are possible",
			r->cap, (unsigned)CAPTURE_CAP_MAX);
	if (r->cap > room)
		return blocks_refuse(b, RECORDS_BROKEN,
			"a packet of %u captured bytes where there is room for %u", r->cap,
			room);
	return RECORDS_OK;
}

/* A packet with more options than are kept: they are dropped behind it. */
__attribute__((cold, noinline)) static enum records_status long_take(
	struct capture_blocks *b, uint32_t data, struct capture_record *r)
{
	struct capture_window *w = b->window;
	enum records_status status = have(b, data + r->cap);

	if (status != RECORDS_OK)
		return status;
	r->data = w->buffer + w->at + data;
	w->at += data + r->cap;
	return drop_rest(b, b->len - data - r->cap);
}

/* The first comment among the options at `at` (section 3.5), which lie `from` behind the packet's first byte; and the
 * direction, where it stands before that. */
static void options_find(struct capture_blocks *b, const uint8_t *at, uint32_t from, size_t len)
{
	while (len >= OPTION_HEADER) {
		uint16_t code = capture_u16(at, b->swapped);
		uint32_t n = capture_u16(at + 2, b->swapped);
		uint32_t whole = OPTION_HEADER + (n + 3) / 4 * 4;

		if (code == OPTION_END || whole > len)
			return;
		if (code == OPTION_FLAGS && n == 4 && b->type == BLOCK_ENHANCED)
			b->direction = capture_u32(at + OPTION_HEADER, b->swapped) & 3;
		if (code == OPTION_COMMENT) {
			b->comment = from + OPTION_HEADER;
			b->comment_len = n;
			return;
		}
		at += whole;
		from += whole;
		len -= whole;
	}
}

/* The packet in hand lies at `data` of its block, which is whole. */
static void options_look(
	struct capture_blocks *b, const uint8_t *at, uint32_t data, uint32_t cap)
{
	uint32_t padded = (cap + 3) / 4 * 4, end = b->len - BLOCK_TRAILER;

	if (data + padded < end && b->type != BLOCK_SIMPLE)
		options_find(b, at + data + padded, padded, end - data - padded);
}

static enum records_status packet_take(struct capture_blocks *b, struct capture_record *r)
{
	uint32_t data = b->type == BLOCK_SIMPLE ? SIMPLE_DATA : PACKET_DATA;
	struct capture_window *w = b->window;
	enum records_status status = have(b, b->len <= WHOLE_MAX ? b->len : data);
	const uint8_t *at = w->buffer + w->at;

	if (status != RECORDS_OK)
		return status;
	if (b->len < data + BLOCK_TRAILER)
		return blocks_refuse(
			b, RECORDS_BROKEN, "a length of %u, which is too short", b->len);
	status = packet_read(b, at, b->len - data - BLOCK_TRAILER, r);
	if (status != RECORDS_OK)
		return status;
	b->comment_len = 0;
	b->direction = 0;
	if (b->len > WHOLE_MAX)
		return long_take(b, data, r);
	r->data = at + data;
	options_look(b, at, data, r->cap);
	return take_whole(b);
}

enum records_status capture_blocks_prepare(struct capture_blocks *b)
{
	enum records_status status;

	while ((status = block_begin(b)) == RECORDS_OK && !is_packet(b))
		if ((status = other_take(b)) != RECORDS_OK)
			return status;
	return status == RECORDS_ENDED || status == RECORDS_ANOTHER ? RECORDS_OK : status;
}

enum records_status capture_blocks_next(struct capture_blocks *b, struct capture_record *r)
{
	enum records_status status;

	while ((status = block_begin(b)) == RECORDS_OK) {
		if (is_packet(b))
			return packet_take(b, r);
		status = other_take(b);
		if (status != RECORDS_OK)
			return status;
	}
	return status;
}

uint64_t capture_blocks_offset(const struct capture_blocks *b)
{
	return b->offset;
}

uint32_t capture_blocks_comment(const struct capture_blocks *b, uint32_t *len)
{
	*len = b->comment_len;
	return b->comment;
}

unsigned capture_blocks_direction(const struct capture_blocks *b)
{
	return b->direction;
}

uint32_t capture_blocks_links(const struct capture_blocks *b)
{
	return b->links;
}

const char *capture_blocks_wrong(const struct capture_blocks *b)
{
	return b->wrong;
}

void capture_blocks_destroy(struct capture_blocks *b)
{
	if (b == NULL)
		return;
	free(b->interfaces);
	free(b);
}
