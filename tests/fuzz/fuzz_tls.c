/* The first byte seeds where a stream of TLS records is split, the second says how much of its end was cut. What
 * is told is the same as of one part, and whoever reads it reads every byte. */
#include <stdlib.h>
#include <string.h>

#include "demand.h"
#include "inspect/proto/tls/ja3.h"
#include "inspect/proto/tls/ja4.h"
#include "inspect/proto/tls/tls_draft.h"
#include "inspect/proto/tls/tls_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_READ = 1 << 16 };

/* A sum over all that was told, in its order. */
struct told {
	uint64_t sum;
	unsigned n;
};

static void add(struct told *told, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		told->sum = (told->sum ^ at[i]) * UINT64_C(1099511628211);
	told->n++;
}

static void add_bytes(struct told *told, struct tls_bytes bytes)
{
	add(told, bytes.at, bytes.len);
}

static void client_hello(void *ctx, const struct tls_client_hello *hello)
{
	struct tls_bytes alpn = hello->alpn, shares = hello->key_shares, name;
	char text[JA4_TEXT] = "";
	uint16_t group;

	add_bytes(ctx, hello->session_id);
	add_bytes(ctx, hello->ciphers);
	add_bytes(ctx, hello->compressions);
	add_bytes(ctx, hello->extensions);
	add_bytes(ctx, hello->sni);
	add_bytes(ctx, hello->versions);
	add_bytes(ctx, hello->groups);
	add_bytes(ctx, hello->signatures);
	add_bytes(ctx, hello->formats);
	while (tls_alpn_next(&alpn, &name))
		add_bytes(ctx, name);
	while (tls_key_share_next(&shares, &group))
		add(ctx, &group, sizeof(group));
	demand(ja3_client(hello, text) == hello->is_whole);
	add(ctx, text, strlen(text));
	demand(!ja4_client(hello, JA4_TCP, text) || strlen(text) == JA4_TEXT - 1);
	add(ctx, text, strlen(text));
}

static void server_hello(void *ctx, const struct tls_server_hello *hello)
{
	char text[JA3_TEXT] = "";

	add(ctx, &hello->version, sizeof(hello->version));
	add(ctx, &hello->cipher, sizeof(hello->cipher));
	add(ctx, &hello->group, sizeof(hello->group));
	add_bytes(ctx, hello->session_id);
	add_bytes(ctx, hello->alpn);
	ja3_server(hello, text);
	add(ctx, text, strlen(text));
}

static void group(void *ctx, uint16_t number)
{
	add(ctx, &number, sizeof(number));
}

static void resumed(void *ctx, bool is_resumed)
{
	add(ctx, is_resumed ? "r" : "n", 1);
}

static void certificate(void *ctx, unsigned i, const struct tls_certificate *c)
{
	add(ctx, &i, sizeof(i));
	add_bytes(ctx, c->der);
	add_bytes(ctx, c->serial);
	add_bytes(ctx, c->subject);
	add_bytes(ctx, c->names);
}

static void alert(void *ctx, uint8_t level, uint8_t description)
{
	uint8_t bytes[2] = {level, description};

	add(ctx, bytes, sizeof(bytes));
}

/* Seed 0: in one part. */
static struct told take(const uint8_t *data, uint32_t cap, uint32_t wire, uint32_t seed)
{
	static const struct tls_stream none;
	struct memory memory = {0};
	struct memory_list list = {0};
	struct tls_stream stream = none;
	struct told told = {.n = 0};
	const struct tls_sink sink = {
		client_hello, server_hello, group, resumed, certificate, alert, &told};
	bool goes_on = true;

	for (uint32_t at = 0; at < wire && goes_on;) {
		uint32_t n = wire - at, here;
		struct stream_part part = {.gap = 0};
		uint8_t *copy;

		if (seed && at < cap) {
			seed = seed * 1664525u + 1013904223u;
			n = 1 + (seed >> 8) % (n < 90 ? n : 90);
		}
		here = at < cap ? cap - at : 0;
		here = here < n ? here : n;
		copy = malloc(here ? here : 1);
		demand(copy);
		if (here)
			memcpy(copy, data + at, here);
		part.bytes = cursor_make(copy, here, n);
		goes_on = tls_stream_add(&stream, &memory, &list, &part, &sink);
		free(copy);
		demand(memory.used <= 4 * TLS_MESSAGE_MAX && (goes_on || !memory.used));
		at += n;
	}
	tls_stream_end(&stream, &sink);
	demand(!memory.used);
	memory_sweep(&list);
	memory_trim(&memory);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cap, wire;
	struct told one, many;

	if (size < 2 || size > SIZE_MAX_READ)
		return 0;
	cap = (uint32_t)size - 2;
	wire = cap + data[1];
	one = take(data + 2, cap, wire, 0);
	many = take(data + 2, cap, wire, data[0] + 1u);
	demand(one.sum == many.sum && one.n == many.n);
	return 0;
}
