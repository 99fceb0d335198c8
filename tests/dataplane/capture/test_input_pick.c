/* Some records of a capture alone: the same packets as when all are read, from pcap, and from pcapng with sections in both
 * byte orders; what is wrong with a file that has become shorter. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/support/captures.h"
#include "support/random.h"

void suite_input_pick(void);

enum { PACKETS = 1500, LONGEST = 60000, PLACES = PACKETS + 16 };

struct whole {
	uint64_t offset[PACKETS], time_ns[PACKETS];
	uint32_t cap[PACKETS];
	uint8_t first[PACKETS];
	uint32_t n;
	uint64_t landmarks[16];
	uint32_t n_landmarks;
};

static uint8_t data[LONGEST];

/* Mostly short ones, so that some lie in what was read already, and some far away. */
static uint32_t length(struct random *random)
{
	return random_below(random, 8) == 0 ? 1 + random_below(random, LONGEST)
					    : 1 + random_below(random, 300);
}

static struct bytes pcap_make(void)
{
	struct random random = random_seeded(1);
	struct bytes b = {.at = NULL};

	pcap_begin(&b, PCAP_NANO, 262144, ETHERNET);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t cap = length(&random);

		data[0] = (uint8_t)i;
		pcap_packet(&b, i, 0, data, cap, cap);
	}
	return b;
}

static struct bytes pcapng_make(void)
{
	struct random random = random_seeded(2);
	struct bytes b = {.at = NULL};

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t cap = length(&random);

		if (i % 500 == 0) {
			b.big_endian = i % 1000 == 0;
			pcapng_begin(&b);
			pcapng_interface(&b, ETHERNET, 262144, 9);
		}
		if (i % 500 == 250)
			pcapng_interface(&b, ETHERNET, 262144, 6);
		data[0] = (uint8_t)i;
		pcapng_packet(&b, i % 500 >= 250 && i % 3 == 0, i, data, cap, cap);
	}
	return b;
}

static void read_whole(const char *path, struct whole *whole)
{
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);
	struct input_packet packet;
	const uint64_t *landmarks;
	uint32_t n;

	whole->n = 0;
	while (input_next(input, &packet) == 1) {
		uint32_t i = whole->n++;

		whole->offset[i] = input_place(input).offset;
		whole->time_ns[i] = packet.time_ns;
		whole->cap[i] = packet.cap;
		whole->first[i] = packet.data[0];
	}
	CU_ASSERT_EQUAL_FATAL(whole->n, PACKETS);
	landmarks = input_landmarks(input, 0, &n);
	CU_ASSERT_TRUE_FATAL(n <= 16);
	memcpy(whole->landmarks, landmarks, n * sizeof(*landmarks));
	whole->n_landmarks = n;
	input_close(input);
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Each packet with one chance in `one_in`, and all landmarks. */
static size_t choose(struct random *random, uint32_t one_in, const struct whole *whole,
	bool chosen[PACKETS], uint64_t places[PLACES])
{
	size_t n = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		chosen[i] = random_below(random, one_in) == 0;
		if (chosen[i])
			places[n++] = whole->offset[i];
	}
	for (uint32_t i = 0; i < whole->n_landmarks; i++)
		places[n++] = whole->landmarks[i];
	qsort(places, n, sizeof(places[0]), ascending);
	return n;
}

static void compare(struct input *input, const struct whole *whole, const bool *chosen)
{
	struct input_packet packet;

	for (uint32_t i = 0; i < PACKETS; i++) {
		if (!chosen[i])
			continue;
		CU_ASSERT_EQUAL_FATAL(input_next(input, &packet), 1);
		CU_ASSERT_EQUAL(input_place(input).offset, whole->offset[i]);
		CU_ASSERT_EQUAL(packet.time_ns, whole->time_ns[i]);
		CU_ASSERT_EQUAL(packet.cap, whole->cap[i]);
		CU_ASSERT_EQUAL(packet.data[0], whole->first[i]);
	}
	CU_ASSERT_EQUAL(input_next(input, &packet), 0);
	CU_ASSERT_EQUAL(input_error_count(input), 0);
}

static void pick_some(const char *path, const struct whole *whole)
{
	static const uint32_t one_in[] = {1, 2, 7, 60, 700, 100000};
	struct random random = random_seeded(3);

	for (size_t k = 0; k < sizeof(one_in) / sizeof(one_in[0]); k++) {
		uint64_t places[PLACES];
		bool chosen[PACKETS];
		size_t n = choose(&random, one_in[k], whole, chosen, places);
		struct error error;
		struct input *input = input_open(&path, 1, NULL, &error);

		CU_ASSERT_TRUE(input_pick(input, 0, places, n));
		CU_ASSERT_FALSE(input_lend(input, INPUT_ROOM_MIN));
		compare(input, whole, chosen);
		input_close(input);
	}
}

static void both_kinds(void)
{
	static struct whole whole;
	struct bytes pcap = pcap_make(), pcapng = pcapng_make();
	const char *path = file_make("a.pcap", &pcap);

	read_whole(path, &whole);
	pick_some(path, &whole);
	unlink(path);
	path = file_make("a.pcapng", &pcapng);
	read_whole(path, &whole);
	CU_ASSERT_EQUAL(whole.n_landmarks, 9);
	pick_some(path, &whole);
	unlink(path);
}

/* Of two captures some of one, and all of the other. */
static void one_of_two(void)
{
	static struct whole whole;
	struct bytes pcap = pcap_make(), small = small_pcap();
	const char *paths[] = {file_make("a.pcap", &pcap), file_make("b.pcap", &small)};
	struct input_packet packet;
	struct error error;
	struct input *input;
	uint32_t from[2] = {0};
	uint64_t places[2];

	read_whole(paths[0], &whole);
	places[0] = whole.offset[7];
	places[1] = whole.offset[1200];
	input = input_open(paths, 2, NULL, &error);
	CU_ASSERT_TRUE(input_pick(input, 0, places, 2));
	while (input_next(input, &packet) == 1)
		from[packet.capture]++;
	CU_ASSERT_EQUAL(from[0], 2);
	CU_ASSERT_EQUAL(from[1], 3);
	input_close(input);
	unlink(paths[0]);
	unlink(paths[1]);
}

static void file_that_shrinks(void)
{
	static struct whole whole;
	struct bytes pcapng = pcapng_make();
	const char *path = file_make("a.pcapng", &pcapng);
	struct input_packet packet;
	struct error error;
	struct input *input;
	bool cut_off;

	read_whole(path, &whole);
	input = input_open(&path, 1, NULL, &error);
	CU_ASSERT_TRUE(input_pick(input, 0, &whole.offset[1200], 1));
	CU_ASSERT_EQUAL(truncate(path, (off_t)whole.offset[1200]), 0);
	CU_ASSERT_EQUAL(input_next(input, &packet), 0);
	CU_ASSERT_EQUAL_FATAL(input_error_count(input), 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(input_error(input, 0), "the file has changed while it was read"));
	CU_ASSERT_EQUAL(input_error_capture(input, 0, &cut_off), 0);
	CU_ASSERT_FALSE(cut_off);
	input_close(input);
	unlink(path);
}

void suite_input_pick(void)
{
	CU_pSuite suite = CU_add_suite("input_pick", captures_begin, captures_end);

	CU_add_test(suite, "some packets of pcap and pcapng", both_kinds);
	CU_add_test(suite, "of one of two captures", one_of_two);
	CU_add_test(suite, "a file that becomes shorter", file_that_shrinks);
}
