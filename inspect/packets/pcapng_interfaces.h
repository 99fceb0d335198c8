/* The interfaces of one pcapng file: one for each session key, numbered in the order they
 * came, and a nameless one for packets without a VNI. Whoever sends packets can make such pairs
 * up, so there are at most PCAPNG_SESSIONS_MAX of them in a file; the packets of all further ones
 * share the nameless interface. 8 MiB hold them all. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/session_key.h"

enum { PCAPNG_SESSIONS_MAX = 65535 };

struct pcapng_session {
	bool has_vni; /* else the nameless one, and what follows means nothing */
	struct session_key key;
};

enum {
	PCAPNG_WORDS = sizeof("vni=16777215 network=268435455 outer_src=") - 1 + 39
}; /* 39: the longest IPv6 address */

struct pcapng_interface {
	struct pcapng_session session;
	/* What the comment of each of the session's packets begins with; none of the nameless one. */
	char words[PCAPNG_WORDS];
	uint8_t n_words;
	/* The owner's to count. */
	uint64_t packets, first_ns, last_ns;
};

/* Writes a session's words and returns how many; 0 without a VNI. */
uint8_t pcapng_words(const struct pcapng_session *session, char words[PCAPNG_WORDS]);

struct pcapng_interfaces;

/* NULL: no memory. */
struct pcapng_interfaces *pcapng_interfaces_create(void);
void pcapng_interfaces_destroy(struct pcapng_interfaces *interfaces);
/* As when it was made. */
void pcapng_interfaces_clear(struct pcapng_interfaces *interfaces);

/* The number of the interface of a session, made when it `is_new`. false: no memory. */
bool pcapng_interfaces_find(struct pcapng_interfaces *interfaces,
	const struct pcapng_session *session, uint32_t *number, bool *is_new);

uint32_t pcapng_interfaces_count(const struct pcapng_interfaces *interfaces);
/* `number` < count; valid until the next one is made. */
struct pcapng_interface *pcapng_interfaces_get(
	struct pcapng_interfaces *interfaces, uint32_t number);
