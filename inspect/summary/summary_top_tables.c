#include <netinet/in.h>
#include <string.h>

#include "inspect/flow/addr_text.h"
#include "inspect/record/tables/conversations.h"
#include "inspect/record/tables/named.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/posture.h"
#include "inspect/summary/summary_rows.h"
#include "inspect/summary/summary_top.h"

enum { ROWS = 5, NAME_SHOWN = 56 };

/* `table` NULL: its counts are exact. */
static void put_title(FILE *out, const char *title, uint32_t n, const struct heaviest *table)
{
	bool at_least = table && heaviest_overflow(table) > 0;
	char text[COUNT_TEXT];

	if (n > ROWS)
		fprintf(out, "\n%s (first %d of %s%s)\n", title, ROWS,
			at_least ? "more than " : "", count_print(n, text));
	else
		fprintf(out, "\n%s\n", title);
	if (at_least)
		fputs("  counts are the least there were: more came than the table holds\n",
			out);
}

static void put_server(struct columns *c, const struct conversation_key *key)
{
	char room[ENDPOINT_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	if (key->server_port == 0) {
		columns_addr(c, &key->server);
		return;
	}
	text_endpoint(&t, &key->server, ip_addr_is_v4(&key->server) ? 4 : 6, key->server_port);
	columns_cell(c, "%s", room);
}

static void put_protocol(struct columns *c, uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		columns_cell(c, "tcp");
	else if (protocol == IPPROTO_UDP)
		columns_cell(c, "udp");
	else
		columns_cell(c, "%u", protocol);
}

static void put_conversation(
	struct columns *c, const struct summary *s, const struct conversation *row)
{
	char app[APP_NAME] = "Unknown", text[DURATION_TEXT];

	columns_addr(c, &row->key.client);
	put_server(c, &row->key);
	put_protocol(c, row->key.protocol);
	columns_cell(c, "%s",
		s->dpi ? dpi_app(s->dpi, row->key.app_master, row->key.app, app, sizeof(app))
		       : app);
	columns_count(c, row->value.flows);
	columns_count(c, row->value.packets);
	columns_bytes(c, row->value.bytes);
	columns_cell(c, "%s", duration_print(row->value.last_ns - row->value.first_ns, text));
	if (row->key.has_point)
		columns_session(c, &row->key.point);
	else
		columns_cell(c, "%s", "");
}

static void put_conversations(const struct summary *s, FILE *out)
{
	const struct heaviest *table = totals_conversations(s->totals);
	struct conversation top[ROWS];
	struct columns c;
	uint32_t n;

	if (table == NULL || !s->shows.conversations || heaviest_count(table) == 0)
		return;
	n = conversations_top(table, top, ROWS);
	put_title(out, "Conversations", n, table);
	columns_init(&c, "");
	columns_head(&c, 'l', "client");
	columns_head(&c, 'l', "server");
	columns_head(&c, 'l', "");
	columns_head(&c, 'l', "application");
	columns_head(&c, 'r', "flows");
	columns_head(&c, 'r', "packets");
	columns_head(&c, 'r', "bytes");
	columns_head(&c, 'r', "duration");
	columns_head(&c, 'r', s->sessions && session_table_count(s->sessions) ? "vni" : "");
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_conversation(&c, s, &top[i]);
	columns_print(&c, out);
}

/* Bytes from packets, none of which a terminal obeys: what is not printable ASCII is \xNN. */
static void put_bytes(struct columns *c, const char *bytes, size_t len)
{
	char room[NAME_SHOWN + 1];
	struct text t = text_make(room, NAME_SHOWN);
	size_t shown = 0;

	while (shown < len) {
		unsigned char byte = (unsigned char)bytes[shown];
		size_t size = byte >= ' ' && byte < 0x7f ? 1 : 4;

		if (size > (size_t)(t.end - t.at) - (shown + 1 < len ? 3 : 0))
			break;
		if (size == 1) {
			text_char(&t, (char)byte);
		} else {
			text_cstr(&t, "\\x");
			text_hex(&t, byte, 2);
		}
		shown++;
	}
	if (shown < len)
		text_cstr(&t, "...");
	*t.at = '\0';
	columns_cell(c, "%s", room);
}

static void put_named(struct columns *c, const struct named *row, bool is_failure)
{
	if (is_failure)
		put_bytes(c, row->what, row->what_len);
	put_bytes(c, row->name, row->name_len);
	columns_cell(c, "%s", naming_name(row->by));
	columns_count(c, row->count);
	if (row->several)
		columns_cell(c, "%s", "several");
	else
		columns_addr(c, &row->client);
}

static void put_table(
	const char *title, const struct heaviest *table, bool is_failure, FILE *out)
{
	struct named top[ROWS];
	struct columns c;
	uint32_t n;

	if (table == NULL || heaviest_count(table) == 0)
		return;
	n = named_top(table, top, ROWS);
	put_title(out, title, n, table);
	columns_init(&c, "");
	if (is_failure)
		columns_head(&c, 'l', "failure");
	columns_head(&c, 'l', "name");
	columns_head(&c, 'l', "by");
	columns_head(&c, 'r', "count");
	columns_head(&c, 'l', "client");
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_named(&c, &top[i], is_failure);
	columns_print(&c, out);
}

/* Columns without a flow are left out. */
static void put_posture(
	struct columns *c, const struct posture *row, const struct encryption_stats *all)
{
	columns_cell(c, "%s", row->client);
	columns_cell(c, "%s", row->server);
	columns_count(c, row->flows);
	columns_bytes(c, row->bytes);
	counters_each (counter, COUNTERS_encryption_stats)
		if (counter_value(counter, all) > 0)
			columns_count(c, counter_value(counter, &row->stats));
}

static void put_encryption(const struct summary *s, FILE *out)
{
	const struct encryption_stats all = s->counters.encryption_stats;
	struct posture top[ROWS], others;
	struct columns c;
	uint32_t n;

	if (!s->shows.encryption || s->dpi == NULL || totals_flows(s->totals) == 0)
		return;
	n = posture_top(s, top, ROWS, &others);
	put_title(out, "Encryption, in flows", n, NULL);
	columns_init(&c, "");
	columns_head(&c, 'l', "client");
	columns_head(&c, 'l', "server");
	columns_head(&c, 'r', "flows");
	columns_head(&c, 'r', "bytes");
	counters_each (counter, COUNTERS_encryption_stats)
		if (counter_value(counter, &all) > 0)
			columns_head(&c, 'r', counter->head);
	for (uint32_t i = 0; i < n && i < ROWS; i++)
		put_posture(&c, &top[i], &all);
	if (others.flows > 0)
		put_posture(&c, &others, &all);
	columns_print(&c, out);
}

void summary_top_tables(const struct summary *s, FILE *out)
{
	put_conversations(s, out);
	put_table("Names", totals_names(s->totals), false, out);
	put_table("Failures", totals_failures(s->totals), true, out);
	put_encryption(s, out);
}
