/* A text in two parts, either of which may be empty: bytes in a ring that may wrap around. */
#pragma once

#include <stddef.h>
#include <sys/uio.h>

/* Leaves out the first `len` bytes. */
void pieces_skip(struct iovec piece[2], size_t len);
/* Leaves out all but the first `len` bytes. */
void pieces_limit(struct iovec piece[2], size_t len);
/* The length of the first line without its newline; of all when it has none. */
size_t pieces_line(const struct iovec piece[2]);
