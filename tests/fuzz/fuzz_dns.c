/* The first byte says how much of the message was cut. Reads every byte that came out; what the iterator
 * reads must be what dns_parse() reads, as far as both go. The same bytes, three a message, are then a flow's
 * questions and answers, each of which must be told or counted once. */
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns/dns_pair.h"
#include "inspect/proto/dns/dns_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_records(
	const uint8_t *data, uint32_t cap, uint32_t wire, const struct dns_message *m)
{
	static struct dns_records r;
	unsigned n[DNS_SECTIONS] = {0};

	if (!dns_records_begin(&r, data, cap, wire))
		return;
	while (dns_records_next(&r)) {
		const struct dns_record *record = &r.record;
		unsigned i = n[record->section]++;

		check(strlen(record->name) < DNS_NAME_TEXT &&
			strlen(record->data) < DNS_ANSWER_TEXT);
		if (record->section == DNS_QUESTION && !i)
			check(m->has_question && !strcmp(m->query, record->name) &&
				m->type == record->type && m->class == record->class);
		if (record->section == DNS_ANSWER && i < m->n_answers)
			check(!strcmp(m->answers[i], record->data));
	}
	check(strlen(r.edns.client_subnet) < DNS_SUBNET_TEXT);
	check(r.steps <= wire + DNS_RECORDS_BYTES + 8192);
}

struct talk {
	struct memory memory;
	struct memory_list list;
	struct dns_pair pair;
	unsigned asked, answers, told_questions, told_answers, repeats;
};

static void hear(void *ctx, const struct dns_transaction *t)
{
	struct talk *talk = ctx;

	check(t->question || t->answer);
	talk->told_questions += t->question != NULL;
	talk->told_answers += t->answer != NULL;
	if (t->question)
		talk->repeats += t->question->repeats;
	if (t->question && t->answer)
		check(t->question->id == t->answer->message->id &&
			t->question->side != t->answer->side);
}

/* Few ids and names, so that they meet. */
static void check_pair(const uint8_t *data, size_t size)
{
	static struct dns_message m;
	struct talk talk = {.asked = 0};
	const struct dns_pair_sink sink = {hear, &talk};

	for (size_t at = 0; at + 3 <= size; at += 3) {
		const struct dns_packet packet = {.message = &m,
			.side = data[at] & 1,
			.time_ns = (uint64_t)data[at + 2] << 8 | data[at + 1]};

		m.is_response = data[at] & 2;
		m.has_question = data[at] & 12;
		m.type = data[at] >> 4 & 1;
		m.id = data[at + 1];
		m.query[0] = m.has_question ? "aAb"[(data[at] >> 2 & 3) - 1] : '\0';
		talk.asked += !m.is_response;
		talk.answers += m.is_response;
		dns_pair_add(&talk.pair, &talk.memory, &talk.list, &packet, &sink);
		check(talk.pair.n_open <= DNS_OPEN_MAX);
	}
	dns_pair_end(&talk.pair, &sink);
	check(talk.asked == talk.told_questions + talk.repeats + talk.pair.unheld);
	check(talk.answers == talk.told_answers + talk.pair.further);
	check(!talk.memory.used);
	memory_trim(&talk.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_message m;
	uint32_t len = (uint32_t)(size - 1);

	if (!size || size > UINT16_MAX)
		return 0;
	dns_parse(data + 1, len, len + data[0], &m);
	check(strlen(m.query) < DNS_NAME_TEXT && m.n_answers <= DNS_ANSWERS_MAX);
	for (unsigned i = 0; i < m.n_answers; i++)
		check(strlen(m.answers[i]) < DNS_ANSWER_TEXT);
	check_records(data + 1, len, len + data[0], &m);
	check_pair(data, size);
	return 0;
}
