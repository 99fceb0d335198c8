/* Datagrams, each after its length (two bytes, of which the upper bit says that half of it was cut off). What
 * is kept is bounded, whatever they say, and whoever reads what is told reads every byte. */
#include <stdlib.h>
#include <string.h>

#include "demand.h"
#include "inspect/proto/tls/dtls_stream.h"
#include "inspect/proto/tls/tls_draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct draft draft;

static void client_hello(void *ctx, const struct tls_client_hello *hello)
{
	draft_reset(ctx);
	draft_tls_client_hello(ctx, hello, JA4_DTLS);
}

static void server_hello(void *ctx, const struct tls_server_hello *hello)
{
	draft_reset(ctx);
	draft_tls_server_hello(ctx, hello);
}

static void group(void *ctx, uint16_t number)
{
	draft_reset(ctx);
	draft_tls_group(ctx, number);
}

static void certificate(void *ctx, unsigned i, const struct tls_certificate *leaf)
{
	demand(i < TLS_CERTIFICATES_MAX);
	draft_reset(ctx);
	draft_tls_certificate(ctx, leaf);
}

static void alert(void *ctx, uint8_t level, uint8_t description)
{
	(void)level;
	draft_reset(ctx);
	draft_tls_alert(ctx, description);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tls_sink sink = {
		client_hello, server_hello, group, NULL, certificate, alert, &draft};
	struct dtls_stream stream = {.others = 0};
	struct memory_list list = {0};
	struct memory memory = {0};
	bool goes_on = true;

	while (size >= 2 && goes_on) {
		uint32_t n = (uint32_t)(data[0] & 0x7f) << 8 | data[1], cap;
		bool is_cut = data[0] & 0x80;
		uint8_t *copy;

		data += 2;
		size -= 2;
		n = n < size ? n : (uint32_t)size;
		cap = is_cut ? n / 2 : n;
		copy = malloc(cap ? cap : 1);
		demand(copy);
		memcpy(copy, data, cap);
		dtls_is_hello(cursor_make(copy, cap, n));
		goes_on = dtls_stream_add(
			&stream, &memory, &list, cursor_make(copy, cap, n), &sink);
		demand(memory.used <= 3 * TLS_MESSAGE_MAX);
		demand(goes_on || memory.used == 0);
		free(copy);
		data += n;
		size -= n;
	}
	dtls_stream_end(&stream, &sink);
	demand(memory.used == 0);
	memory_sweep(&list);
	memory_trim(&memory);
	return 0;
}
