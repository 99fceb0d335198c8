/* Text, and names. */
#include <string.h>

#include "inspect/proto/dns/dns_inside.h"

enum {
	NAME_WIRE_MAX = 255,
	JUMPS_MAX = 32,
};

void dns_byte(struct dns_text *t, char c)
{
	++*t->steps;
	if (t->room > 1) {
		*t->at++ = c;
		t->room--;
		*t->at = '\0';
	}
}

void dns_add(struct dns_text *t, const char *s)
{
	for (; *s; s++)
		dns_byte(t, *s);
}

void dns_number(struct dns_text *t, uint32_t number)
{
	char digits[11], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	dns_add(t, at);
}

void dns_whole(struct dns_text *t, const char *s)
{
	if (strlen(s) < t->room)
		dns_add(t, s);
	else
		t->room = 0;
}

void dns_escaped(struct dns_text *t, uint8_t byte, const char *special)
{
	const char digits[] = {'\\', (char)('0' + byte / 100), (char)('0' + byte / 10 % 10),
		(char)('0' + byte % 10), '\0'};
	const char quoted[] = {'\\', (char)byte, '\0'};

	if (byte < ' ' || byte > 0x7e) {
		dns_whole(t, digits);
		return;
	}
	while (*special && *special != (char)byte)
		special++;
	if (*special)
		dns_whole(t, quoted);
	else
		dns_byte(t, (char)byte);
}

static bool is_plain(uint8_t byte)
{
	return byte > ' ' && byte <= '~' && byte != '.' && byte != '\\';
}

/* Bytes that stand for themselves; those at the end that have no room are left out. */
static void dns_plain(struct dns_text *t, const uint8_t *bytes, uint32_t n)
{
	size_t fit = t->room > n ? n : t->room ? t->room - 1 : 0;

	*t->steps += n;
	if (!fit)
		return;
	memcpy(t->at, bytes, fit);
	t->at += fit;
	t->room -= fit;
	*t->at = '\0';
}

/* A space in a name would end it in a list of words. */
static void label_byte(struct dns_text *t, uint8_t byte)
{
	if (byte == ' ')
		dns_whole(t, "\\032");
	else
		dns_escaped(t, byte, ".\\");
}

static struct cursor message_at(const struct message *m, uint32_t offset)
{
	struct cursor c = cursor_make(m->data, m->cap, m->wire);

	cursor_take(&c, offset);
	return c;
}

static void label_print(struct dns_text *t, const uint8_t *label, uint8_t len, bool first)
{
	if (!first)
		dns_byte(t, '.');
	for (uint8_t i = 0; i < len; i++) {
		uint8_t run = i;

		while (run < len && is_plain(label[run]))
			run++;
		dns_plain(t, label + i, run - i);
		i = run;
		if (i < len)
			label_byte(t, label[i]);
	}
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
	++*m->steps;
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
enum cursor_status name_read(const struct message *m, struct cursor *c, struct dns_text *t)
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
		dns_byte(t, '.');
	if (!walk.jumps)
		*c = walk.at;
	else
		c->status = walk.at.status;
	return c->status;
}
