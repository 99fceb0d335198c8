/* A packet given in words: `[ingress|egress] PROTOCOL SOURCE[:PORT] > DESTINATION[:PORT]`, such as
 * `ingress tcp 10.0.0.1:4242 > 10.0.1.9:443` or `17 [fd00::1]:53 > [fd00::2]:4000`. PROTOCOL is
 * tcp, udp, icmp, icmp6, sctp, gre, esp or an IANA number; IPv6 with a port stands in brackets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"
#include "decap/packet.h"

/* Sets the packet's addresses, protocol, ports and, when it is given, direction; the rest is
 * zero. TCP or UDP without both ports is a packet whose ports are not known. false: `error` says
 * what is wrong. */
bool packet_text_parse(const char *words, struct packet *p, struct error *error);

/* The same notation without the direction; returns `text`. */
const char *packet_text_print(const struct packet *p, char *text, size_t size);
