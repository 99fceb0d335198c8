/* The frames of an Initial packet (RFC 9000, 12.4 and 19): CRYPTO is told, PADDING, PING and ACK are stepped
 * over; with any other, and with one that lies, the packet ends. */
#pragma once

#include <stdint.h>

#include "decap/cursor.h"

/* Where CRYPTO frames go: `len` bytes, of what arrived, borrowed until the call returns. */
struct quic_frame_sink {
	void (*crypto)(void *ctx, uint64_t offset, const uint8_t *bytes, uint32_t len);
	void *ctx;
};

void quic_frames_read(
	uint32_t version, struct cursor frames, const struct quic_frame_sink *sink);
