/* Clients of sockets on this host, each call within ten seconds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TCP port of 127.0.0.1 that nobody uses at the moment. */
uint16_t net_free_port(void);

/* Connected, or -1. */
int net_connect(uint16_t port);
int net_connect_unix(const char *path);

/* Sends `request` and reads until the other end closes; closes `fd`. A text to be freed, NULL when
 * the connection breaks or takes too long. */
char *net_talk(int fd, const char *request, size_t len);

/* The whole answer, head included, to `METHOD url`. Freed by the caller. */
char *net_http(uint16_t port, const char *method, const char *url);
/* The status of an HTTP answer; 0: it is none. */
int net_http_status(const char *answer);
/* Its body. */
const char *net_http_body(const char *answer);

/* Asks again and again until /health answers `status`: for how long in ms; -1: not in ten s. */
int net_until_health(uint16_t port, int status);
/* The same for a port that accepts (true) or refuses. */
int net_until_open(uint16_t port, bool open);
