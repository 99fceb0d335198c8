#include "dataplane/capture/capture_records.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "config/log/now.h"
#include "dataplane/capture/capture_blocks.h"

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	RECORD_HEADER_LONG = 24, /* with the interface, the protocol and the direction */
	NS_PER_US = 1000,
};

#define MAGIC_US UINT32_C(0xa1b2c3d4)
#define MAGIC_NS UINT32_C(0xa1b23c4d)
#define MAGIC_LONG UINT32_C(0xa1b2cd34)
#define LINK_TYPE_MASK UINT32_C(0x03ffffff) /* above it stands what is known of an FCS */

struct capture_records {
	struct capture_window *window;
	bool swapped;
	/* Up to version 2.2 the two lengths are the other way round, in 2.3 sometimes. */
	bool lengths_turned, lengths_either;
	uint32_t first; /* word of the file, as it lies there */
	uint32_t header, unit_ns;
	uint32_t link_number;
	const struct capture_link *link;
	char wrong[128];
};

struct file_header {
	uint32_t magic;
	bool swapped;
	uint16_t major, minor;
};

static bool header_read(struct file_header *h, const uint8_t *at)
{
	static const uint32_t magics[] = {MAGIC_US, MAGIC_NS, MAGIC_LONG};

	for (int i = 0; i < 6; i++) {
		h->magic = magics[i / 2];
		h->swapped = i % 2;
		if (capture_u32(at, h->swapped) != h->magic)
			continue;
		h->major = capture_u16(at + 4, h->swapped);
		h->minor = capture_u16(at + 6, h->swapped);
		return true;
	}
	return false;
}

static bool is_version(const struct file_header *h)
{
	/* DG/UX's tcpdump calls version 2.2 so. */
	return (h->major == 2 && h->minor <= 4) || (h->major == 543 && h->minor == 0);
}

bool capture_records_is_header(const uint8_t *at, size_t n)
{
	struct file_header h;
	uint8_t start[8] = {0};

	memcpy(start, at, n < sizeof(start) ? n : sizeof(start));
	if (n >= 4)
		return header_read(&h, start) && (n < sizeof(start) || is_version(&h));
	return n > 0 && (memcmp(start, "\xa1\xb2\xc3\xd4", n) == 0 ||
				memcmp(start, "\xa1\xb2\x3c\x4d", n) == 0 ||
				memcmp(start, "\xd4\xc3\xb2\xa1", n) == 0 ||
				memcmp(start, "\x4d\x3c\xb2\xa1", n) == 0);
}

struct capture_records *capture_records_create(struct capture_window *w, struct error *error)
{
	const uint8_t *at = w->buffer + w->at;
	size_t there = w->end - w->at;
	struct file_header h = {.major = 0};
	struct capture_records *r;

	if (there < FILE_HEADER) {
		error_set(error,
			"breaks off before the first packet (%zu of the %u bytes of its header "
			"are "
			"there)",
			there, (unsigned)FILE_HEADER);
		return NULL;
	}
	if (!header_read(&h, at) || !is_version(&h)) {
		error_set(error, "its header names version %u.%u of pcap, and not 2.4", h.major,
			h.minor);
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		error_set(error, "no memory");
		return NULL;
	}
	*r = (struct capture_records){
		.window = w,
		.swapped = h.swapped,
		.lengths_turned = h.major != 2 || h.minor < 3,
		.lengths_either = h.major == 2 && h.minor == 3,
		.first = capture_u32(at, false),
		.header = h.magic == MAGIC_LONG ? RECORD_HEADER_LONG : RECORD_HEADER,
		.unit_ns = h.magic == MAGIC_NS ? 1 : NS_PER_US,
		.link_number = capture_u32(at + 20, h.swapped) & LINK_TYPE_MASK,
	};
	r->link = capture_link_find(r->link_number);
	capture_landmarks_add(w->landmarks, capture_window_offset(w));
	w->at += FILE_HEADER;
	return r;
}

