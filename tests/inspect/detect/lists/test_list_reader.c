/* What each line of a file of indicators is taken for. Forms are those of the documents of Suricata (datasets,
 * IP reputation), of Zeek's intelligence framework and of hosts(5). */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/lists/list_reader.h"

enum { TOLD_MAX = 4096 };

/* What the sink was told, as text: "LINE TYPE VALUE" or "LINE ! WHY" a line. */
struct told {
	char text[TOLD_MAX];
	size_t len;
	unsigned n, room; /* values; how many may come */
};

static const char *const types[LIST_TYPES] = {
	"auto", "ip", "domain", "url", "ja3", "ja4", "hassh", "cert", "asn"};

static void tell(struct told *told, const char *text)
{
	told->len += (size_t)snprintf(
		told->text + told->len, sizeof(told->text) - told->len, "%s", text);
	CU_ASSERT_FATAL(told->len < sizeof(told->text));
}

static void tell_key(struct told *told, const struct list_key *key)
{
	char text[2 * LIST_KEY_MAX + 8] = "";
	struct ip_addr address;

	if (key->type == LIST_DOMAIN || key->type == LIST_URL || key->type == LIST_JA4) {
		snprintf(text, sizeof(text), "%.*s", (int)key->len, (const char *)key->bytes);
	} else if (key->type == LIST_IP) {
		memcpy(address.byte, key->bytes, 16);
		snprintf(text + ip_addr_print(&address, text), 8, "/%u", key->bytes[16]);
	} else {
		for (unsigned i = 0; i < key->len; i++)
			snprintf(text + 2 * i, 3, "%02x", key->bytes[i]);
	}
	tell(told, text);
}

static bool value(void *ctx, uint32_t line, const struct list_key *key)
{
	struct told *told = ctx;
	char head[32];

	if (told->n == told->room)
		return false;
	told->n++;
	snprintf(head, sizeof(head), "%u %s ", line, types[key->type]);
	tell(told, head);
	tell_key(told, key);
	tell(told, "\n");
	return true;
}

static void bad(void *ctx, uint32_t line, const char *text, const char *why)
{
	char head[512];

	CU_ASSERT_PTR_NOT_NULL(text);
	snprintf(head, sizeof(head), "%u ! %.400s\n", line, why);
	tell(ctx, head);
}

static enum list_status read_text(const char *text, size_t len, enum list_type type,
	struct told *told, struct list_counts *counts)
{
	const struct list_sink sink = {told, value, bad};
	FILE *in = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
	enum list_status status;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	if (len == 0)
		fgetc(in);
	status = list_read(in, type, &sink, counts);
	fclose(in);
	return status;
}

struct row {
	enum list_type type;
	const char *text, *want;
};

#define MD5 "e7d705a3286e19ea42f587b344ee6865"
#define SHA1 "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
#define SHA256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define JA4 "t13d1516h2_8daaf6152771_b186095e22b6"
#define NOTHING "no address, name, URL or fingerprint"
#define NO_IP "no IP address or CIDR block"

