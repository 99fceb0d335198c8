/* QUIC connections packet by packet: who begins, in which version, with which keys, in any order. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_initial.h"
#include "inspect/support/quic_seal.h"
#include "inspect/support/quic_vectors.h"
#include "support/hex.h"

enum { ROOM = 4096, HELLO = 1800, ANSWER = 90, PART = 600, HI = 1, LO = 0 };

struct stage {
	struct memory memory;
	struct memory_list list;
	struct quic_initial quic;
	struct quic_sink sink;
	uint8_t hello[2][HELLO];  /* what each side says */
	uint8_t told[2][HELLO];   /* what was told of it */
	uint32_t len[2], want[2]; /* bytes told; those after which no more are wanted */
	unsigned begun[2];
	uint32_t version[2];
	bool wants;
};

static bool keep(void *ctx, const struct quic_handshake *h)
{
	struct stage *s = ctx;
	bool side = h->from_server;

	if (!h->offset) {
		s->begun[side]++;
		s->len[side] = 0;
	}
	CU_ASSERT_TRUE_FATAL(
		h->len && h->offset == s->len[side] && h->len <= HELLO - h->offset);
	memcpy(s->told[side] + h->offset, h->bytes, h->len);
	s->len[side] += h->len;
	s->version[side] = h->version;
	return s->len[side] < s->want[side];
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct quic_sink){keep, s};
	for (unsigned i = 0; i < HELLO; i++) {
		s->hello[0][i] = (uint8_t)(i * 7 + i / 256);
		s->hello[1][i] = (uint8_t)(i * 5 + 1);
	}
	s->want[0] = HELLO;
	s->want[1] = ANSWER;
	return s;
}

static void stage_free(struct stage *s)
{
	memory_sweep(&s->list);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

static void again(struct stage *s)
{
	memory_sweep(&s->list);
	s->quic = (struct quic_initial){.version = 0};
	memset(s->len, 0, sizeof(s->len));
	memset(s->begun, 0, sizeof(s->begun));
}

static void give_cut(
	struct stage *s, const uint8_t *bytes, uint32_t cap, uint32_t wire, bool from)
{
	uint8_t *copy = malloc(cap ? cap : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, cap);
	s->wants = quic_initial_add(
		&s->quic, &s->memory, &s->list, cursor_make(copy, cap, wire), from, &s->sink);
	if (!s->wants)
		CU_ASSERT_EQUAL(s->memory.used, 0);
	free(copy);
}

/* A packet of the connection whose keys are from `keys_of`. */
struct said {
	const char *keys_of; /* 8 bytes */
	const char *destination;
	uint32_t version;
	uint32_t offset, len; /* of the side's hello */
	uint64_t number;
	bool from_server;
};

static struct quic_cid cid(const char *text)
{
	return (struct quic_cid){(const uint8_t *)text, (uint8_t)strlen(text)};
}

static uint32_t make(const struct stage *s, const struct said *said, uint8_t *out)
{
	const struct quic_seal seal = {.version = said->version,
		.destination = cid(said->destination),
		.source = cid("from"),
		.token_len = 3,
		.number = said->number,
		.number_len = 2};
	struct quic_cid keys_of = cid(said->keys_of);
	uint8_t frames[ROOM];
	struct quic_secrets secrets;
	uint32_t len = quic_crypto_frame(
		said->offset, s->hello[said->from_server] + said->offset, said->len, frames);

	quic_secrets_derive(said->version, &keys_of, &secrets);
	return quic_seal(
		&seal, said->from_server ? &secrets.server : &secrets.client, frames, len, out);
}

static void say(struct stage *s, const struct said *said)
{
	uint8_t bytes[ROOM];
	uint32_t len = make(s, said, bytes);

	give_cut(s, bytes, len, len, said->from_server ? LO : HI);
}

static void say_client(struct stage *s, uint32_t offset, uint32_t len)
{
	say(s, &(struct said){"original", "original", QUIC_V1, offset, len, offset, false});
}

static void say_server(struct stage *s)
{
	say(s, &(struct said){"original", "from", QUIC_V1, 0, ANSWER, 0, true});
}

static void expect(const struct stage *s, uint32_t client, uint32_t server)
{
	CU_ASSERT_EQUAL(s->len[0], client);
	CU_ASSERT_EQUAL(s->len[1], server);
	CU_ASSERT_TRUE(!memcmp(s->told[0], s->hello[0], s->len[0]));
	CU_ASSERT_TRUE(!memcmp(s->told[1], s->hello[1], s->len[1]));
}

static void both_sides_are_read(void)
{
	struct stage *s = stage_make();

	s->want[0] = 300;
	say_client(s, 0, 300);
	CU_ASSERT_TRUE(s->wants);
	expect(s, 300, 0);
	say_client(s, 0, 300); /* once more: no work for it */
	CU_ASSERT_EQUAL(s->quic.opened, 1);
	say_server(s);
	expect(s, 300, ANSWER);
	CU_ASSERT_FALSE(s->wants);
	CU_ASSERT_TRUE(s->quic.opened == 2 && s->quic.failed == 0 && s->quic.client_is_hi);
	CU_ASSERT_TRUE(s->version[0] == QUIC_V1 && s->begun[0] == 1 && s->begun[1] == 1);
	CU_ASSERT_EQUAL(s->memory.peak, 0);
	say_client(s, 0, 300);
	CU_ASSERT_TRUE(!s->wants && s->quic.opened == 2);
	stage_free(s);
}

/* Of three packets, of which one may come twice: each order gives the same. */
static void packets_come_in_any_order(void)
{
	static const uint32_t orders[][4] = {{0, 1, 2, 2}, {0, 2, 1, 0}, {1, 0, 2, 1},
		{1, 2, 0, 1}, {2, 0, 1, 2}, {2, 1, 0, 0}, {2, 2, 1, 0}};
	struct stage *s = stage_make();

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		again(s);
		for (unsigned k = 0; k < 4; k++)
			say_client(s, orders[i][k] * PART, PART);
		expect(s, HELLO, 0);
		CU_ASSERT_EQUAL(s->begun[0], 1);
		say_server(s);
		expect(s, HELLO, ANSWER);
		CU_ASSERT_FALSE(s->wants);
	}
	stage_free(s);
}

