/* The numbers of flow log owners, over all models of an appliance's life: equal (account, region)
 * have one number, so reloads do not use numbers up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/model/model.h"
#include "inspect/output/output.h"

struct flow_log_owners;

/* NULL: no memory. */
struct flow_log_owners *flow_log_owners_create(void);
void flow_log_owners_destroy(struct flow_log_owners *owners);

/* Gives every session of the model its number, and counts the new ones, which flow_log_owners_add() is due
 * for before a record of theirs is written. false: no memory. */
bool flow_log_owners_number(struct flow_log_owners *owners, const struct model *model);
/* Adds the owners of `ctx`, a struct flow_log_owners, that the output does not have yet; on the
 * thread that uses the output. */
void flow_log_owners_add(void *ctx, struct output *output);