static const struct row rows[] = {
	/* Comments, blanks, ends of lines, a byte order mark, a last line without its end. */
	{LIST_AUTO, "", ""},
	{LIST_AUTO, "\n\n  \t \n\r\n", ""},
	{LIST_AUTO, "# a\n; b\n  # c\n192.0.2.1 # d\n192.0.2.2\t; SBL1\n",
		"4 ip 192.0.2.1/128\n5 ip 192.0.2.2/128\n"},
	{LIST_AUTO,
		"\xef\xbb\xbf"
		"192.0.2.1\r\n192.0.2.2",
		"1 ip 192.0.2.1/128\n2 ip 192.0.2.2/128\n"},
	{LIST_AUTO, "\xef\xbb\xbf# a\n192.0.2.1\n", "2 ip 192.0.2.1/128\n"},
	/* Addresses and blocks. */
	{LIST_AUTO, "192.0.2.0/24\n10.1.2.3/8\n0.0.0.0/0\n192.0.2.9/32",
		"1 ip 192.0.2.0/120\n2 ip 10.0.0.0/104\n3 ip 0.0.0.0/96\n4 ip 192.0.2.9/128\n"},
	{LIST_AUTO, "2001:db8::1\n2001:DB8:1::/48\n2001:db8::ffff/127\n::/0\n::ffff:192.0.2.1",
		"1 ip 2001:db8::1/128\n2 ip 2001:db8:1::/48\n3 ip 2001:db8::fffe/127\n"
		"4 ip ::/0\n5 ip 192.0.2.1/128\n"},
	{LIST_IP,
		"192.0.2.0/33\n2001:db8::/129\n192.0.2.0/\n192.0.2.0/8x\n192.0.2\nevil.example\n"
		"192.0.2.1-192.0.2.9\n1.2.3.4.5/8\n:\n",
		"1 ! no CIDR block: its length is not 0 to 32\n"
		"2 ! no CIDR block: its length is not 0 to 128\n"
		"3 ! no CIDR block: its length is not 0 to 32\n"
		"4 ! no CIDR block: its length is not 0 to 32\n"
		"5 ! " NO_IP "\n6 ! " NO_IP "\n7 ! " NO_IP "\n8 ! " NO_IP "\n9 ! " NO_IP "\n"},
	{LIST_AUTO, "192.0.2.0/33\n", "1 ! no CIDR block: its length is not 0 to 32\n"},
	/* Names. */
	{LIST_AUTO,
		"Evil.Example\n*.evil.example\n.evil.example\nevil.example.\n_dmarc.evil.example\n",
		"1 domain evil.example\n2 domain evil.example\n3 domain evil.example\n"
		"4 domain evil.example\n5 domain _dmarc.evil.example\n"},
	{LIST_AUTO,
		"b\xc3\xbc"
		"cher.example\nB\xc3\x9c"
		"CHER.example\nxn--bcher-kva.example\n"
		"*.\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84\n",
		"1 domain xn--bcher-kva.example\n2 domain xn--bcher-kva.example\n"
		"3 domain xn--bcher-kva.example\n4 domain xn--e1afmkfd.xn--p1ai\n"},
	{LIST_DOMAIN,
		"zip\na..b\n-\n.\n*.\na b.example\nevil!.example\n\xff\xfe.example\n1.2.3.400\nb.3\n",
		"1 domain zip\n2 ! no domain name: a label of it is empty\n3 domain -\n"
		"4 ! no domain name: a label of it is empty\n"
		"5 ! no domain name: a label of it is empty\n"
		"6 ! followed by something else on its line\n"
		"7 ! no domain name: it has a character that names do not have\n"
		"8 ! no domain name: it cannot be written in A-labels (IDNA)\n"
		"9 ! no domain name: its last label is a number\n"
		"10 ! no domain name: its last label is a number\n"},
	{LIST_AUTO, "evil\nlocalhost\n", "1 ! " NOTHING "\n2 ! " NOTHING "\n"},
	/* Lines of hosts files. */
	{LIST_AUTO,
		"127.0.0.1 localhost localhost.localdomain\n255.255.255.255\tbroadcasthost\n"
		"fe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n0.0.0.0 evil.example # bad\n"
		"127.0.0.1 a.example  B.example\n::1 c.example\n:: d.example\n0.0.0.0 single\n"
		"192.0.2.1 e.example\n",
		"5 domain evil.example\n6 domain a.example\n6 domain b.example\n7 domain c.example\n"
		"8 domain d.example\n9 ! no domain name: it has one label only\n"
		"10 ! followed by something else on its line\n"},
	{LIST_DOMAIN, "0.0.0.0 evil.example\n", "1 domain evil.example\n"},
	{LIST_IP, "0.0.0.0 evil.example\n192.0.2.1 spam\n",
		"1 ! followed by something else on its line\n"
		"2 ! followed by something else on its line\n"},
	/* URLs. */
	{LIST_AUTO,
		"http://Evil.Example/Path?Q=1#frag\nhttps://evil.example\nevil.example/a,1\n"
		"http://user:pw@evil.example:80/\nhttps://evil.example:8443/x\nhttp://192.0.2.1/a\n"
		"http://[2001:DB8::1]:80/a\nhttp://evil.example?q\n"
		"http://b\xc3\xbc"
		"cher.example/\xc3\xbc\n",
		"1 url evil.example/Path?Q=1\n2 url evil.example/\n3 url evil.example/a,1\n"
		"4 url evil.example/\n5 url evil.example:8443/x\n6 url 192.0.2.1/a\n"
		"7 url [2001:db8::1]/a\n8 url evil.example/?q\n"
		"9 url xn--bcher-kva.example/\xc3\xbc\n"},
	{LIST_URL, "http://e.example/a;b#c ; d\n", "1 url e.example/a;b\n"},
	{LIST_URL, "http://\n/path\nhttp:///x\nhttp://a!b/\nhttp://[::1/x\nhttp://[x]/\n@/\n",
		"1 ! no URL: it has no host\n"
		"2 ! no URL: it has no host\n3 ! no URL: it has no host\n"
		"4 ! no URL: its host is neither a name nor an address\n"
		"5 ! no URL: its host is no address\n6 ! no URL: its host is no address\n"
		"7 ! no URL: it has no host\n"},
	/* Fingerprints and numbers. */
	{LIST_AUTO,
		MD5 "\n" SHA1 "\n" SHA256 "\n" JA4 "\nAS64512\nas1\n"
		    "A9:4A:8F:E5:CC:B1:9B:A6:1C:4C:08:73:D3:91:E9:87:98:2F:BB:D3\n",
		"1 ja3 " MD5 "\n1 hassh " MD5 "\n2 cert " SHA1 "\n3 cert " SHA256 "\n4 ja4 " JA4
		"\n5 asn 0000fc00\n6 asn 00000001\n7 cert " SHA1 "\n"},
	{LIST_JA3, MD5 "\n" SHA1 "\nx\n",
		"1 ja3 " MD5 "\n2 ! no fingerprint of 32 hexadecimal digits\n"
		"3 ! no fingerprint of 32 hexadecimal digits\n"},
	{LIST_HASSH, MD5, "1 hassh " MD5 "\n"},
	{LIST_CERTIFICATE, MD5,
		"1 ! no fingerprint of a certificate: neither SHA-1 (40 digits) nor SHA-256 (64)\n"},
	{LIST_JA4,
		"T13d1516h2_8daaf6152771_b186095e22b6\nt13d1516h2_8DAAF6152771_b186095e22b6\n"
		"t13d1516h2_8daaf6152771-b186095e22b6\nt13d1516h2_8daaf6152771_b186095e22bg\n",
		"1 ! no JA4 fingerprint\n2 ja4 " JA4
		"\n3 ! no JA4 fingerprint\n4 ! no JA4 fingerprint\n"},
	{LIST_ASN, "64512\nAS4294967295\nAS4294967296\n0\nASx\n",
		"1 asn 0000fc00\n2 asn ffffffff\n3 ! no number of an autonomous system\n"
		"4 ! no number of an autonomous system\n5 ! no number of an autonomous system\n"},
	/* Suricata: strings in base64 (a name, a URL, a user agent), reputations. */
	{LIST_AUTO,
		"ZXZpbC5leGFtcGxl\naHR0cDovL2V2aWwuZXhhbXBsZS94\nTW96aWxsYS80LjAgKGNvbXBhdGlibGU7ICk=\n"
		"ZXZpbC5leGFtcGxl,200\n" MD5 ",20\n",
		"1 domain evil.example\n2 url evil.example/x\n3 ! " NOTHING
		"\n4 domain evil.example\n"
		"5 ja3 " MD5 "\n5 hassh " MD5 "\n"},
	{LIST_AUTO,
		"192.0.2.1,1,101\n192.0.2.0/24,6,88\n2001:db8::1, 2, 10\n192.0.2.3,1,0\n192.0.2.4,x,1\n",
		"1 ip 192.0.2.1/128\n2 ip 192.0.2.0/120\n3 ip 2001:db8::1/128\n5 ! no domain name: it has a character that names do not have\n"},
	{LIST_DOMAIN, "test\n", "1 domain test\n"}, /* base64 of bytes that are no name */
	/* Zeek. */
	{LIST_AUTO,
		"#fields\tindicator\tindicator_type\tmeta.source\n192.0.2.1\tIntel::ADDR\ta b\n"
		"192.0.2.0/24\tIntel::SUBNET\tx\n# no\nevil.example\tIntel::DOMAIN\tx\n"
		"evil.example/x#y\tIntel::URL\tx\n" SHA1 "\tIntel::CERT_HASH\tx\n" MD5
		"\tIntel::JA3\tx\na@b.example\tIntel::EMAIL\tx\nx\tIntel::ADDR\tx\nalone\n",
		"2 ip 192.0.2.1/128\n3 ip 192.0.2.0/120\n5 domain evil.example\n6 url evil.example/x\n"
		"7 cert " SHA1 "\n8 ja3 " MD5 "\n10 ! " NO_IP
		"\n11 ! a line with fewer columns than #fields names\n"},
	{LIST_IP,
		"#separator \\x09\n#fields\tmeta.source\tindicator_type\tindicator\r\n"
		"x\tIntel::ADDR\t192.0.2.1\r\nx\tIntel::DOMAIN\tevil.example\r\n",
		"3 ip 192.0.2.1/128\n"},
	{LIST_AUTO, "#fields of no use\n192.0.2.1\n", "2 ip 192.0.2.1/128\n"},
};

