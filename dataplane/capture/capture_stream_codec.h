/* One way to decompress, for capture_stream. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Input to read and room to write to; both pointers move on. */
struct codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_room;
};

struct codec {
	const char *name;
	/* NULL: no memory. The state is freed by `destroy`. */
	void *(*create)(void);
	/* Turns some of `in` into some of `out`; without input it gives what it holds back. NULL, or
	 * what is wrong with the data (a static string); `out` before that is good. */
	const char *(*step)(void *state, struct codec_io *io);
	/* Whether the data may end here. */
	bool (*is_complete)(const void *state);
	void (*destroy)(void *state);
};

extern const struct codec codec_gzip, codec_zstd;
