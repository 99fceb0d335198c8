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
	const struct quic_keys *keys, uint64_t expected)
{
	struct quic_initial *quic = r->quic;

	if (quic->opened == QUIC_OPEN_MAX || quic->failed == QUIC_FAILED_MAX)
		return false;
	quic->opened++;
	if (quic_keys_open(keys, packet, expected, &r->plain))
		return true;
	quic->failed++;
	return false;
}

static bool is_same(const struct quic_cid *a, const struct quic_cid *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->at, b->at, a->len));
}

static struct quic_cid destination_of(const struct quic_initial *quic)
{
	return (struct quic_cid){quic->destination, quic->destination_len};
}

/* A client's first packet: of this flow, or of a new attempt. */
static bool begin(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	struct quic_keys keys;

	quic_keys_derive(packet->version, &packet->destination, false, &keys);
	if (!open_packet(r, packet, &keys, 0))
		return false;
	if (!quic->crypto[CLIENT].done)
		quic_crypto_clear(&quic->crypto[CLIENT]);
	quic->keys[CLIENT] = keys;
	quic->version = packet->version;
	quic->destination_len = packet->destination.len;
	if (quic->destination_len)
		memcpy(quic->destination, packet->destination.at, quic->destination_len);
	quic->expected[CLIENT] = 0;
	quic->known = true;
	quic->has_server = false;
	quic->client_is_hi = r->from_hi;
	return true;
}

static bool read_client(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	struct quic_cid destination = destination_of(quic);
	bool goes_on =
		packet->version == quic->version && is_same(&destination, &packet->destination);
	bool is_open = false;

	r->side = CLIENT;
	if (!quic->known || (!quic->answered && !goes_on))
		is_open = begin(r, packet);
	if (!is_open && quic->known && packet->version == quic->version &&
		!quic->crypto[CLIENT].done)
		is_open = open_packet(r, packet, &quic->keys[CLIENT], quic->expected[CLIENT]);
	if (is_open)
		read_frames(r);
	return is_open;
}

/* The server may answer in another version than it was asked in (RFC 9368, 2.3); then the client goes on in
 * that. */
static bool read_server(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;
	struct quic_cid destination = destination_of(quic);
	bool is_other = packet->version != quic->version;
	struct quic_keys keys = quic->keys[SERVER];

	r->side = SERVER;
	if (quic->crypto[SERVER].done)
		return true;
	if (is_other || !quic->has_server)
		quic_keys_derive(packet->version, &destination, true, &keys);
	if (!open_packet(r, packet, &keys, quic->expected[SERVER]))
		return false;
	if (is_other)
		quic_keys_derive(packet->version, &destination, false, &quic->keys[CLIENT]);
	quic->keys[SERVER] = keys;
	quic->has_server = true;
	quic->version = packet->version;
	quic->answered = true;
	read_frames(r);
	return true;
}

/* false: what follows it in its datagram is not read. */
static bool read_packet(struct reading *r, const struct quic_packet *packet)
{
	struct quic_initial *quic = r->quic;

	quic->retried |= packet->type == QUIC_RETRY;
	quic->negotiated |= packet->type == QUIC_NEGOTIATION;
	if (packet->type != QUIC_INITIAL)
		return true;
	if (!quic->known || quic->client_is_hi == r->from_hi)
		return read_client(r, packet);
	return read_server(r, packet);
}

static void read_datagram(struct reading *r, struct cursor datagram)
{
	struct quic_packet packet;
	struct quic_cid first = {NULL, 0};
	bool goes_on = true;

	for (bool is_first = true; goes_on && quic_packet_read(&datagram, &packet);
		is_first = false) {
		if (is_first)
			first = packet.destination;
		goes_on = is_same(&first, &packet.destination) && read_packet(r, &packet);
	}
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

	if (quic->over)
		return false;
	r.quic = quic;
	r.memory = memory;
	r.list = list;
	r.sink = sink;
	r.from_hi = from_hi;
	read_datagram(&r, datagram);
	if (++quic->datagrams == QUIC_DATAGRAMS_MAX || quic->opened == QUIC_OPEN_MAX ||
		quic->failed == QUIC_FAILED_MAX ||
		(quic->crypto[CLIENT].done && quic->crypto[SERVER].done))
		quic_initial_end(quic);
	return !quic->over;
}
