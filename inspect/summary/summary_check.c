/* Whether the sums of a run close, and how its summary becomes a file. */
#include "inspect/summary/summary.h"

#include <limits.h>
#include <unistd.h>

#include "config/log/error.h"

void summary_add_output(
	struct summary *s, const char *name, bool enabled, const struct output_ledger *ledger)
{
	s->outputs[s->n_outputs].name = name;
	s->outputs[s->n_outputs].enabled = enabled;
	if (enabled)
		s->outputs[s->n_outputs].ledger = *ledger;
	s->n_outputs++;
}

void summary_add_feed(struct summary *s, const char *name, const struct output_ledger *ledger,
	const struct feed_stats *stats)
{
	s->outputs[s->n_outputs].is_feed = true;
	s->outputs[s->n_outputs].feed_stats = *stats;
	summary_add_output(s, name, true, ledger);
}

static bool output_closes(const struct output_ledger *l)
{
	return l->offered == l->written + l->by_policy + l->lost_queue + l->lost_disk;
}

static bool suricata_closes(const struct suricata_stats *s)
{
	return s->offered == s->written + s->by_policy + s->lost_ids;
}

bool exception_ledger_closes(const struct exception_ledger *l)
{
	return l->offered == l->delivered + l->rate_limited + l->lost_ring + l->lost_tap &&
	       l->from_kernel == l->sent + l->lost_tx;
}

const char *summary_open_sum(const struct summary *s)
{
	if (!ledger_closes(s->ledger))
		return "the ledger does not close: packets were lost without being counted";
	for (uint32_t i = 0; i < s->n_outputs; i++)
		if (!output_closes(&s->outputs[i].ledger))
			return "the ledger of an output does not close: records were lost "
			       "without being counted";
	if (!suricata_closes(&s->counters.suricata_stats))
		return "the ledger of Suricata does not close: packets were lost without being "
		       "counted";
	for (uint32_t i = 0; i < s->n_ports; i++)
		if (!exception_ledger_closes(&s->ports[i].exception))
			return "the ledger of an exception path does not close: packets were "
			       "lost without being counted";
	return NULL;
}

bool summary_write(const struct summary *s, const char *dir, struct error *error)
{
	char path[PATH_MAX];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/summary.json", dir);
	(void)unlink(path); /* it may lead elsewhere, and its room is ours */
	file = fopen(path, "wxe");
	ok = file && summary_json(s, file);
	ok = file && fclose(file) == 0 && ok;
	if (!ok)
		error_set(error, "%s: could not write: %m", path);
	return ok;
}
