#include "dataplane/capture_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORD_HEADER = 16,
	CAP_MAX = 262144, /* libpcap's limit for the link types that we read */
	NS_PER_US = 1000,
};

#define MAGIC_US UINT32_C(0xa1b2c3d4)
#define MAGIC_NS UINT32_C(0xa1b23c4d)

struct capture_records {
	struct capture_stream *stream;
	uint32_t snaplen;
	bool swapped, is_ns;
	uint8_t *buffer; /* grows to the longest record */
	size_t room, piece;
	size_t at, end; /* of what was read and not yet used */
	size_t last;    /* where the last record begins */
	bool lends;
	bool lent; /* somebody holds records in the buffer: nothing may move */
	char wrong[96];
};

struct capture_records *capture_records_create(
	struct capture_stream *stream, pcap_t *pcap, size_t piece)
{
	struct capture_records *r;
	uint8_t head[4] = {0};
	uint32_t magic, snaplen = (uint32_t)pcap_snapshot(pcap);

	capture_stream_head(stream, head);
	memcpy(&magic, head, sizeof(magic));
	if (pcap_is_swapped(pcap))
		magic = __builtin_bswap32(magic);
	if ((magic != MAGIC_US && magic != MAGIC_NS) || pcap_major_version(pcap) != 2 ||
		pcap_minor_version(pcap) != 4)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->stream = stream;
	r->snaplen = snaplen;
	r->swapped = pcap_is_swapped(pcap);
	r->is_ns = magic == MAGIC_NS;
	r->room = r->piece = piece;
	r->buffer = malloc(r->room);
	if (r->buffer != NULL)
		return r;
	free(r);
	return NULL;
}

/* Moves what is left to the start, for `need` bytes in one piece. */
static bool make_room(struct capture_records *r, size_t need)
{
	memmove(r->buffer, r->buffer + r->at, r->end - r->at);
	r->end -= r->at;
	r->at = 0;
	if (r->room < need) {
		uint8_t *larger = realloc(r->buffer, need);

		if (larger == NULL)
			return false;
		r->buffer = larger;
		r->room = need;
	}
	return true;
}

bool capture_records_lend(struct capture_records *r, size_t room)
{
	uint8_t *larger = realloc(r->buffer, room);

	if (larger == NULL)
		return false;
	r->buffer = larger;
	r->room = room;
	r->lends = true;
	return true;
}

const uint8_t *capture_records_lent(const struct capture_records *r)
{
	return r->buffer;
}

uint8_t *capture_records_exchange(
	struct capture_records *r, uint8_t *empty, const uint8_t **kept)
{
	size_t from = kept != NULL ? r->last : r->at;
	uint8_t *full = r->buffer;

	if (empty != NULL)
		memcpy(empty, full + from, r->end - from);
	if (kept != NULL)
		*kept = empty + (*kept - (full + from));
	r->buffer = empty;
	r->end -= from;
	r->at -= from;
	r->last = 0;
	r->lent = kept != NULL;
	return full;
}

/* Reads on until `need` bytes are there. */
static enum records_status read_on(struct capture_records *r, size_t need)
{
	if (r->lent && need > r->room - r->at)
		return RECORDS_FULL;
	if (!r->lent && !make_room(r, need))
		return RECORDS_CUT;
	while (r->end - r->at < need) {
		size_t room = r->room - r->end;
		ssize_t n = capture_stream_read(r->stream, r->buffer + r->end,
			r->lends && room > r->piece ? r->piece : room);

		if (n <= 0)
			return RECORDS_CUT;
		r->end += (size_t)n;
	}
	return RECORDS_OK;
}

/* RECORDS_CUT: at the end of the file, or on an error. */
static inline enum records_status have(struct capture_records *r, size_t need)
{
	return r->end - r->at >= need ? RECORDS_OK : read_on(r, need);
}

static uint32_t number(const struct capture_records *r, const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return r->swapped ? __builtin_bswap32(n) : n;
}

/* libpcap takes the fields of a file in our byte order for signed. */
static int64_t number_of_time(const struct capture_records *r, const uint8_t *at)
{
	uint32_t n = number(r, at);

	return r->swapped ? (int64_t)n : (int64_t)(int32_t)n;
}

static enum records_status cut(struct capture_records *r, const char *what, size_t need)
{
	snprintf(r->wrong, sizeof(r->wrong), "%zu of the %zu bytes of its %s are there",
		r->end - r->at, need, what);
	return RECORDS_CUT;
}

enum records_status capture_records_next(
	struct capture_records *r, struct pcap_pkthdr *header, const uint8_t **data)
{
	enum records_status status = have(r, RECORD_HEADER);
	const uint8_t *at;
	uint32_t cap;

	if (status == RECORDS_FULL)
		return status;
	if (status == RECORDS_CUT)
		return r->end == r->at ? RECORDS_ENDED : cut(r, "record header", RECORD_HEADER);
	at = r->buffer + r->at;
	header->ts.tv_sec = number_of_time(r, at);
	header->ts.tv_usec = number_of_time(r, at + 4) * (r->is_ns ? 1 : NS_PER_US);
	header->len = number(r, at + 12);
	cap = number(r, at + 8);
	if (cap > CAP_MAX) {
		snprintf(r->wrong, sizeof(r->wrong),
			"a packet of %u captured bytes, more than the %u that are possible",
			cap, (unsigned)CAP_MAX);
		return RECORDS_BROKEN;
	}
	r->last = r->at;
	r->at += RECORD_HEADER;
	status = have(r, cap);
	if (status == RECORDS_CUT)
		return cut(r, "packet", cap);
	if (status == RECORDS_FULL) {
		r->at -= RECORD_HEADER;
		return status;
	}
	*data = r->buffer + r->at;
	r->at += cap;
	r->lent = r->lends;
	header->caplen = cap < r->snaplen ? cap : r->snaplen;
	return RECORDS_OK;
}

const char *capture_records_wrong(const struct capture_records *r)
{
	return r->wrong;
}

void capture_records_destroy(struct capture_records *r)
{
	if (r == NULL)
		return;
	free(r->buffer);
	free(r);
}
