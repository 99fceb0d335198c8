#include "inspect/dpi/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "decap/cursor.h"

enum {
	HEADER_LEN = 12,
	QUESTION_TAIL = 4, /* type, class */
	RECORD_HEAD = 10,  /* type, class, TTL, data length */
	NAME_WIRE_MAX = 255,
	POINTER = 0xc0, /* a label's first byte from here on */
	JUMPS_MAX = 32,
	RECORDS_MAX = 64, /* looked at in one message */
	LABEL_MAX = 63,
	FLAG_RESPONSE = 0x8000,
	OPCODE_MAX = 6, /* DSO, RFC 8490 */
};

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

/* The whole message: names point back into it. */
struct message {
	const uint8_t *data;
	uint32_t cap, wire;
};

/* Text being written; what has no room is left out. */
struct text {
	char *at;
	size_t room; /* the NUL's byte included */
};

static void text_byte(struct text *t, char c)
{
	if (t->room > 1) {
		*t->at++ = c;
		t->room--;
		*t->at = '\0';
	}
}

static void text_add(struct text *t, const char *s)
{
	for (; *s; s++)
		text_byte(t, *s);
}

static void text_number(struct text *t, uint32_t number)
{
	char digits[12];

	snprintf(digits, sizeof(digits), "%u", number);
	text_add(t, digits);
}

/* RFC 4343, 2.1: what is not printable as \DDD, backslash and (in labels) dot behind one. */
static void text_escaped(struct text *t, uint8_t byte, bool in_label)
{
	bool plain = byte >= (in_label ? 0x21 : 0x20) && byte <= 0x7e;
	char escape[8];

	if (plain && byte != '\\' && !(in_label && byte == '.')) {
		text_byte(t, (char)byte);
		return;
	}
	snprintf(escape, sizeof(escape), plain ? "\\%c" : "\\%03u", byte);
	/* An escape is written whole or not at all. */
	if (strlen(escape) < t->room)
		text_add(t, escape);
	else
		t->room = 0;
}

static struct cursor message_at(const struct message *m, uint32_t offset)
{
	struct cursor c = cursor_make(m->data, m->cap, m->wire);

	cursor_take(&c, offset);
	return c;
}

static void label_print(struct text *t, const uint8_t *label, uint8_t len, bool first)
{
	if (!first)
		text_byte(t, '.');
	for (uint8_t i = 0; i < len; i++)
		text_escaped(t, label[i], true);
}

/* A walk along a name's labels. */
struct name_walk {
	struct cursor at;
	uint32_t part; /* where the labels being read began: pointers must point before */
	uint32_t wire; /* length of the name without pointers, RFC 1035, 2.3.4 */
	unsigned jumps;
};

/* Follows a pointer whose first byte was `high`. */
static void name_jump(const struct message *m, struct name_walk *walk, uint8_t high)
{
	const uint8_t *low = cursor_take(&walk->at, 1);
	uint32_t to = (uint32_t)(high & 0x3f) << 8 | (low ? *low : 0);

	if (!low)
		return;
	if (to >= walk->part || ++walk->jumps > JUMPS_MAX) {
		walk->at.status = CURSOR_BAD;
		return;
	}
	walk->part = to;
	walk->at = message_at(m, to);
}

static const uint8_t *name_label(struct name_walk *walk, uint8_t len)
{
	walk->wire += len + 1u;
	if (len > LABEL_MAX || walk->wire > NAME_WIRE_MAX)
		walk->at.status = CURSOR_BAD;
	return cursor_take(&walk->at, len);
}

/* Reads the name at `c` and steps over it. A pointer must point before the labels it ends, so
 * every jump goes back and the walk ends. `t` gets what could be read. */
static enum cursor_status name_read(const struct message *m, struct cursor *c, struct text *t)
{
	struct name_walk walk = {*c, (uint32_t)(c->at - m->data), 1, 0};
	const uint8_t *h;
	bool first = true;

	while ((h = cursor_take(&walk.at, 1)) && *h) {
		uint8_t len = *h;

		if (len >= POINTER) {
			if (!walk.jumps)
				cursor_take(c, (uint32_t)(walk.at.at - c->at) + 1);
			name_jump(m, &walk, len);
			continue;
		}
		h = name_label(&walk, len);
		if (!h)
			break;
		label_print(t, h, len, first);
		first = false;
	}
	if (first && walk.at.status == CURSOR_OK)
		text_byte(t, '.');
	if (!walk.jumps)
		*c = walk.at;
	else
		c->status = walk.at.status;
	return c->status;
}

static bool name_skip(const struct message *m, struct cursor *c)
{
	char nothing[1];
	struct text t = {nothing, sizeof(nothing)};

	return name_read(m, c, &t) == CURSOR_OK;
}

static void read_name(const struct message *m, struct cursor *c, struct text *t)
{
	name_read(m, c, t);
}

