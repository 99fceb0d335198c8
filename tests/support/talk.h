/* A conversation of two IPv4 hosts, said packet by packet in a test: fills `struct packet` as
 * decap does and counts into `struct flow` as the flow table does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "support/frame.h"

struct talk {
	struct flow flow;
	struct packet packet; /* the last one made */
	uint8_t bytes[2048];
	struct frame_end end[2]; /* client, server */
	uint32_t seq[2];
};

/* `protocol` is 6 or 17; the hosts are 10.1.0.`client` and 192.168.7.`server`. */
void talk_open(struct talk *talk, uint8_t protocol, uint8_t client, uint16_t client_port,
	uint8_t server, uint16_t server_port);

/* The next packet, `side` 0 from the client; valid until the next call. TCP: flags and sequence
 * numbers as they should be after SYN, SYN-ACK, ACK. */
struct packet *talk_say(struct talk *talk, unsigned side, const void *payload, size_t len);

/* The three packets of a TCP handshake, one a call: step 0, 1, 2. */
struct packet *talk_handshake(struct talk *talk, unsigned step);

/* Takes away all but the first `cap` bytes of the last packet, as a mirror does. */
void talk_cut(struct talk *talk, uint32_t cap);
