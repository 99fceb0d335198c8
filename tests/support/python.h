/* Python as an independent judge of what a test wrote. */
#pragma once

#include <stdbool.h>

/* Runs `script` with sys.argv[1] = `path`; true when it ends with status 0. What it says about a
 * failure goes to stderr. */
bool python_agrees(const char *script, const char *path);
