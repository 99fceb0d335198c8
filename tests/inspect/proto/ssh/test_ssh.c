/* SSH up to KEXINIT (RFC 4253), as one piece and in any pieces, and HASSH against published examples. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/ssh/ssh_stream.h"

enum { STREAM_MAX = 100000, PACKET_ROOM = 40000 };

/* A stream's bytes, and what was told of them. */
struct stage {
	struct memory memory;
	struct memory_list list;
	struct ssh_stream stream;
	struct ssh_sink sink;
	uint8_t bytes[STREAM_MAX];
	uint32_t len;
	unsigned n_lines, n_kexinits;
	char line[SSH_LINE_MAX + 1];
	uint32_t n_lists;
	char hassh[2]
		  [SSH_HASSH_TEXT]; /* as a client's, as a server's; "": not enough arrived */
	bool wants;                 /* the stream's last answer */
};

static void keep_line(void *ctx, const uint8_t *line, uint32_t len)
{
	struct stage *s = ctx;

	CU_ASSERT_TRUE_FATAL(len <= SSH_LINE_MAX);
	memcpy(s->line, line, len);
	s->line[len] = '\0';
	s->n_lines++;
}

static void keep_kexinit(void *ctx, const struct ssh_kexinit *kexinit)
{
	struct stage *s = ctx;

	s->n_kexinits++;
	s->n_lists = kexinit->n_lists;
	CU_ASSERT_TRUE_FATAL(kexinit->n_lists && kexinit->n_lists <= SSH_LISTS);
	for (unsigned side = 0; side < 2; side++)
		if (!ssh_hassh(kexinit, side, s->hassh[side]))
			s->hassh[side][0] = '\0';
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct ssh_sink){keep_line, keep_kexinit, s};
	return s;
}

