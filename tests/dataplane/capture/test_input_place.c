/* Where packets lie in their capture, what is said beside them, and where the capture says how they are to be read. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/support/captures.h"

void suite_input_place(void);

enum { PACKETS = 3000, ROOM = 600000 };

struct expected {
	uint64_t offset[PACKETS];
	char comment[PACKETS][32];
	uint64_t landmarks[16];
	uint32_t n, n_landmarks;
};

static void option(struct bytes *b, uint16_t code, const char *text)
{
	size_t len = strlen(text);

	bytes_u16(b, code);
	bytes_u16(b, (uint16_t)len);
	bytes_add(b, text, len);
	bytes_add(b, "\0\0\0", (4 - len % 4) % 4);
}

/* An Enhanced Packet Block with a comment between other options, or without any. */
static void block(struct bytes *b, struct expected *e, uint32_t cap)
{
	static const uint8_t zeros[2000];
	struct bytes body = {.big_endian = b->big_endian};
	uint32_t i = e->n++;

	e->offset[i] = b->len;
	bytes_u32(&body, 0);
	bytes_u32(&body, 0);
	bytes_u32(&body, i);
	bytes_u32(&body, cap);
	bytes_u32(&body, cap);
	bytes_add(&body, zeros, (cap + 3) / 4 * 4);
	if (i == 1500) { /* more than are kept: what is behind the packet is dropped */
		for (unsigned k = 0; k < 200; k++) {
			bytes_u16(&body, 2988);
			bytes_u16(&body, 2000);
			bytes_add(&body, zeros, 2000);
		}
		option(&body, 1, "dropped");
	} else if (i % 3 > 0) {
		snprintf(e->comment[i], sizeof(e->comment[i]), "packet %u", i);
		option(&body, 2, "\1\0\0\0");
		option(&body, 1, e->comment[i]);
		option(&body, 1, "another");
		bytes_u32(&body, 0);
	}
	pcapng_block(b, 6, body.at, (uint32_t)body.len);
	bytes_free(&body);
}

static void section(struct bytes *b, struct expected *e, bool big_endian)
{
	b->big_endian = big_endian;
	e->landmarks[e->n_landmarks++] = b->len;
	pcapng_begin(b);
	e->landmarks[e->n_landmarks++] = b->len;
	pcapng_interface(b, ETHERNET, 65535, 9);
}

static void write_blocks(struct bytes *b, struct expected *e)
{
	section(b, e, false);
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (i == 1000)
			section(b, e, true);
		if (i == 2000) {
			e->landmarks[e->n_landmarks++] = b->len;
			pcapng_interface(b, ETHERNET, 65535, 9);
		}
		if (i % 10 == 0)
			pcapng_block(b, 0xbad, e->comment, i % 9000);
		block(b, e, 14 + i * 7 % 1500);
	}
}

static void write_records(struct bytes *b, struct expected *e)
{
	static const uint8_t zeros[2000];

	e->landmarks[e->n_landmarks++] = 0;
	pcap_begin(b, PCAP_NANO, 262144, ETHERNET);
	for (; e->n < PACKETS; e->n++) {
		e->offset[e->n] = b->len;
		pcap_packet(b, e->n, 0, zeros, 14 + e->n * 7 % 1500, 1600);
	}
}

static void place_is(
	const struct expected *e, const struct input *input, const struct input_packet *packet)
{
	struct input_place place = input_place(input);
	uint64_t i = packet->number - 1;

	CU_ASSERT_EQUAL(place.offset, e->offset[i]);
	CU_ASSERT_EQUAL(place.comment_len, strlen(e->comment[i]));
	CU_ASSERT_EQUAL(
		memcmp(packet->data + place.comment, e->comment[i], place.comment_len), 0);
}

