#include "inspect/record/stats_event.h"

#include "config/log/now.h"

static void put_u64(struct text *t, const char *key, uint64_t value)
{
	text_cstr(t, "\"");
	text_cstr(t, key);
	text_cstr(t, "\":");
	text_u64(t, value);
}

static void put_more(struct text *t, const char *key, uint64_t value)
{
	text_char(t, ',');
	put_u64(t, key, value);
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

static void put_ledger(struct text *t, const struct ledger *ledger)
{
	put_more(t, "received", ledger->received);
	put_more(t, "in_flight", ledger->in_flight);
	text_cstr(t, ",\"ledger\":{");
	for (unsigned b = 0; b < BUCKET_COUNT; b++) {
		if (b > 0)
			text_char(t, ',');
		put_u64(t, bucket_name((enum bucket)b), ledger_bucket(ledger, (enum bucket)b));
	}
	text_char(t, '}');
}

static void put_port(struct text *t, const struct stats_port *port)
{
	text_cstr(t, "{\"name\":");
	text_json(t, port->name, strlen(port->name));
	put_more(t, "packets", port->packets);
	put_more(t, "bytes", port->bytes);
	put_more(t, "missed", port->missed);
	put_more(t, "nombuf", port->nombuf);
	put_more(t, "errors", port->errors);
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

static void put_flows(struct text *t, const struct stats_record *event)
{
	text_cstr(t, ",\"flows\":{");
	put_u64(t, "live", event->flows.live);
	put_more(t, "made", event->flows.made);
	put_more(t, "ended", event->flows.ended);
	put_more(t, "evicted", event->flows.evicted);
	put_more(t, "refused", event->flows.refused);
	text_cstr(t, "},\"dpi\":{");
	put_u64(t, "packets", event->dpi.packets);
	put_more(t, "refused_flows", event->dpi.refused_flows);
	put_more(t, "shed_flows", event->dpi.shed_flows);
	text_char(t, '}');
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
		text_cstr(t, step->active ? "\",\"active\":true" : "\",\"active\":false");
		put_more(t, "entered", step->entered);
		put_seconds(t, "spent_s", step->spent_ns);
		put_more(t, "count", step->count);
		text_char(t, '}');
		first = false;
	}
	text_char(t, ']');
}

void stats_event(struct text *t, const struct record *record, struct labels *labels)
{
	const struct stats_record *event = (const struct stats_record *)record;

	(void)labels;
	text_cstr(t, "{\"event\":\"stats\",\"time\":\"");
	text_time(t, event->time_ns);
	text_char(t, '"');
	put_seconds(t, "uptime_s", event->uptime_ns);
	put_ledger(t, &event->ledger);
	put_more(t, "acked_unseen", event->flows.acked_unseen);
	put_ports(t, event);
	put_flows(t, event);
	put_steps(t, event);
	text_cstr(t, "}\n");
}
