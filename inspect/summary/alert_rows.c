#include "inspect/summary/alert_rows.h"

#include "config/log/text.h"
#include "inspect/summary/columns.h"

void alert_rows_print(const struct alert_brief *rows, uint32_t n, FILE *out)
{
	struct columns c;

	columns_init(&c, "");
	columns_head(&c, 'r', "severity");
	columns_head(&c, 'l', "engine");
	columns_head(&c, 'l', "rule");
	columns_head(&c, 'l', "title");
	columns_head(&c, 'l', "source");
	columns_head(&c, 'l', "tenant");
	columns_head(&c, 'r', "count");
	for (uint32_t i = 0; i < n; i++) {
		columns_cell(&c, "%u", rows[i].severity);
		columns_cell(&c, "%s", alert_engine_name(rows[i].engine));
		columns_cell(&c, "%s", rows[i].rule);
		columns_cell(&c, "%s", rows[i].title);
		if (rows[i].has_source)
			columns_addr(&c, &rows[i].source);
		else
			columns_cell(&c, "-");
		columns_cell(&c, "%s", rows[i].tenant[0] != '\0' ? rows[i].tenant : "-");
		columns_count(&c, rows[i].count);
	}
	columns_print(&c, out);
}

static void put_alert(struct json *j, const struct alert_brief *row)
{
	char id[17] = "";
	struct text t = text_make(id, sizeof(id) - 1);

	text_hex(&t, row->id, 16);
	json_open(j, NULL, '{');
	json_string(j, "alert_id", id);
	json_string(j, "engine", alert_engine_name(row->engine));
	json_string(j, "rule", row->rule);
	json_u64(j, "severity", row->severity);
	json_string(j, "title", row->title);
	json_string(j, "why", row->why[0] != '\0' ? row->why : NULL);
	if (row->has_source)
		json_addr(j, "source", &row->source);
	else
		json_string(j, "source", NULL);
	json_string(j, "tenant", row->tenant[0] != '\0' ? row->tenant : NULL);
	json_time(j, "first", row->first_ns);
	json_time(j, "last", row->last_ns);
	json_u64(j, "count", row->count);
	json_close(j, '}');
}

void alert_rows_json(
	struct json *j, const char *key, const struct alert_brief *rows, uint32_t n)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; i < n; i++)
		put_alert(j, &rows[i]);
	json_close(j, ']');
}
