/* QUIC's headers and packet protection, against RFC 9000, RFC 9001 and RFC 9369. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_keys.h"
#include "inspect/support/quic_seal.h"
#include "inspect/support/quic_vectors.h"
#include "support/hex.h"

enum { ROOM = 4096 };

static const uint8_t destination[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
static const struct quic_cid rfc_cid = {destination, sizeof(destination)};

static bool is_hex(const uint8_t *bytes, uint32_t len, const char *text)
{
	uint8_t want[64];

	return hex_read(text, want, sizeof(want)) == len && !memcmp(bytes, want, len);
}

static void integers_are_read(void)
{
	/* RFC 9000, A.1 */
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {{"c2197c5eff14e88c", UINT64_C(151288809941952652)}, {"9d7f3e7d", 494878333},
		{"7bbd", 15293}, {"25", 37}, {"4025", 37},
		{"ffffffffffffffff", (UINT64_C(1) << 62) - 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[8];
		uint32_t len = (uint32_t)hex_read(rows[i].text, bytes, sizeof(bytes));
		struct cursor c = cursor_make(bytes, len, len);

		CU_ASSERT_EQUAL(quic_varint(&c), rows[i].value);
		CU_ASSERT_EQUAL(c.wire, 0);
		for (uint32_t cap = 0; cap < len; cap++) {
			c = cursor_make(bytes, cap, len);
			CU_ASSERT_EQUAL(quic_varint(&c), 0);
			CU_ASSERT_EQUAL(c.status, CURSOR_CUT);
			c = cursor_make(bytes, cap, cap);
			CU_ASSERT_EQUAL(quic_varint(&c), 0);
			CU_ASSERT_EQUAL(c.status, CURSOR_BAD);
		}
	}
}

static void versions_have_names(void)
{
	static const struct {
		uint32_t version;
		const char *name;
		bool known;
	} rows[] = {{1, "v1", true}, {0x6b3343cf, "v2", true}, {0xff00001d, "draft-29", true},
		{0xff000016, "draft-22", true}, {0xff000022, "draft-34", true},
		{0xff000015, "0xff000015", false}, {0xff000023, "0xff000023", false},
		{0xfaceb002, "mvfst-27", true}, {0x54303531, "T051", true},
		{0x5a6a7a8a, "0x5a6a7a8a", false}, {0, "0x00000000", false},
		{2, "0x00000002", false}};
	char text[QUIC_VERSION_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_STRING_EQUAL(quic_version_name(rows[i].version, text), rows[i].name);
		CU_ASSERT_EQUAL(quic_version_is_known(rows[i].version), rows[i].known);
	}
}