static void stage_free(struct stage *s)
{
	memory_sweep(&s->list);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

/* The same bytes from the beginning. */
static void again(struct stage *s)
{
	memory_sweep(&s->list);
	s->stream = (struct ssh_stream){.skip = 0};
	s->n_lines = s->n_kexinits = s->n_lists = 0;
	s->line[0] = s->hassh[0][0] = s->hassh[1][0] = '\0';
	s->wants = true;
}

static void add(struct stage *s, const void *bytes, uint32_t len)
{
	CU_ASSERT_TRUE_FATAL(len <= STREAM_MAX - s->len);
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void add_text(struct stage *s, const char *text)
{
	add(s, text, (uint32_t)strlen(text));
}

static void add_u32(struct stage *s, uint32_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value};

	add(s, bytes, sizeof(bytes));
}

/* A packet of `len` bytes of payload, of which the first is its type. */
static void add_packet(struct stage *s, const void *payload, uint32_t len)
{
	static const uint8_t zero[8] = {0};
	uint8_t padding = (uint8_t)(4 + (8 - (len + 9) % 8) % 8);

	add_u32(s, 1 + len + padding);
	add(s, &padding, 1);
	add(s, payload, len);
	for (; padding > 4; padding--)
		add(s, zero, 1);
	add(s, zero, 4);
}

struct lists {
	const char *name[10];
};

static void add_kexinit(struct stage *s, const struct lists *lists)
{
	struct stage *payload = stage_make();
	static const uint8_t cookie[17] = {SSH_KEXINIT, 1, 2, 3}, tail[5] = {0};

	add(payload, cookie, sizeof(cookie));
	for (unsigned i = 0; i < 10; i++) {
		add_u32(payload, (uint32_t)strlen(lists->name[i]));
		add_text(payload, lists->name[i]);
	}
	add(payload, tail, sizeof(tail));
	add_packet(s, payload->bytes, payload->len);
	stage_free(payload);
}

/* The bytes from `from` up to `to`, of which `cap` arrived, in a buffer of just that size. */
static void give_cut(struct stage *s, uint32_t gap, uint32_t from, uint32_t to, uint32_t cap)
{
	uint8_t *bytes = malloc(cap ? cap : 1);
	struct stream_part part = {gap, cursor_make(bytes, cap, to - from)};

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memcpy(bytes, s->bytes + from, cap);
	s->wants = ssh_stream_add(&s->stream, &s->memory, &s->list, &part, &s->sink);
	if (!s->wants)
		CU_ASSERT_EQUAL(s->memory.used, 0);
	free(bytes);
}

static void give(struct stage *s, uint32_t from, uint32_t to)
{
	give_cut(s, 0, from, to, to - from);
}

static const struct lists small = {{"a", "b", "c", "d", "e,f", "g", "h", "", "", ""}};
/* openssl md5 of a;c;e,f;h and a;d;g; */
static const char small_client[] = "44533f0e13437b84d5dbe712c79bdca5",
		  small_server[] = "3d7b6092865e96e34b03c43d8873aa91";

/* github.com/salesforce/hassh, example 1; its server's example names no sum. */
static const struct lists cyberduck = {
	{"curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp521,"
	 "ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha1,"
	 "diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group14-sha256,"
	 "diffie-hellman-group15-sha512,diffie-hellman-group16-sha512,"
	 "diffie-hellman-group17-sha512,diffie-hellman-group18-sha512,"
	 "diffie-hellman-group14-sha256@ssh.com,diffie-hellman-group15-sha256,"
	 "diffie-hellman-group15-sha256@ssh.com,diffie-hellman-group15-sha384@ssh.com,"
	 "diffie-hellman-group16-sha256,diffie-hellman-group16-sha384@ssh.com,"
	 "diffie-hellman-group16-sha512@ssh.com,diffie-hellman-group18-sha512@ssh.com",
		"ssh-ed25519",
		"aes128-cbc,aes128-ctr,aes192-cbc,aes192-ctr,aes256-cbc,aes256-ctr,blowfish-cbc,"
		"blowfish-ctr,cast128-cbc,cast128-ctr,idea-cbc,idea-ctr,serpent128-cbc,"
		"serpent128-ctr,serpent192-cbc,serpent192-ctr,serpent256-cbc,serpent256-ctr,"
		"3des-cbc,3des-ctr,twofish128-cbc,twofish128-ctr,twofish192-cbc,twofish192-ctr,"
		"twofish256-cbc,twofish256-ctr,twofish-cbc,arcfour,arcfour128,arcfour256",
		"another",
		"hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-sha2-256,hmac-sha2-512",
		"another", "zlib@openssh.com,zlib,none", "another", "", ""}};

static void hassh_is_as_published(void)
{
	struct stage *s = stage_make();

	add_text(s, "SSH-2.0-Cyberduck/6.7.1.28683 (Mac OS X/10.13.6) (x86_64)\r\n");
	add_kexinit(s, &cyberduck);
	again(s);
	give(s, 0, s->len);
	CU_ASSERT_STRING_EQUAL(
		s->line, "SSH-2.0-Cyberduck/6.7.1.28683 (Mac OS X/10.13.6) (x86_64)");
	CU_ASSERT_EQUAL(s->n_kexinits, 1);
	CU_ASSERT_STRING_EQUAL(s->hassh[0], "8a8ae540028bf433cd68356c1b9e8d5b");
	CU_ASSERT_STRING_NOT_EQUAL(s->hassh[1], s->hassh[0]);
	CU_ASSERT_FALSE(s->wants);
	/* Whole in its segment: no memory was taken. */
	CU_ASSERT_EQUAL(s->memory.peak, 0);
	stage_free(s);
}

/* One row a beginning of a stream, before a KEXINIT of `small`. */
struct row {
	const char *about, *bytes, *line;
	unsigned n_kexinits;
};

static const struct row rows[] = {
	{"as it should be", "SSH-2.0-x_1.0 a comment\r\n", "SSH-2.0-x_1.0 a comment", 1},
	{"LF alone", "SSH-2.0-x\n", "SSH-2.0-x", 1},
	{"one CR of two", "SSH-2.0-x\r\r\n", "SSH-2.0-x\r", 1},
	{"a version 1 that speaks 2, too", "SSH-1.99-x\r\n", "SSH-1.99-x", 1},
	{"version 1 alone", "SSH-1.5-x\r\n", "SSH-1.5-x", 0},
	{"a version 1 that begins like it", "SSH-1.999-x\r\n", "SSH-1.999-x", 0},
	{"lines before", "Hello\r\n\r\nSSH is what we speak\r\nSSH-2.0-x\r\n", "SSH-2.0-x", 1},
	{"a version yet to come", "SSH-3.0-x\r\n", "SSH-3.0-x", 1},
	{"no identification", "", "", 1},
	{"nothing but lines", "Hello\r\n", "", 1},
	{"any bytes", "SSH-2.0-\xff\x01\xc3\r\n", "SSH-2.0-\xff\x01\xc3", 1},
};

static void expect(const struct stage *s, const char *line, unsigned n_kexinits)
{
	CU_ASSERT_STRING_EQUAL(s->line, line);
	CU_ASSERT_EQUAL(s->n_lines, line[0] ? 1 : 0);
	CU_ASSERT_EQUAL(s->n_kexinits, n_kexinits);
	CU_ASSERT_STRING_EQUAL(s->hassh[0], n_kexinits ? small_client : "");
	CU_ASSERT_STRING_EQUAL(s->hassh[1], n_kexinits ? small_server : "");
	CU_ASSERT_FALSE(s->wants);
}

/* In two pieces and in three it is the same as in one. */
static void split(struct stage *s, const char *line, unsigned n_kexinits)
{
	for (uint32_t a = 0; a <= s->len; a++)
		for (uint32_t b = a; b <= s->len; b++) {
			again(s);
			give(s, 0, a);
			give(s, a, b);
			give(s, b, s->len);
			expect(s, line, n_kexinits);
		}
	again(s);
	for (uint32_t at = 0; at < s->len; at++)
		give(s, at, at + 1);
	expect(s, line, n_kexinits);
}

static void rows_are_read_in_any_pieces(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage *s = stage_make();

		add_text(s, rows[i].bytes);
		add_kexinit(s, &small);
		add_text(s, "what comes after it");
		again(s);
		give(s, 0, s->len);
		expect(s, rows[i].line, rows[i].n_kexinits);
		split(s, rows[i].line, rows[i].n_kexinits);
		stage_free(s);
	}
}

