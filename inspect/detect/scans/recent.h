/* A bounded table of rows by key, which knows which of them was used longest ago. Rows are zero when they are
 * taken, and begin with a struct recent_row. One thread uses it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "decap/addr.h"

/* Without padding. */
struct recent_key {
	struct ip_addr addr;
	uint32_t tenant;
	uint32_t port; /* or protocol */
};

struct recent_row {
	struct recent_key key;
	uint32_t older, newer, next; /* numbers of rows */
};

struct recent;

/* `row_size`: a multiple of 8. NULL: no memory, of which pages are touched as rows are taken. */
struct recent *recent_create(uint32_t capacity, size_t row_size);
/* NULL is legal. */
void recent_destroy(struct recent *recent);

/* The row, which is the newest now; NULL: there is none. */
void *recent_find(struct recent *recent, const struct recent_key *key);
/* A new one, the newest, of a key that has none. NULL: the table is full. */
void *recent_take(struct recent *recent, const struct recent_key *key);
/* Gives it back. */
void recent_drop(struct recent *recent, void *row);
/* NULL: there is none. */
void *recent_oldest(const struct recent *recent);
uint32_t recent_count(const struct recent *recent);
/* Which row it is: below the capacity. */
uint32_t recent_number(const struct recent *recent, const void *row);
