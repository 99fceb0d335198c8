#include "config/parse/report.h"

#include <string.h>

struct code {
	const char *name;
	enum finding_level level;
	const char *meaning;
};

static const struct code codes[] = {
#define FINDING(code, level, meaning) {#code, FINDING_##level, meaning},
#include "config/parse/findings.def"
};

const char *finding_code_name(enum finding_code code)
{
	return codes[code].name;
}

enum finding_level finding_code_level(enum finding_code code)
{
	return codes[code].level;
}

void finding_reference(FILE *out)
{
	fputs("| code | level | meaning |\n| --- | --- | --- |\n", out);
	for (int i = 0; i < FINDING_CODE_COUNT; i++)
		fprintf(out, "| `%s` | %s | %s |\n", codes[i].name,
			codes[i].level == FINDING_ERROR ? "error" : "warning",
			codes[i].meaning);
}

void report_fini(struct report *report)
{
	arena_free(&report->arena);
	*report = (struct report){0};
}

/* What was quoted from a file must not break a finding into lines. */
static const char *clean_copy(struct report *report, const char *text)
{
	char *copy = arena_text(&report->arena, text, strlen(text));

	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return copy;
}

static void append(struct finding **first, struct finding **last, struct finding *finding)
{
	if (*last)
		(*last)->next = finding;
	else
		*first = finding;
	*last = finding;
}

void report_addv(struct report *report, enum finding_code code,
	const struct finding_place *place, const char *format, va_list args)
{
	struct finding *f = arena_alloc(&report->arena, sizeof(*f));
	char message[512];

	vsnprintf(message, sizeof(message), format, args);
	f->file = clean_copy(report, place->file);
	f->line = place->line;
	f->key = clean_copy(report, place->key ? place->key : "");
	f->code = code;
	f->message = clean_copy(report, message);
	if (codes[code].level == FINDING_ERROR) {
		append(&report->errors, &report->last_error, f);
		report->n_errors++;
	} else {
		append(&report->warnings, &report->last_warning, f);
		report->n_warnings++;
	}
}

void report_add(struct report *report, enum finding_code code, const char *file, uint32_t line,
	const char *key, const char *format, ...)
{
	const struct finding_place place = {file, line, key};
	va_list args;

	va_start(args, format);
	report_addv(report, code, &place, format, args);
	va_end(args);
}

const char *finding_print(const struct finding *f, char *text, size_t size)
{
	char line[16] = "";

	if (f->line > 0)
		snprintf(line, sizeof(line), ":%u", f->line);
	snprintf(text, size, "%.150s%s: %.160s%s%s", f->file, line, f->key, *f->key ? ": " : "",
		f->message);
	return text;
}
