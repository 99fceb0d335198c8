#include "inspect/summary/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "inspect/flow/addr_text.h"

void columns_init(struct columns *c, const char *align)
{
	*c = (struct columns){.n_columns = (unsigned)strlen(align)};
	memcpy(c->align, align, c->n_columns);
}

void columns_head(struct columns *c, char align, const char *head)
{
	c->align[c->n_columns] = align;
	c->heads[c->n_columns++] = head;
	c->heads_due = true;
}

void columns_counter_heads(struct columns *c, enum counter_set set)
{
	counters_each (row, set)
		if (row->head[0] != '\0')
			columns_head(c, 'r', row->head);
}

/* The cell to fill, or NULL: no memory. */
static char *next_cell(struct columns *c)
{
	if (c->at == 0 && c->n_rows == c->room) {
		unsigned room = c->room == 0 ? 16 : 2 * c->room;
		void *grown = realloc(c->cells, sizeof(*c->cells) * room * c->n_columns);

		if (grown == NULL)
			return NULL;
		c->cells = grown;
		c->room = room;
	}
	return c->cells[c->n_rows * c->n_columns + c->at];
}

/* A name from outside neither breaks a line nor commands the terminal. Returns the length. */
static size_t scrub(char *cell)
{
	size_t len = 0;

	for (; cell[len] != '\0'; len++)
		if ((unsigned char)cell[len] < ' ' || cell[len] == 0x7f)
			cell[len] = '?';
	return len;
}

static void put_heads(struct columns *c)
{
	c->heads_due = false;
	for (unsigned i = 0; i < c->n_columns; i++)
		columns_cell(c, "%s", c->heads[i]);
}

void columns_cell(struct columns *c, const char *format, ...)
{
	char *cell;
	size_t len;
	va_list args;

	if (c->heads_due)
		put_heads(c);
	cell = next_cell(c);
	if (cell != NULL) {
		va_start(args, format);
		vsnprintf(cell, COLUMNS_CELL, format, args);
		va_end(args);
		len = scrub(cell);
		if (len > c->width[c->at])
			c->width[c->at] = (unsigned)len;
	}
	if (++c->at < c->n_columns)
		return;
	c->at = 0;
	if (cell != NULL)
		c->n_rows++;
	else
		c->lost++;
}

void columns_addr(struct columns *c, const struct ip_addr *addr)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, ip_addr_is_v4(addr) ? 4 : 6);
	columns_cell(c, "%s", room);
}

void columns_session(struct columns *c, const struct session_key *key)
{
	if (key->network == NETWORK_NONE)
		columns_cell(c, "%" PRIu32, key->vni);
	else
		columns_cell(c, "%" PRIu32 " (network %" PRIu32 ")", key->vni,
			network_id(key->network));
}

const char *count_print(uint64_t n, char text[COUNT_TEXT])
{
	char digits[21];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *at = text;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return text;
}

void columns_count(struct columns *c, uint64_t n)
{
	char text[COUNT_TEXT];

	columns_cell(c, "%s", count_print(n, text));
}

void columns_bytes(struct columns *c, uint64_t n)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)n / 1000;
	unsigned unit = 0;

	if (n < 1000) {
		columns_cell(c, "%" PRIu64 "  B", n);
		return;
	}
	for (; value >= 999.995; unit++)
		value /= 1000;
	columns_cell(c, "%.2f %s", value, units[unit]);
}

const char *duration_print(uint64_t ns, char text[DURATION_TEXT])
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(text, DURATION_TEXT, "%.1f s", (double)ns / 1e9);
	else if (s < 3600)
		snprintf(text, DURATION_TEXT, "%" PRIu64 " min", s / 60);
	else if (s < 86400)
		snprintf(text, DURATION_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			s / 60 % 60);
	else
		snprintf(text, DURATION_TEXT, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			s / 3600 % 24);
	return text;
}

static void put_counter(struct columns *c, enum counter_form form, uint64_t value)
{
	char text[DURATION_TEXT];

	switch (form) {
	case COUNTER_BYTES:
		columns_bytes(c, value);
		break;
	case COUNTER_NS:
		columns_cell(c, "%s", duration_print(value, text));
		break;
	case COUNTER_RATIO:
		columns_share(c, value, COUNTER_ONE);
		break;
	case COUNTER_NUMBER:
	case COUNTER_TRUTH:
		columns_count(c, value);
		break;
	}
}

void columns_counters(struct columns *c, enum counter_set set, const void *row)
{
	counters_each (counter, set) {
		uint64_t value = counter_value(counter, row);

		if (counter->head[0] == '\0')
			continue;
		if (value == COUNTER_UNKNOWN)
			columns_cell(c, "%s", "");
		else
			put_counter(c, counter_form(counter), value);
	}
}

void columns_share(struct columns *c, uint64_t part, uint64_t whole)
{
	if (whole == 0)
		columns_cell(c, "%s", "");
	else
		columns_cell(c, "%.1f %%", 100.0 * (double)part / (double)whole);
}

static void print_row(const struct columns *c, unsigned row, FILE *out)
{
	unsigned last = c->n_columns;

	/* No blanks at the end of a line. */
	while (last > 0 && c->cells[row * c->n_columns + last - 1][0] == '\0')
		last--;
	for (unsigned i = 0; i < last; i++) {
		const char *cell = c->cells[row * c->n_columns + i];
		int width = (int)c->width[i];

		if (c->align[i] == 'l' && i + 1 == last)
			width = 0;
		fprintf(out, "  %*s", c->align[i] == 'l' ? -width : width, cell);
	}
	fputc('\n', out);
}

void columns_print(struct columns *c, FILE *out)
{
	for (unsigned row = 0; row < c->n_rows; row++)
		print_row(c, row, out);
	if (c->lost > 0)
		fprintf(out, "  and %u more: no memory for them\n", c->lost);
	free(c->cells);
	c->cells = NULL;
}