/* IGNORE and DEBUG may come at any time; another message may not. */
static void messages_before_kexinit(void)
{
	static const uint8_t ignore[20] = {SSH_IGNORE}, debug[40] = {SSH_DEBUG},
			     other[20] = {1};
	struct stage *s = stage_make();

	add_text(s, "SSH-2.0-x\r\n");
	add_packet(s, ignore, sizeof(ignore));
	add_packet(s, debug, sizeof(debug));
	add_kexinit(s, &small);
	split(s, "SSH-2.0-x", 1);
	/* A gap inside one of them takes nothing from what follows, one over its end does. */
	again(s);
	give(s, 0, 30);
	give_cut(s, 5, 35, s->len, s->len - 35);
	expect(s, "SSH-2.0-x", 1);
	again(s);
	give(s, 0, 30);
	give_cut(s, 60, 90, s->len, s->len - 90);
	expect(s, "SSH-2.0-x", 0);
	s->len = 11;
	add_packet(s, other, sizeof(other));
	add_kexinit(s, &small);
	split(s, "SSH-2.0-x", 0);
	stage_free(s);
}

/* Cut at every byte, in one segment and in two: what arrived whole is told, and of the line what there is from
 * its "SSH-" on. */
static void what_arrived_whole_is_told(void)
{
	static const uint8_t whole_at[] = {33, 38, 43, 48, 55, 60, 65, 69};
	struct stage *s = stage_make();
	uint32_t line;

	add_text(s, "SSH-2.0-x\r\n");
	line = s->len;
	add_kexinit(s, &small);
	for (uint32_t cap = 0; cap <= s->len; cap++)
		for (uint32_t from = 0; from <= cap; from++) {
			unsigned n = 0;

			while (n < SSH_LISTS && line + whole_at[n] - 6 <= cap)
				n++;
			again(s);
			give(s, 0, from);
			give_cut(s, 0, from, s->len, cap - from);
			CU_ASSERT_EQUAL(s->n_lines, cap >= 4);
			CU_ASSERT_EQUAL(s->n_lists, n);
			CU_ASSERT_STRING_EQUAL(s->hassh[0], n > 6 ? small_client : "");
			CU_ASSERT_STRING_EQUAL(s->hassh[1], n > 7 ? small_server : "");
			/* The segment after it begins behind what is missing. */
			give_cut(s, 100, 0, line, line);
			CU_ASSERT_EQUAL(s->n_lines, 1);
		}
	stage_free(s);
}

