/* What the files of the DNS parser share: dns.c (messages), dns_text.c (text and names) and
 * dns_record.c (the data of records). */
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
