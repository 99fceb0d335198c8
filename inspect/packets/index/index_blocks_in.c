#include "inspect/packets/index/index_blocks_in.h"

#include <errno.h>
#include <unistd.h>

void index_in_begin(struct index_blocks_in *in, int fd, uint64_t file)
{
	uint64_t rest = file % INDEX_BLOCK;

	in->fd = fd;
	in->file = file;
	in->size =
		file / INDEX_BLOCK * INDEX_PAYLOAD + (rest > INDEX_SUM ? rest - INDEX_SUM : 0);
	in->bytes_read = 0;
	in->status = INDEX_OK;
	in->error = 0;
	memset(in->kept, 0, sizeof(in->kept));
}

static bool fail(struct index_blocks_in *in, enum index_status status, int error)
{
	if (in->status == INDEX_OK) {
		in->status = status;
		in->error = error;
	}
	return false;
}

static bool load(struct index_blocks_in *in, uint64_t number, uint8_t *block)
{
	uint64_t at = number * INDEX_BLOCK, left = in->file - at;
	size_t len = left < INDEX_BLOCK ? (size_t)left : INDEX_BLOCK, have = 0;

	while (have < len) {
		ssize_t n = pread(in->fd, block + have, len - have, (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(in, INDEX_FAILED, errno);
		if (n == 0) /* it has become shorter */
			return fail(in, INDEX_DAMAGED, 0);
		have += (size_t)n;
	}
	in->bytes_read += len;
	len -= INDEX_SUM; /* there is more: see index_in_begin() */
	if (index_sum(number, block, len) != index_get32(block + len))
		return fail(in, INDEX_DAMAGED, 0);
	return true;
}

/* The block, or NULL. */
static const uint8_t *block_of(struct index_blocks_in *in, uint64_t number)
{
	uint64_t place = number % INDEX_KEPT;

	if (in->kept[place] == number + 1)
		return in->blocks[place];
	in->kept[place] = 0;
	if (!load(in, number, in->blocks[place]))
		return NULL;
	in->kept[place] = number + 1;
	return in->blocks[place];
}

bool index_in_read(struct index_blocks_in *in, uint64_t at, void *bytes, size_t len)
{
	uint8_t *to = bytes;

	if (at > in->size || len > in->size - at)
		return fail(in, INDEX_DAMAGED, 0);
	while (len > 0) {
		const uint8_t *block = block_of(in, at / INDEX_PAYLOAD);
		size_t from = (size_t)(at % INDEX_PAYLOAD), n = INDEX_PAYLOAD - from;

		if (!block)
			return false;
		if (n > len)
			n = len;
		memcpy(to, block + from, n);
		to += n;
		at += n;
		len -= n;
	}
	return true;
}

void index_cursor_begin(
	struct index_cursor *c, struct index_blocks_in *in, uint64_t at, uint64_t end)
{
	c->in = in;
	c->at = at;
	c->end = end;
	c->i = c->n = 0;
}

uint64_t index_cursor_at(const struct index_cursor *c)
{
	return c->at - (c->n - c->i);
}

bool index_cursor_has_more(const struct index_cursor *c)
{
	return c->i < c->n || c->at < c->end;
}

static bool next_byte(struct index_cursor *c, uint8_t *out)
{
	if (c->i == c->n) {
		uint64_t left = c->at < c->end ? c->end - c->at : 0;

		c->i = 0;
		c->n = left < sizeof(c->bytes) ? (size_t)left : sizeof(c->bytes);
		if (c->n == 0)
			return fail(c->in, INDEX_DAMAGED, 0);
		if (!index_in_read(c->in, c->at, c->bytes, c->n)) {
			c->n = 0;
			return false;
		}
		c->at += c->n;
	}
	*out = c->bytes[c->i++];
	return true;
}

bool index_cursor_varint(struct index_cursor *c, uint32_t *out)
{
	uint64_t n = 0;
	uint8_t byte = 128;

	for (unsigned i = 0; byte & 128; i++) {
		if (i == INDEX_VARINT_MAX)
			return fail(c->in, INDEX_DAMAGED, 0);
		if (!next_byte(c, &byte))
			return false;
		n |= (uint64_t)(byte & 127) << 7 * i;
	}
	if (n > UINT32_MAX)
		return fail(c->in, INDEX_DAMAGED, 0);
	*out = (uint32_t)n;
	return true;
}
