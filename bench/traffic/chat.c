#include "bench/traffic/chat.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "decap/packet.h"
#include "support/random.h"

enum { SERVERS = 4096, SCANNERS = 4 };

/* One thing that is said. */
struct line {
	bool from_client;
	uint8_t tcp_flags;
	uint32_t len;
};

static const uint16_t ports[CHAT_KINDS] = {443, 80, 22, 6379, 7443, 53, 123, 40000, 0};
static const uint16_t scanned[] = {22, 23, 80, 443, 445, 1433, 3306, 3389, 5432, 8080};

/* Client address and port number the flows: no two have both. */
static void set_ends(const struct chat *t, struct frame_end *client, struct frame_end *server)
{
	bool v6 = t->kind != CHAT_SCAN && random_at(t->number, 4) % 10 == 0;
	uint64_t spread = (t->number * UINT64_C(0x2545f4915)) & (UINT64_C(0x3ffffffff));
	uint64_t hash = random_at(t->number, 1);
	uint32_t place = (uint32_t)(spread >> 14);
	uint16_t port = (uint16_t)(16384 + (spread & 0x3fff));

	if (t->kind == CHAT_SCAN) {
		*client = frame_end_of(0x0a700000 + (uint32_t)(hash % SCANNERS), port, false);
		*server = frame_end_of(0x0a900000 + place,
			scanned[(hash >> 32) % (sizeof(scanned) / sizeof(scanned[0]))], false);
		return;
	}
	*client = frame_end_of(0x0a000000 + place, port, v6);
	*server = frame_end_of(0x0a800000 + (uint32_t)(hash % SERVERS), ports[t->kind], v6);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static uint8_t *put_be(uint8_t *at, uint32_t n, unsigned bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(n >> 8 * bytes);
	return at;
}

static uint8_t *put_noise(uint8_t *at, uint64_t seed, uint32_t n)
{
	for (uint64_t i = 0; n > 0; i++) {
		uint64_t word = random_at(seed, i);
		uint32_t some = n < 8 ? n : 8;

		at = put(at, &word, some);
		n -= some;
	}
	return at;
}

static uint8_t *put_text(uint8_t *at, const char *format, uint64_t number)
{
	char text[512];
	int n = snprintf(text, sizeof(text), format, (unsigned long long)number);

	return put(at, text, (size_t)n);
}

static uint8_t *put_extension(uint8_t *at, uint16_t type, const void *bytes, uint32_t n)
{
	return put(put_be(put_be(at, type, 2), n, 2), bytes, n);
}

static uint8_t *put_sni(uint8_t *at, uint64_t number)
{
	char name[64];
	uint32_t n = (uint32_t)snprintf(name, sizeof(name), "service%u.tenant%u.example.com",
		(unsigned)(random_at(number, 2) % 200), (unsigned)(number % 50));

	at = put_be(put_be(at, 0, 2), n + 5, 2);
	at = put_be(put_be(at, n + 3, 2), 0, 1);
	return put(put_be(at, n, 2), name, n);
}

/* Fills in the lengths of a TLS record that holds one handshake message. */
static uint32_t end_hello(uint8_t *record, const uint8_t *end)
{
	uint32_t len = (uint32_t)(end - record);

	put_be(record + 3, len - 5, 2);
	put_be(record + 6, len - 9, 3);
	return len;
}

static uint32_t tls_client_hello(uint8_t *out, uint64_t number)
{
	static const uint8_t ciphers[] = {
		0, 12, 0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x30, 1, 0};
	static const uint8_t groups[] = {0, 4, 0, 29, 0, 23}, formats[] = {1, 0};
	static const uint8_t signatures[] = {0, 6, 4, 3, 8, 4, 4, 1};
	static const uint8_t alpn[] = "\0\x0c\x02h2\x08http/1.1", versions[] = {4, 3, 4, 3, 3};
	uint8_t *at = put(out, "\x16\x03\x01\0\0\x01\0\0\0\x03\x03", 11), *extensions;

	at = put_noise(at, number, 32);
	at = put_noise(put_be(at, 32, 1), number + 1, 32);
	at = put(at, ciphers, sizeof(ciphers));
	extensions = at;
	at = put_sni(at + 2, number);
	at = put_extension(at, 10, groups, sizeof(groups));
	at = put_extension(at, 11, formats, sizeof(formats));
	at = put_extension(at, 13, signatures, sizeof(signatures));
	at = put_extension(at, 16, alpn, 14);
	at = put_extension(at, 43, versions, sizeof(versions));
	put_be(extensions, (uint32_t)(at - extensions - 2), 2);
	return end_hello(out, at);
}

/* A server hello of TLS 1.3, and the encrypted rest as one record. */
static uint32_t tls_server_hello(uint8_t *out, uint64_t number)
{
	static const uint8_t version[] = {3, 4};
	uint8_t *at = put(out, "\x16\x03\x03\0\0\x02\0\0\0\x03\x03", 11), *extensions;

	at = put_noise(at, number ^ 7, 32);
	at = put_noise(put_be(at, 32, 1), number + 1, 32);
	at = put(at, "\x13\x01\0", 3);
	extensions = at;
	at = put_extension(at + 2, 43, version, sizeof(version));
	put_be(extensions, (uint32_t)(at - extensions - 2), 2);
	at = out + end_hello(out, at);
	at = put(at, "\x14\x03\x03\0\x01\x01", 6);
	at = put_be(put(at, "\x17\x03\x03", 3), 800, 2);
	return (uint32_t)(put_noise(at, number ^ 9, 800) - out);
}

static uint32_t tls_data(uint8_t *out, uint64_t seed, uint32_t size)
{
	uint32_t body = size > 5 ? size - 5 : 1;
	uint8_t *at = put_be(put(out, "\x17\x03\x03", 3), body, 2);

	return (uint32_t)(put_noise(at, seed, body) - out);
}

static uint32_t http_request(uint8_t *out, uint64_t number)
{
	uint8_t *at = put_text(out, "GET /v1/items/%llu HTTP/1.1\r\n", number);

	at = put_text(at, "Host: api%llu.example.com\r\n", random_at(number, 2) % 200);
	at = put_text(at, "User-Agent: fetcher/1.%llu (linux)\r\n", number % 9);
	return (uint32_t)(put_text(at, "Accept: */*\r\nX-Request: %llu\r\n\r\n", number) - out);
}

static uint32_t http_answer(uint8_t *out, uint64_t number)
{
	uint8_t *at = put_text(out,
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\n"
		"Content-Length: 700000\r\n\r\n{\"item\": %llu, \"rest\": \"",
		number);

	memset(at, 'a' + (int)(number % 26), 200);
	return (uint32_t)(at + 200 - out);
}

static uint32_t ssh_banner(uint8_t *out, uint64_t number)
{
	return (uint32_t)(put_text(out, "SSH-2.0-OpenSSH_9.%llu\r\n", number % 8) - out);
}

static uint8_t *put_names(uint8_t *at, const char *names)
{
	uint32_t n = (uint32_t)strlen(names);

	return put(put_be(at, n, 4), names, n);
}

static uint32_t ssh_kex(uint8_t *out, uint64_t number)
{
	static const char *const lists[] = {"curve25519-sha256,ecdh-sha2-nistp256",
		"ssh-ed25519,rsa-sha2-512", "aes128-ctr,aes256-gcm@openssh.com",
		"aes128-ctr,aes256-gcm@openssh.com", "hmac-sha2-256", "hmac-sha2-256", "none",
		"none", "", ""};
	uint8_t *at = put(out, "\0\0\0\0\x04\x14", 6);

	at = put_noise(at, number, 16);
	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		at = put_names(at, lists[i]);
	at = put(at, "\0\0\0\0\0\0\0\0\0", 9);
	put_be(out, (uint32_t)(at - out) - 4, 4);
	return (uint32_t)(at - out);
}

static uint32_t redis_line(uint8_t *out, uint64_t number, bool from_client)
{
	if (!from_client)
		return (uint32_t)(put(out, "+OK\r\n", 5) - out);
	return (uint32_t)(put_text(out, "*3\r\n$3\r\nSET\r\n$8\r\nk%07llu\r\n$4\r\ndata\r\n",
				  number % 10000000) -
			  out);
}

static uint32_t dns_line(uint8_t *out, uint64_t number, bool from_client)
{
	char host[32];
	uint32_t n = (uint32_t)snprintf(
		host, sizeof(host), "h%x", (unsigned)(random_at(number, 3) & 0xfffffff));
	uint8_t *at = put_be(out, (uint32_t)number & 0xffff, 2);

	at = put(at, from_client ? "\x01\0\0\x01\0\0\0\0\0\0" : "\x81\x80\0\x01\0\x01\0\0\0\0",
		10);
	at = put(put_be(at, n, 1), host, n);
	at = put(at,
		"\x07"
		"example\x03"
		"com\0\0\x01\0\x01",
		17);
	if (!from_client)
		at = put_be(put(at, "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04", 12),
			0x0a800000 + (uint32_t)(number % SERVERS), 4);
	return (uint32_t)(at - out);
}

static uint32_t ntp_line(uint8_t *out, uint64_t number, bool from_client)
{
	uint8_t *at = put(out, from_client ? "\x23\0\x06\xec" : "\x24\x02\x06\xec", 4);

	memset(at, 0, 44);
	put_noise(at + 36, number, 8);
	return 48;
}

/* Which side opens with what, after the handshake: at most four lines, 0 = no such line. */
static uint32_t opening(const struct chat *t, uint32_t line, uint8_t *out, bool *from_client)
{
	*from_client = line % 2 == 0;
	switch (t->kind) {
	case CHAT_TLS:
		return line == 0   ? tls_client_hello(out, t->number)
		       : line == 1 ? tls_server_hello(out, t->number)
				   : 0;
	case CHAT_HTTP:
		return line == 0   ? http_request(out, t->number)
		       : line == 1 ? http_answer(out, t->number)
				   : 0;
	case CHAT_SSH:
		return line < 2   ? ssh_banner(out, t->number)
		       : line < 4 ? ssh_kex(out, t->number + line)
				  : 0;
	case CHAT_REDIS:
		return line < 2 ? redis_line(out, t->number, *from_client) : 0;
	case CHAT_DNS:
		return line < 2 ? dns_line(out, t->number, *from_client) : 0;
	case CHAT_NTP:
		return line < 2 ? ntp_line(out, t->number, *from_client) : 0;
	case CHAT_UNKNOWN:
	case CHAT_MEDIA:
	case CHAT_SCAN:
	case CHAT_KINDS:
		break;
	}
	return 0;
}

/* Data goes two from the server, then one bare ACK (TCP) or a packet (UDP) of the client. */
static uint32_t data(const struct chat *t, uint32_t n, uint8_t *out, struct line *line)
{
	uint64_t seed = random_at(t->number, 100 + n);

	line->from_client = n % 3 == 2;
	line->tcp_flags = TCP_ACK;
	if (line->from_client && t->kind != CHAT_MEDIA)
		return 0;
	if (t->kind == CHAT_REDIS)
		return redis_line(out, seed, true);
	if (t->kind == CHAT_TLS)
		return tls_data(out, seed, t->data_size);
	put_noise(out, seed, t->data_size);
	return t->data_size;
}

static const struct line handshake[] = {
	{true, TCP_SYN, 0}, {false, TCP_SYN | TCP_ACK, 0}, {true, TCP_ACK, 0}};
static const struct line goodbye[] = {
	{true, TCP_FIN | TCP_ACK, 0}, {false, TCP_FIN | TCP_ACK, 0}, {true, TCP_ACK, 0}};
enum { HANDSHAKE = 3, GOODBYE = 3 };

static uint32_t opening_lines(enum chat_kind kind)
{
	static const uint8_t lines[CHAT_KINDS] = {2, 2, 4, 2, 0, 2, 2, 0, 0};

	return lines[kind];
}

static bool is_udp(enum chat_kind kind)
{
	return kind == CHAT_DNS || kind == CHAT_NTP || kind == CHAT_MEDIA;
}

static bool scan_line(const struct chat *t, struct line *line)
{
	*line = t->at == 0 ? (struct line){true, TCP_SYN, 0}
			   : (struct line){false, TCP_RST | TCP_ACK, 0};
	return t->at == 0 || (t->at == 1 && t->number % 4 == 0);
}

static bool say(const struct chat *t, uint8_t *payload, struct line *line)
{
	uint32_t at = t->at, lines = opening_lines(t->kind);

	if (t->kind == CHAT_SCAN)
		return scan_line(t, line);
	if (!is_udp(t->kind)) {
		if (at < HANDSHAKE) {
			*line = handshake[at];
			return true;
		}
		at -= HANDSHAKE;
	}
	line->tcp_flags = TCP_PSH | TCP_ACK;
	if (at < lines) {
		line->len = opening(t, at, payload, &line->from_client);
		return true;
	}
	at -= lines;
	if (at < t->n_data) {
		line->len = data(t, at, payload, line);
		return true;
	}
	at -= t->n_data;
	if (is_udp(t->kind) || at >= GOODBYE)
		return false;
	*line = goodbye[at];
	return true;
}

bool chat_next(struct chat *t, uint8_t payload[CHAT_PAYLOAD_MAX], struct frame_ip *ip)
{
	struct line line = {.len = 0};
	struct frame_end client, server;
	unsigned side;

	if (!say(t, payload, &line))
		return false;
	set_ends(t, &client, &server);
	side = !line.from_client;
	*ip = (struct frame_ip){
		.src = line.from_client ? client : server,
		.dst = line.from_client ? server : client,
		.protocol = is_udp(t->kind) ? IPPROTO_UDP : IPPROTO_TCP,
		.tcp_flags = line.tcp_flags,
		.seq = t->seq[side],
		.ack = line.tcp_flags & TCP_ACK ? t->seq[!side] : 0,
		.payload = payload,
		.payload_len = line.len,
	};
	t->seq[side] += line.len + (line.tcp_flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	t->at++;
	return true;
}
