/* The expression of replay's --inner (inspect/packets/expression/expression.h): what is inside the encapsulation,
 * and who mirrored it. It is asked for each packet after decap, when fragments have their ports; a packet that is
 * inspected as it is, is its own inner frame. */
#pragma once

#include <stddef.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "decap/ledger.h"
#include "decap/packet.h"

struct inner_filter;

/* `settings` and `model` (NULL: no names of tenants and sessions) are borrowed. NULL: `error` says in three lines what
 * is wrong with the expression, and where. */
struct inner_filter *inner_filter_create(const char *expression,
	const struct settings *settings, const struct model *model, struct error *error);
void inner_filter_destroy(struct inner_filter *filter);

/* For a packet of which decap said `why`: that again, or REASON_inner_excluded when it has a frame
 * and the expression does not take it. A packet that is excluded belongs to no session: its flags
 * are 0. Of a cut packet what arrived is asked, and the length that the frame had. */
enum reason inner_filter_judge(
	const struct inner_filter *filter, struct packet *p, enum reason why);
