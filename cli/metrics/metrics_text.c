#include "cli/metrics/metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/metrics/metrics.h"

static size_t name_len(const struct counter *c)
{
	return strcspn(c->metric, "{");
}

static const char *type_of(const struct counter *c)
{
	static const char total[] = "_total";
	size_t len = name_len(c), tail = strlen(total);

	if (c->places & IS_UNTYPED)
		return "untyped";
	return len > tail && memcmp(c->metric + len - tail, total, tail) == 0 ? "counter"
									      : "gauge";
}

static void no_labels(struct metrics *m)
{
	m->labels = text_make(m->room, sizeof(m->room));
}

void metrics_family(struct metrics *m, const struct counter *counter)
{
	m->counter = counter;
	m->name_len = name_len(counter);
	m->n_samples = 0;
	no_labels(m);
}

bool metrics_goes_on(struct metrics *m, const struct counter *counter)
{
	if (name_len(counter) != m->name_len ||
		memcmp(counter->metric, m->counter->metric, m->name_len) != 0)
		return false;
	m->counter = counter;
	return true;
}

/* A label's value escapes what JSON escapes, in the same way, but for control characters other
 * than the line feed: it has no escape for them. */
static void put_quoted(struct text *t, const char *value)
{
	char plain[METRICS_LABEL_MAX];
	size_t len = strnlen(value, METRICS_LABEL_MAX);

	memset(plain, ' ', len);
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)value[i] >= ' ' || value[i] == '\n')
			plain[i] = value[i];
	text_json(t, plain, len);
}

void metrics_label(struct metrics *m, const char *key, const char *value)
{
	if (m->labels.at != m->room)
		text_char(&m->labels, ',');
	text_cstr(&m->labels, key);
	text_char(&m->labels, '=');
	put_quoted(&m->labels, value == NULL ? "" : value);
}

void metrics_label_u64(struct metrics *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	metrics_label(m, key, text);
}

/* Those of the sample, then the counter's own. */
static void put_labels(struct metrics *m)
{
	const char *own = m->counter->metric + m->name_len;
	int own_len = *own == '\0' ? 0 : (int)strlen(own) - 2; /* between its braces */
	int len = (int)(m->labels.at - m->room);

	if (len + own_len > 0)
		fprintf(m->out, "{%.*s%s%.*s}", len, m->room, len > 0 && own_len > 0 ? "," : "",
			own_len, own + (own_len > 0));
}

static void put_value(FILE *out, enum counter_form form, uint64_t value)
{
	switch (form) {
	case COUNTER_NS:
		fprintf(out, " %" PRIu64 ".%09" PRIu64 "\n", value / COUNTER_ONE,
			value % COUNTER_ONE);
		break;
	case COUNTER_RATIO:
		fprintf(out, " %.6g\n", (double)value / COUNTER_ONE);
		break;
	case COUNTER_NUMBER:
	case COUNTER_BYTES:
		fprintf(out, " %" PRIu64 "\n", value);
		break;
	case COUNTER_TRUTH:
		fprintf(out, " %d\n", value != 0);
		break;
	}
}

void metrics_sample(struct metrics *m, uint64_t value)
{
	const struct counter *c = m->counter;
	int len = (int)m->name_len;

	if (value != COUNTER_UNKNOWN) {
		if (m->n_samples++ == 0)
			fprintf(m->out, "# HELP periscope_%.*s %s\n# TYPE periscope_%.*s %s\n",
				len, c->metric, c->help, len, c->metric, type_of(c));
		fprintf(m->out, "periscope_%.*s", len, c->metric);
		put_labels(m);
		put_value(m->out, counter_form(c), value);
	}
	no_labels(m);
}

/* One of the outputs: `summary: flow_table.evicted`. */
static void put_path(
	FILE *out, const char *output, const char *object, const char *before, const char *key)
{
	bool top = strcmp(object, ".") == 0;

	if (object[0] != '\0')
		fprintf(out, "%s `%s%s%s%s`", output, top ? "" : object, top ? "" : ".", before,
			key);
}

static void put_paths(FILE *out, const struct counter *c, const struct counter_set_info *set)
{
	char room[COUNTER_NAME];
	const char *key = counter_key(c, room);
	unsigned in = c->places;

	put_path(out, " summary:",
		in & IN_TOP       ? "."
		: in & IN_SUMMARY ? set->summary
				  : "",
		"", key);
	put_path(out, " summary:", in & IN_MEMORY ? "memory" : "", set->before, key);
	put_path(out, " summary:", in & IN_RUN ? "run" : "", set->before, key);
	put_path(out, " ctl:", in & IN_TOP ? "." : in & IN_CTL ? set->ctl : "", "", key);
	put_path(out, " stats:",
		in & IN_STATS_TOP ? "."
		: in & IN_STATS   ? set->stats
				  : "",
		"", key);
}

static void put_label_names(FILE *out, const struct counter *c, const char *labels)
{
	const char *own = c->metric + name_len(c);

	fputs(labels, out);
	if (*own == '{')
		fprintf(out, "%s%.*s", labels[0] == '\0' ? "" : " ", (int)strcspn(own, "=") - 1,
			own + 1);
}

void metrics_reference(FILE *out)
{
	fprintf(out, "| metric | type | labels | unit | meaning | in JSON | counted by |\n"
		     "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (unsigned set = 0; set < COUNTER_SETS_N; set++) {
		const struct counter_set_info *info = counters_info((enum counter_set)set);

		counters_each (c, set) {
			bool has_metric = c->metric[0] != '\0';

			if (c->help[0] == '\0')
				continue;
			if (has_metric)
				fprintf(out, "| `periscope_%.*s` | %s | ", (int)name_len(c),
					c->metric, type_of(c));
			else
				fputs("| | | ", out);
			if (has_metric)
				put_label_names(out, c, info->labels);
			fprintf(out, " | %s | %s |", c->unit, c->help);
			put_paths(out, c, info);
			fprintf(out, " | %s |\n", info->writer);
		}
	}
}
