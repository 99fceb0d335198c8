#include "cli/status/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void status_init(struct status *status, unsigned parts)
{
	*status = (struct status){.parts = parts, .version = "", .disk_path = ""};
}

void status_fini(struct status *status)
{
	arena_free(&status->memory);
	status_init(status, status->parts);
}

void *status_array(struct status *status, size_t n, size_t size)
{
	return arena_alloc(&status->memory, n == 0 ? size : n * size);
}

const char *status_text(struct status *status, const char *text)
{
	return text == NULL ? NULL : arena_text(&status->memory, text, strlen(text));
}

const char *status_print(struct status *status, const char *format, ...)
{
	char room[512];
	va_list args;

	va_start(args, format);
	vsnprintf(room, sizeof(room), format, args);
	va_end(args);
	return status_text(status, room);
}
