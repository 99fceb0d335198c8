/* Google's QUIC before it took TLS on: of its versions Q024 to Q050 only where a connection begins is told. */
#include <string.h>

#include "inspect/proto/quic/quic_packet.h"

enum {
	/* Hellos are padded to what a path must carry, as in RFC 9000, 14.1. */
	DATAGRAM_MIN = 1200,
	LOOKED_AT = 64, /* bytes in which the hello's tag stands */
	LONG_HEADER = 0x80,
	NOT_INITIAL = 0x30, /* bits of the type */
	HAS_VERSION = 0x01,
	HAS_CONNECTION_ID = 0x08, /* of 8 bytes, before the version */
	CLIENT_IDS =
		0x50, /* Q044 to Q049: the lengths of both ids: a destination of 8 bytes, no source */
};

/* "Q0", and two digits. */
static bool is_version(const uint8_t *at)
{
	return at[0] == 'Q' && at[1] == '0' && at[2] >= '0' && at[2] <= '5' && at[3] >= '0' &&
	       at[3] <= '9';
}

static bool has_tag(const uint8_t *head)
{
	return memmem(head, LOOKED_AT, "CHLO", 4);
}

bool quic_is_google_hello(struct cursor datagram)
{
	const uint8_t *head = cursor_peek(&datagram, LOOKED_AT);
	struct quic_packet packet;

	if (!head || datagram.wire < DATAGRAM_MIN)
		return false;
	if (!(head[0] & LONG_HEADER))
		return head[0] & HAS_VERSION && head[0] & HAS_CONNECTION_ID &&
		       is_version(head + 9) && has_tag(head);
	if (!is_version(head + 1))
		return false;
	if (head[5] == CLIENT_IDS)
		return has_tag(head);
	/* Q050 is as encrypted as an Initial of today. */
	return !(head[0] & NOT_INITIAL) && quic_packet_read(&datagram, &packet) &&
	       packet.destination.len && packet.destination.len <= QUIC_CID_MAX &&
	       !packet.source.len;
}
