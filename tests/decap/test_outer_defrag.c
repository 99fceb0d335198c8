#include <CUnit/Basic.h>
#include <stdlib.h>

#include "decap/outer_defrag.h"
#include "rows.h"

enum { PARTS = 8, ROOM = 256 };

/* The row aws_syn in three fragments of 32, 32 and 26 bytes of UDP, or an IPv6 packet the same way. */
struct parts {
	uint8_t bytes[PARTS][ROOM], whole[ROOM];
	uint32_t len[PARTS], whole_len, head;
};

static void cut(struct parts *parts, unsigned i, uint32_t offset, uint32_t len, bool more)
{
	uint8_t *ip = parts->bytes[i] + 14, *at = ip + 20;

	memcpy(parts->bytes[i], parts->whole, parts->head);
	if (parts->head == 14 + 20) {
		ip[2] = 0;
		ip[3] = (uint8_t)(20 + len);
		ip[4] = 1;
		ip[6] = (uint8_t)((more ? 0x20 : 0) | offset >> 11);
		ip[7] = (uint8_t)(offset >> 3);
	} else {
		at = ip + 40;
		ip[5] = (uint8_t)(8 + len);
		ip[6] = 44;
		memcpy(at, (const uint8_t[]){17, 0, 0, 0, 0, 0, 1, 0}, 8);
		at[2] = (uint8_t)(offset >> 8);
		at[3] = (uint8_t)(offset | more);
		at += 8;
	}
	memcpy(at, parts->whole + parts->head + offset, len);
	parts->len[i] = (uint32_t)(at - parts->bytes[i]) + len;
}

static struct parts make(const char *name)
{
	struct parts parts = {.head = 14 + 20};
	uint32_t data;

	for (const struct row *r = rows; r < rows + ROW_COUNT; r++)
		if (!strcmp(r->name, name))
			parts.whole_len =
				(uint32_t)hex_read(r->hex, parts.whole, sizeof(parts.whole));
	CU_ASSERT_NOT_EQUAL_FATAL(parts.whole_len, 0);
	if (parts.whole[12] == 0x86)
		parts.head = 14 + 40;
	data = parts.whole_len - parts.head;
	cut(&parts, 0, 0, 32, true);
	cut(&parts, 1, 32, 32, true);
	cut(&parts, 2, 64, data - 64, false);
	cut(&parts, 3, 24, 16, true);
	return parts;
}

/* Gives the parts named in `order`; the last status. Each is in a buffer of its own size. */
static enum defrag_status give(struct defrag *defrag, const struct parts *parts,
	const char *order, bool all, struct packet *p)
{
	enum defrag_status status = DEFRAG_NONE;

	for (const char *at = order; *at; at++) {
		unsigned i = (unsigned)(*at - '0');
		uint8_t *copy = malloc(parts->len[i]);

		if (!copy)
			abort();
		memcpy(copy, parts->bytes[i], parts->len[i]);
		*p = (struct packet){.data = copy,
			.cap = parts->len[i],
			.wire = parts->len[i],
			.time_ns = (uint64_t)(at - order)};
		CU_ASSERT_TRUE(defrag_may_be(p->data, p->cap, p->link));
		status = defrag_add(defrag, p, all);
		free(copy);
	}
	return status;
}

static void expect(
	const struct defrag *defrag, uint64_t joined, uint64_t left, uint64_t overlap)
{
	struct defrag_counts counts = defrag_counts(defrag);

	CU_ASSERT_EQUAL(counts.joined, joined);
	CU_ASSERT_EQUAL(counts.left, left);
	CU_ASSERT_EQUAL(counts.overlapping, overlap);
}

static void fragments_become_the_packet(void)
{
	static const char *const orders[] = {"012", "021", "102", "120", "201", "210"};

	for (int i = 0; i < 12; i++) {
		struct parts parts = make(i < 6 ? "aws_syn" : "outer_ip6");
		struct defrag *defrag = defrag_create(&row_params);
		struct packet p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
		CU_ASSERT_EQUAL_FATAL(
			give(defrag, &parts, orders[i % 6], true, &p), DEFRAG_WHOLE);
		CU_ASSERT_EQUAL(p.cap, parts.whole_len);
		CU_ASSERT_EQUAL(p.wire, parts.whole_len);
		CU_ASSERT_EQUAL(p.time_ns, 2);
		CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
		expect(defrag, 2, 0, 0);
		defrag_destroy(defrag);
	}
}

