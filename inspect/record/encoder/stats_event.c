#include "inspect/record/encoder/stats_event.h"

#include "config/log/now.h"

/* A comma, but for the first of an object. */
static void put_key(struct text *t, const char *key)
{
	if (t->at[-1] != '{')
		text_char(t, ',');
	text_cstr(t, "\"");
	text_cstr(t, key);
	text_cstr(t, "\":");
}

static void put_more(struct text *t, const char *key, uint64_t value)
{
	put_key(t, key);
	text_u64(t, value);
}

static void put_truth(struct text *t, const char *key, bool value)
{
	put_key(t, key);
	text_cstr(t, value ? "true" : "false");
}

/* Seconds with three digits. */
static void put_seconds(struct text *t, const char *key, uint64_t ns)
{
	uint64_t ms = ns / NS_PER_MS;

	put_more(t, key, ms / 1000);
	text_char(t, '.');
	for (uint64_t unit = 100; unit > 0; unit /= 10)
		text_char(t, (char)('0' + ms / unit % 10));
}

/* Members for the rows of a set that stand in one of `places`. */
static void put_counters(struct text *t, enum counter_set set, const void *row, unsigned places)
{
	char room[COUNTER_NAME];

	counters_each (c, set) {
		const char *key = counter_key(c, room);
		uint64_t value = counter_value(c, row);

		if (!(c->places & places))
			continue;
		if (counter_form(c) == COUNTER_NS)
			put_seconds(t, key, value);
		else if (counter_form(c) == COUNTER_TRUTH)
			put_truth(t, key, value);
		else
			put_more(t, key, value);
	}
}

static void put_ledger(struct text *t, const struct ledger *ledger)
{
	put_counters(t, COUNTERS_ledger_stats, &ledger->ledger_stats, IN_STATS_TOP);
	text_cstr(t, ",\"ledger\":{");
	for (unsigned b = 0; b < BUCKET_COUNT; b++)
		put_more(t, bucket_name((enum bucket)b), ledger_bucket(ledger, (enum bucket)b));
	text_char(t, '}');
}

static void put_port(struct text *t, const struct stats_port *port)
{
	text_cstr(t, "{\"name\":");
	text_json(t, port->name, strlen(port->name));
	put_counters(t, COUNTERS_port_counters, &port->port_counters, IN_STATS);
	text_char(t, '}');
}

static void put_ports(struct text *t, const struct stats_record *event)
{
	text_cstr(t, ",\"ports\":[");
	for (uint32_t i = 0; i < event->n_ports; i++) {
		if (i > 0)
			text_char(t, ',');
		put_port(t, &event->ports[i]);
	}
	text_char(t, ']');
}

static void put_feeds(struct text *t, const struct stats_record *event)
{
	text_cstr(t, ",\"feeds\":[");
	for (uint32_t i = 0; i < event->n_feeds; i++) {
		const struct stats_feed *feed = &event->feeds[i];

		text_cstr(t, i > 0 ? ",{\"name\":" : "{\"name\":");
		text_json(t, feed->name, strlen(feed->name));
		put_counters(t, COUNTERS_output_ledger, &feed->ledger, IN_STATS);
		text_char(t, '}');
	}
	text_char(t, ']');
}

static void put_flows(struct text *t, const struct counters *c)
{
	text_cstr(t, ",\"flows\":{");
	put_counters(t, COUNTERS_flow_table_stats, &c->flow_table_stats, IN_STATS);
	text_cstr(t, "},\"dpi\":{");
	put_counters(t, COUNTERS_dpi_stats, &c->dpi_stats, IN_STATS);
	text_cstr(t, "},\"alerts\":{");
	put_counters(t, COUNTERS_alerts_stats, &c->alerts_stats, IN_STATS);
	text_char(t, '}');
}

/* What stands at the top. */
static void put_top(struct text *t, const struct counters *counters)
{
	for (unsigned set = 0; set < COUNTER_SETS_N; set++) {
		const void *part = counters_part(counters, (enum counter_set)set);

		if (part)
			put_counters(t, (enum counter_set)set, part, IN_STATS_TOP);
	}
}

static void put_steps(struct text *t, const struct stats_record *event)
{
	bool first = true;

	text_cstr(t, ",\"overload\":[");
	for (int i = 0; i < STATS_STEPS; i++) {
		const struct stats_step *step = &event->steps[i];

		if (!step->name)
			continue;
		text_cstr(t, first ? "{\"step\":\"" : ",{\"step\":\"");
		text_cstr(t, step->name);
		text_char(t, '"');
		put_counters(t, COUNTERS_shed_stats, &step->shed_stats, IN_STATS);
		text_char(t, '}');
		first = false;
	}
	text_char(t, ']');
}

void stats_event(struct text *t, const struct record *record, const struct names *names)
{
	const struct stats_record *event = (const struct stats_record *)record;

	(void)names;
	text_cstr(t, "{\"event\":\"stats\",\"time\":\"");
	text_time(t, event->time_ns);
	text_char(t, '"');
	put_seconds(t, "uptime_s", event->uptime_ns);
	put_ledger(t, &event->ledger);
	put_top(t, &event->counters);
	put_ports(t, event);
	put_flows(t, &event->counters);
	put_steps(t, event);
	put_feeds(t, event);
	text_cstr(t, "}\n");
}
