/* Both directions of TLS handshakes, as hex (support/hex.h). */
#pragma once

/* Of 1.2: a full one, and one that resumes its session. */
extern const char tls_full_client[], tls_full_server[], tls_again_client[], tls_again_server[];
/* Of 1.3: a full one, one that resumes its session, and one with a HelloRetryRequest. What the server says after its
 * ServerHello is cut off. */
extern const char tls_v13_client[], tls_v13_server[], tls_v13again_client[],
	tls_v13again_server[];
extern const char tls_retry_client[], tls_retry_server[];
/* DTLS 1.2 of OpenSSL 3.0's s_client and s_server -listen with an MTU of 500, a datagram each: with a
 * HelloVerifyRequest, and a certificate in three fragments. */
enum { DTLS_CLIENT_N = 3, DTLS_SERVER_N = 5 };
extern const char *const dtls_client[DTLS_CLIENT_N], *const dtls_server[DTLS_SERVER_N];
