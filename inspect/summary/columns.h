/* A table of text with aligned columns, for terminals: cells are collected, widths follow from
 * them. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "config/parse/session_key.h"

enum { COLUMNS_MAX = 10, COLUMNS_CELL = 96 };

struct columns {
	const char *align; /* one of l, r for each column */
	unsigned n_columns, at;
	unsigned n_rows, room;
	unsigned width[COLUMNS_MAX];
	char (*cells)[COLUMNS_CELL]; /* n_rows * n_columns */
	unsigned lost;               /* rows for which there was no memory */
};

void columns_init(struct columns *c, const char *align);
/* Prints the table, two spaces in front of each line, and frees the cells. */
void columns_print(struct columns *c, FILE *out);

/* The next cell, row by row; longer ones are cut, control characters become '?'. */
__attribute__((format(printf, 2, 3))) void columns_cell(
	struct columns *c, const char *format, ...);
/* 42, or 0 (network 1234) */
void columns_session(struct columns *c, const struct session_key *key);
/* 1,234,567 */
void columns_count(struct columns *c, uint64_t n);
/* 1.23 MB, powers of ten */
void columns_bytes(struct columns *c, uint64_t n);
/* 12.3 %, and nothing for 0 of 0 */
void columns_share(struct columns *c, uint64_t part, uint64_t whole);

enum { COUNT_TEXT = 27 };
/* `n` with its thousands apart; returns `text`. */
const char *count_print(uint64_t n, char text[COUNT_TEXT]);
