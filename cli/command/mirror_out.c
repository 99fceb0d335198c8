#include "cli/command/mirror_out.h"

#include "config/log/log.h"
#include "decap/cursor.h"
#include "inspect/packets/packet_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/log/error.h"

enum { ETHERNET = 14, UDP = 8, TTL = 255, PORTS = 1 << 16, UNOPENED = -1 };

struct mirror_out {
	struct packet_file *file; /* NULL: datagrams are sent */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} target;
	socklen_t target_size;
	bool fixed_port;
	bool said;
	struct output_ledger ledger; /* of what is sent */
	int sockets[PORTS];          /* by source port; opened as ports come */
};

struct mirror_out *mirror_out_file(const char *path, struct error *error)
{
	struct mirror_out *out = calloc(1, sizeof(*out));

	if (!out) {
		error_set(error, "not enough memory");
		return NULL;
	}
	out->file = packet_file_open(path, error);
	if (out->file)
		return out;
	free(out);
	return NULL;
}

struct mirror_out *mirror_out_send(
	const struct ip_addr *target, uint16_t port, struct error *error)
{
	struct mirror_out *out = calloc(1, sizeof(*out));

	if (!out) {
		error_set(error, "not enough memory");
		return NULL;
	}
	for (int i = 0; i < PORTS; i++)
		out->sockets[i] = UNOPENED;
	out->fixed_port = port != 0;
	if (ip_addr_is_v4(target)) {
		out->target.v4.sin_family = AF_INET;
		out->target.v4.sin_port = htons(port);
		memcpy(&out->target.v4.sin_addr, target->byte + 12, 4);
		out->target_size = sizeof(out->target.v4);
	} else {
		out->target.v6.sin6_family = AF_INET6;
		out->target.v6.sin6_port = htons(port);
		memcpy(&out->target.v6.sin6_addr, target->byte, 16);
		out->target_size = sizeof(out->target.v6);
	}
	return out;
}

static int open_socket(const struct mirror_out *out, uint16_t source_port)
{
	int s = socket(out->target.any.sa_family, SOCK_DGRAM, 0);
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(source_port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(source_port)};
	const int on = 1, ttl = TTL;
	int result;

	if (s < 0)
		return UNOPENED;
	/* RFC 7348 and RFC 6935: the checksum should be zero, as AWS has it. */
	setsockopt(s, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on));
	setsockopt(s, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
	setsockopt(s, IPPROTO_UDP, UDP_NO_CHECK6_TX, &on, sizeof(on));
	if (out->target.any.sa_family == AF_INET)
		result = bind(s, (const struct sockaddr *)&v4, sizeof(v4));
	else
		result = bind(s, (const struct sockaddr *)&v6, sizeof(v6));
	if (result == 0)
		return s;
	close(s);
	return UNOPENED;
}

static void lose(struct mirror_out *out)
{
	out->ledger.lost_disk++;
	if (!out->said)
		log_error("sending to the target: %m");
	out->said = true;
}

/* The frame's own IP and UDP headers say which ports to use; the kernel writes them anew. */
static void send_datagram(struct mirror_out *out, const uint8_t *frame, uint32_t len)
{
	uint32_t udp = ETHERNET + (frame[ETHERNET] >> 4 == 4 ? 20 : 40);
	uint16_t source_port = be16(frame + udp), port = be16(frame + udp + 2);
	int *s = &out->sockets[source_port];

	out->ledger.offered++;
	if (*s == UNOPENED)
		*s = open_socket(out, source_port);
	if (*s == UNOPENED) {
		lose(out);
		return;
	}
	/* sin_port and sin6_port stand at the same place. */
	if (!out->fixed_port)
		out->target.v4.sin_port = htons(port);
	if (sendto(*s, frame + udp + UDP, len - udp - UDP, 0, &out->target.any,
		    out->target_size) < 0)
		lose(out);
	else
		out->ledger.written++;
}

void mirror_out_put(
	struct mirror_out *out, const uint8_t *frame, uint32_t len, uint64_t time_ns)
{
	const struct packet_record record = {
		.frame = frame,
		.cap = len,
		.wire = len,
		.time_ns = time_ns,
		.link = LINK_ETHERNET,
	};

	if (out->file)
		packet_file_write(out->file, &record);
	else
		send_datagram(out, frame, len);
}

const struct output_ledger *mirror_out_ledger(const struct mirror_out *out)
{
	return out->file ? packet_file_ledger(out->file) : &out->ledger;
}

bool mirror_out_close(struct mirror_out *out, struct output_ledger *ledger)
{
	bool ok = !out->said;

	if (out->file)
		ok = packet_file_flush(out->file) && ok;
	*ledger = *mirror_out_ledger(out);
	if (out->file)
		ok = packet_file_close(out->file) && ok;
	for (int i = 0; !out->file && i < PORTS; i++)
		if (out->sockets[i] != UNOPENED)
			close(out->sockets[i]);
	free(out);
	return ok;
}