/* One row a packet, followed by `0102`. */
static void headers_are_read(void)
{
	static const struct {
		const char *about, *text;
		enum quic_type type;
		uint32_t len; /* of the packet; 0: all of the datagram */
		uint32_t number_at;
	} rows[] = {
		{"Initial", "c0 00000001 01 aa 02 bbcc 03 010203 04 11223344", QUIC_INITIAL, 19,
			15},
		{"0-RTT", "d0 00000001 01 aa 00 04 11223344", QUIC_ZERO_RTT, 13, 9},
		{"Handshake", "e0 ff00001d 00 00 02 1122", QUIC_HANDSHAKE, 10, 8},
		{"Retry", "f0 00000001 00 01 aa 0102030405", QUIC_RETRY, 0, 0},
		{"Initial, v2", "d0 6b3343cf 00 00 00 01 11", QUIC_INITIAL, 10, 9},
		{"0-RTT, v2", "e0 6b3343cf 00 00 01 11", QUIC_ZERO_RTT, 9, 8},
		{"Handshake, v2", "f0 6b3343cf 00 00 01 11", QUIC_HANDSHAKE, 9, 8},
		{"Retry, v2", "c0 6b3343cf 00 00 0102", QUIC_RETRY, 0, 0},
		{"without the fixed bit", "80 00000001 00 00 00 01 11", QUIC_INITIAL, 10, 9},
		{"negotiation", "80 00000000 01 aa 01 bb 00000001 6b3343cf", QUIC_NEGOTIATION,
			0, 0},
		{"unknown", "c0 5a6a7a8a 00 00 1122", QUIC_UNKNOWN, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64];
		uint32_t len = (uint32_t)hex_read(rows[i].text, bytes, sizeof(bytes) - 2);
		struct cursor c = cursor_make(bytes, len + 2, len + 2);
		struct quic_packet packet;

		CU_ASSERT_TRUE_FATAL(quic_packet_read(&c, &packet));
		CU_ASSERT_EQUAL(packet.type, rows[i].type);
		CU_ASSERT_EQUAL(packet.bytes.wire, rows[i].len ? rows[i].len : len + 2);
		CU_ASSERT_EQUAL(c.wire, len + 2 - packet.bytes.wire);
		CU_ASSERT_EQUAL(packet.number_at, rows[i].number_at);
		/* Cut anywhere, in a buffer of just that size: never more than there is. */
		for (uint32_t cap = 0; cap < len; cap++) {
			uint8_t *part = malloc(cap ? cap : 1);

			CU_ASSERT_PTR_NOT_NULL_FATAL(part);
			memcpy(part, bytes, cap);
			c = cursor_make(part, cap, len);
			if (quic_packet_read(&c, &packet))
				CU_ASSERT_TRUE(
					packet.number_at <= cap && packet.bytes.cap <= cap);
			free(part);
		}
	}
}

static void headers_that_lie_are_none(void)
{
	static const char *const rows[] = {"", "40", "4000000001", "c000000001",
		"c0 00000001 05 aabbccdd", "c0 00000001 00 05 aabb",
		"c0 00000001 00 00 05 01020304", "c0 00000001 00 00 00 02 11",
		"c0 00000001 00 00 ffffffffffffffff 00",
		"c0 00000001 00 00 00 ffffffffffffffff 00",
		"c0 00000001 15 000102030405060708090a0b0c0d0e0f1011121314 00 00 01 11"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64];
		uint32_t len = (uint32_t)hex_read(rows[i], bytes, sizeof(bytes));
		struct cursor c = cursor_make(bytes, len, len);
		struct quic_packet packet;

		CU_ASSERT_FALSE(quic_packet_read(&c, &packet));
		CU_ASSERT_FALSE(quic_is_initial(cursor_make(bytes, len, len)));
	}
}

static void secrets_are_as_published(void)
{
	struct quic_secrets s;

	quic_secrets_derive(QUIC_V1, &rfc_cid, &s);
	CU_ASSERT_TRUE(is_hex(s.client.key, 16, "1f369613dd76d5467730efcbe3b1a22d"));
	CU_ASSERT_TRUE(is_hex(s.client.iv, 12, "fa044b2f42a3fd3b46fb255c"));
	CU_ASSERT_TRUE(is_hex(s.client.hp, 16, "9f50449e04a0e810283a1e9933adedd2"));
	CU_ASSERT_TRUE(is_hex(s.server.key, 16, "cf3a5331653c364c88f0f379b6067e37"));
	CU_ASSERT_TRUE(is_hex(s.server.iv, 12, "0ac1493ca1905853b0bba03e"));
	CU_ASSERT_TRUE(is_hex(s.server.hp, 16, "c206b8d9b9f0f37644430b490eeaa314"));
	quic_secrets_derive(QUIC_V2, &rfc_cid, &s);
	CU_ASSERT_TRUE(is_hex(s.client.key, 16, "8b1a0bc121284290a29e0971b5cd045d"));
	CU_ASSERT_TRUE(is_hex(s.client.iv, 12, "91f73e2351d8fa91660e909f"));
	CU_ASSERT_TRUE(is_hex(s.client.hp, 16, "45b95e15235d6f45a6b19cbcb0294ba9"));
	CU_ASSERT_TRUE(is_hex(s.server.key, 16, "82db637861d55e1d011f19ea71d5d2a7"));
	CU_ASSERT_TRUE(is_hex(s.server.iv, 12, "dd13c276499c0249d3310652"));
	CU_ASSERT_TRUE(is_hex(s.server.hp, 16, "edf6d05c83121201b436e16877593c3a"));
}

