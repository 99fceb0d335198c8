/* A disk of 2 MiB, for tests of what happens when it is full. */
#pragma once

#include <stdbool.h>

/* Lets `test` run in a process of its own that has such a disk at `path`, a folder; it must not use
 * CUnit's asserts. A failed test is an assert of the caller; skipped, and said, where nothing may be
 * mounted. */
void small_disk(const char *path, bool (*test)(void *ctx), void *ctx);
