#include "decap/session/copies.h"

#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"

/* A packet that was seen. Serial numbers begin with 1. */
struct sight {
	uint64_t digest, position, time_ns;
	uint64_t
		before; /* serial number of the one before it whose digest ends alike; 0: none */
};

struct copies {
	uint64_t salt[SALT_WORDS_MAX]; /* a secret: nobody makes packets that meet */
	uint64_t n;                    /* serial number of the latest */
	struct sight ring[COPIES_WINDOW];
	uint64_t latest[COPIES_WINDOW]; /* serial number, by the end of the digest; 0: none */
};

_Static_assert((COPIES_WINDOW & (COPIES_WINDOW - 1)) == 0 && COPIES_BYTES % 16 == 0,
	"masked, and read by two words");

struct copies *copies_create(void)
{
	struct copies *c = calloc(1, sizeof(*c));

	if (c != NULL)
		salt_take(c->salt, SALT_WORDS_MAX);
	return c;
}

void copies_destroy(struct copies *c)
{
	free(c);
}

/* Of session, length and the first bytes; two words at a time. */
static uint64_t digest_of(const struct copies *c, const struct packet *p)
{
	const uint32_t len = p->frame_cap < COPIES_BYTES ? p->frame_cap : COPIES_BYTES;
	uint64_t words[COPIES_BYTES / 8] = {0};
	uint64_t hash = session_key_fold(p->session ^ c->salt[0], p->frame_wire ^ c->salt[1]);

	memcpy(words, p->frame, len);
	for (uint32_t i = 0; i < COPIES_BYTES / 8; i += 2)
		hash = session_key_fold(
			words[i] ^ c->salt[2], words[i + 1] ^ hash ^ c->salt[3]);
	return hash;
}

static struct sight *sight_of(struct copies *c, uint64_t serial)
{
	return &c->ring[serial & (COPIES_WINDOW - 1)];
}

/* Its place is not another one's yet. */
static bool is_kept(const struct copies *c, uint64_t serial)
{
	return serial != 0 && c->n - serial < COPIES_WINDOW;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

bool copies_packet(struct copies *c, const struct packet *p, uint64_t position)
{
	const uint64_t digest = digest_of(c, p);
	uint64_t *latest = &c->latest[digest & (COPIES_WINDOW - 1)];

	for (uint64_t at = *latest; is_kept(c, at); at = sight_of(c, at)->before) {
		const struct sight *s = sight_of(c, at);

		if (position - s->position > COPIES_WINDOW)
			break;
		if (s->digest == digest && distance(s->time_ns, p->time_ns) <= COPIES_NS)
			return true;
	}
	*sight_of(c, ++c->n) = (struct sight){digest, position, p->time_ns, *latest};
	*latest = c->n;
	return false;
}
