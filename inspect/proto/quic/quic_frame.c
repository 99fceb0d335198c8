#include "inspect/proto/quic/quic_frame.h"

#include <stdbool.h>

#include "inspect/proto/quic/quic_packet.h"

enum frame { PADDING, PING, ACK, ACK_ECN, CRYPTO = 6, GOOGLE_CRYPTO = 8 };

/* Each range is two integers, so that their number costs no more than the packet has bytes. */
static void step_over_ack(struct cursor *c, bool has_ecn)
{
	uint64_t ranges;

	quic_varint(c); /* largest acknowledged */
	quic_varint(c); /* delay */
	ranges = quic_varint(c);
	quic_varint(c); /* the first range */
	for (; ranges && c->status == CURSOR_OK; ranges--) {
		quic_varint(c);
		quic_varint(c);
	}
	for (unsigned i = 0; has_ecn && i < 3; i++)
		quic_varint(c);
}

static void read_crypto(struct cursor *c, const struct quic_frame_sink *sink)
{
	uint64_t offset = quic_varint(c), len = quic_varint(c);
	uint32_t n;

	if (c->status != CURSOR_OK || len > c->wire) {
		c->status = CURSOR_BAD;
		return;
	}
	n = len < c->cap ? (uint32_t)len : c->cap;
	if (n)
		sink->crypto(sink->ctx, offset, c->at, n);
	cursor_skip(c, (uint32_t)len);
}

void quic_frames_read(
	uint32_t version, struct cursor frames, const struct quic_frame_sink *sink)
{
	/* T050 and T051 */
	bool is_google = version >> 8 == 0x543035;
	const uint8_t *type;

	while ((type = cursor_take(&frames, 1))) {
		if (*type == ACK || *type == ACK_ECN)
			step_over_ack(&frames, *type == ACK_ECN);
		else if (*type == (is_google ? GOOGLE_CRYPTO : CRYPTO))
			read_crypto(&frames, sink);
		else if (*type > PING)
			return;
	}
}
