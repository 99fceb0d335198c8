/* Which packets somebody wants, by an expression of the words that are about packets
 * (inspect/packets/expression/expression.h): --inner of replay, `what` of feeds. It knows which session of the
 * mirror model a packet is of, and what its tenant is called. Read-only once made: any thread may ask. */
#pragma once

#include <stdbool.h>

#include "config/model/model.h"
#include "config/settings/settings.h"
#include "decap/packet.h"
#include "inspect/packets/expression/expression.h"

struct choice;

struct choice_params {
	struct expression_params words;  /* what may be asked, and who asks */
	const struct settings *settings; /* names of tenants; NULL: none. Borrowed */
	/* For packets that have not been through the session stage: whose sessions they are. Borrowed. NULL: they have, and
	 * say so themselves. */
	const struct model *model;
};

/* NULL: `error` says what is wrong with the text. */
struct choice *choice_create(
	const char *text, const struct choice_params *params, struct expression_error *error);
void choice_destroy(struct choice *choice); /* NULL is legal */

struct expression *choice_expression(struct choice *choice);

/* For a packet with an inner frame. `answers`: as of struct expression_facts, 0 where nothing is asked of others. */
bool choice_takes(const struct choice *choice, const struct packet *p, uint64_t answers);