uint32_t capture_records_link_number(const struct capture_records *r)
{
	return r->link_number;
}

/* Why `need` bytes are not there, from `from` on in the record in hand. */
__attribute__((cold, noinline)) static enum records_status missing(struct capture_records *r,
	enum window_status status, const char *what, size_t from, size_t need)
{
	const struct capture_window *w = r->window;

	if (status == WINDOW_FULL)
		return RECORDS_FULL;
	snprintf(r->wrong, sizeof(r->wrong), "%zu of the %zu bytes of its %s are there",
		w->end - w->at - from, need, what);
	return RECORDS_CUT;
}

/* A record that cannot be one, or is a strange one. */
__attribute__((cold, noinline)) static enum records_status judge(
	struct capture_records *r, const uint8_t *at, uint32_t cap)
{
	if (capture_records_is_header(at, RECORD_HEADER) ||
		capture_blocks_is_header(at, RECORD_HEADER))
		return RECORDS_ANOTHER;
	if (cap <= CAPTURE_CAP_MAX)
		return RECORDS_OK;
	snprintf(r->wrong, sizeof(r->wrong),
		"at byte %llu: a packet of %u captured bytes, more than the %u that are "
		"possible",
		(unsigned long long)capture_window_offset(r->window), cap,
		(unsigned)CAPTURE_CAP_MAX);
	return RECORDS_BROKEN;
}

__attribute__((cold, noinline)) static void turn_lengths(
	const struct capture_records *r, struct capture_record *out)
{
	uint32_t cap = out->cap;

	if (!r->lengths_turned && cap <= out->wire)
		return;
	out->cap = out->wire;
	out->wire = cap;
}

/* Passes by what is not wanted. */
__attribute__((cold, noinline)) static enum records_status pick(struct capture_records *r)
{
	enum window_pick pick = capture_window_next_pick(r->window);

	if (pick != PICK_GONE)
		return pick == PICK_HERE ? RECORDS_OK : RECORDS_ENDED;
	snprintf(r->wrong, sizeof(r->wrong), "the file has changed while it was read");
	return RECORDS_BROKEN;
}

enum records_status capture_records_next(struct capture_records *r, struct capture_record *out)
{
	struct capture_window *w = r->window;
	enum records_status status = w->picks ? pick(r) : RECORDS_OK;
	enum window_status have;
	const uint8_t *at;

	if (status != RECORDS_OK)
		return status;
	have = capture_window_have(w, r->header);

	if (have == WINDOW_SHORT && w->end == w->at)
		return RECORDS_ENDED;
	if (have != WINDOW_OK)
		return missing(r, have, "record header", 0, r->header);
	at = w->buffer + w->at;
	out->cap = capture_u32(at + 8, r->swapped);
	out->wire = capture_u32(at + 12, r->swapped);
	if (r->lengths_turned || r->lengths_either)
		turn_lengths(r, out);
	/* The header of another file has no time zone where a record has its captured length. */
	if (out->cap > CAPTURE_CAP_MAX || out->cap == 0 || capture_u32(at, false) == r->first) {
		status = judge(r, at, out->cap);
		if (status != RECORDS_OK)
			return status;
	}
	have = capture_window_have(w, r->header + out->cap);
	if (have != WINDOW_OK)
		return missing(r, have, "packet", r->header, out->cap);
	at = w->buffer + w->at;
	out->time_ns = capture_u32(at, r->swapped) * NS_PER_S +
		       (uint64_t)capture_u32(at + 4, r->swapped) * r->unit_ns;
	out->data = at + r->header;
	out->link = r->link;
	out->link_number = r->link_number;
	w->last = w->at;
	w->at += r->header + out->cap;
	return RECORDS_OK;
}

const char *capture_records_wrong(const struct capture_records *r)
{
	return r->wrong;
}

void capture_records_destroy(struct capture_records *r)
{
	free(r);
}
