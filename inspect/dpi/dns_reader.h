/* What is remembered of a flow's DNS between its messages: the first question, which the answer must
 * be to, and over TCP the messages being put together. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/dns_stream.h"

/* Looked at; by then the first question has its answer, or none. A segment may hold thousands of messages. */
enum { DNS_PACKETS_MAX = 64, DNS_MESSAGES_MAX = 256 };

/* All zero is nothing yet. */
struct dns_reader {
	struct dns_stream stream[2]; /* of TCP */
	uint16_t id, type;
	bool asked, answered;
	bool from_hi;    /* who asked */
	uint8_t packets; /* looked at */
	uint16_t messages;
};
