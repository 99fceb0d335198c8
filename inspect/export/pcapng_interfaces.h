/* The interfaces of one pcapng file: one for each (outer source, VNI), numbered in the order they
 * came, and a nameless one for packets without a VNI. Whoever sends packets can make such pairs
 * up, so there are at most PCAPNG_SESSIONS_MAX of them in a file; the packets of all further ones
 * share the nameless interface. 4 MiB hold them all. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/addr.h"

enum { PCAPNG_SESSIONS_MAX = 65535 };

struct pcapng_session {
	bool has_vni; /* else the nameless one, and what follows means nothing */
	uint32_t vni;
	struct ip_addr outer_src;
};

struct pcapng_interface {
	struct pcapng_session session;
	/* The owner's to count. */
	uint64_t packets, first_ns, last_ns;
};

struct pcapng_interfaces;

/* NULL: no memory. */
struct pcapng_interfaces *pcapng_interfaces_create(void);
void pcapng_interfaces_destroy(struct pcapng_interfaces *interfaces);

/* The number of the interface of a session, made when it `is_new`. false: no memory. */
bool pcapng_interfaces_find(struct pcapng_interfaces *interfaces,
	const struct pcapng_session *session, uint32_t *number, bool *is_new);

uint32_t pcapng_interfaces_count(const struct pcapng_interfaces *interfaces);
/* `number` < count; valid until the next one is made. */
struct pcapng_interface *pcapng_interfaces_get(
	struct pcapng_interfaces *interfaces, uint32_t number);
