/* What a scan, a flood, a tunnel or a beacon reaches over. Many flows make such an alert together, and its lines name one of
 * them; the others are those that went the same way while it went on: of a scan what its source began, of a flood what came to its
 * port, of a tunnel or a beacon what its source sent to its server. They are told by flow events. Plain data. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/node.h"

/* An alert that begins again and again is taken for one that never ended, from here on. */
enum { ALERT_REACHES_MAX = 64, ALERT_REACH_TEXT = 48 };

struct alert_reach {
	uint64_t bits; /* of the questions whose alert it is */
	/* As events write them; empty: any. */
	char src[ALERT_REACH_TEXT], dst[ALERT_REACH_TEXT], dst_port[8], vni[16];
	uint64_t protocol;
	uint64_t first_ns, last_ns;
};

struct alert_reaches {
	uint32_t n;
	struct alert_reach rows[ALERT_REACHES_MAX];
};

/* Adds what the line of an alert says, which may be that it goes on. An alert of one flow adds nothing. */
void alert_reaches_add(struct alert_reaches *reaches, const struct node *alert, uint64_t bits);
/* Those of `bits` whose alerts reach over the flow of a flow event. 0 for other events. */
uint64_t alert_reaches_bits(const struct alert_reaches *reaches, const struct node *event);
/* Whether a line may be of such a flow: cheaper than reading it. */
bool alert_reaches_may(const struct alert_reaches *reaches, const char *line);
