/* The link types of capture files (LINKTYPE_ of draft-ietf-opsawg-pcaplinktype) that are read, and
 * BPF expressions for each of them. */
#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/packet.h"

enum { CAPTURE_LINKS = 15 };

struct capture_link {
	uint32_t number; /* LINKTYPE_ */
	enum link link;
	uint32_t strip; /* bytes before what `link` names, on every packet */
};

extern const struct capture_link capture_links[CAPTURE_LINKS];

/* For the sentence that says that a link type is not among them. */
#define CAPTURE_LINKS_READ "Ethernet, raw IP, Linux cooked, BSD loopback, PPP and Cisco HDLC"

/* NULL: not read. */
const struct capture_link *capture_link_find(uint32_t number);

/* Its name and description by libpcap, or its number. */
void capture_link_describe(uint32_t number, char *out, size_t size);

/* As for a file of that link type: "inbound" and the like are refused, since files do not say
 * it. false: `error` says why; nothing needs to be freed. */
bool capture_link_compile(uint32_t number, const char *expression, struct bpf_program *program,
	struct error *error);