/* Reads it, with or without a copy; the place of a packet that goes along into another buffer stays. */
static void read_it(const char *path, const struct expected *e, bool lend)
{
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);
	struct input_packet packet;
	const uint64_t *landmarks;
	uint32_t n = 0;
	int got;

	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_PTR_NULL(input_compression(input, 0));
	if (lend)
		CU_ASSERT_TRUE_FATAL(input_lend(input, ROOM));
	while ((got = input_next(input, &packet)) != 0) {
		if (got == 1) {
			place_is(e, input, &packet);
			n++;
		}
		if (lend && (got == INPUT_FULL || n % 500 == 0)) {
			free(input_exchange(input, malloc(ROOM), got == 1 ? &packet : NULL));
			if (got == 1)
				place_is(e, input, &packet);
		}
	}
	CU_ASSERT_EQUAL(n, e->n);
	landmarks = input_landmarks(input, 0, &n);
	CU_ASSERT_EQUAL(n, e->n_landmarks);
	CU_ASSERT_EQUAL(memcmp(landmarks, e->landmarks, n * sizeof(*landmarks)), 0);
	input_close(input);
}

static void both_ways(void (*write)(struct bytes *b, struct expected *e))
{
	struct expected *e = calloc(1, sizeof(*e));
	struct bytes b = {0};
	const char *path;

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	write(&b, e);
	path = file_make("place", &b);
	read_it(path, e, false);
	read_it(path, e, true);
	unlink(path);
	free(e);
}

static void records(void)
{
	both_ways(write_records);
}

static void blocks(void)
{
	both_ways(write_blocks);
}

/* Two captures in one file. */
static void one_after_the_other(void)
{
	struct expected *e = calloc(1, sizeof(*e));
	struct bytes b = {0};
	const char *path;

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	e->landmarks[e->n_landmarks++] = 0;
	pcap_begin(&b, PCAP_NANO, 262144, ETHERNET);
	for (uint32_t i = 0; i < 6; i++) {
		if (i == 3) {
			e->landmarks[e->n_landmarks++] = b.len;
			pcap_begin(&b, PCAP_MICRO, 65535, ETHERNET);
		}
		e->offset[e->n++] = b.len;
		pcap_packet(&b, i, 0, frame, FRAME_LEN, FRAME_LEN);
	}
	path = file_make("place", &b);
	read_it(path, e, false);
	unlink(path);
	free(e);
}

/* More interfaces than anybody has: nobody is told a part of them. */
static void too_many(void)
{
	struct bytes b = {0};
	struct error error;
	struct input_packet packet;
	struct input *input;
	const char *path;
	uint32_t n;

	pcapng_begin(&b);
	for (uint32_t i = 0; i < 1 << 16; i++)
		pcapng_interface(&b, ETHERNET, 65535, -1);
	pcapng_packet(&b, 0, 1, frame, FRAME_LEN, FRAME_LEN);
	path = file_make("place", &b);
	input = input_open(&path, 1, NULL, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_EQUAL(input_next(input, &packet), 1);
	CU_ASSERT_PTR_NULL(input_landmarks(input, 0, &n));
	input_close(input);
	unlink(path);
}

/* Options that end before they should, or nowhere. */
static void odd_options(void)
{
	static const uint8_t options[][12] = {
		{1, 0, 9, 0, 'c', 'u', 't'},
		{1, 0, 255, 255},
		{0, 0, 0, 0, 1, 0, 2, 0, 'n', 'o'},
		{2, 0, 0, 0, 3, 0, 8, 0},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct bytes b = {0}, body = {0};
		struct error error;
		struct input_packet packet;
		struct input *input;
		const char *path;

		pcapng_begin(&b);
		pcapng_interface(&b, ETHERNET, 65535, -1);
		for (uint32_t k = 0; k < 3; k++)
			bytes_u32(&body, 0);
		bytes_u32(&body, 2);
		bytes_u32(&body, 2);
		bytes_u32(&body, 0);
		bytes_add(&body, options[i], i == 3 ? 8 : 12);
		pcapng_block(&b, 6, body.at, (uint32_t)body.len);
		bytes_free(&body);
		path = file_make("place", &b);
		input = input_open(&path, 1, NULL, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(input);
		CU_ASSERT_EQUAL(input_next(input, &packet), 1);
		CU_ASSERT_EQUAL(input_place(input).comment_len, 0);
		input_close(input);
		unlink(path);
	}
}

void suite_input_place(void)
{
	CU_pSuite suite = CU_add_suite("input_place", captures_begin, captures_end);

	CU_add_test(suite, "records of pcap", records);
	CU_add_test(suite, "blocks of pcapng, and their comments", blocks);
	CU_add_test(suite, "captures one after the other", one_after_the_other);
	CU_add_test(suite, "too many interfaces", too_many);
	CU_add_test(suite, "options that are none", odd_options);
}
