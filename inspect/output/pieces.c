#include "inspect/output/pieces.h"

#include <string.h>

void pieces_skip(struct iovec piece[2], size_t len)
{
	for (int i = 0; i < 2; i++) {
		size_t n = len < piece[i].iov_len ? len : piece[i].iov_len;

		piece[i].iov_base = (char *)piece[i].iov_base + n;
		piece[i].iov_len -= n;
		len -= n;
	}
}

void pieces_limit(struct iovec piece[2], size_t len)
{
	for (int i = 0; i < 2; i++) {
		piece[i].iov_len = len < piece[i].iov_len ? len : piece[i].iov_len;
		len -= piece[i].iov_len;
	}
}

size_t pieces_line(const struct iovec piece[2])
{
	size_t len = 0;

	for (int i = 0; i < 2; i++) {
		const char *newline = piece[i].iov_len == 0 ? NULL
							    : memchr(piece[i].iov_base, '\n',
								      piece[i].iov_len);

		if (newline != NULL)
			return len + (size_t)(newline - (const char *)piece[i].iov_base);
		len += piece[i].iov_len;
	}
	return len;
}