/* The identification is lost, or part of it; KEXINIT comes in the next segment. */
static void a_gap_before_kexinit(void)
{
	struct stage *s = stage_make();

	add_text(s, "SSH-2.0-x\r\n");
	add_kexinit(s, &small);
	again(s);
	give(s, 0, 5);
	give_cut(s, 6, 11, s->len, s->len - 11);
	expect(s, "SSH-2", 1);
	again(s);
	give_cut(s, 0, 0, 11, 5);
	give(s, 11, s->len);
	expect(s, "SSH-2", 1);
	stage_free(s);
}

/* Lengths that lie: of the packet, of the padding, of a list. */
static void lengths_are_not_believed(void)
{
	static const struct {
		uint32_t at, value;
		unsigned n_kexinits;
	} lies[] = {{0, 0, 0}, {0, 11, 0}, {0, 34997, 0}, {0, UINT32_MAX, 0},
		{4, 0x03140000, 0}, {4, 0xff140000, 0}, {4, 0x46140000, 0}, {22, UINT32_MAX, 0},
		{22, 49, 0}, {27, 0x80000000, 0}, {59, 14, 0}, {22, 1, 1}};
	struct stage *s = stage_make();

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		s->len = 0;
		add_kexinit(s, &small);
		add_text(s, "and enough after it that no length is longer than what is there");
		for (unsigned byte = 0; byte < 4; byte++)
			s->bytes[lies[i].at + byte] =
				(uint8_t)(lies[i].value >> (24 - 8 * byte));
		again(s);
		give(s, 0, s->len);
		CU_ASSERT_EQUAL(s->n_kexinits, lies[i].n_kexinits);
	}
	stage_free(s);
}

/* Lists of 34,000 bytes: read as far as they are kept. */
static void memory_is_bounded(void)
{
	struct lists lists = small;
	struct stage *s = stage_make();
	char *name = malloc(PACKET_ROOM);

	CU_ASSERT_PTR_NOT_NULL_FATAL(name);
	memset(name, 'n', PACKET_ROOM);
	name[34000] = '\0';
	lists.name[9] = name;
	add_kexinit(s, &lists);
	again(s);
	for (uint32_t at = 0; at < s->len; at += 1000)
		give(s, at, at + 1000 < s->len ? at + 1000 : s->len);
	CU_ASSERT_EQUAL(s->n_lists, SSH_LISTS);
	CU_ASSERT_STRING_EQUAL(s->hassh[1], small_server);
	CU_ASSERT_TRUE(s->memory.peak <= 4 * SSH_KEPT_MAX);
	/* The third does not fit. */
	lists = small;
	lists.name[2] = name;
	s->len = 0;
	add_kexinit(s, &lists);
	again(s);
	for (uint32_t at = 0; at < s->len && s->wants; at += 1000)
		give(s, at, at + 1000 < s->len ? at + 1000 : s->len);
	CU_ASSERT_EQUAL(s->n_lists, 2);
	CU_ASSERT_STRING_EQUAL(s->hassh[0], "");
	CU_ASSERT_FALSE(s->wants);
	free(name);
	stage_free(s);
}

