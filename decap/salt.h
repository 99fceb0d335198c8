/* Secrets for the hashes of tables that packets reach: nobody can make up keys that meet in a table
 * whose salt is one. For tables whose layout no result depends on; where one does, as in the flow
 * table, the salt is fixed in replay and comes with the parameters. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SALT_WORDS_MAX = 4 };

/* Fills `n` words, at most SALT_WORDS_MAX, from the kernel. When it has none to give yet (early at
 * boot), they are constants: results are the same, and finding them may take longer. */
void salt_take(uint64_t *salt, size_t n);
