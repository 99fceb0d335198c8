#include "inspect/proto/dns/dns.h"

#include "inspect/proto/dns/dns_inside.h"

enum {
	QUESTIONS_MAX = 64,
	FLAG_RESPONSE = 0x8000,
	FLAG_AUTHORITATIVE = 0x0400,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION_DESIRED = 0x0100,
	FLAG_RECURSION_AVAILABLE = 0x0080,
	OPCODE_MAX = 6, /* DSO, RFC 8490 */
	TYPE_OPT = 41,
};

/* The next answer. Its text is read as long as there is `room` for it: else a message of pointers would
 * have us write many times its own bytes. */
static bool answer_read(
	const struct message *m, struct cursor *c, uint32_t *room, struct dns_message *out)
{
	struct cursor data;
	const uint8_t *h = record_head(m, c, &data);

	if (!h)
		return false;
	if (out->n_answers<DNS_ANSWERS_MAX && * room> 0) {
		char *answer = out->answers[out->n_answers];
		struct dns_text t = {answer, DNS_ANSWER_TEXT, m->steps};
		uint32_t len;

		answer[0] = '\0';
		if (!record_data(m, &data, be16(h), &t))
			return false;
		len = (uint32_t)(t.at - answer);
		out->n_answers += len <= *room;
		*room = len <= *room ? *room - len : 0;
	}
	return cursor_take(c, be16(h + 8));
}

/* A record behind the answers: of those that EDNS adds the upper bits of the response code count. */
static bool other_read(const struct message *m, struct cursor *c, struct dns_message *out)
{
	struct cursor data;
	const uint8_t *h = record_head(m, c, &data);

	if (!h)
		return false;
	if (be16(h) == TYPE_OPT)
		out->rcode |= (uint16_t)(h[4] << 4);
	return cursor_take(c, be16(h + 8));
}

static bool question_read(const struct message *m, struct cursor *c, struct dns_message *out)
{
	struct dns_text t = {out->query, sizeof(out->query), m->steps};
	const uint8_t *tail;

	if (name_read(m, c, &t) != CURSOR_OK || !(tail = cursor_take(c, QUESTION_TAIL)))
		return false;
	out->type = be16(tail);
	out->class = be16(tail + 2);
	out->has_question = true;
	return true;
}

/* Only the first of several questions is kept. */
static bool questions_read(
	const struct message *m, struct cursor *c, uint16_t count, struct dns_message *out)
{
	if (count && !question_read(m, c, out))
		return false;
	for (unsigned i = 1; i < count; i++)
		if (!name_skip(m, c) || !cursor_take(c, QUESTION_TAIL))
			return false;
	return true;
}

static void response_read(const struct message *m, struct cursor *c, unsigned n_others,
	uint32_t room, struct dns_message *out)
{
	for (unsigned i = 0; i < out->answer_count; i++)
		if (!answer_read(m, c, &room, out))
			return;
	for (unsigned i = 0; i < n_others; i++)
		if (!other_read(m, c, out))
			return;
}

static void message_clear(struct dns_message *out)
{
	out->is_response = out->has_question = false;
	out->authoritative = out->truncated = false;
	out->recursion_desired = out->recursion_available = false;
	out->opcode = 0;
	out->id = out->rcode = out->type = out->class = 0;
	out->question_count = out->answer_count = 0;
	out->query[0] = '\0';
	out->n_answers = 0;
	out->steps = 0;
}

bool dns_is_header(const uint8_t *bytes)
{
	return (be16(bytes + 2) >> 11 & 0xf) <= OPCODE_MAX && be16(bytes + 4) <= QUESTIONS_MAX;
}

static void header_read(const uint8_t *h, struct dns_message *out)
{
	uint16_t flags = be16(h + 2);

	out->is_response = flags & FLAG_RESPONSE;
	out->authoritative = flags & FLAG_AUTHORITATIVE;
	out->truncated = flags & FLAG_TRUNCATED;
	out->recursion_desired = flags & FLAG_RECURSION_DESIRED;
	out->recursion_available = flags & FLAG_RECURSION_AVAILABLE;
	out->opcode = flags >> 11 & 0xf;
	out->id = be16(h);
	out->rcode = flags & 0xf;
	out->question_count = be16(h + 4);
}

/* `room`: for the text of the answers. */
static bool parse(const uint8_t *data, uint32_t cap, uint32_t wire, uint32_t room,
	struct dns_message *out)
{
	struct message m = {data, cap, wire, &out->steps};
	struct cursor c = cursor_make(data, cap, wire);
	const uint8_t *h = cursor_take(&c, DNS_HEADER);

	message_clear(out);
	if (!h || !dns_is_header(h))
		return false;
	header_read(h, out);
	if (!questions_read(&m, &c, out->question_count, out))
		return c.status == CURSOR_CUT;
	if (!out->is_response)
		return true;
	out->answer_count = be16(h + 6);
	response_read(&m, &c, (unsigned)be16(h + 8) + be16(h + 10), room, out);
	return true;
}

bool dns_parse(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out)
{
	return parse(data, cap, wire, DNS_ANSWERS_BYTES, out);
}

bool dns_parse_head(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out)
{
	return parse(data, cap, wire, 0, out);
}
