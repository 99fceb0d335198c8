/* Python as an independent judge of what a test wrote. */
#pragma once

#include <stdbool.h>

/* Runs `script` with sys.argv[1] = `path`; true when it ends with status 0. What it says about a
 * failure goes to stderr. */
bool python_agrees(const char *script, const char *path);
/* Runs the script of the source tree `name` with two arguments in the same way. */
bool python_script_agrees(const char *name, const char *first, const char *second);
