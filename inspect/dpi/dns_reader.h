/* What is kept of a flow's DNS between messages: the first question, to match its answer; where transactions
 * are asked for, all open ones; and over TCP the message that is being put together. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/dns/dns_pair.h"
#include "inspect/proto/dns/dns_stream.h"

/* Packets and messages of a flow in which the answer to its first question is looked for. */
enum { DNS_PACKETS_MAX = 64, DNS_MESSAGES_MAX = 256 };

/* All zero is nothing yet. */
struct dns_reader {
	struct dns_stream stream[2]; /* of TCP */
	struct dns_pair pair;
	uint16_t id, type;
	uint64_t asked_ns; /* of the first question */
	bool asked, answered;
	bool from_hi;    /* who asked */
	uint8_t packets; /* looked at */
	uint16_t messages;
};
