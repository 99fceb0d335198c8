/* The hellos of QUIC connections and the details made of them: those of RFC 9001, and with a user agent. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_draft.h"
#include "inspect/proto/quic/quic_hello.h"
#include "inspect/proto/tls/tls_draft.h"
#include "inspect/support/quic_seal.h"
#include "inspect/support/quic_vectors.h"
#include "support/hex.h"

enum { ROOM = 4096, HI = 1, LO = 0 };

struct stage {
	struct memory memory;
	struct memory_list list;
	struct quic_hello hello;
	struct quic_hello_sink sink;
	struct draft draft;
	unsigned n_clients, n_servers;
	bool client_is_whole, wants;
	uint32_t version;
	uint16_t cipher, group;
};

static void keep_client(void *ctx, uint32_t version, const struct tls_client_hello *hello)
{
	struct stage *s = ctx;

	s->n_clients++;
	s->version = version;
	s->client_is_whole = hello->is_whole;
	draft_quic_client_hello(&s->draft, version, hello);
}

static void keep_server(void *ctx, uint32_t version, const struct tls_server_hello *hello)
{
	struct stage *s = ctx;

	CU_ASSERT_EQUAL(version, s->version);
	s->n_servers++;
	s->cipher = hello->cipher;
	s->group = hello->group;
	draft_tls_server_hello(&s->draft, hello);
}

static void again(struct stage *s)
{
	memory_sweep(&s->list);
	s->hello = (struct quic_hello){.initial = {.version = 0}};
	s->n_clients = s->n_servers = 0;
	draft_reset(&s->draft);
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct quic_hello_sink){keep_client, keep_server, s};
	return s;
}

static void stage_free(struct stage *s)
{
	quic_hello_end(&s->hello, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

static void give(struct stage *s, const uint8_t *bytes, uint32_t cap, uint32_t wire, bool from)
{
	uint8_t *copy = malloc(cap ? cap : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, cap);
	s->wants = quic_hello_add(
		&s->hello, &s->memory, &s->list, cursor_make(copy, cap, wire), from, &s->sink);
	free(copy);
}

static bool says(struct stage *s, enum detail detail, const char *text)
{
	struct details *details = draft_finish(&s->draft, &s->memory, &s->list);
	size_t len = 0;
	const char *at = details_string(details, detail, &len);
	bool is_same = text ? at && len == strlen(text) && !memcmp(at, text, len) : !at;

	memory_free(details);
	return is_same;
}

/* JA3 as tshark prints it of these packets; JA4 by hand after its description. */
static void expect_rfc(struct stage *s, const char *version)
{
	CU_ASSERT_TRUE(s->n_clients == 1 && s->n_servers == 1 && s->client_is_whole);
	CU_ASSERT_TRUE(says(s, DETAIL_quic_version, version));
	CU_ASSERT_TRUE(says(s, DETAIL_quic_user_agent, NULL));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_sni, "example.com"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_alpn, "alpn"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_ja3, "41bc9ae914d6cb3bd0bd0a5453ab7d7f"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_ja4, "q13d0211an_62ed6f6ca7ad_4d634acda6c0"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_version, "TLSv1.3"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_cipher, "TLS_AES_128_GCM_SHA256"));
	CU_ASSERT_TRUE(says(s, DETAIL_tls_group, "x25519"));
}

static void published_hellos_are_read(void)
{
	static const char *const packets[][3] = {
		{rfc9001_client, rfc9001_server, "v1"}, {rfc9369_client, rfc9369_server, "v2"}};
	struct stage *s = stage_make();
	uint8_t bytes[ROOM];

	for (unsigned i = 0; i < 2; i++) {
		again(s);
		for (unsigned side = 0; side < 2; side++) {
			uint32_t len =
				(uint32_t)hex_read(packets[i][side], bytes, sizeof(bytes));

			give(s, bytes, len, len, side ? LO : HI);
			CU_ASSERT_EQUAL(s->wants, !side);
		}
		CU_ASSERT_EQUAL(s->memory.peak, 0);
		expect_rfc(s, packets[i][2]);
		s->memory.peak = 0;
	}
	stage_free(s);
}

