/* What the files of the DNS parser share: dns.c (messages), dns_text.c (text and names),
 * dns_record.c (the data of records), dns_records.c and dns_answers.c (one record after the other). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/cursor.h"
#include "inspect/proto/dns/dns.h"

/* The whole message: names point back into it. */
struct message {
	const uint8_t *data;
	uint32_t cap, wire;
	uint32_t *steps; /* counted there: see struct dns_message */
};

/* Text being written; what has no room is left out. */
struct dns_text {
	char *at;
	size_t room; /* the NUL's byte included */
	uint32_t *steps;
};

enum {
	QUESTION_TAIL = 4, /* type, class */
	RECORD_HEAD = 10,  /* type, class, TTL, data length */
	POINTER = 0xc0,    /* a label's first byte from here on */
	LABEL_MAX = 63,
};

void dns_byte(struct dns_text *t, char c);
/* The whole of it or nothing, and then nothing more. */
void dns_whole(struct dns_text *t, const char *s);
void dns_add(struct dns_text *t, const char *s);
void dns_number(struct dns_text *t, uint32_t number);
/* RFC 4343, 2.1: what is not printable as \DDD, those of `special` behind a backslash. */
void dns_escaped(struct dns_text *t, uint8_t byte, const char *special);

/* Reads the name at `c` and steps over it; `t` gets what could be read. */
enum cursor_status name_read(const struct message *m, struct cursor *c, struct dns_text *t);

/* The data of a record as text; false when it was cut or lies. `c` holds the record's data. */
bool record_data(const struct message *m, struct cursor *c, uint16_t type, struct dns_text *t);

/* Without following pointers: the work is bounded by the bytes there are. */
static inline bool name_skip(const struct message *m, struct cursor *c)
{
	const uint8_t *h;

	while ((h = cursor_take(c, 1)) && *h) {
		++*m->steps;
		if (*h >= POINTER)
			return cursor_take(c, 1);
		if (*h > LABEL_MAX)
			c->status = CURSOR_BAD;
		cursor_take(c, *h);
	}
	return c->status == CURSOR_OK;
}

/* A record up to its data, which `data` gets. NULL: cut, or it lies. */
static inline const uint8_t *record_head(
	const struct message *m, struct cursor *c, struct cursor *data)
{
	const uint8_t *h = name_skip(m, c) ? cursor_take(c, RECORD_HEAD) : NULL;

	++*m->steps;
	if (!h)
		return NULL;
	*data = *c;
	cursor_claim(data, be16(h + 8));
	return h;
}
