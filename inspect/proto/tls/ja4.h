/* JA4, the fingerprint of a ClientHello, after FoxIO's description of it (github.com/FoxIO-LLC/ja4,
 * technical_details/JA4.md). Values of GREASE are left out everywhere. */
#pragma once

#include <stdbool.h>

#include "inspect/proto/tls/tls_hello.h"

enum { JA4_TEXT = 37 }; /* with its NUL */

enum ja4_protocol { JA4_TCP = 't', JA4_QUIC = 'q', JA4_DTLS = 'd' };

/* false: the hello is not whole, or has more than JA4_LIST_MAX cipher suites or extensions. */
enum { JA4_LIST_MAX = 8192 }; /* more do not fit in the bytes that are kept of a message */
bool ja4_client(
	const struct tls_client_hello *hello, enum ja4_protocol protocol, char text[JA4_TEXT]);