/* What one test opens: `bytes` are on the heap, of just their length. */
struct opened {
	struct quic_packet packet;
	struct quic_plain plain;
	bool ok;
};

static struct opened *open_bytes(const uint8_t *bytes, uint32_t cap, uint32_t wire,
	const struct quic_keys *keys, uint64_t expected)
{
	struct opened *o = calloc(1, sizeof(*o));
	uint8_t *copy = malloc(cap ? cap : 1);
	struct cursor c = cursor_make(copy, cap, wire);

	CU_ASSERT_TRUE_FATAL(o && copy);
	memcpy(copy, bytes, cap);
	o->ok = quic_packet_read(&c, &o->packet) && o->packet.number_at &&
		quic_keys_open(keys, &o->packet, expected, &o->plain);
	free(copy);
	return o;
}

static void opens_as_published(uint32_t version, const char *packet, const char *frames,
	bool from_server, uint64_t number)
{
	struct quic_secrets s;
	uint8_t bytes[ROOM], want[ROOM] = {0};
	uint32_t len = (uint32_t)hex_read(packet, bytes, sizeof(bytes));
	uint32_t n = (uint32_t)hex_read(frames, want, sizeof(want));
	const struct quic_keys *keys = from_server ? &s.server : &s.client;
	struct opened *o;

	quic_secrets_derive(version, &rfc_cid, &s);
	n = from_server ? n : RFC_CLIENT_PLAIN;
	o = open_bytes(bytes, len, len, keys, 0);
	CU_ASSERT_TRUE(o->ok);
	CU_ASSERT_EQUAL(o->packet.version, version);
	CU_ASSERT_EQUAL(o->plain.number, number);
	CU_ASSERT_TRUE(o->plain.frames.cap == n && o->plain.frames.wire == n &&
		       !memcmp(o->plain.frames.at, want, n));
	free(o);
	/* With the other side's keys, and with any bit turned, it does not open. */
	o = open_bytes(bytes, len, len, from_server ? &s.client : &s.server, 0);
	CU_ASSERT_FALSE(o->ok);
	free(o);
	for (uint32_t at = 0; at < len; at += 7) {
		bytes[at] ^= 0x20;
		o = open_bytes(bytes, len, len, keys, 0);
		CU_ASSERT_FALSE(o->ok);
		free(o);
		bytes[at] ^= 0x20;
	}
	/* Cut: what arrived. */
	for (uint32_t cap = 0; cap < len; cap += cap < 64 || cap > len - 40 ? 1 : 50) {
		o = open_bytes(bytes, cap, len, keys, 0);
		CU_ASSERT_EQUAL(o->ok, cap >= o->packet.number_at + 20 && o->packet.number_at);
		if (o->ok)
			CU_ASSERT_TRUE(o->plain.frames.wire == n &&
				       o->plain.frames.cap <= cap &&
				       !memcmp(o->plain.frames.at, want, o->plain.frames.cap));
		free(o);
	}
}

static void packets_open_as_published(void)
{
	opens_as_published(QUIC_V1, rfc9001_client, rfc_client_frames, false, 2);
	opens_as_published(QUIC_V1, rfc9001_server, rfc_server_frames, true, 1);
	opens_as_published(QUIC_V2, rfc9369_client, rfc_client_frames, false, 2);
	opens_as_published(QUIC_V2, rfc9369_server, rfc_server_frames, true, 1);
}