/* Every split of the hello into three frames, in one datagram of two packets, the last first. */
static void packets_share_a_datagram(void)
{
	struct stage *s = stage_make();
	uint8_t bytes[2 * ROOM];

	s->want[0] = 60;
	for (uint32_t a = 1; a < 60; a++) {
		uint32_t len = make(s,
			&(struct said){"original", "original", QUIC_V1, a, 60 - a, 1, false},
			bytes);

		len += make(s, &(struct said){"original", "original", QUIC_V1, 0, a, 0, false},
			bytes + len);
		memset(bytes + len, 0, 50); /* padding of a datagram, not of a packet */
		again(s);
		give_cut(s, bytes, len + 50, len + 50, HI);
		expect(s, 60, 0);
		CU_ASSERT_TRUE(s->quic.opened == 2 && !s->quic.failed);
	}
	stage_free(s);
}

static void published_packets_are_read(void)
{
	static const char *const packets[][2] = {
		{rfc9001_client, rfc9001_server}, {rfc9369_client, rfc9369_server}};
	static const uint32_t versions[] = {QUIC_V1, QUIC_V2};
	struct stage *s = stage_make();
	uint8_t bytes[ROOM], frames[ROOM];

	for (unsigned i = 0; i < 2; i++) {
		again(s);
		s->want[0] = 241; /* after type, offset and length of the frame */
		hex_read(rfc_client_frames, frames, sizeof(frames));
		memcpy(s->hello[0], frames + 4, 241);
		hex_read(rfc_server_frames, frames, sizeof(frames)); /* after an ACK of five */
		memcpy(s->hello[1], frames + 9, ANSWER);
		for (unsigned side = 0; side < 2; side++) {
			uint32_t len =
				(uint32_t)hex_read(packets[i][side], bytes, sizeof(bytes));

			give_cut(s, bytes, len, len, side ? LO : HI);
			CU_ASSERT_EQUAL(s->version[side], versions[i]);
		}
		expect(s, 241, ANSWER);
		CU_ASSERT_FALSE(s->wants);
	}
	stage_free(s);
}

