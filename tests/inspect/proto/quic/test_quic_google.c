/* Where a connection of Google's own versions begins. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_packet.h"
#include "support/hex.h"

enum { HELLO = 1200 };

#define HASH "000000000000000000000000"
#define CHLO "a0 01 0005 43484c4f"

/* Of `wire` bytes, of which `cap` came, in memory of their own. */
static bool begins(const char *head, uint32_t cap, uint32_t wire)
{
	uint8_t bytes[HELLO] = {0}, *copy = malloc(cap ? cap : 1);
	bool is;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	hex_read(head, bytes, sizeof(bytes));
	memcpy(copy, bytes, cap);
	is = quic_is_google_hello(cursor_make(copy, cap, wire));
	free(copy);
	return is;
}

static void hellos_are_told(void)
{
	static const char *const yes[] = {"0d 0102030405060708 51303339 01" HASH CHLO,
		"09 0102030405060708 51303234 01" HASH CHLO,
		"c3 51303436 50 0102030405060708 00000001" HASH CHLO,
		"c3 51303530 08 0102030405060708 00 00 449e # encrypted"};
	static const char *const no[] = {"0c 0102030405060708 51303339 01" HASH CHLO
					 "# says that no version is there",
		"05 0102030405060708 51303339 01" HASH CHLO "# without a connection id",
		"0d 0102030405060708 51313339 01" HASH CHLO "# of another family",
		"0d 0102030405060708 51303a39 01" HASH CHLO "# no digit",
		"0d 0102030405060708 51303339 01" HASH "a0 01 0005 52454a00 # the server's",
		"c3 51303436 05 0102030405060708 00000001" HASH CHLO "# the server's",
		"c3 51303436 50 0102030405060708 00000001" HASH "a0 01 0005 00000000",
		"f3 51303530 08 0102030405060708 00 00 449e # no Initial",
		"c3 51303530 00 08 0102030405060708 00 449e # the server's",
		"c3 51303530 ff 0102030405060708 # an id longer than all",
		"c3 00000001 08 0102030405060708 00 00 449e # version 1", ""};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		CU_ASSERT_TRUE(begins(yes[i], HELLO, HELLO));
		CU_ASSERT_FALSE(begins(yes[i], HELLO - 1, HELLO - 1));
		for (uint32_t cap = 0; cap < HELLO; cap++)
			CU_ASSERT_EQUAL(begins(yes[i], cap, HELLO), cap >= 64);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CU_ASSERT_FALSE(begins(no[i], HELLO, HELLO));
}

void suite_quic_google(void);
void suite_quic_google(void)
{
	CU_pSuite s = CU_add_suite("quic_google", NULL, NULL);

	CU_ADD_TEST(s, hellos_are_told);
}
