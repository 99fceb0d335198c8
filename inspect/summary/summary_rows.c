#include "inspect/summary/summary_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_app(const struct summary *s, const struct app_total *app, struct app_row *row)
{
	char room[APP_NAME] = "Unknown";
	const char *name = room;

	if (s->dpi != NULL)
		name = dpi_app(s->dpi, app->master, app->app, room, sizeof(room));
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->total = app->total;
}

static int by_name(const void *left, const void *right)
{
	const struct app_row *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int by_bytes(const void *left, const void *right)
{
	const struct app_row *a = left, *b = right;

	if (a->total.bytes != b->total.bytes)
		return a->total.bytes < b->total.bytes ? 1 : -1;
	return by_name(left, right);
}

/* `rows` are sorted by name; returns how many are left. */
static uint32_t join_equal(struct app_row *rows, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct total *to = &rows[kept].total;

		if (i == 0 || strcmp(rows[kept].name, rows[i].name) != 0) {
			kept += i > 0;
			rows[kept] = rows[i];
			continue;
		}
		to->flows += rows[i].total.flows;
		to->packets += rows[i].total.packets;
		to->bytes += rows[i].total.bytes;
	}
	return n == 0 ? 0 : kept + 1;
}

struct app_row *summary_apps(const struct summary *s, uint32_t *n)
{
	uint32_t all = totals_apps(s->totals, NULL, 0);
	struct app_total *totals = calloc(all + 1ull, sizeof(*totals));
	struct app_row *rows = calloc(all + 1ull, sizeof(*rows));

	*n = 0;
	if (totals == NULL || rows == NULL) {
		free(totals);
		free(rows);
		return NULL;
	}
	totals_apps(s->totals, totals, all);
	for (uint32_t i = 0; i < all; i++)
		name_app(s, &totals[i], &rows[i]);
	free(totals);
	qsort(rows, all, sizeof(*rows), by_name);
	*n = join_equal(rows, all);
	qsort(rows, *n, sizeof(*rows), by_bytes);
	return rows;
}

static int by_source(const void *left, const void *right)
{
	const struct session *a = ((const struct session_row *)left)->session;
	const struct session *b = ((const struct session_row *)right)->session;

	return session_key_compare(&a->key, &b->key);
}

struct session_row *summary_sessions(const struct summary *s, uint32_t *n)
{
	uint32_t all = s->sessions == NULL ? 0 : session_table_count(s->sessions);
	struct session_row *rows = calloc(all + 1ull, sizeof(*rows));

	*n = 0;
	if (rows == NULL)
		return NULL;
	for (uint32_t i = 0; i < all; i++)
		rows[i].session = session_table_get(s->sessions, i);
	qsort(rows, all, sizeof(*rows), by_source);
	*n = all;
	return rows;
}

const char *summary_tenant(const struct summary *s, uint32_t tenant, char text[TENANT_TEXT])
{
	uint32_t index = tenant - TENANT_NAMED;

	return tenant_text(tenant, index < s->n_tenants ? s->tenants[index] : NULL, text);
}

const char *summary_direction(enum direction direction)
{
	return direction == DIRECTION_INGRESS ? "ingress" : "egress";
}

bool summary_deterministic(const struct summary *s)
{
	return s->deterministic && !counters_limited(&s->counters);
}