/* After a Retry the client begins again with the server's Connection ID. */
static void a_retry_gives_new_keys(void)
{
	struct stage *s = stage_make();
	uint8_t bytes[ROOM];
	uint32_t len = (uint32_t)hex_read(rfc9001_retry, bytes, sizeof(bytes));

	/* With the whole hello told before; then in the middle of it; and a Retry that was not seen. */
	for (unsigned round = 0; round < 3; round++) {
		again(s);
		s->want[0] = PART;
		say_client(s, 0, round == 1 ? PART / 2 : PART);
		CU_ASSERT_TRUE(s->quic.datagrams == 1 && !s->quic.retried);
		if (round < 2)
			give_cut(s, bytes, len, len, LO);
		CU_ASSERT_EQUAL(s->quic.retried, round < 2);
		say(s, &(struct said){"retry-id", "retry-id", QUIC_V1, 0, PART, 1, false});
		say(s, &(struct said){"retry-id", "from", QUIC_V1, 0, ANSWER, 0, true});
		expect(s, PART, ANSWER);
		CU_ASSERT_EQUAL(s->begun[0], round == 1 ? 2 : 1);
		CU_ASSERT_TRUE(!s->wants && !s->quic.failed);
	}
	stage_free(s);
}

/* A server that does not speak the first version, and one that answers in another. */
static void versions_are_negotiated(void)
{
	static const uint8_t negotiation[] = {
		0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf};
	struct stage *s = stage_make();

	s->want[0] = PART;
	say(s, &(struct said){"original", "original", QUIC_DRAFT + 29, 0, PART / 2, 0, false});
	give_cut(s, negotiation, sizeof(negotiation), sizeof(negotiation), LO);
	CU_ASSERT_TRUE(s->quic.negotiated);
	say(s, &(struct said){"original", "original", QUIC_V2, 0, PART, 0, false});
	say(s, &(struct said){"original", "from", QUIC_V2, 0, ANSWER, 0, true});
	expect(s, PART, ANSWER);
	CU_ASSERT_TRUE(s->version[0] == QUIC_V2 && s->version[1] == QUIC_V2 && !s->quic.failed);

	again(s);
	s->want[0] = HELLO;
	say_client(s, 0, PART);
	say(s, &(struct said){"original", "from", QUIC_V2, 0, ANSWER, 0, true});
	say(s, &(struct said){"original", "server", QUIC_V2, PART, HELLO - PART, 1, false});
	expect(s, HELLO, ANSWER);
	CU_ASSERT_TRUE(s->begun[0] == 1 && !s->quic.failed && !s->wants);
	/* The client's first version is one that nobody knows. */
	again(s);
	say(s, &(struct said){"original", "original", 0x5a6a7a8a, 0, PART, 0, false});
	CU_ASSERT_TRUE(s->wants && !s->quic.opened);
	say_client(s, 0, HELLO);
	expect(s, HELLO, 0);
	stage_free(s);
}

/* The server's packets come first, or they alone were mirrored. */
static void a_server_alone_is_given_up(void)
{
	struct stage *s = stage_make();

	say_server(s);
	CU_ASSERT_TRUE(s->wants && s->quic.failed == 1);
	say_client(s, 0, HELLO);
	say_server(s);
	expect(s, HELLO, ANSWER);
	CU_ASSERT_TRUE(s->quic.client_is_hi);
	again(s);
	for (unsigned i = 1; i <= QUIC_FAILED_MAX; i++) {
		say_server(s);
		CU_ASSERT_EQUAL(s->wants, i < QUIC_FAILED_MAX);
	}
	CU_ASSERT_EQUAL(s->quic.opened, QUIC_FAILED_MAX);
	stage_free(s);
}

