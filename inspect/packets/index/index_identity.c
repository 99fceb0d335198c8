#include "inspect/packets/index/index_identity.h"

#include <errno.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

/* false: errno says why; a file that became shorter meanwhile is an I/O error. */
static bool sum_at(int fd, uint64_t at, uint64_t length, uint32_t *sum)
{
	uint8_t bytes[INDEX_IDENTITY_BYTES];
	size_t want = length < sizeof(bytes) ? (size_t)length : sizeof(bytes), have = 0;

	while (have < want) {
		ssize_t n = pread(fd, bytes + have, want - have, (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	*sum = libdeflate_crc32(0, bytes, want);
	return true;
}

bool index_identity_read(int fd, struct index_identity *out)
{
	struct stat status;
	uint64_t tail = 0;

	if (fstat(fd, &status) != 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return false;
	}
	out->length = (uint64_t)status.st_size;
	if (out->length > INDEX_IDENTITY_BYTES)
		tail = out->length - INDEX_IDENTITY_BYTES;
	return sum_at(fd, 0, out->length, &out->head) &&
	       sum_at(fd, tail, out->length, &out->tail);
}