/* A packet of one CRYPTO frame with the hello's bytes from `from` up to `to`. */
static uint32_t make(const uint8_t *hello, uint32_t from, uint32_t to, uint8_t *out)
{
	static const uint8_t destination[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const struct quic_seal seal = {.version = QUIC_DRAFT + 29,
		.destination = {destination, sizeof(destination)},
		.number = from,
		.number_len = 2};
	struct quic_secrets secrets;
	uint8_t frames[ROOM];
	uint32_t len = quic_crypto_frame(from, hello + from, to - from, frames);

	quic_secrets_derive(seal.version, &seal.destination, &secrets);
	return quic_seal(&seal, &secrets.client, frames, len, out);
}

/* The ClientHello of RFC 9001 with a user agent among its transport parameters. */
static uint32_t add_user_agent(uint8_t *hello)
{
	static const uint8_t parameter[] = {0x71, 0x29, 5, 'a', '/', '1', ' ', 'b'};
	uint8_t frames[ROOM];
	uint32_t len = (uint32_t)hex_read(rfc_client_frames, frames, sizeof(frames)) - 4;

	memcpy(hello, frames + 4, len);
	memcpy(hello + len, parameter, sizeof(parameter));
	hello[3] = (uint8_t)(hello[3] + sizeof(parameter)); /* of the message: 237 before */
	/* Of all extensions: 192 before. */
	hello[48] = (uint8_t)(hello[48] + sizeof(parameter));
	hello[len - 51] =
		(uint8_t)(hello[len - 51] + sizeof(parameter)); /* of 0039: 50 before */
	return len + (uint32_t)sizeof(parameter);
}

/* Every split into two packets, the second first. */
static void a_hello_of_two_packets_has_a_user_agent(void)
{
	struct stage *s = stage_make();
	uint8_t hello[ROOM], bytes[ROOM];
	uint32_t len = add_user_agent(hello);

	CU_ASSERT_TRUE_FATAL(hello[3] == 245 && hello[len - 59] == 58);
	for (uint32_t at = 1; at < len; at++) {
		uint32_t n = make(hello, at, len, bytes);

		again(s);
		give(s, bytes, n, n, LO);
		CU_ASSERT_EQUAL(s->n_clients, 0);
		n = make(hello, 0, at, bytes);
		give(s, bytes, n, n, LO);
		CU_ASSERT_TRUE(s->n_clients == 1 && s->client_is_whole && s->wants);
		CU_ASSERT_TRUE(says(s, DETAIL_quic_version, "draft-29"));
		CU_ASSERT_TRUE(says(s, DETAIL_quic_user_agent, "a/1 b"));
		CU_ASSERT_EQUAL(s->memory.used, 0);
	}
	stage_free(s);
}

/* What of a hello was cut is told when nothing more comes. */
static void a_cut_hello_is_told_at_the_end(void)
{
	struct stage *s = stage_make();
	uint8_t hello[ROOM], bytes[ROOM];
	uint32_t len = add_user_agent(hello), n = make(hello, 0, len, bytes);
	bool had_sni = false;

	for (uint32_t cap = 0; cap < n; cap++) {
		bool has_sni;

		again(s);
		give(s, bytes, cap, n, LO);
		quic_hello_end(&s->hello, &s->sink);
		CU_ASSERT_EQUAL(s->memory.used, 0);
		CU_ASSERT_TRUE(s->n_clients <= 1);
		has_sni = says(s, DETAIL_tls_sni, "example.com");
		CU_ASSERT_TRUE(has_sni || says(s, DETAIL_tls_sni, NULL));
		CU_ASSERT_TRUE(has_sni || !had_sni);
		had_sni = has_sni;
	}
	CU_ASSERT_TRUE(had_sni);
	stage_free(s);
}

/* A hello whose beginning never comes holds memory until the end. */
static void the_end_gives_memory_back(void)
{
	struct stage *s = stage_make();
	uint8_t hello[ROOM], bytes[ROOM];
	uint32_t len = add_user_agent(hello), n = make(hello, 100, len, bytes);

	give(s, bytes, n, n, LO);
	CU_ASSERT_TRUE(s->wants && s->memory.used > 0);
	quic_hello_end(&s->hello, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	CU_ASSERT_EQUAL(s->n_clients, 0);
	give(s, bytes, n, n, LO);
	CU_ASSERT_FALSE(s->wants);
	stage_free(s);
}

/* CRYPTO frames without TLS in them. */
static void what_is_no_tls_is_left(void)
{
	struct stage *s = stage_make();
	uint8_t hello[ROOM], bytes[ROOM];
	uint32_t n;

	memset(hello, 0xee, sizeof(hello));
	n = make(hello, 0, 1000, bytes);
	give(s, bytes, n, n, HI);
	CU_ASSERT_TRUE(s->n_clients == 0 && s->hello.initial.crypto[0].done);
	stage_free(s);
}

void suite_quic_hello(void);
void suite_quic_hello(void)
{
	CU_pSuite s = CU_add_suite("quic_hello", NULL, NULL);

	CU_ADD_TEST(s, published_hellos_are_read);
	CU_ADD_TEST(s, a_hello_of_two_packets_has_a_user_agent);
	CU_ADD_TEST(s, a_cut_hello_is_told_at_the_end);
	CU_ADD_TEST(s, the_end_gives_memory_back);
	CU_ADD_TEST(s, what_is_no_tls_is_left);
}
