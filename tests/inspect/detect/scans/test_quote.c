/* Which errors of ICMP are a host's word about its own UDP port; and whatever bytes come, nothing is read beyond them. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "decap/decap.h"
#include "inspect/detect/scans/quote.h"
#include "support/random.h"

enum { QUOTED4 = 20 + 8 }; /* where the quoted packet begins */

/* 10.0.0.2 says to 10.0.0.1 that its UDP port 161 is unreachable, which was asked from port 40000. */
static const uint8_t error4[] = {0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0,
	1, 3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 200, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10,
	0, 0, 2, 40000 >> 8, 40000 & 255, 0, 161, 0, 180, 0, 0};

/* The same of fd00::2 and fd00::1. */
static const uint8_t error6[] = {0x60, 0, 0, 0, 0, 56, 58, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 2, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 0,
	0, 0, 0x60, 0, 0, 0, 0, 100, 17, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 40000 >> 8, 40000 & 255, 0, 161, 0,
	100, 0, 0};

/* Of the first `len` bytes, alone in memory. -1: it is no such error; else the port. */
static int port_of(const uint8_t *bytes, size_t len, size_t wire)
{
	uint8_t *alone = malloc(len ? len : 1);
	struct packet p = {
		.data = alone, .cap = (uint32_t)len, .wire = (uint32_t)wire, .link = LINK_IP};
	uint16_t port = 0;
	int result = -1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(alone);
	memcpy(alone, bytes, len);
	if (decap_plain(&p) == REASON_inspected && quote_read(&p, &port))
		result = port;
	free(alone);
	return result;
}

static void what_is_said(void)
{
	static const struct {
		uint8_t at, byte;
		int port;
	} rows[] = {
		{21, 3, 161},
		{21, 1, -1},              /* the host is unreachable */
		{20, 11, -1},             /* time exceeded */
		{QUOTED4 + 9, 6, -1},     /* of TCP */
		{15, 9, -1},              /* said by another host */
		{QUOTED4 + 15, 9, -1},    /* about another one's packet */
		{QUOTED4 + 6, 0x20, 161}, /* the first fragment */
		{QUOTED4 + 7, 1, -1},     /* a later one */
		{QUOTED4, 0x65, -1},      /* no IPv4 */
		{QUOTED4 + 20, 0, 161},   /* from port 64: a system port to another */
		{QUOTED4 + 22, 4, 1185},
	};
	uint8_t bytes[sizeof(error4)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memcpy(bytes, error4, sizeof(bytes));
		bytes[rows[i].at] = rows[i].byte;
		CU_ASSERT_EQUAL(port_of(bytes, sizeof(bytes), sizeof(bytes)), rows[i].port);
	}
	/* From port 64 to 1185: a server's answer. */
	memcpy(bytes, error4, sizeof(bytes));
	bytes[QUOTED4 + 20] = 0;
	bytes[QUOTED4 + 22] = 4;
	CU_ASSERT_EQUAL(port_of(bytes, sizeof(bytes), sizeof(bytes)), -1);
	CU_ASSERT_EQUAL(port_of(error6, sizeof(error6), sizeof(error6)), 161);
}

/* Four bytes of UDP's header have the ports. */
static void at_every_length(void)
{
	for (size_t len = 0; len <= sizeof(error4); len++)
		CU_ASSERT_EQUAL(port_of(error4, len, sizeof(error4)),
			len >= sizeof(error4) - 4 ? 161 : -1);
	for (size_t len = 0; len <= sizeof(error6); len++)
		CU_ASSERT_EQUAL(port_of(error6, len, sizeof(error6)),
			len >= sizeof(error6) - 4 ? 161 : -1);
}

static void whatever_comes(void)
{
	struct random random = random_seeded(11);
	uint8_t bytes[sizeof(error6)];

	for (unsigned i = 0; i < 100000; i++) {
		bool six = i % 2;
		size_t len = six ? sizeof(error6) : sizeof(error4);

		memcpy(bytes, six ? error6 : error4, len);
		for (unsigned k = 0; k < 1 + i % 6; k++)
			bytes[random_below(&random, (uint32_t)len)] =
				(uint8_t)random_next(&random);
		(void)port_of(bytes, random_below(&random, (uint32_t)len + 1), len);
	}
}

void suite_quote(void);
void suite_quote(void)
{
	CU_pSuite s = CU_add_suite("quote", NULL, NULL);

	CU_ADD_TEST(s, what_is_said);
	CU_ADD_TEST(s, at_every_length);
	CU_ADD_TEST(s, whatever_comes);
}
