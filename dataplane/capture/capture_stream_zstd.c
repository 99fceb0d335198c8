#include <stdlib.h>
#include <zstd.h>

#include "dataplane/capture/capture_stream_codec.h"

struct zstd {
	ZSTD_DCtx *context;
	bool between; /* no frame is open and nothing is held back */
};

static void *zstd_create(void)
{
	struct zstd *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->context = ZSTD_createDCtx();
	if (z->context == NULL) {
		free(z);
		return NULL;
	}
	return z;
}

static void zstd_destroy(void *state)
{
	struct zstd *z = state;

	ZSTD_freeDCtx(z->context);
	free(z);
}

static const char *zstd_step(void *state, struct codec_io *io)
{
	struct zstd *z = state;
	ZSTD_inBuffer in = {io->in, io->in_len, 0};
	ZSTD_outBuffer out = {io->out, io->out_room, 0};
	size_t result;

	if (z->between && io->in_len == 0)
		return NULL;
	result = ZSTD_decompressStream(z->context, &out, &in);
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_room -= out.pos;
	z->between = result == 0;
	return ZSTD_isError(result) ? ZSTD_getErrorName(result) : NULL;
}

static bool zstd_is_complete(const void *state)
{
	return ((const struct zstd *)state)->between;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.create = zstd_create,
	.step = zstd_step,
	.is_complete = zstd_is_complete,
	.destroy = zstd_destroy,
};