/* Of a line of any length the first 255 bytes are told; lines without end are given up. */
static void lines_are_bounded(void)
{
	struct stage *s = stage_make();

	add_text(s, "SSH-2.0-");
	for (unsigned i = 0; i < 1000; i++)
		add_text(s, "x");
	add_text(s, "\r\n");
	add_kexinit(s, &small);
	again(s);
	give(s, 0, s->len);
	CU_ASSERT_EQUAL(strlen(s->line), SSH_LINE_MAX);
	CU_ASSERT_EQUAL(s->n_kexinits, 1);
	again(s);
	for (uint32_t at = 0; at < s->len; at += 7)
		give(s, at, at + 7 < s->len ? at + 7 : s->len);
	CU_ASSERT_EQUAL(strlen(s->line), SSH_LINE_MAX);
	CU_ASSERT_EQUAL(s->n_kexinits, 1);
	CU_ASSERT_TRUE(s->memory.peak <= 8 * SSH_LINE_MAX);
	s->len = 0;
	while (s->len < SSH_BEFORE_MAX)
		add_text(s, "a line\r\n");
	again(s);
	for (uint32_t at = 0; at < s->len; at += 8)
		give(s, at, at + 8);
	CU_ASSERT_TRUE(s->wants);
	give(s, 0, 1);
	CU_ASSERT_FALSE(s->wants);
	stage_free(s);
}

/* No memory is to be had: what needs none is told. */
static void goes_on_without_memory(void)
{
	struct stage *s = stage_make();

	CU_ASSERT_TRUE_FATAL(memory_share(&s->memory, 1, &(struct quota_params){0}));
	add_text(s, "SSH-2.0-x\r\n");
	add_kexinit(s, &small);
	again(s);
	give(s, 0, s->len);
	expect(s, "SSH-2.0-x", 1);
	again(s);
	give(s, 0, s->len - 1);
	expect(s, "SSH-2.0-x", 0);
	CU_ASSERT_TRUE(s->memory.refused > 0);
	stage_free(s);
}

static void draft_has(
	const struct draft *draft, struct stage *s, enum detail detail, const char *text)
{
	struct details *details = draft_finish(draft, &s->memory, &s->list);
	size_t len = 0;
	const char *at = details_string(details, detail, &len);

	CU_ASSERT_TRUE(at && len == strlen(text) && !memcmp(at, text, len));
	memory_free(details);
}

static void draft_line(void *ctx, const uint8_t *line, uint32_t len)
{
	draft_ssh_identification(ctx, false, line, len);
	draft_ssh_identification(ctx, true, line, len);
}

static void draft_lists(void *ctx, const struct ssh_kexinit *kexinit)
{
	draft_ssh_kexinit(ctx, false, kexinit);
	draft_ssh_kexinit(ctx, true, kexinit);
}

static void fills_the_details_of_its_side(void)
{
	struct draft *draft = malloc(sizeof(*draft));
	struct stage *s = stage_make();

	CU_ASSERT_PTR_NOT_NULL_FATAL(draft);
	draft_reset(draft);
	s->sink = (struct ssh_sink){draft_line, draft_lists, draft};
	add_text(s, "SSH-2.0-x\r\n");
	add_kexinit(s, &small);
	again(s);
	give(s, 0, s->len);
	draft_has(draft, s, DETAIL_ssh_client, "SSH-2.0-x");
	draft_has(draft, s, DETAIL_ssh_server, "SSH-2.0-x");
	draft_has(draft, s, DETAIL_ssh_hassh, small_client);
	draft_has(draft, s, DETAIL_ssh_hassh_server, small_server);
	free(draft);
	stage_free(s);
}

void suite_ssh(void);
void suite_ssh(void)
{
	CU_pSuite s = CU_add_suite("ssh", NULL, NULL);

	CU_ADD_TEST(s, hassh_is_as_published);
	CU_ADD_TEST(s, rows_are_read_in_any_pieces);
	CU_ADD_TEST(s, messages_before_kexinit);
	CU_ADD_TEST(s, what_arrived_whole_is_told);
	CU_ADD_TEST(s, a_gap_before_kexinit);
	CU_ADD_TEST(s, lengths_are_not_believed);
	CU_ADD_TEST(s, memory_is_bounded);
	CU_ADD_TEST(s, lines_are_bounded);
	CU_ADD_TEST(s, goes_on_without_memory);
	CU_ADD_TEST(s, fills_the_details_of_its_side);
}
