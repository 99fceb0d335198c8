/* What an error of ICMP quotes of the packet that it is about (RFC 792; RFC 4443, 2.4). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

/* Whether `p` is the host's own word that its UDP port `*port` is unreachable, said to whom the quoted packet came
 * from. Not if that looks like a server's answer: from a system port to another. */
bool quote_read(const struct packet *p, uint16_t *port);
