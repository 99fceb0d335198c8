#include <CUnit/Basic.h>

#include "decap/packet.h"

/* Every flag has to be listed here, and two that share a bit do not compile. */
static bool flag_is_known(enum packet_flag flag)
{
	switch (flag) {
	case PACKET_CUT:
	case PACKET_FRAGMENT:
	case PACKET_LATER_FRAGMENT:
	case PACKET_PORTS_CUT:
	case PACKET_L4_ODD:
	case PACKET_VXLAN_RESERVED:
	case PACKET_GENEVE:
	case PACKET_HAS_VNI:
	case PACKET_FROM_CLIENT:
	case PACKET_NO_PORTS:
	case PACKET_FILTERED:
	case PACKET_PORTS_LEARNED:
	case PACKET_NETWORK_EGRESS:
	case PACKET_ACCEPTED_CUT:
	case PACKET_FIRST_AHEAD:
		return true;
	}
	return false;
}

/* `flags` has 16 bits: what does not fit would be lost without a word. */
static void flags_are_bits_that_fit(void)
{
	int known = 0;

	for (int bit = 0; bit < 31; bit++)
		if (flag_is_known((enum packet_flag)(1 << bit))) {
			CU_ASSERT_TRUE(bit < 8 * (int)sizeof(((struct packet *)0)->flags));
			known++;
		}
	CU_ASSERT_EQUAL(known, 15);
}

void suite_packet(void);
void suite_packet(void)
{
	CU_pSuite s = CU_add_suite("packet", NULL, NULL);

	CU_ADD_TEST(s, flags_are_bits_that_fit);
}
