/* A string of bytes, cut into segments that come in any order, again, and over each other, as the input says: what
 * reorder and byte_stream give to a parser is the string, once, in order. The first byte says whether a SYN begins
 * it, the second how far segments may be displaced; then four bytes a segment; the last may lie: then the demand is
 * that nothing but memory within its bounds is used, and that the difference is told. */
#include <netinet/in.h>
#include <string.h>

#include "decap/packet.h"
#include "demand.h"
#include "inspect/stream/byte_stream.h"
#include "inspect/stream/overlap.h"
#include "inspect/stream/reorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STRING = 4096, SEGMENTS = 48, HEADERS = 40, LIMIT = 24576, FIRST = 0xfffffc00u };

struct segment {
	uint32_t at, len, key; /* `key`: when it comes */
};

struct run {
	struct reorder order;
	struct byte_stream stream;
	struct overlap overlap;
	struct memory memory;
	struct memory_list list;
	uint8_t said[STRING], told[STRING];
	uint32_t n_told;
	bool gap, differs;
};

static void give(struct run *run, const struct piece *piece)
{
	struct stream_part part;

	reorder_saw(&run->order, piece);
	if (piece->from_hi)
		return;
	run->differs |= overlap_add(&run->overlap, piece, LIMIT);
	if (!byte_stream_add(&run->stream, piece, &part))
		return;
	run->gap |= part.gap != 0;
	demand(part.bytes.cap == part.bytes.wire && run->n_told + part.bytes.cap <= STRING);
	memcpy(run->told + run->n_told, part.bytes.at, part.bytes.cap);
	run->n_told += part.bytes.cap;
}

static void give_held(struct run *run)
{
	struct piece *held;

	while ((held = reorder_next(&run->order))) {
		give(run, held);
		memory_free(held);
	}
}

static void give_up(struct run *run)
{
	bool gap;
	struct piece *held = reorder_give_up(&run->order, &gap);

	run->gap |= gap;
	give(run, held);
	memory_free(held);
	give_held(run);
}

/* As inspect/dpi/feed.c does. */
static void feed(struct run *run, const struct piece *piece)
{
	if (reorder_is_late(&run->order, piece))
		return;
	if (reorder_shows(&run->order, piece)) {
		give_held(run);
		while (reorder_holds(&run->order))
			give_up(run);
	}
	while (reorder_is_early(&run->order, piece)) {
		run->differs |= reorder_differs(&run->order, piece);
		if (reorder_hold(&run->order, &run->memory, &run->list, piece, LIMIT))
			return;
		if (!reorder_holds(&run->order))
			break;
		give_up(run);
	}
	give(run, piece);
	run->differs |= reorder_differs(&run->order, piece);
	give_held(run);
	demand(run->order.bytes <= LIMIT || run->order.held[0].n + run->order.held[1].n == 1);
	demand(run->memory.used <= 3 * LIMIT + 64 * 64);
}

static void send_segment(
	struct run *run, uint32_t at, uint32_t len, uint8_t flags, uint8_t other)
{
	uint8_t packet[HEADERS + STRING] = {0};
	struct piece piece = {.ip = packet,
		.cap = HEADERS + len,
		.wire = HEADERS + len,
		.whole = true,
		.payload = HEADERS,
		.protocol = IPPROTO_TCP,
		.tcp_flags = flags,
		.seq = FIRST + at,
		.ack = 1};

	if (len) {
		memcpy(packet + HEADERS, run->said + at, len);
		packet[HEADERS + len / 2] ^= other;
	}
	feed(run, &piece);
}

static void shake_hands(struct run *run)
{
	struct piece syn_ack = {.protocol = IPPROTO_TCP,
		.tcp_flags = TCP_SYN | TCP_ACK,
		.from_hi = true,
		.payload = HEADERS,
		.cap = HEADERS,
		.wire = HEADERS,
		.ack = FIRST,
		.ip = run->said};

	send_segment(run, UINT32_MAX, 0, TCP_SYN, 0); /* the number before the first byte */
	feed(run, &syn_ack);
}

static int by_key(const void *left, const void *right)
{
	const struct segment *a = left, *b = right;

	return (a->key > b->key) - (a->key < b->key);
}

/* The whole string in pieces, and some of it again. Returns how many; `total` is its length. */
static unsigned cut(const uint8_t *data, size_t size, unsigned far, struct segment *segments,
	uint32_t *total)
{
	unsigned n = 0;

	*total = 0;
	for (; size >= 4 && n + 2 <= SEGMENTS; data += 4, size -= 4) {
		uint32_t len = data[0] % 128 + 1, key = n * 256u + data[1] * far;

		if (*total + len > STRING)
			break;
		segments[n++] = (struct segment){*total, len, key};
		*total += len;
		if (data[2] & 1) { /* once more, from somewhere before on */
			uint32_t back = data[3] * 2u % *total + 1;
			uint32_t again = back < len + data[2] ? back : len + data[2];

			segments[n++] =
				(struct segment){*total - back, again, key + data[2] * far};
		}
	}
	qsort(segments, n, sizeof(*segments), by_key);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment segments[SEGMENTS];
	static struct run run;
	bool syn, lies;
	uint32_t total;
	unsigned n;

	if (size < 6)
		return 0;
	memset(&run, 0, sizeof(run));
	syn = data[0] & 1;
	lies = data[0] & 2;
	for (uint32_t i = 0; i < STRING; i++)
		run.said[i] = (uint8_t)(i * 167 + (i >> 8) * 13);
	n = cut(data + 2, size - 2, data[1] % 16, segments, &total);
	if (syn)
		shake_hands(&run);
	for (unsigned i = 0; i < n; i++)
		send_segment(&run, segments[i].at, segments[i].len, TCP_ACK, 0);
	if (lies && n)
		send_segment(&run, segments[0].at, segments[0].len, TCP_ACK, 0x55);
	while (reorder_holds(&run.order))
		give_up(&run);
	if (syn && !lies)
		demand(!run.gap && !run.differs && run.n_told == total &&
			!memcmp(run.told, run.said, total));
	demand(lies || !run.differs);
	memory_sweep(&run.list);
	demand(run.memory.used == 0);
	memory_trim(&run.memory);
	return 0;
}