/* Cut packets that were made with other keys: few of them look like what they are not. */
static void cut_packets_of_other_keys_stay_closed(void)
{
	struct quic_secrets s;
	uint8_t bytes[ROOM];
	unsigned opened = 0;

	quic_secrets_derive(QUIC_V1, &rfc_cid, &s);
	for (unsigned i = 0; i < 1000; i++) {
		const struct quic_seal seal = {.version = QUIC_V1,
			.destination = rfc_cid,
			.number = i,
			.number_len = 2};
		uint32_t len = quic_seal(&seal, &s.server, "\6\0\3abc", 6, bytes);
		struct opened *o = open_bytes(bytes, len - 1, len, &s.client, 0);

		opened += o->ok;
		free(o);
		o = open_bytes(bytes, len - 1, len, &s.server, i);
		CU_ASSERT_TRUE(o->ok);
		free(o);
	}
	CU_ASSERT_TRUE(opened < 15); /* 1 in 171 by chance */
}

/* RFC 9000, A.3, and its borders. */
static void numbers_are_made_whole(void)
{
	static const struct {
		uint64_t number, expected;
		uint32_t len;
	} rows[] = {{0xa82f9b32, 0xa82f30eb, 2}, {0, 0, 1}, {255, 0, 1}, {130, 4, 1},
		{0x100, 0xff, 1}, {0xff, 0x100, 1}, {0x17f, 0x100, 1}, {0x81, 0x100, 1},
		{0xffffffff, 0, 4}, {0x100000001, 0xfffffffe, 4},
		{(UINT64_C(1) << 62) - 1, (UINT64_C(1) << 62) - 1, 3}};
	struct quic_secrets s;
	uint8_t bytes[ROOM];

	quic_secrets_derive(QUIC_V1, &rfc_cid, &s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct quic_seal seal = {.version = QUIC_V1,
			.destination = rfc_cid,
			.number = rows[i].number,
			.number_len = rows[i].len};
		uint32_t len = quic_seal(&seal, &s.client, "\1\1\1", 3, bytes);
		struct opened *o = open_bytes(bytes, len, len, &s.client, rows[i].expected);

		CU_ASSERT_TRUE(o->ok);
		CU_ASSERT_EQUAL(o->plain.number, rows[i].number);
		free(o);
	}
}

/* Longer than what is kept: it is read as one that was cut. */
static void long_packets_are_cut(void)
{
	enum { LONG = QUIC_PLAIN_MAX + 100 };
	const struct quic_seal seal = {
		.version = QUIC_V1, .destination = rfc_cid, .number_len = 1};
	uint8_t *frames = calloc(1, LONG), *bytes = malloc(LONG + 100);
	struct quic_secrets s;
	struct opened *o;
	uint32_t len;

	CU_ASSERT_TRUE_FATAL(frames && bytes);
	quic_secrets_derive(QUIC_V1, &rfc_cid, &s);
	memset(frames + 1, 0x5a, LONG - 1);
	len = quic_seal(&seal, &s.client, frames, LONG, bytes);
	o = open_bytes(bytes, len, len, &s.client, 0);
	CU_ASSERT_TRUE(o->ok);
	CU_ASSERT_TRUE(o->plain.frames.wire == LONG && o->plain.frames.cap < QUIC_PLAIN_MAX &&
		       !memcmp(o->plain.frames.at, frames, o->plain.frames.cap));
	free(o);
	free(frames);
	free(bytes);
}

void suite_quic_keys(void);
void suite_quic_keys(void)
{
	CU_pSuite s = CU_add_suite("quic_keys", NULL, NULL);

	CU_ADD_TEST(s, integers_are_read);
	CU_ADD_TEST(s, versions_have_names);
	CU_ADD_TEST(s, headers_are_read);
	CU_ADD_TEST(s, headers_that_lie_are_none);
	CU_ADD_TEST(s, secrets_are_as_published);
	CU_ADD_TEST(s, packets_open_as_published);
	CU_ADD_TEST(s, cut_packets_of_other_keys_stay_closed);
	CU_ADD_TEST(s, numbers_are_made_whole);
	CU_ADD_TEST(s, long_packets_are_cut);
}
