/* An alert as Suricata's EVE output has it: one JSON object a line (Suricata 7.0 user guide, "Eve JSON
 * Format"). Part of its text comes from packets that anybody may have sent: a line is read in full or not
 * at all, and texts stay as long as they are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/node.h"
#include "decap/packet.h"

enum {
	EVE_VLANS = 3,        /* Suricata reads no more tags */
	EVE_LINE = 256 << 10, /* bytes; a longer one is not read */
};

enum eve_kind {
	EVE_ALERT,
	EVE_OTHER,      /* an event of another type */
	EVE_UNREADABLE, /* no JSON, or no alert as documented */
};

/* Texts belong to the alert, and are NULL where the event has none. */
struct eve_alert {
	struct node_tree tree;
	uint64_t time_ns;
	uint64_t packet; /* its number in what Suricata was given, from 1; 0: it is not said */
	uint32_t n_vlans;
	uint16_t vlan[EVE_VLANS]; /* the outermost first */
	/* Of `packet`, what an alert tells: ip_version, protocol, addresses, ports or ICMP type and code. Without
	 * an ip_version: it is about no IP packet. */
	struct packet is;
	uint64_t gid, sid;
	uint32_t revision, severity; /* as Suricata counts: 1 is the highest */
	const char *signature, *category;
	const char *app_protocol;  /* as Suricata names it */
	bool to_server, to_client; /* whom the packet was sent to; neither: it is not said */
	const char *field,
		*value; /* what of its transaction says most: http.host, tls.sni or dns.query */
};

/* Reads a line, without its end. Whatever it says, the alert is legal to free. */
enum eve_kind eve_read(struct eve_alert *alert, const char *line, size_t len);
void eve_alert_free(struct eve_alert *alert);
