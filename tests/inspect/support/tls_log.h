/* What a stream of TLS or DTLS told, a line each. */
#pragma once

#include <stddef.h>

#include "inspect/proto/tls/tls_stream.h"

enum { TLS_LOG_MAX = 8192 };

struct tls_log {
	size_t len;
	char text[TLS_LOG_MAX];
};

/* Fails the test where there is no room. */
void tls_log_add(struct tls_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes into `log`, which is the context of all. How hellos are told is the test's own. */
struct tls_sink tls_log_sink(struct tls_log *log,
	void (*client)(void *ctx, const struct tls_client_hello *hello),
	void (*server)(void *ctx, const struct tls_server_hello *hello));