/* Whatever overlaps, the whole datagram is refused, and what comes of it later. */
static void overlapping_fragments_are_refused(void)
{
	static const char *const orders[] = {"00", "03", "0132", "3012", "11", "0300"};

	for (int i = 0; i < 6; i++) {
		struct parts parts = make("aws_syn");
		struct defrag *defrag = defrag_create(&row_params);
		struct packet p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
		CU_ASSERT_EQUAL(give(defrag, &parts, orders[i], true, &p), DEFRAG_TAKEN);
		expect(defrag, 0, 0, strlen(orders[i]));
		defrag_end(defrag);
		expect(defrag, 0, 0, strlen(orders[i]));
		defrag_destroy(defrag);
	}
}

static void what_never_becomes_whole_is_counted(void)
{
	struct parts parts = make("aws_syn");
	struct defrag *defrag = defrag_create(&row_params);
	struct packet p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
	CU_ASSERT_EQUAL(give(defrag, &parts, "02", true, &p), DEFRAG_TAKEN);
	expect(defrag, 0, 0, 0);
	defrag_end(defrag);
	expect(defrag, 0, 2, 0);
	/* Too late: a new datagram. */
	CU_ASSERT_EQUAL(give(defrag, &parts, "01", true, &p), DEFRAG_TAKEN);
	p = (struct packet){.data = parts.bytes[2],
		.cap = parts.len[2],
		.wire = parts.len[2],
		.time_ns = DEFRAG_TIMEOUT_NS + 1};
	CU_ASSERT_EQUAL(defrag_add(defrag, &p, true), DEFRAG_TAKEN);
	expect(defrag, 0, 4, 0);
	CU_ASSERT_EQUAL(defrag_counts(defrag).overflow, 0);
	defrag_destroy(defrag);
}

static void the_oldest_gives_way(void)
{
	struct parts parts = make("aws_syn");
	struct defrag *defrag = defrag_create(&row_params);
	struct packet p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
	for (unsigned id = 0; id <= DEFRAG_DATAGRAMS; id++) {
		CU_ASSERT_EQUAL(defrag_counts(defrag).overflow, 0);
		parts.bytes[0][14 + 5] = (uint8_t)id;
		p = (struct packet){.data = parts.bytes[0],
			.cap = parts.len[0],
			.wire = parts.len[0],
			.time_ns = id};
		CU_ASSERT_EQUAL(defrag_add(defrag, &p, true), DEFRAG_TAKEN);
	}
	CU_ASSERT_EQUAL(defrag_counts(defrag).overflow, 1);
	expect(defrag, 0, 1, 0);
	defrag_destroy(defrag);
	defrag_destroy(NULL);
}

/* Fragment `i` of the datagram `id` at `time_ns`. */
static enum defrag_status give_one(
	struct defrag *defrag, struct parts *parts, unsigned i, unsigned id, uint64_t time_ns)
{
	struct packet p = {.data = parts->bytes[i],
		.cap = parts->len[i],
		.wire = parts->len[i],
		.time_ns = time_ns};

	parts->bytes[i][14 + 5] = (uint8_t)id;
	return defrag_add(defrag, &p, true);
}

/* Wherever it stands: all others become whole when the rest of them comes. */
static void the_oldest_is_the_one_that_began_first(void)
{
	enum { OLDEST = 20, LAST = DEFRAG_DATAGRAMS };
	struct parts parts = make("aws_syn");
	struct defrag *defrag = defrag_create(&row_params);

	CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
	for (unsigned id = 0; id < LAST; id++)
		CU_ASSERT_EQUAL(
			give_one(defrag, &parts, 0, id, 1 + (id + LAST - OLDEST) % LAST),
			DEFRAG_TAKEN);
	CU_ASSERT_EQUAL(give_one(defrag, &parts, 0, LAST, LAST), DEFRAG_TAKEN);
	for (unsigned id = 0; id <= LAST; id++) {
		if (id == OLDEST)
			continue;
		CU_ASSERT_EQUAL(give_one(defrag, &parts, 1, id, LAST + 1), DEFRAG_TAKEN);
		CU_ASSERT_EQUAL(give_one(defrag, &parts, 2, id, LAST + 1), DEFRAG_WHOLE);
	}
	CU_ASSERT_EQUAL(give_one(defrag, &parts, 1, OLDEST, LAST + 1), DEFRAG_TAKEN);
	CU_ASSERT_EQUAL(give_one(defrag, &parts, 2, OLDEST, LAST + 1), DEFRAG_TAKEN);
	defrag_end(defrag);
	expect(defrag, 2 * LAST, 1 + 2, 0);
	defrag_destroy(defrag);
}

