/* Conversations: flows of the same observation point, client, server and server's port, protocol, label
 * and encryption, together; the heaviest by bytes (heaviest.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/session_key.h"
#include "inspect/record/tables/encryption.h"
#include "inspect/record/tables/heaviest.h"

enum { CONVERSATIONS_MAX = 65536 };

/* Without padding, so that equal ones have equal bytes. */
struct conversation_key {
	struct ip_addr client, server;
	struct session_key point; /* zeros where there is none */
	uint32_t tenant;
	uint16_t server_port; /* 0 for protocols without */
	uint16_t app_master, app;
	uint8_t protocol, encryption; /* IANA's number; enum encryption */
	uint8_t direction;            /* enum direction, of the client's packets */
	uint8_t has_point;            /* `point` says something */
	uint16_t zero;
};
_Static_assert(sizeof(struct conversation_key) == 72, "nine words, without padding");

struct conversation_value {
	uint64_t flows, packets, bytes;
	uint64_t first_ns, last_ns; /* of all packets; 0 and 0: none */
};

struct conversation {
	struct conversation_key key;
	struct conversation_value value;
};

/* NULL: no memory. */
struct heaviest *conversations_create(void);
void conversations_add(struct heaviest *conversations, const struct conversation *add);
/* Asks for memory that conversations_add() will touch; need not be called. */
void conversations_prefetch(
	const struct heaviest *conversations, const struct conversation_key *key);
/* Most bytes first: fills at most `max` entries, returns how many there are in all. */
uint32_t conversations_top(
	const struct heaviest *conversations, struct conversation *out, uint32_t max);
