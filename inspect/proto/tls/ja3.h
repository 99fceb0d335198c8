/* JA3 and JA3S, fingerprints of ClientHellos and ServerHellos as github.com/salesforce/ja3 describes them: version,
 * cipher suites, extensions, and of clients groups and point formats, in decimal and in the order of the hello,
 * without the values of GREASE. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "inspect/proto/tls/tls_hello.h"

enum { JA3_TEXT = 33 }; /* an MD5, hex in lower case, with its NUL */

/* false: the hello is not whole. */
bool ja3_client(const struct tls_client_hello *hello, char text[JA3_TEXT]);
bool ja3_server(const struct tls_server_hello *hello, char text[JA3_TEXT]);

/* The strings of which these are the MD5, in pieces in turn. */
struct ja3_sink {
	void (*add)(void *ctx, const char *text, size_t len);
	void *ctx;
};
void ja3_client_string(const struct tls_client_hello *hello, const struct ja3_sink *sink);
void ja3_server_string(const struct tls_server_hello *hello, const struct ja3_sink *sink);
