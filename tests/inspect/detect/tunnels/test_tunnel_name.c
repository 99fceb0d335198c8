/* Which names a tunnel might have made, and below which domain. Domains are those of the Public Suffix List:
 * `psl --print-reg-domain NAME`. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/tunnels/tunnel_name.h"

#define LONG "abcdefghijklmnopqrstuvwxyz"

static void which_names_are_long(void)
{
	static const struct {
		const char *name, *domain; /* NULL: none */
	} rows[] = {
		{LONG ".example.com", "example.com"},
		{LONG ".Example.COM.", "example.com"},
		{"a." LONG ".t.example.co.uk", "example.co.uk"},
		{"abcdefghijklmnopqrstuv.x.example.com", NULL}, /* 24 */
		{"abcdefghijklmnopqrstuvw.x.example.com", "example.com"},
		{"abcdefghijklmnopqrstuvwx.example.com", NULL},
		{"abcdefghijklmnopqrstuvwxy.example.com", "example.com"},
		/* A suffix of private domains: each below it was registered by somebody else. */
		{LONG ".cloudfront.net", NULL},
		{"x." LONG ".cloudfront.net", NULL},
		{LONG ".b.cloudfront.net", "b.cloudfront.net"},
		{"b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
			NULL},
		{LONG "._tcp.local", NULL},
		{LONG ".cluster.internal", "cluster.internal"},
		{LONG, NULL},
		{"", NULL},
		{".", NULL},
		{"dnscat." LONG ".a6023ed4df", ""},
		{LONG ".xn--p1ai", LONG ".xn--p1ai"},
		{LONG ".xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"},
		{LONG "\\200\\255\\046.example.com", "example.com"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tunnel_name name;
		const char *want = rows[i].domain;
		bool is_long = tunnel_name_read(rows[i].name, strlen(rows[i].name), 24, &name);

		/* What is a registered domain whole has nothing in front. */
		if (want != NULL && strcmp(want, rows[i].name) == 0)
			want = NULL;
		CU_ASSERT_EQUAL(is_long, want != NULL);
		if (is_long != (want != NULL))
			printf("\n%s", rows[i].name);
		if (!is_long || want == NULL)
			continue;
		CU_ASSERT_STRING_EQUAL(name.domain, want);
		CU_ASSERT_EQUAL(name.own, (size_t)(name.domain - name.text) - (*want != 0));
	}
}

/* Read at every length, from memory that ends there. */
static void any_bytes_of_any_length(void)
{
	struct tunnel_name name;

	for (size_t len = 0; len < 1200; len++) {
		char *text = malloc(len + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		for (size_t i = 0; i < len; i++)
			text[i] = i % 30 == 29 ? '.' : (char)(i * 7 + len);
		if (tunnel_name_read(text, len, 24, &name))
			CU_ASSERT_TRUE(len > 24 && len <= TUNNEL_NAME + 1 && name.own <= len);
		free(text);
	}
}

void suite_tunnel_name(void);
void suite_tunnel_name(void)
{
	CU_pSuite s = CU_add_suite("tunnel_name", NULL, NULL);

	CU_ADD_TEST(s, which_names_are_long);
	CU_ADD_TEST(s, any_bytes_of_any_length);
}
