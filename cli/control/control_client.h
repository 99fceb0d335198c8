/* One client of the control socket, on its way from the request to the end of the answer. Private
 * to cli/control/control*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/control/control.h"

struct control_service {
	struct health_check *health_check;
	struct status_provider provider;
};

struct control_client {
	int fd; /* -1: the slot is free */
	uint64_t until_ns;
	char request[CONTROL_REQUEST_MAX];
	size_t n_request;
	char *answer; /* owned; NULL: the request is not complete */
	size_t size, at;
};

/* Takes over `fd`, which does not block. */
void control_client_begin(struct control_client *client, int fd, uint64_t now_ns);
/* Reads, answers or writes as far as that goes without waiting, when `ready`; ends the client that
 * is done, gone or out of time. */
void control_client_step(
	struct control_client *client, bool ready, const struct control_service *service);
/* Closes and frees. */
void control_client_end(struct control_client *client);
