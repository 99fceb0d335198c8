#include "inspect/summary/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void columns_init(struct columns *c, const char *align)
{
	*c = (struct columns){.align = align, .n_columns = (unsigned)strlen(align)};
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

void columns_cell(struct columns *c, const char *format, ...)
{
	char *cell = next_cell(c);
	size_t len;
	va_list args;

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
