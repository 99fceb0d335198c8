/* What fuzz targets share: a demand that ends the program, and the input as a file. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define demand(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

enum { DEMAND_PATH = 64 };

/* A file in memory that holds the bytes, and its path; to be closed by the caller. */
static inline int demand_file(const uint8_t *data, size_t size, char path[DEMAND_PATH])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, DEMAND_PATH, "/proc/self/fd/%d", fd);
	return fd;
}
