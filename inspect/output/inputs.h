/* The files that a command reads, known by device and inode: whatever name leads to one of them, it is
 * neither written to nor removed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat;

struct inputs {
	struct inputs_file *files;
	uint32_t count;
};

/* `path` is copied; `-` is standard input. A path that is not there, or no plain file, is left
 * out. false: no memory. `inputs` begins zeroed. */
bool inputs_add(struct inputs *inputs, const char *path);
void inputs_fini(struct inputs *inputs);
/* The name of the input that it is, or NULL. */
const char *inputs_find(const struct inputs *inputs, const struct stat *file);