static void every_form_is_taken_as_it_is_meant(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct told told = {.room = UINT32_MAX};
		struct list_counts counts;
		size_t len = strlen(rows[i].text);

		CU_ASSERT_EQUAL(
			read_text(rows[i].text, len, rows[i].type, &told, &counts), LIST_READ);
		if (strcmp(told.text, rows[i].want) != 0)
			printf("%s\nis told as\n%s\nnot as\n%s\n", rows[i].text, told.text,
				rows[i].want);
		CU_ASSERT_STRING_EQUAL(told.text, rows[i].want);
		CU_ASSERT_EQUAL(counts.values, told.n);
	}
}

/* The file ends anywhere: what is whole was told before, and nothing else changes. */
static void every_truncation_tells_the_lines_before_it(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct told whole = {.room = UINT32_MAX}, part;
		struct list_counts counts;
		const char *text = rows[i].text;

		read_text(text, strlen(text), rows[i].type, &whole, &counts);
		for (size_t len = 0; len < strlen(text); len++) {
			size_t same = 0;

			part = (struct told){.room = UINT32_MAX};
			CU_ASSERT_EQUAL(
				read_text(text, len, rows[i].type, &part, &counts), LIST_READ);
			if (len > 0 && text[len - 1] == '\n')
				same = part.len;
			CU_ASSERT_EQUAL(memcmp(part.text, whole.text, same), 0);
			CU_ASSERT(counts.values == part.n && counts.bad <= counts.lines + 1);
		}
	}
}

