#include <netinet/in.h>

#include "inspect/dpi/inside.h"
#include "inspect/proto/quic/quic_draft.h"
#include "inspect/proto/tls/tls_draft.h"

static void client_hello(void *ctx, uint32_t version, const struct tls_client_hello *hello)
{
	draft_quic_client_hello(reading_draft(ctx), version, hello);
	reading_keep(ctx);
}

static void server_hello(void *ctx, uint32_t version, const struct tls_server_hello *hello)
{
	(void)version;
	draft_tls_server_hello(reading_draft(ctx), hello);
	reading_keep(ctx);
}

/* The first bytes of the client's hello have come. */
static bool has_begun(const struct reading *reading)
{
	const struct quic_crypto *client = &reading->reader->quic.initial.crypto[0];

	return client->next || client->done;
}

/* A datagram, of either side: what it says of the connection is over for both. */
static bool add(struct reading *reading, const struct stream_part *part)
{
	const struct quic_hello_sink sink = {client_hello, server_hello, reading};
	bool had_begun = has_begun(reading);
	bool goes_on = quic_hello_add(&reading->reader->quic, &reading->dpi->memory,
		&reading->flow->dpi->kept, part->bytes, reading->from_hi, &sink);

	reading->flow->dpi->opens |= !had_begun && has_begun(reading);
	if (!goes_on)
		reading->reader->over[!reading->from_hi] = true;
	return goes_on;
}

static void end(struct reading *reading)
{
	const struct quic_hello_sink sink = {client_hello, server_hello, reading};

	quic_hello_end(&reading->reader->quic, &sink);
}

const struct parser quic_parser = {
	IPPROTO_UDP, TRANSACTION_QUIC, quic_is_initial, NULL, add, end};
