/* What mirror sends, over a real socket of this host, and what its ledger says of it. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/command/mirror_out.h"
#include "config/log/error.h"

enum { HEADERS = 14 + 20 + 8, BODY = 30, SOURCE_PORT_AT = 14 + 20 };

/* An outer frame whose datagram has `len` bytes, each its number. */
static void frame_make(uint8_t *frame, uint32_t len)
{
	memset(frame, 0, HEADERS);
	frame[14] = 0x45;
	for (uint32_t i = 0; i < len; i++)
		frame[HEADERS + i] = (uint8_t)i;
}

/* Bound to a port of `address`; 0 in `port` is set to the one it has. */
static int target(const char *address, uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	const struct timeval rx_pause = {.tv_sec = 10};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, address, &a.sin_addr);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &rx_pause, sizeof(rx_pause)), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static struct mirror_out *sender(const char *address, uint16_t port)
{
	struct mirror_out *out;
	struct ip_addr to;
	struct error error;

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(address, &to));
	out = mirror_out_send(&to, port, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	return out;
}

static void ledger_is(const struct output_ledger *l, uint64_t written, uint64_t lost)
{
	CU_ASSERT_EQUAL(l->offered, written + lost);
	CU_ASSERT_EQUAL(l->written, written);
	CU_ASSERT_EQUAL(l->lost_disk, lost);
	CU_ASSERT_EQUAL(l->lost_queue, 0);
	CU_ASSERT_EQUAL(l->by_policy, 0);
}

static void what_was_sent_is_written(void)
{
	struct output_ledger ledger;
	struct mirror_out *out;
	uint8_t frame[HEADERS + BODY], room[256];
	uint16_t port;
	int fd = target("127.0.0.1", &port);

	frame_make(frame, BODY);
	out = sender("127.0.0.1", port);
	for (uint32_t n = 0; n < 3; n++) {
		ledger_is(mirror_out_ledger(out), n, 0);
		mirror_out_put(out, frame, sizeof(frame) - n, 0);
		CU_ASSERT_EQUAL(recv(fd, room, sizeof(room), 0), (ssize_t)(BODY - n));
		CU_ASSERT_EQUAL(memcmp(room, frame + HEADERS, BODY - n), 0);
	}
	CU_ASSERT_TRUE(mirror_out_close(out, &ledger));
	ledger_is(&ledger, 3, 0);
	close(fd);
}

/* A broadcast address takes nothing of a socket that did not ask for it, and a source port in use
 * gives no socket: both are lost, and the packet that can be sent between them is written. */
static void what_could_not_be_sent_is_lost(void)
{
	struct output_ledger ledger;
	struct mirror_out *out = sender("255.255.255.255", 4789);
	uint8_t frame[HEADERS + BODY];
	uint16_t port, taken;
	int fd = target("127.0.0.1", &port), other = target("0.0.0.0", &taken);

	frame_make(frame, BODY);
	mirror_out_put(out, frame, sizeof(frame), 0);
	CU_ASSERT_FALSE(mirror_out_close(out, &ledger));
	ledger_is(&ledger, 0, 1);
	out = sender("127.0.0.1", port);
	for (int i = 0; i < 2; i++) {
		frame[SOURCE_PORT_AT] = (uint8_t)(i == 0 ? taken >> 8 : 0);
		frame[SOURCE_PORT_AT + 1] = (uint8_t)(i == 0 ? taken : 0);
		mirror_out_put(out, frame, sizeof(frame), 0);
	}
	CU_ASSERT_FALSE(mirror_out_close(out, &ledger));
	ledger_is(&ledger, 1, 1);
	close(other);
	close(fd);
}

void suite_mirror_out(void);
void suite_mirror_out(void)
{
	CU_pSuite s = CU_add_suite("mirror_out", NULL, NULL);

	CU_ADD_TEST(s, what_was_sent_is_written);
	CU_ADD_TEST(s, what_could_not_be_sent_is_lost);
}
