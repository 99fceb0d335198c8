/* The expression of replay's --inner: libpcap's words about what is inside the encapsulation. It is
 * compiled once for each kind of frame there can be, and asked for each packet after decap; a packet
 * that is inspected as it is, is its own inner frame. Read-only once made: any thread may ask. */
#pragma once

#include <stddef.h>

#include "config/log/error.h"
#include "decap/ledger.h"
#include "decap/packet.h"

struct inner_filter;

/* NULL: `error` says what libpcap has against the expression, or that there is no memory. An
 * expression that means nothing for some kind of frame (MAC addresses, of raw IP) takes none of
 * them. */
struct inner_filter *inner_filter_create(const char *expression, struct error *error);
void inner_filter_destroy(struct inner_filter *filter);

/* For a packet of which decap said `why`: that again, or REASON_inner_excluded when it has a frame
 * and the expression does not take it. A packet that is excluded belongs to no session: its flags
 * are 0. Of a cut packet libpcap sees what arrived, and the length that the frame had. */
enum reason inner_filter_judge(
	const struct inner_filter *filter, struct packet *p, enum reason why);
