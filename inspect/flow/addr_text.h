/* Addresses as text; config/log/text.h writes all else. */
#pragma once

#include <stdint.h>

#include "config/log/text.h"
#include "decap/addr.h"

/* As inet_ntop prints it: RFC 5952, with IPv4-mapped and -compatible addresses dotted. */
void text_addr(struct text *t, const struct ip_addr *a, uint8_t ip_version);

/* 10.0.0.1:53, [2001:db8::1]:53 */
enum { ENDPOINT_TEXT = IP_ADDR_TEXT + 8 };
void text_endpoint(struct text *t, const struct ip_addr *a, uint8_t ip_version, uint16_t port);
