#include <string.h>

#include "inspect/record/tables/conversations.h"
#include "inspect/record/tables/named.h"
#include "inspect/summary/posture.h"
#include "inspect/summary/summary_rows.h"
#include "inspect/summary/summary_top.h"

enum { ROWS = 20 };

static void put_point(struct json *j, const struct conversation_key *key)
{
	bool has_network = key->has_point && key->point.network != NETWORK_NONE;

	if (key->has_point)
		json_u64(j, "vni", key->point.vni);
	else
		json_string(j, "vni", NULL);
	if (has_network)
		json_u64(j, "network", network_id(key->point.network));
	else
		json_string(j, "network", NULL);
	if (key->has_point)
		json_addr(j, "outer_src", &key->point.outer_src);
	else
		json_string(j, "outer_src", NULL);
}

static void put_conversation(
	struct json *j, const struct summary *s, const struct conversation *c)
{
	char tenant[TENANT_TEXT], app[APP_NAME] = "Unknown";

	json_open(j, NULL, '{');
	json_addr(j, "client", &c->key.client);
	json_addr(j, "server", &c->key.server);
	json_u64(j, "server_port", c->key.server_port);
	json_u64(j, "protocol", c->key.protocol);
	json_string(j, "app",
		s->dpi ? dpi_app(s->dpi, c->key.app_master, c->key.app, app, sizeof(app))
		       : app);
	json_string(j, "encryption", encryption_name((enum encryption)c->key.encryption));
	put_point(j, &c->key);
	json_string(j, "tenant", summary_tenant(s, c->key.tenant, tenant));
	json_u64(j, "flows", c->value.flows);
	json_u64(j, "packets", c->value.packets);
	json_u64(j, "bytes", c->value.bytes);
	json_time(j, "first", c->value.first_ns);
	json_time(j, "last", c->value.last_ns);
	json_double(j, "duration_s", (double)(c->value.last_ns - c->value.first_ns) / 1e9);
	json_close(j, '}');
}

static void put_conversations(struct json *j, const struct summary *s)
{
	const struct heaviest *table = totals_conversations(s->totals);
	struct conversation top[ROWS];
	uint32_t n;

	if (table == NULL || !s->shows.conversations) {
		json_string(j, "conversations", NULL);
		return;
	}
	n = conversations_top(table, top, ROWS);
	json_open(j, "conversations", '[');
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_conversation(j, s, &top[i]);
	json_close(j, ']');
}

/* A NUL, which would end it, becomes what is not UTF-8, too. */
static void put_bytes(struct json *j, const char *key, const char *bytes, size_t len)
{
	char room[NAMED_TEXT + 1];

	for (size_t i = 0; i < len; i++)
		room[i] = (char)(bytes[i] == '\0' ? '\xff' : bytes[i]);
	room[len] = '\0';
	json_string(j, key, room);
}

static void put_named(struct json *j, const struct named *row, bool is_failure)
{
	json_open(j, NULL, '{');
	if (is_failure)
		put_bytes(j, "failure", row->what, row->what_len);
	put_bytes(j, "name", row->name, row->name_len);
	json_string(j, "by", naming_name(row->by));
	json_u64(j, "count", row->count);
	if (row->several)
		json_string(j, "client", NULL);
	else
		json_addr(j, "client", &row->client);
	json_close(j, '}');
}

static void put_table(
	struct json *j, const char *key, const struct heaviest *table, bool is_failure)
{
	struct named top[ROWS];
	uint32_t n;

	if (table == NULL) {
		json_string(j, key, NULL);
		return;
	}
	n = named_top(table, top, ROWS);
	json_open(j, key, '[');
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_named(j, &top[i], is_failure);
	json_close(j, ']');
}

static void put_posture(struct json *j, const char *key, const struct posture *row)
{
	json_open(j, key, '{');
	if (key == NULL) {
		json_string(j, "client", row->client);
		json_string(j, "server", row->server);
	}
	json_u64(j, "flows", row->flows);
	json_u64(j, "bytes", row->bytes);
	json_counters(j, COUNTERS_encryption_stats, &row->stats, IN_SUMMARY);
	json_close(j, '}');
}

static void put_encryption(struct json *j, const struct summary *s)
{
	struct posture top[ROWS], others;
	uint32_t n;

	if (!s->shows.encryption || s->dpi == NULL) {
		json_string(j, "encryption_pairs", NULL);
		json_string(j, "encryption_others", NULL);
		return;
	}
	n = posture_top(s, top, ROWS, &others);
	json_open(j, "encryption_pairs", '[');
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_posture(j, NULL, &top[i]);
	json_close(j, ']');
	put_posture(j, "encryption_others", &others);
}

void summary_top_json(struct json *j, const struct summary *s)
{
	put_conversations(j, s);
	put_table(j, "names", totals_names(s->totals), false);
	put_table(j, "failures", totals_failures(s->totals), true);
	put_encryption(j, s);
}
