#define ZLIB_CONST /* next_in is only read */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "dataplane/capture/capture_stream_codec.h"

struct gzip {
	z_stream z;
	bool between; /* no member is open */
	bool padding; /* zeros came after the last member: nothing but zeros may follow */
};

static void *gzip_create(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	if (inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK) {
		free(g);
		return NULL;
	}
	return g;
}

static void gzip_destroy(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
	free(g);
}

/* After a member comes another, or the end, perhaps padded with zeros to a block's size. */
static const char *gzip_next_member(struct gzip *g, struct codec_io *io)
{
	for (; io->in_len > 0 && io->in[0] == 0; io->in++, io->in_len--)
		g->padding = true;
	if (io->in_len == 0)
		return NULL;
	if (g->padding || io->in[0] != 0x1f)
		return "something that is not gzip follows the gzip data";
	g->between = false;
	inflateReset(&g->z);
	return NULL;
}

static const char *gzip_step(void *state, struct codec_io *io)
{
	struct gzip *g = state;
	const char *wrong = g->between ? gzip_next_member(g, io) : NULL;
	uInt in_len = io->in_len < UINT_MAX ? (uInt)io->in_len : UINT_MAX;
	uInt out_room = io->out_room < UINT_MAX ? (uInt)io->out_room : UINT_MAX;
	int result;

	if (wrong != NULL || g->between)
		return wrong;
	g->z.next_in = io->in;
	g->z.avail_in = in_len;
	g->z.next_out = io->out;
	g->z.avail_out = out_room;
	result = inflate(&g->z, Z_NO_FLUSH);
	io->in += in_len - g->z.avail_in;
	io->in_len -= in_len - g->z.avail_in;
	io->out += out_room - g->z.avail_out;
	io->out_room -= out_room - g->z.avail_out;
	g->between = result == Z_STREAM_END;
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return NULL;
	return g->z.msg != NULL ? g->z.msg : zError(result);
}

static bool gzip_is_complete(const void *state)
{
	return ((const struct gzip *)state)->between;
}

const struct codec codec_gzip = {
	.name = "gzip",
	.create = gzip_create,
	.step = gzip_step,
	.is_complete = gzip_is_complete,
	.destroy = gzip_destroy,
};
