/* The numbers of flow log owners, over all models of an appliance's life: equal (account, region)
 * have one number, so reloads do not use numbers up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/model/model.h"
#include "inspect/output/output.h"

struct owners;

/* NULL: no memory. */
struct owners *owners_create(void);
void owners_destroy(struct owners *owners);

/* Gives every session of the model its number, and counts the new ones, which owners_add() is due
 * for before a record of theirs is written. false: no memory. */
bool owners_number(struct owners *owners, const struct model *model);
/* Tells the output of those of `ctx`, a struct owners, that it has not been told of; on the thread that
 * uses the output. */
void owners_add(void *ctx, struct output *output);
