/* Health and metrics over HTTP, by libmicrohttpd on a thread of its own: GET /health is 200 while
 * the health check says healthy, else 503 that names what is wrong; GET /metrics is metrics.h's text.
 * Anything else is 404 or 405. Connections and their time are bounded, and those that wait make
 * room for those that come (http_clients.h); nothing is read from a body. */
#pragma once

#include <stddef.h>

#include "cli/status/health_check.h"
#include "config/log/error.h"

struct http;

/* Takes the address, and answers nobody yet. `endpoint` is control.http: address:port, IPv6 in
 * brackets; borrowed. NULL: `error` says why. */
struct http *http_bind(const char *endpoint, struct error *error);
/* Answers. `health_check` is borrowed until http_stop(). false: `error` says why. */
bool http_start(struct http *http, struct health_check *health_check, struct error *error);
/* NULL is legal. */
void http_stop(struct http *http);
