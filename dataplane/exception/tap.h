/* A tap interface of the kernel, made by /dev/net/tun: frames written to it come in by the
 * interface, and what the kernel sends by the interface can be read. It goes away with its file
 * descriptor, whatever ends the process. Needs CAP_NET_ADMIN. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/log/error.h"
#include "config/parse/value.h"

struct tap;

struct tap_params {
	const char *name; /* at most VALUE_INTERFACE characters, no pattern */
	uint8_t mac[6];   /* all 0: one that the kernel makes up */
	uint32_t mtu;
};

/* It is up, and has no address of its own but IPv6's link-local one. NULL: `error` says why. */
struct tap *tap_open(const struct tap_params *params, struct error *error);
/* The interface goes. NULL is legal. */
void tap_close(struct tap *tap);

/* Sets an address; one that it has is fine. 0, or -1 and `error`. */
int tap_address(struct tap *tap, const struct value_address *address, struct error *error);

int tap_fd(const struct tap *tap); /* for poll(2): readable when there is a frame */

/* One frame, whole. Neither waits. false: the kernel did not take it. */
bool tap_write(struct tap *tap, const void *frame, size_t len);
/* Bytes of the frame, cut to `size`; 0: there is none; -1: the interface is gone for good. */
ssize_t tap_read(struct tap *tap, void *frame, size_t size);
