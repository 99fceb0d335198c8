#include "inspect/summary/summary_feeds.h"

void summary_feeds_json(struct json *j, const struct summary *s)
{
	json_open(j, "feeds", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (!s->outputs[i].is_feed)
			continue;
		json_open(j, s->outputs[i].name, '{');
		json_counters(j, COUNTERS_feed_stats, &s->outputs[i].feed_stats, IN_SUMMARY);
		json_close(j, '}');
	}
	json_close(j, '}');
}

void summary_feeds_table(const struct summary *s, FILE *out)
{
	struct columns c;
	bool any = false;

	columns_init(&c, "");
	columns_head(&c, 'l', "feed");
	columns_counter_heads(&c, COUNTERS_output_ledger);
	columns_counter_heads(&c, COUNTERS_feed_stats);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (!s->outputs[i].is_feed)
			continue;
		if (!any)
			fputs("\nFeeds\n", out);
		any = true;
		columns_cell(&c, "%s", s->outputs[i].name);
		columns_counters(&c, COUNTERS_output_ledger, &s->outputs[i].ledger);
		columns_counters(&c, COUNTERS_feed_stats, &s->outputs[i].feed_stats);
	}
	if (any)
		columns_print(&c, out);
}
