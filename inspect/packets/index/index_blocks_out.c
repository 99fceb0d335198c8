#include "inspect/packets/index/index_blocks_out.h"

#include <errno.h>
#include <unistd.h>

#include "inspect/output/record_file.h"

void index_out_begin(struct index_blocks_out *out, int fd)
{
	out->fd = fd;
	out->error = 0;
	out->n = 0;
	out->at = INDEX_HEADER;
	memset(out->first, 0, sizeof(out->first));
	if (lseek(fd, INDEX_BLOCK, SEEK_SET) < 0)
		out->error = errno;
}

static void seal(uint8_t *block, uint64_t number, size_t len)
{
	index_put(block + len, index_sum(number, block, len), INDEX_SUM);
}

/* The buffer's whole blocks, and `more` bytes of the one behind them. */
static void flush(struct index_blocks_out *out, size_t more)
{
	size_t len = (size_t)out->n * INDEX_BLOCK + more;

	if (out->error == 0 && len > 0)
		out->error = write_all(out->fd, out->buffer, len);
	out->n = 0;
}

/* The block in hand is full. */
static void next(struct index_blocks_out *out)
{
	uint64_t number = out->at / INDEX_PAYLOAD - 1;

	if (number == 0)
		return; /* it stays in `first` */
	seal(out->buffer[out->n++], number, INDEX_PAYLOAD);
	if (out->n == INDEX_OUT_BLOCKS)
		flush(out, 0);
}

void index_out_add(struct index_blocks_out *out, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t in = (size_t)(out->at % INDEX_PAYLOAD), n = INDEX_PAYLOAD - in;
		uint8_t *block = out->at < INDEX_PAYLOAD ? out->first : out->buffer[out->n];

		if (n > len)
			n = len;
		memcpy(block + in, from, n);
		from += n;
		len -= n;
		out->at += n;
		if (out->at % INDEX_PAYLOAD == 0)
			next(out);
	}
}

/* 0 or the errno. */
static int write_first(struct index_blocks_out *out, const uint8_t header[INDEX_HEADER])
{
	size_t len = out->at < INDEX_PAYLOAD ? (size_t)out->at : INDEX_PAYLOAD;

	memcpy(out->first, header, INDEX_HEADER);
	seal(out->first, 0, len);
	if (lseek(out->fd, 0, SEEK_SET) < 0)
		return errno;
	return write_all(out->fd, out->first, len + INDEX_SUM);
}

bool index_out_end(struct index_blocks_out *out, const uint8_t header[INDEX_HEADER])
{
	size_t rest = (size_t)(out->at % INDEX_PAYLOAD);

	if (out->at < INDEX_PAYLOAD)
		rest = 0;
	if (rest > 0)
		seal(out->buffer[out->n], out->at / INDEX_PAYLOAD, rest);
	flush(out, rest > 0 ? rest + INDEX_SUM : 0);
	if (out->error == 0)
		out->error = write_first(out, header);
	return out->error == 0;
}
