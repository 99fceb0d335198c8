#include "cli/metrics/metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/metrics/metrics.h"
#include "config/log/now.h"
#include "inspect/record/text.h"

enum { LABEL_MAX = 256 };

static const struct {
	const char *name, *type, *labels, *unit, *help;
} families[] = {
#define METRIC(name, type, labels, unit, help) {#name, #type, labels, unit, help},
#include "cli/metrics/metrics.def"
};

void metrics_family(struct metrics *m, enum metric family)
{
	m->family = family;
	m->n_samples = 0;
	m->n_labels = 0;
}

static void put_name(struct metrics *m)
{
	const char *name = families[m->family].name;

	if (m->n_samples++ == 0)
		fprintf(m->out, "# HELP periscope_%s %s\n# TYPE periscope_%s %s\n", name,
			families[m->family].help, name, families[m->family].type);
	fprintf(m->out, "periscope_%s", name);
}

/* A label's value escapes what JSON escapes, in the same way, but for control characters other
 * than the line feed: it has no escape for them. */
static void put_quoted(FILE *out, const char *value)
{
	char plain[LABEL_MAX], room[2 + TEXT_JSON_GROWTH * LABEL_MAX];
	struct text t = text_make(room, sizeof(room));
	size_t len = strnlen(value, LABEL_MAX);

	memset(plain, ' ', len);
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)value[i] >= ' ' || value[i] == '\n')
			plain[i] = value[i];
	text_json(&t, plain, len);
	fwrite(room, 1, (size_t)(t.at - room), out);
}

void metrics_label(struct metrics *m, const char *key, const char *value)
{
	if (m->n_labels == 0)
		put_name(m);
	fprintf(m->out, "%c%s=", m->n_labels++ == 0 ? '{' : ',', key);
	put_quoted(m->out, value == NULL ? "" : value);
}

void metrics_label_u64(struct metrics *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	metrics_label(m, key, text);
}

static void put_value(struct metrics *m, const char *text)
{
	if (m->n_labels == 0)
		put_name(m);
	fprintf(m->out, "%s %s\n", m->n_labels > 0 ? "}" : "", text);
	m->n_labels = 0;
}

void metrics_u64(struct metrics *m, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_value(m, text);
}

void metrics_double(struct metrics *m, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.6g", value);
	put_value(m, text);
}

void metrics_ns(struct metrics *m, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64, ns / NS_PER_S, ns % NS_PER_S);
	put_value(m, text);
}

void metrics_reference(FILE *out)
{
	fprintf(out, "| metric | type | labels | unit | meaning |\n"
		     "| --- | --- | --- | --- | --- |\n");
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		fprintf(out, "| `periscope_%s` | %s | %s | %s | %s |\n", families[i].name,
			families[i].type, families[i].labels, families[i].unit,
			families[i].help);
}