/* Work is counted, in one datagram and in many. */
static void work_is_bounded(void)
{
	struct stage *s = stage_make();
	uint8_t *bytes = malloc(100 * ROOM);
	uint32_t len = 0;
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (unsigned i = 0; i < 100; i++)
		len += make(s, &(struct said){"original", "original", QUIC_V1, i, 1, i, false},
			bytes + len);
	give_cut(s, bytes, len, len, HI);
	CU_ASSERT_TRUE(!s->wants && s->quic.opened == QUIC_OPEN_MAX);
	expect(s, QUIC_OPEN_MAX, 0);
	again(s);
	for (s->wants = true; s->wants && n < 1000; n++)
		give_cut(s, (const uint8_t *)"\x40 short", 7, 7, HI);
	CU_ASSERT_EQUAL(n, QUIC_DATAGRAMS_MAX);
	CU_ASSERT_EQUAL(s->quic.opened, 0);
	free(bytes);
	stage_free(s);
}

/* Deriving keys costs a hundred times what a packet costs that nobody opens: in a datagram of many that do not open it
 * is done once. A client's that are of another connection than the first are not read (RFC 9000, 12.2). */
static void of_many_in_a_datagram_one_is_tried(void)
{
	struct stage *s = stage_make();
	uint8_t *bytes = malloc(100 * ROOM);
	uint32_t len = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (unsigned i = 0; i < 30; i++)
		len += make(s, &(struct said){"another.", "original", QUIC_V1, 0, 20, i, false},
			bytes + len);
	give_cut(s, bytes, len, len, HI);
	CU_ASSERT_TRUE(s->wants && s->quic.opened == 1 && s->quic.failed == 1);
	len = make(
		s, &(struct said){"original", "original", QUIC_V1, 0, PART, 0, false}, bytes);
	len += make(s, &(struct said){"another.", "another.", QUIC_V1, 0, 20, 1, false},
		bytes + len);
	again(s);
	give_cut(s, bytes, len, len, HI);
	CU_ASSERT_TRUE(s->wants && s->quic.opened == 1 && !s->quic.failed);
	expect(s, PART, 0);
	free(bytes);
	stage_free(s);
}

/* Cut at every byte, in a buffer of just that size: the beginning of what it says. */
static void what_arrived_is_told(void)
{
	struct stage *s = stage_make();
	uint8_t bytes[ROOM];
	uint32_t len, before = 0;

	s->want[0] = 200;
	len = make(s, &(struct said){"original", "original", QUIC_V1, 0, 200, 0, false}, bytes);
	for (uint32_t cap = 0; cap <= len; cap++) {
		again(s);
		give_cut(s, bytes, cap, len, HI);
		expect(s, s->len[0], 0);
		CU_ASSERT_TRUE(s->len[0] >= before && s->len[0] <= 200);
		before = s->len[0];
	}
	CU_ASSERT_EQUAL(before, 200);
	stage_free(s);
}

static void goes_on_without_memory(void)
{
	struct stage *s = stage_make();

	CU_ASSERT_TRUE_FATAL(memory_share(&s->memory, 100, &(struct quota_params){0}));
	say_client(s, PART, PART);
	CU_ASSERT_TRUE(s->memory.refused > 0 && s->wants);
	say_client(s, 0, HELLO);
	say_server(s);
	expect(s, HELLO, ANSWER);
	CU_ASSERT_FALSE(s->wants);
	stage_free(s);
}

void suite_quic_initial(void);
void suite_quic_initial(void)
{
	CU_pSuite s = CU_add_suite("quic_initial", NULL, NULL);

	CU_ADD_TEST(s, both_sides_are_read);
	CU_ADD_TEST(s, packets_come_in_any_order);
	CU_ADD_TEST(s, packets_share_a_datagram);
	CU_ADD_TEST(s, published_packets_are_read);
	CU_ADD_TEST(s, a_retry_gives_new_keys);
	CU_ADD_TEST(s, versions_are_negotiated);
	CU_ADD_TEST(s, a_server_alone_is_given_up);
	CU_ADD_TEST(s, work_is_bounded);
	CU_ADD_TEST(s, of_many_in_a_datagram_one_is_tried);
	CU_ADD_TEST(s, what_arrived_is_told);
	CU_ADD_TEST(s, goes_on_without_memory);
}