static void read_numbers(struct cursor *c, struct text *t, unsigned count, unsigned width)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *p = cursor_take(c, width);

		if (!p)
			return;
		if (i)
			text_byte(t, ' ');
		text_number(t, width == 2 ? be16(p) : be32(p));
	}
}

static void read_soa(const struct message *m, struct cursor *c, struct text *t)
{
	read_name(m, c, t);
	text_byte(t, ' ');
	read_name(m, c, t);
	text_byte(t, ' ');
	read_numbers(c, t, 5, 4);
}

static void read_numbers_name(
	const struct message *m, struct cursor *c, struct text *t, unsigned count)
{
	read_numbers(c, t, count, 2);
	text_byte(t, ' ');
	read_name(m, c, t);
}

/* The character strings of a TXT record, joined. */
static void read_strings(struct cursor *c, struct text *t)
{
	const uint8_t *h;

	while (c->wire && (h = cursor_take(c, 1))) {
		uint8_t len = *h;
		const uint8_t *s = cursor_take(c, len);

		for (uint8_t i = 0; s && i < len; i++)
			text_escaped(t, s[i], false);
	}
}

static void read_address(struct cursor *c, struct text *t, int family)
{
	char address[INET6_ADDRSTRLEN];
	const uint8_t *p = cursor_take(c, family == AF_INET ? 4 : 16);

	if (p && inet_ntop(family, p, address, sizeof(address)))
		text_add(t, address);
}

/* The data of a record as text; false when it was cut or lies. `c` holds the record's data. */
static bool data_read(const struct message *m, struct cursor *c, uint16_t type, struct text *t)
{
	switch (type) {
	case TYPE_A:
		read_address(c, t, AF_INET);
		break;
	case TYPE_AAAA:
		read_address(c, t, AF_INET6);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		read_name(m, c, t);
		break;
	case TYPE_SOA:
		read_soa(m, c, t);
		break;
	case TYPE_MX:
	case TYPE_SVCB:
	case TYPE_HTTPS:
		read_numbers_name(m, c, t, 1);
		break;
	case TYPE_SRV:
		read_numbers_name(m, c, t, 3);
		break;
	case TYPE_TXT:
		read_strings(c, t);
		break;
	default:
		text_add(t, "TYPE");
		text_number(t, type);
	}
	return c->status == CURSOR_OK;
}

/* One resource record; its text goes to `answer`. */
static bool record_read(const struct message *m, struct cursor *c, char *answer)
{
	struct text t = {answer, DNS_ANSWER_TEXT};
	struct cursor data;
	const uint8_t *h;

	answer[0] = '\0';
	if (!name_skip(m, c) || !(h = cursor_take(c, RECORD_HEAD)))
		return false;
	data = *c;
	cursor_claim(&data, be16(h + 8));
	if (!data_read(m, &data, be16(h), &t))
		return false;
	return cursor_take(c, be16(h + 8));
}

static void answers_read(
	const struct message *m, struct cursor *c, uint16_t count, struct dns_message *out)
{
	for (unsigned i = 0; i < count && i < RECORDS_MAX; i++) {
		if (out->n_answers == DNS_ANSWERS_MAX)
			return;
		if (!record_read(m, c, out->answers[out->n_answers]))
			return;
		out->n_answers++;
	}
}

static bool question_read(const struct message *m, struct cursor *c, struct dns_message *out)
{
	struct text t = {out->query, sizeof(out->query)};
	const uint8_t *tail;

	if (name_read(m, c, &t) != CURSOR_OK || !(tail = cursor_take(c, QUESTION_TAIL)))
		return false;
	out->type = be16(tail);
	out->has_question = true;
	return true;
}

/* Only the first of several questions is kept. */
static bool questions_read(
	const struct message *m, struct cursor *c, uint16_t count, struct dns_message *out)
{
	if (count > RECORDS_MAX)
		return false;
	if (count && !question_read(m, c, out))
		return false;
	for (unsigned i = 1; i < count; i++)
		if (!name_skip(m, c) || !cursor_take(c, QUESTION_TAIL))
			return false;
	return true;
}

static void message_clear(struct dns_message *out)
{
	out->is_response = out->has_question = false;
	out->rcode = 0;
	out->type = 0;
	out->query[0] = '\0';
	out->n_answers = 0;
}

bool dns_parse(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out)
{
	struct message m = {data, cap, wire};
	struct cursor c = cursor_make(data, cap, wire);
	const uint8_t *h = cursor_take(&c, HEADER_LEN);
	uint16_t flags;

	message_clear(out);
	if (!h)
		return false;
	flags = be16(h + 2);
	if ((flags >> 11 & 0xf) > OPCODE_MAX)
		return false;
	out->is_response = flags & FLAG_RESPONSE;
	out->rcode = flags & 0xf;
	if (!questions_read(&m, &c, be16(h + 4), out))
		return c.status == CURSOR_CUT;
	if (out->is_response)
		answers_read(&m, &c, be16(h + 6), out);
	return true;
}
