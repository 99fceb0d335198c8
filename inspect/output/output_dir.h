/* Making, checking, clearing and removing the output directory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"

/* Makes the folders above `path`. 0, or -1 and errno. */
int make_parents(const char *path);

/* Makes `dir`, and the folders above it, where they are missing. false: `error` says why not. */
bool output_dir_make(const char *dir, struct error *error);
/* Sees to it that `dir` has nothing in it but our lock (output_lock.h); with `force`, what this program
 * wrote there is removed and all else left alone. false: `error` says what and why. */
bool output_dir_empty(const char *dir, bool force, struct error *error);

/* Whether one of the files that this program writes there, and would remove, is an input; `file` gets
 * its name. A directory that is not there has none. */
struct inputs;
bool output_dir_has_input(
	const char *dir, const struct inputs *inputs, char *file, size_t file_size);

/* How many bytes of the path, from its beginning, name a folder that is there. */
size_t output_dir_there(const char *dir);
/* Removes the folders of the path behind those bytes again, as far as nothing is in them. */
void output_dir_forget(const char *dir, size_t there);