static void what_is_left_out_is_counted(void)
{
	static const char text[] =
		"#fields\tindicator\tindicator_type\na@b\tIntel::EMAIL\n"
		"x\tIntel::SOFTWARE\n192.0.2.1\tIntel::ADDR\nx\tIntel::ADDR\n";
	struct told told = {.room = UINT32_MAX};
	struct list_counts counts;

	read_text(text, strlen(text), LIST_AUTO, &told, &counts);
	CU_ASSERT(counts.lines == 4 && counts.values == 1 && counts.bad == 1);
	CU_ASSERT_EQUAL(counts.others, 2);
	CU_ASSERT_STRING_EQUAL(counts.other, "Intel::EMAIL");
	read_text("192.0.2.1,1,0", 13, LIST_AUTO, &told, &counts);
	CU_ASSERT(counts.lines == 1 && counts.values == 0 && counts.others == 1);
}

static void binary_and_endless_lines_are_bad_and_the_next_is_read(void)
{
	static char text[3 * LIST_LINE_MAX];
	const size_t next = sizeof(text) - 11;
	struct told told = {.room = UINT32_MAX};
	struct list_counts counts;

	memset(text, 'a', sizeof(text));
	memcpy(text + next, "\n192.0.2.1\n", 11);
	read_text(text, sizeof(text), LIST_AUTO, &told, &counts);
	CU_ASSERT_STRING_EQUAL(
		told.text, "1 ! more than 4096 bytes long\n2 ip 192.0.2.1/128\n");
	told = (struct told){.room = UINT32_MAX};
	read_text("a\0b\n192.0.2.1", 13, LIST_AUTO, &told, &counts);
	CU_ASSERT_STRING_EQUAL(
		told.text, "1 ! no text: it has bytes of value 0\n2 ip 192.0.2.1/128\n");
}

static void a_url_of_1024_bytes_is_taken_and_a_longer_one_is_not(void)
{
	char text[LIST_KEY_MAX + 32] = "http://e.example/";
	struct told told = {.room = UINT32_MAX};
	struct list_counts counts;
	size_t len = 7 + LIST_KEY_MAX;

	memset(text + 17, 'x', sizeof(text) - 17);
	text[len] = '\0';
	read_text(text, len, LIST_URL, &told, &counts);
	CU_ASSERT_EQUAL(counts.values, 1);
	text[len] = 'x';
	read_text(text, len + 1, LIST_URL, &told, &counts);
	CU_ASSERT(counts.values == 0 && counts.bad == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "more than 1024 bytes"));
}

static void a_sink_without_room_ends_it(void)
{
	struct told told = {.room = 2};
	struct list_counts counts;

	CU_ASSERT_EQUAL(read_text("192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n", 40, LIST_AUTO,
				&told, &counts),
		LIST_FULL);
	CU_ASSERT_EQUAL(told.n, 2);
}

void suite_list_reader(void);
void suite_list_reader(void)
{
	CU_pSuite suite = CU_add_suite("list_reader", NULL, NULL);

	CU_ADD_TEST(suite, every_form_is_taken_as_it_is_meant);
	CU_ADD_TEST(suite, every_truncation_tells_the_lines_before_it);
	CU_ADD_TEST(suite, what_is_left_out_is_counted);
	CU_ADD_TEST(suite, binary_and_endless_lines_are_bad_and_the_next_is_read);
	CU_ADD_TEST(suite, a_url_of_1024_bytes_is_taken_and_a_longer_one_is_not);
	CU_ADD_TEST(suite, a_sink_without_room_ends_it);
}
