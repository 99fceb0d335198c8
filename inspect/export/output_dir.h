/* Making, checking and clearing the output directory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Makes the folders above `path`. 0, or -1 and errno. */
int make_parents(const char *path);

/* Makes `dir` ready: exists, is a directory, and empty; with `force`, what this program wrote
 * there is removed and all else left alone. false: `error` says what and why. */
bool output_dir_prepare(const char *dir, bool force, char *error, size_t error_size);
