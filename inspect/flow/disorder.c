#include "inspect/flow/disorder.h"

#include <string.h>

#include "config/log/now.h"

/* The least that a round trip takes where no handshake was seen; tshark has the same. */
#define ROUND_TRIP_NS (3 * NS_PER_MS)

/* How far `a` is beyond `b`; negative: before it. */
static int32_t beyond(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static unsigned count(const struct disorder_hole *holes)
{
	unsigned n = 0;

	while (n < DISORDER_HOLES && holes[n].from != holes[n].to)
		n++;
	return n;
}

static void take_out(struct disorder_hole *holes, unsigned at)
{
	memmove(&holes[at], &holes[at + 1], (DISORDER_HOLES - 1 - at) * sizeof(*holes));
	holes[DISORDER_HOLES - 1] = (struct disorder_hole){0};
}

/* Before hole `at`, or with the number of holes behind all; the oldest gives way. Returns how far those
 * behind have moved. */
static int put_in(struct disorder_hole *holes, unsigned at, struct disorder_hole hole)
{
	int moved = 1;

	if (count(holes) == DISORDER_HOLES) {
		if (at == 0)
			return 0;
		take_out(holes, 0);
		at--;
		moved = 0;
	}
	memmove(&holes[at + 1], &holes[at], (DISORDER_HOLES - 1 - at) * sizeof(*holes));
	holes[at] = hole;
	return moved;
}

void disorder_hole(
	struct disorder *disorder, unsigned side, uint32_t from, uint32_t to, uint64_t now_ns)
{
	struct disorder_hole *holes = disorder->holes[side];

	put_in(holes, count(holes), (struct disorder_hole){from, to, now_ns});
}

/* Takes [seq, end) out of the holes; true, with the time at which the latest of them was found, when some
 * of it was missing. */
static bool fill(struct disorder_hole *holes, uint32_t seq, uint32_t end, uint64_t *found_ns)
{
	bool filled = false;

	for (int i = 0; i < (int)count(holes); i++) {
		struct disorder_hole hole = holes[i], below = hole, above = hole;

		if (beyond(end, hole.from) <= 0 || beyond(seq, hole.to) >= 0)
			continue;
		if (!filled || hole.found_ns > *found_ns)
			*found_ns = hole.found_ns;
		filled = true;
		below.to = beyond(seq, hole.from) > 0 ? seq : hole.from;
		above.from = beyond(hole.to, end) > 0 ? end : hole.to;
		if (below.from != below.to && above.from != above.to) {
			holes[i] = above;
			i += put_in(holes, (unsigned)i, below);
		} else if (below.from != below.to || above.from != above.to) {
			holes[i] = below.from != below.to ? below : above;
		} else {
			take_out(holes, (unsigned)i--);
		}
	}
	return filled;
}

void disorder_late(struct disorder *disorder, unsigned side,
	const struct disorder_segment *segment, uint64_t round_trip_ns)
{
	uint64_t found_ns = 0, within = round_trip_ns != 0 ? round_trip_ns : ROUND_TRIP_NS;
	uint64_t now_ns = segment->time_ns;
	bool filled = fill(disorder->holes[side], segment->seq, segment->end, &found_ns);

	if (!filled && segment->is_probe)
		return;
	if (filled && (now_ns <= found_ns || now_ns - found_ns < within)) {
		disorder->out_of_order[side]++;
		return;
	}
	disorder->retransmitted[side]++;
	disorder->data_again[side] += segment->has_data;
}

void disorder_forget(struct disorder *disorder, unsigned side)
{
	memset(disorder->holes[side], 0, sizeof(disorder->holes[side]));
}

bool disorder_is_none(const struct disorder *disorder)
{
	static const struct disorder none;

	return memcmp(disorder, &none, sizeof(none)) == 0;
}