/* Among plain traffic only what says that it is mirror traffic is put together. */
static void other_fragments_are_let_pass(void)
{
	struct parts parts = make("aws_syn");
	struct defrag *defrag = defrag_create(&row_params);
	struct packet p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
	CU_ASSERT_EQUAL(give(defrag, &parts, "1", false, &p), DEFRAG_NONE);
	CU_ASSERT_EQUAL(give(defrag, &parts, "012", false, &p), DEFRAG_WHOLE);
	parts.bytes[0][14 + 20 + 3] ^= 0xff; /* another port */
	CU_ASSERT_EQUAL(give(defrag, &parts, "012", false, &p), DEFRAG_NONE);
	defrag_destroy(defrag);
}

/* RFC 791, RFC 8200: every fragment but the last is a multiple of 8 bytes long. One that is not is
 * none, wherever it stands, and the datagram waits for the true one. */
static void odd_lengths_before_the_last_are_let_pass(void)
{
	static const char *const names[] = {"aws_syn", "outer_ip6"};

	for (int i = 0; i < 2; i++) {
		struct parts parts = make(names[i]);
		struct defrag *defrag = defrag_create(&row_params);
		struct packet p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
		cut(&parts, 4, 0, 31, true);
		cut(&parts, 5, 32, 31, true);
		cut(&parts, 6, 32, 28, true);
		CU_ASSERT_EQUAL(give(defrag, &parts, "4", true, &p), DEFRAG_NONE);
		CU_ASSERT_EQUAL(give(defrag, &parts, "05", true, &p), DEFRAG_NONE);
		CU_ASSERT_EQUAL(give(defrag, &parts, "6", true, &p), DEFRAG_NONE);
		expect(defrag, 0, 0, 0);
		CU_ASSERT_EQUAL(give(defrag, &parts, "21", true, &p), DEFRAG_WHOLE);
		CU_ASSERT_EQUAL(p.cap, parts.whole_len);
		expect(defrag, 2, 0, 0);
		defrag_destroy(defrag);
	}
}

/* Every truncation, cut by the capture or never sent, and every changed bit: nothing is read or written
 * where it must not be, and counts add up. */
static void any_bytes_will_do(void)
{
	for (int six = 0; six < 2; six++) {
		struct parts parts = make(six ? "outer_ip6" : "aws_syn");
		struct defrag *defrag = defrag_create(&row_params);
		uint64_t taken = 0, wholes = 0;
		struct defrag_counts counts;
		struct packet p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(defrag);
		for (uint32_t bit = 0; bit < 8 * parts.len[0]; bit++) {
			unsigned i = bit % 3;
			enum defrag_status status;

			if (bit / 8 >= parts.len[i])
				continue;
			parts.bytes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
			for (uint32_t cap = bit % 2 ? parts.len[i] : 0; cap <= parts.len[i];
				cap++) {
				uint8_t *copy = malloc(cap + 1);

				if (!copy)
					abort();
				memcpy(copy + 1, parts.bytes[i], cap);
				p = (struct packet){.data = copy + 1,
					.cap = cap,
					.wire = bit & 16 ? cap : parts.len[i]};
				status = defrag_add(defrag, &p, true);
				taken += status != DEFRAG_NONE;
				wholes += status == DEFRAG_WHOLE;
				free(copy);
			}
			parts.bytes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		defrag_end(defrag);
		counts = defrag_counts(defrag);
		CU_ASSERT_EQUAL(
			taken, counts.joined + counts.left + counts.overlapping + wholes);
		CU_ASSERT_TRUE(taken > 100);
		defrag_destroy(defrag);
	}
}

void suite_outer_defrag(void);
void suite_outer_defrag(void)
{
	CU_pSuite s = CU_add_suite("outer_defrag", NULL, NULL);

	CU_ADD_TEST(s, fragments_become_the_packet);
	CU_ADD_TEST(s, overlapping_fragments_are_refused);
	CU_ADD_TEST(s, what_never_becomes_whole_is_counted);
	CU_ADD_TEST(s, the_oldest_gives_way);
	CU_ADD_TEST(s, the_oldest_is_the_one_that_began_first);
	CU_ADD_TEST(s, other_fragments_are_let_pass);
	CU_ADD_TEST(s, odd_lengths_before_the_last_are_let_pass);
	CU_ADD_TEST(s, any_bytes_will_do);
}
