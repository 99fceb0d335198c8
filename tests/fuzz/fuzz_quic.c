/* The first byte says what the rest is: datagrams of both sides, each after its length and what of it was cut;
 * or frames, as an Initial has them, read with a window and compared to a twin that keeps every byte. */
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_draft.h"
#include "inspect/proto/quic/quic_frame.h"
#include "inspect/proto/quic/quic_hello.h"
#include "inspect/proto/tls/tls_draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool see_handshake(void *ctx, const struct quic_handshake *h)
{
	uint32_t *next = (uint32_t *)ctx + h->from_server, sum = 0;

	if (h->offset && h->offset != *next)
		abort();
	*next = h->offset + h->len;
	for (uint32_t i = 0; i < h->len; i++)
		sum += h->bytes[i];
	return sum % 64 != 1;
}

/* Of a connection and of its hellos: the same datagrams. */
struct connection {
	struct quic_initial initial;
	struct quic_hello hello;
	struct memory memory;
	struct memory_list list;
	uint32_t next[2];
	struct draft draft;
};

static void see_client(void *ctx, uint32_t version, const struct tls_client_hello *hello)
{
	struct connection *c = ctx;

	if (!quic_version_is_known(version))
		abort();
	draft_reset(&c->draft);
	draft_quic_client_hello(&c->draft, version, hello);
	if (!c->draft.have)
		abort(); /* the version is there at least */
}

static void see_server(void *ctx, uint32_t version, const struct tls_server_hello *hello)
{
	struct connection *c = ctx;

	if (!quic_version_is_known(version))
		abort();
	draft_reset(&c->draft);
	draft_tls_server_hello(&c->draft, hello);
}

static void read_datagram(struct connection *c, struct cursor datagram, bool from_hi)
{
	const struct quic_sink sink = {see_handshake, c->next};
	const struct quic_hello_sink hello_sink = {see_client, see_server, c};
	bool more =
		quic_initial_add(&c->initial, &c->memory, &c->list, datagram, from_hi, &sink);

	more |= quic_hello_add(&c->hello, &c->memory, &c->list, datagram, from_hi, &hello_sink);
	if (c->initial.opened > QUIC_OPEN_MAX || c->initial.failed > QUIC_FAILED_MAX ||
		c->memory.used > (more ? 6 * QUIC_AHEAD_MAX + 4 * TLS_MESSAGE_MAX : 0))
		abort();
}

static void read_datagrams(const uint8_t *data, size_t size)
{
	struct connection c;
	const struct quic_hello_sink sink = {see_client, see_server, &c};
	uint32_t len;

	memset(&c, 0, offsetof(struct connection, draft));
	while (size > 3) {
		len = (uint32_t)(data[0] & 0x7f) << 8 | data[1];
		len = len < size - 3 ? len : (uint32_t)size - 3;
		read_datagram(&c, cursor_make(data + 3, len, len + data[2]), data[0] >> 7);
		data += 3 + len;
		size -= 3 + len;
	}
	quic_initial_end(&c.initial);
	quic_hello_end(&c.hello, &sink);
	if (c.memory.used)
		abort();
	memory_trim(&c.memory);
}

/* Both ways of putting frames in order; bytes beyond ALL are not compared. */
enum { ALL = 2 * QUIC_CRYPTO_MAX };

struct twin {
	struct quic_crypto crypto;
	struct memory memory;
	struct memory_list list;
	uint32_t told;
	uint8_t bytes[ALL]; /* as told */
	bool has[ALL];
	uint8_t all[ALL]; /* of each byte the first that came within the window */
};

static bool keep(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	struct twin *twin = ctx;

	if (!len || offset != twin->told)
		abort();
	for (uint32_t i = 0; i < len && offset + i < ALL; i++)
		twin->bytes[offset + i] = bytes[i];
	twin->told += len;
	return true;
}

static void take_frame(void *ctx, uint64_t offset, const uint8_t *bytes, uint32_t len)
{
	struct twin *twin = ctx;
	const struct quic_crypto_sink sink = {keep, twin};
	uint32_t before = twin->told;
	bool done = twin->crypto.done;

	quic_crypto_add(&twin->crypto, &twin->memory, &twin->list, offset, bytes, len, &sink);
	for (uint64_t i = 0, at = offset; i < len && at < ALL && !done; i++, at++)
		if (!twin->has[at] && at < twin->told + (uint64_t)QUIC_AHEAD_MAX) {
			twin->has[at] = true;
			twin->all[at] = bytes[i];
		}
	for (uint32_t at = before; at < twin->told && at < ALL; at++)
		if (!twin->has[at] || twin->all[at] != twin->bytes[at])
			abort();
	if (twin->told < ALL && twin->has[twin->told] && !twin->crypto.done)
		abort();
}

static void read_frames(uint32_t version, const uint8_t *data, uint32_t size, uint32_t cut)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	const struct quic_frame_sink sink = {take_frame, twin};

	if (!twin)
		abort();
	quic_frames_read(version, cursor_make(data, size, size + cut), &sink);
	if (twin->told != twin->crypto.next)
		abort();
	quic_crypto_clear(&twin->crypto);
	if (twin->memory.used)
		abort();
	memory_trim(&twin->memory);
	free(twin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 100000)
		return 0;
	if (data[0] & 1)
		read_datagrams(data + 1, size - 1);
	else
		read_frames(data[0] & 2 ? 0x54303530 : QUIC_V1, data + 2, (uint32_t)size - 2,
			data[1]);
	return 0;
}
