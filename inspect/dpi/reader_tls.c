#include <netinet/in.h>

#include "inspect/dpi/inside.h"
#include "inspect/proto/tls/tls_draft.h"

static bool begins(struct cursor bytes)
{
	return bytes.cap > TLS_RECORD_HEADER && tls_is_record(bytes.at, bytes.cap);
}

static void client_hello(void *ctx, const struct tls_client_hello *hello)
{
	struct reading *reading = ctx;

	if (reading->reader->greeted)
		return;
	reading->reader->greeted = true;
	draft_tls_client_hello(reading_draft(reading), hello,
		reading->reader->parser == &dtls_parser ? JA4_DTLS : JA4_TCP);
	reading_keep(reading);
}

static void server_hello(void *ctx, const struct tls_server_hello *hello)
{
	draft_tls_server_hello(reading_draft(ctx), hello);
	reading_keep(ctx);
}

static void group(void *ctx, uint16_t number)
{
	draft_tls_group(reading_draft(ctx), number);
	reading_keep(ctx);
}

static void resumed(void *ctx, bool is_resumed)
{
	draft_tls_resumed(reading_draft(ctx), is_resumed);
	reading_keep(ctx);
}

/* Those that vouch for the server's are of its first chain, and only for who wants transactions. */
static void vouching(
	struct reading *reading, unsigned i, const struct tls_certificate *certificate)
{
	struct draft *draft = reading_draft(reading);
	struct details *before = reading->reader->vouching;

	if (i != reading->reader->n_vouching + 1u ||
		!transaction_is_wanted(&reading->dpi->transactions, TRANSACTION_TLS))
		return;
	reading->reader->n_vouching++;
	draft_keep(draft, before);
	draft_tls_vouching(draft, certificate);
	reading->reader->vouching =
		draft_finish(draft, &reading->dpi->memory, &reading->flow->dpi->kept);
	memory_free(before);
}

static void certificate(void *ctx, unsigned i, const struct tls_certificate *certificate)
{
	if (!reading_is_from_server(ctx))
		return;
	if (i > 0) {
		vouching(ctx, i, certificate);
		return;
	}
	draft_tls_certificate(reading_draft(ctx), certificate);
	reading_keep(ctx);
}

static void alert(void *ctx, uint8_t level, uint8_t description)
{
	const struct reading *reading = ctx;

	(void)level;
	if (details_has(reading->flow->details, DETAIL_tls_alert))
		return;
	draft_tls_alert(reading_draft(ctx), description);
	reading_keep(ctx);
}

static struct tls_sink sink_of(struct reading *reading)
{
	return (struct tls_sink){
		client_hello, server_hello, group, resumed, certificate, alert, reading};
}

static bool add(struct reading *reading, const struct stream_part *part)
{
	const struct tls_sink sink = sink_of(reading);

	return tls_stream_add(&reading->reader->tls[reading->from_hi], &reading->dpi->memory,
		&reading->flow->dpi->kept, part, &sink);
}

static void end(struct reading *reading)
{
	for (unsigned side = 0; side < 2; side++) {
		struct reading of = *reading;
		const struct tls_sink sink = sink_of(&of);

		of.from_hi = side;
		if (!reading->reader->over[side])
			tls_stream_end(&reading->reader->tls[side], &sink);
	}
}

const struct parser tls_parser = {IPPROTO_TCP, TRANSACTION_TLS, begins, NULL, add, end};

static bool add_datagram(struct reading *reading, const struct stream_part *part)
{
	const struct tls_sink sink = sink_of(reading);

	return dtls_stream_add(&reading->reader->dtls[reading->from_hi], &reading->dpi->memory,
		&reading->flow->dpi->kept, part->bytes, &sink);
}

static void end_datagrams(struct reading *reading)
{
	for (unsigned side = 0; side < 2; side++) {
		struct reading of = *reading;
		const struct tls_sink sink = sink_of(&of);

		of.from_hi = side;
		if (!reading->reader->over[side])
			dtls_stream_end(&reading->reader->dtls[side], &sink);
	}
}

const struct parser dtls_parser = {
	IPPROTO_UDP, TRANSACTION_TLS, dtls_is_hello, NULL, add_datagram, end_datagrams};
