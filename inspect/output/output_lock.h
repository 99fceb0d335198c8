/* Who writes in an output directory: one process at a time, which holds a lock on the file
 * OUTPUT_LOCK in it. The file goes with the lock; one that a killed process left holds nobody up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"

#define OUTPUT_LOCK "periscope.lock"

struct output_lock;

/* Takes the lock; the directory is there. NULL: `error` says which process has it, or what else is
 * wrong. */
struct output_lock *output_lock_take(const char *dir, struct error *error);
/* Whether another process has it: somebody writes there. false also where that cannot be told. */
bool output_lock_is_held(const char *dir);
/* Gives it back and frees. NULL is legal. */
void output_lock_release(struct output_lock *lock);
