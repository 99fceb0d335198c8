/* Health and metrics over HTTP, by libmicrohttpd on a thread of its own: GET /health is 200 while
 * the watch says healthy, else 503 that names what is wrong; GET /metrics is metrics.h's text.
 * Anything else is 404 or 405. Connections and their time are bounded; nothing is read from a
 * body. */
#pragma once

#include <stddef.h>

#include "cli/watch.h"

struct http;

/* `endpoint` is control.http: address:port, IPv6 in brackets. `watch` is borrowed until
 * http_stop(). NULL: `error` says why. */
struct http *http_start(
	const char *endpoint, struct watch *watch, char *error, size_t error_size);
/* NULL is legal. */
void http_stop(struct http *http);
