#include <CUnit/Basic.h>

#include "decap/addr.h"

static void both_families_are_read_and_printed(void)
{
	/* RFC 5952 gives the shortest text of IPv6 addresses. */
	static const struct {
		const char *text, *printed;
		bool v4;
	} cases[] = {
		{"10.0.0.1", "10.0.0.1", true},
		{"255.255.255.255", "255.255.255.255", true},
		{"0.0.0.0", "0.0.0.0", true},
		{"::", "::", false},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", false},
		{"::ffff:192.0.2.1", "192.0.2.1", true},
		{"1111:2222:3333:4444:5555:6666:7777:8888",
			"1111:2222:3333:4444:5555:6666:7777:8888", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_addr a;
		char text[IP_ADDR_TEXT];

		CU_ASSERT_TRUE_FATAL(ip_addr_parse(cases[i].text, &a));
		CU_ASSERT_EQUAL(ip_addr_is_v4(&a), cases[i].v4);
		CU_ASSERT_EQUAL(ip_addr_print(&a, text), strlen(cases[i].printed));
		CU_ASSERT_STRING_EQUAL(text, cases[i].printed);
	}
}

static void other_text_is_refused(void)
{
	static const char *const cases[] = {"", "10.0.0", "10.0.0.256", "10.0.0.1 ",
		"10.0.0.0/8", ":::", "12345::", "fe80::1%eth0"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_addr a;

		CU_ASSERT_FALSE(ip_addr_parse(cases[i], &a));
	}
}

static void equal_means_every_byte(void)
{
	struct ip_addr a = ip_addr_v4((const uint8_t[]){10, 0, 0, 1}), b = a;

	CU_ASSERT_TRUE(ip_addr_equal(&a, &b));
	for (int i = 0; i < 16; i++) {
		b.byte[i] ^= 0x80;
		CU_ASSERT_FALSE(ip_addr_equal(&a, &b));
		b.byte[i] ^= 0x80;
	}
}

void suite_addr(void);
void suite_addr(void)
{
	CU_pSuite s = CU_add_suite("addr", NULL, NULL);

	CU_ADD_TEST(s, both_families_are_read_and_printed);
	CU_ADD_TEST(s, other_text_is_refused);
	CU_ADD_TEST(s, equal_means_every_byte);
}
