#include "decap/salt.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

void salt_take(uint64_t *salt, size_t n)
{
	/* Digits of pi after the point. */
	static const uint64_t constants[SALT_WORDS_MAX] = {
		0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89};
	size_t size = n * sizeof(*salt);

	assert(n <= SALT_WORDS_MAX);
	if (getrandom(salt, size, GRND_NONBLOCK) != (ssize_t)size)
		memcpy(salt, constants, size);
}
