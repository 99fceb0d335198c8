#include "inspect/proto/quic/quic_initial.h"

#include <string.h>

#include "inspect/proto/quic/quic_frame.h"

enum side { CLIENT, SERVER };

/* What one datagram's packets are read with. */
struct reading {
	struct quic_initial *quic;
	struct memory *memory;
	struct memory_list *list;
	const struct quic_sink *sink;
	enum side side;
	bool from_hi;
	struct quic_plain plain;
};

static bool take_bytes(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	const struct reading *r = ctx;
	const struct quic_handshake handshake = {
		bytes, len, offset, r->quic->version, r->side == SERVER};

	return r->sink->handshake(r->sink->ctx, &handshake);
}

static void take_crypto(void *ctx, uint64_t offset, const uint8_t *bytes, uint32_t len)
{
	struct reading *r = ctx;
	const struct quic_crypto_sink sink = {take_bytes, r};

	quic_crypto_add(
		&r->quic->crypto[r->side], r->memory, r->list, offset, bytes, len, &sink);
}

/* Of a packet that was opened. */
static void read_frames(struct reading *r)
{
	const struct quic_frame_sink sink = {take_crypto, r};

	if (r->plain.number >= r->quic->expected[r->side])
		r->quic->expected[r->side] = r->plain.number + 1;
	quic_frames_read(r->quic->version, r->plain.frames, &sink);
}

/* Each try is counted. */
static bool open_packet(struct reading *r, const struct quic_packet *packet,
	const struct quic_secrets *secrets, uint64_t expected)
{
	struct quic_initial *quic = r->quic;

	if (quic->opened == QUIC_OPEN_MAX || quic->failed == QUIC_FAILED_MAX)
		return false;
	quic->opened++;
	if (quic_keys_open(r->side == CLIENT ? &secrets->client : &secrets->server, packet,
		    expected, &r->plain))
		return true;
	quic->failed++;
	return false;
}

static bool is_same_destination(
	const struct quic_initial *quic, const struct quic_packet *packet)
{
	return quic->destination_len == packet->destination.len &&
	       !memcmp(quic->destination, packet->destination.at, quic->destination_len);
}

/* A client's first packet: of this flow, or of a new attempt. */
static bool begin(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	struct quic_secrets secrets;

	quic_secrets_derive(packet->version, &packet->destination, &secrets);
	if (!open_packet(r, packet, &secrets, 0))
		return false;
	if (!quic->crypto[CLIENT].done)
		quic_crypto_clear(&quic->crypto[CLIENT]);
	quic->secrets = secrets;
	quic->version = packet->version;
	quic->destination_len = packet->destination.len;
	memcpy(quic->destination, packet->destination.at, quic->destination_len);
	quic->expected[CLIENT] = 0;
	quic->known = true;
	quic->client_is_hi = r->from_hi;
	return true;
}

static void read_client(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	bool is_same = packet->version == quic->version && is_same_destination(quic, packet);
	bool is_open = false;

	r->side = CLIENT;
	if (!quic->known || (!quic->answered && !is_same))
		is_open = begin(r, packet);
	if (!is_open && quic->known && packet->version == quic->version &&
		!quic->crypto[CLIENT].done)
		is_open = open_packet(r, packet, &quic->secrets, quic->expected[CLIENT]);
	if (is_open)
		read_frames(r);
}

/* The server may answer in another version than it was asked in (RFC 9368, 2.3). */
static void read_server(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	struct quic_cid destination = {quic->destination, quic->destination_len};
	struct quic_secrets secrets = quic->secrets;

	r->side = SERVER;
	if (quic->crypto[SERVER].done)
		return;
	if (packet->version != quic->version)
		quic_secrets_derive(packet->version, &destination, &secrets);
	if (!open_packet(r, packet, &secrets, quic->expected[SERVER]))
		return;
	quic->secrets = secrets;
	quic->version = packet->version;
	quic->answered = true;
	read_frames(r);
}

static void read_packet(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;

	quic->retried |= packet->type == QUIC_RETRY;
	quic->negotiated |= packet->type == QUIC_NEGOTIATION;
	if (packet->type != QUIC_INITIAL)
		return;
	if (!quic->known || quic->client_is_hi == r->from_hi)
		read_client(r, packet);
	else
		read_server(r, packet);
}

void quic_initial_end(struct quic_initial *quic)
{
	quic->over = true;
	quic_crypto_clear(&quic->crypto[CLIENT]);
	quic_crypto_clear(&quic->crypto[SERVER]);
}

bool quic_initial_add(struct quic_initial *quic, struct memory *memory,
	struct memory_list *list, struct cursor datagram, bool from_hi,
	const struct quic_sink *sink)
{
	struct reading r;
	struct quic_packet packet;

	if (quic->over)
		return false;
	r.quic = quic;
	r.memory = memory;
	r.list = list;
	r.sink = sink;
	r.from_hi = from_hi;
	while (quic_packet_read(&datagram, &packet))
		read_packet(&r, &packet);
	if (++quic->datagrams == QUIC_DATAGRAMS_MAX || quic->opened == QUIC_OPEN_MAX ||
		quic->failed == QUIC_FAILED_MAX ||
		(quic->crypto[CLIENT].done && quic->crypto[SERVER].done))
		quic_initial_end(quic);
	return !quic->over;
}
