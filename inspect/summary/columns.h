/* A table of text with aligned columns, for terminals: cells are collected, widths follow from
 * them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/parse/session_key.h"
#include "decap/counters/counters.h"

enum { COLUMNS_MAX = 16, COLUMNS_CELL = 96 };

struct columns {
	char align[COLUMNS_MAX]; /* of each column: l or r */
	const char *heads[COLUMNS_MAX];
	unsigned n_columns, at;
	bool heads_due;
	unsigned n_rows, room;
	unsigned width[COLUMNS_MAX];
	char (*cells)[COLUMNS_CELL]; /* n_rows * n_columns */
	unsigned lost;               /* rows for which there was no memory */
};

/* A column for each letter of `align`, without heads; "": columns_head() adds them. */
void columns_init(struct columns *c, const char *align);
/* Before the first cell: a column more, whose head is printed when there are cells. */
void columns_head(struct columns *c, char align, const char *head);
/* One for each row of the set that has a head, and their cells. */
void columns_counter_heads(struct columns *c, enum counter_set set);
void columns_counters(struct columns *c, enum counter_set set, const void *row);
/* Prints the table, two spaces in front of each line, and frees the cells. */
void columns_print(struct columns *c, FILE *out);

/* The next cell, row by row; longer ones are cut, control characters become '?'. */
__attribute__((format(printf, 2, 3))) void columns_cell(
	struct columns *c, const char *format, ...);
void columns_addr(struct columns *c, const struct ip_addr *addr);
/* 42, or 0 (network 1234) */
void columns_session(struct columns *c, const struct session_key *key);
/* 1,234,567 */
void columns_count(struct columns *c, uint64_t n);
/* 1.23 MB, powers of ten */
void columns_bytes(struct columns *c, uint64_t n);
/* 12.3 %, and nothing for 0 of 0 */
void columns_share(struct columns *c, uint64_t part, uint64_t whole);

enum { COUNT_TEXT = 27, DURATION_TEXT = 48 };
/* 12.3 s, 1 h 2 min, 3 d 4 h; returns `text`. */
const char *duration_print(uint64_t ns, char text[DURATION_TEXT]);
/* `n` with its thousands apart; returns `text`. */
const char *count_print(uint64_t n, char text[COUNT_TEXT]);
