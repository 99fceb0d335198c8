/* A folder of its own below /tmp for a test that writes files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder {
	char path[64];
};

/* Aborts the test run when it cannot be made. */
struct folder folder_make(void);
/* With all that is in it. */
void folder_remove(const struct folder *folder);

/* `folder`/`name` in `text`; returns `text`. */
const char *folder_path(const struct folder *folder, const char *name, char *text, size_t size);
/* Whether there is a file, a folder or a link of this name. */
bool folder_has(const struct folder *folder, const char *name);
/* The names below `folder`/`name` that do not begin with a point, at most `max`, sorted; how many. Aborts the test
 * run when it cannot be read. */
enum { FOLDER_NAME = 64 };
unsigned folder_list(
	const struct folder *folder, const char *name, char names[][FOLDER_NAME], unsigned max);
/* Makes a file there, folders above it included. */
void folder_put(const struct folder *folder, const char *name, const char *content);
/* The whole file with a NUL after it, or NULL when there is none; freed by the caller. */
char *folder_get(const struct folder *folder, const char *name, size_t *len);
