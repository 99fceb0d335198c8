/* Stream sockets of the file system (unix(7)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "config/log/error.h"

struct unix_listener {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t device; /* of the file that was made, so that no other one is removed */
	ino_t inode;
};

/* Listens at `path` for the user and the group, without blocking. A socket that nobody answers is replaced; one that
 * another process answers, and anything else, stays. false: `error` says why, with the name of the `setting`, nothing is
 * open, and `fd` is -1. */
bool unix_listen(struct unix_listener *listener, const char *path, int backlog,
	const char *setting, struct error *error);
/* Closes, and removes the file. */
void unix_unlisten(struct unix_listener *listener);

/* Connects to the socket; `flags` as SOCK_NONBLOCK; -1: errno says why. */
int unix_connect(const char *path, int flags);
