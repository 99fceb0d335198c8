/* The sockets that a driver opens inside itself, one a receive queue: found by comparing what is open
 * before and after, so that the kernel can be asked what the driver does not report. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SOCKETS_MAX = 128, SOCKETS_SEEN = 4096 };

struct driver_sockets {
	int family; /* AF_PACKET, AF_XDP */
	int fd[SOCKETS_MAX];
	uint32_t n;
	bool was_open[SOCKETS_SEEN]; /* file descriptors, before */
};

/* Nothing else may open sockets of the family between the two. */
void driver_sockets_begin(struct driver_sockets *watch, int family);
/* `fd` then has the new ones, in the order in which they were opened. */
void driver_sockets_end(struct driver_sockets *watch);
