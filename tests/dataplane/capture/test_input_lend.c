/* Packets that stay in the input's buffer until it is exchanged, against packets that are copied
 * one by one. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "dataplane/capture/input.h"
#include "support/capture_bytes.h"
#include "support/random.h"

void suite_input_lend(void);

enum { PACKETS = 700, LONGEST = 200000, HELD_MAX = 300 };

static struct random draws = {1};

static const char path[] = "/tmp/periscope-lend.pcap";

static void write_capture(bool cut)
{
	struct bytes b = {0};
	uint8_t *data = calloc(1, LONGEST);

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	pcap_begin(&b, PCAP_NANO, 262144, 1);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t cap = 14 + random_below(&draws, i % 50 == 0 ? LONGEST - 14 : 1500);

		for (uint32_t at = 0; at < cap; at += 7)
			random_fill(&draws, data + at, 1);
		pcap_packet(&b, i, i, data, cap, cap + i % 2);
	}
	b.len -= cut ? 5 : 0;
	bytes_write(&b, path);
	bytes_free(&b);
	free(data);
}

/* pcapng with blocks between the packets that take room or are dropped, packets that are left out,
 * options behind packets, and a second section. */
static void write_blocks(void)
{
	struct bytes b = {0};
	uint8_t *data = calloc(1, LONGEST);

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	pcapng_begin(&b);
	pcapng_interface(&b, 105, 96, 9); /* a link type that is not read */
	pcapng_interface(&b, 1, 96, 9);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t cap = 14 + random_below(&draws, i % 50 == 0 ? LONGEST - 14 : 1500);

		for (uint32_t at = 0; at < cap; at += 7)
			random_fill(&draws, data + at, 1);
		if (i % 5 == 0)
			pcapng_packet(&b, 0, i, data, cap, cap);
		if (i % 3 == 0)
			pcapng_block(&b, 0xbad, data, random_below(&draws, 9000));
		pcapng_packet(&b, 1, i, data, cap, cap + i % 2);
		if (i == PACKETS / 2) {
			b.big_endian = true;
			pcapng_begin(&b);
			pcapng_interface(&b, 105, 96, 9);
			pcapng_interface(&b, 1, 96, 9);
		}
	}
	bytes_write(&b, path);
	bytes_free(&b);
	free(data);
}

static struct input *open_capture(const char *bpf)
{
	const char *paths[] = {path};
	struct error error;
	struct input *input = input_open(paths, 1, bpf, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	return input;
}

/* Copies of the packets as an input without lending gives them. */
struct copies {
	struct input_packet at[PACKETS];
	int n;
};

static void copies_make(struct copies *c)
{
	struct input *input = open_capture(NULL);

	for (c->n = 0; input_next(input, &c->at[c->n]) == 1; c->n++) {
		uint8_t *data = malloc(c->at[c->n].cap);

		CU_ASSERT_PTR_NOT_NULL_FATAL(data);
		memcpy(data, c->at[c->n].data, c->at[c->n].cap);
		c->at[c->n].data = data;
	}
	input_close(input);
}

static void copies_free(struct copies *c)
{
	for (int i = 0; i < c->n; i++)
		free((void *)(uintptr_t)c->at[i].data);
}

static bool is_same(const struct input_packet *a, const struct input_packet *b)
{
	return a->cap == b->cap && a->wire == b->wire && a->time_ns == b->time_ns &&
	       a->number == b->number && memcmp(a->data, b->data, a->cap) == 0;
}

/* What is held must be right at the end of the hold, and lie where input_lent() says. */
static int held_check(const struct input *input, const struct copies *c, int first,
	const struct input_packet *held, int n)
{
	int wrong = 0;

	for (int i = 0; i < n; i++)
		wrong += !is_same(&held[i], &c->at[first + i]) ||
			 held[i].data < input_lent(input);
	return wrong;
}

/* Holds up to HELD_MAX packets; the last one is kept over the exchange now and then. */
static void reads_the_same(void)
{
	static struct copies c;
	struct input_packet held[HELD_MAX];
	struct input *input = open_capture(NULL);
	uint8_t *spare = malloc(INPUT_ROOM_MIN);
	int first = 0, n = 0, got, wrong = 0, kept_often = 0, full_often = 0;

	copies_make(&c);
	CU_ASSERT_TRUE_FATAL(input_lend(input, INPUT_ROOM_MIN));
	do {
		got = input_next(input, &held[n]);
		n += got == 1;
		full_often += got == INPUT_FULL;
		if (got != 1 || n == HELD_MAX || random_below(&draws, 80) == 0) {
			bool keep = got == 1 && random_below(&draws, 2);

			wrong += held_check(input, &c, first, held, n);
			spare = input_exchange(input, spare, keep ? &held[n - 1] : NULL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(spare);
			first += n - keep;
			held[0] = held[keep ? n - 1 : 0];
			n = keep;
			kept_often += keep;
			memset(spare, 0xee, INPUT_ROOM_MIN);
		}
	} while (got != 0);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(first, c.n);
	CU_ASSERT(kept_often > 0 && full_often > 0);
	input_close(input);
	free(spare);
	copies_free(&c);
}

static void lends_what_it_copies(void)
{
	draws = random_seeded(9);
	write_capture(false);
	reads_the_same();
	write_capture(true);
	reads_the_same();
	write_blocks();
	reads_the_same();
	unlink(path);
}

static void several_captures_are_not_lent(void)
{
	const char *paths[] = {path, path};
	struct error error;
	struct input *input;

	write_capture(false);
	input = input_open(paths, 2, NULL, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_FALSE(input_lend(input, INPUT_ROOM_MIN));
	input_close(input);
	unlink(path);
}

/* What the expression leaves out may not take the room of what it takes. */
static void a_filtered_capture_is_not_lent(void)
{
	struct input *input;

	write_capture(false);
	input = open_capture("ether[0] < 128");
	CU_ASSERT_FALSE(input_lend(input, INPUT_ROOM_MIN));
	input_close(input);
	unlink(path);
}

void suite_input_lend(void)
{
	CU_pSuite suite = CU_add_suite("input_lend", NULL, NULL);

	CU_add_test(suite, "lends_what_it_copies", lends_what_it_copies);
	CU_add_test(suite, "a_filtered_capture_is_not_lent", a_filtered_capture_is_not_lent);
	CU_add_test(suite, "several_captures_are_not_lent", several_captures_are_not_lent);
}
