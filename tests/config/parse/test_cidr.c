/* Blocks of addresses: which texts are one, what they hold bit by bit. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/cidr.h"
#include "support/random.h"

static void which_texts_are_blocks(void)
{
	static const struct {
		const char *text, *printed; /* NULL: it is none */
		bool alone;                 /* an address */
	} rows[] = {
		{"10.0.0.0/8", "10.0.0.0/8", false},
		{"10.1.2.3/8", "10.1.2.3/8", false},
		{"0.0.0.0/0", "0.0.0.0/0", false},
		{"192.0.2.7", "192.0.2.7/32", true},
		{"::/0", "::/0", false},
		{"2001:DB8::/32", "2001:db8::/32", false},
		{"2001:db8::1", "2001:db8::1/128", true},
		{"::ffff:1.2.3.4/96", "::ffff:1.2.3.4/96", false},
		{"10.0.0.0/33", NULL, false},
		{"::/129", NULL, false},
		{"10.0.0.0/", NULL, false},
		{"10.0.0.0/08x", NULL, false},
		{"10.0.0/8", NULL, false},
		{"/8", NULL, false},
		{"", NULL, false},
		{"10.0.0.0/8/8", NULL, false},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/12", NULL, false},
		{"10.0.0.0/18446744073709551624", NULL, false},
		{"ten", NULL, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cidr cidr = {.bits = 77};
		char text[CIDR_TEXT];
		bool is_one = cidr_or_address_parse(rows[i].text, &cidr);

		CU_ASSERT_EQUAL(is_one, rows[i].printed != NULL);
		if (is_one) {
			cidr_print(&cidr, text);
			CU_ASSERT_STRING_EQUAL(text, rows[i].printed);
		} else {
			CU_ASSERT_EQUAL(cidr.bits, 77);
		}
		CU_ASSERT_EQUAL(cidr_parse(rows[i].text, &cidr), is_one && !rows[i].alone);
	}
}

/* Bit `n` of an address of its family. */
static bool bit_of(const struct ip_addr *a, uint8_t ip_version, unsigned n)
{
	n += ip_version == 4 ? 96 : 0;
	return a->byte[n / 8] >> (7 - n % 8) & 1;
}

static bool naive_holds(const struct cidr *cidr, const struct ip_addr *a)
{
	for (unsigned n = 0; n < cidr->bits; n++)
		if (bit_of(&cidr->addr, cidr->ip_version, n) != bit_of(a, cidr->ip_version, n))
			return false;
	return true;
}

static void a_block_holds_what_begins_with_its_bits(void)
{
	struct random r = random_seeded(5);
	unsigned held = 0, others = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint8_t version = i % 2 ? 4 : 6, most = version == 4 ? 32 : 128;
		struct cidr cidr = {
			.ip_version = version, .bits = (uint8_t)(i / 2 % (most + 1u))};
		unsigned flip = (unsigned)random_below(&r, most) + (version == 4 ? 96 : 0);
		struct ip_addr a;

		for (unsigned b = 0; b < 16; b++)
			cidr.addr.byte[b] = (uint8_t)random_below(&r, 256);
		if (version == 4)
			cidr.addr = ip_addr_v4(cidr.addr.byte + 12);
		a = cidr.addr;
		a.byte[flip / 8] = (uint8_t)(a.byte[flip / 8] ^ 0x80 >> flip % 8);
		CU_ASSERT_TRUE(cidr_holds(&cidr, version, &cidr.addr));
		CU_ASSERT_FALSE(cidr_holds(&cidr, version == 4 ? 6 : 4, &cidr.addr));
		CU_ASSERT_EQUAL(cidr_holds(&cidr, version, &a), naive_holds(&cidr, &a));
		*(naive_holds(&cidr, &a) ? &held : &others) += 1;
		/* Without the bits behind the length it holds the same. */
		cidr_clear_host_bits(&cidr);
		CU_ASSERT_FALSE(cidr_clear_host_bits(&cidr));
		CU_ASSERT_EQUAL(cidr_holds(&cidr, version, &a), naive_holds(&cidr, &a));
	}
	CU_ASSERT_TRUE(held > 1000 && others > 1000);
}

void suite_cidr(void);
void suite_cidr(void)
{
	CU_pSuite s = CU_add_suite("cidr", NULL, NULL);

	CU_ADD_TEST(s, which_texts_are_blocks);
	CU_ADD_TEST(s, a_block_holds_what_begins_with_its_bits);
}
