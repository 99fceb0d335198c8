/* What was found wrong with the settings: a list of errors and warnings, each with its place and
 * a stable code (findings.def). The report owns all its text. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/parse/arena.h"

enum finding_level { FINDING_ERROR, FINDING_WARNING };

enum finding_code {
#define FINDING(code, level, meaning) FINDING_##code,
#include "config/parse/findings.def"
	FINDING_CODE_COUNT
};

struct finding_place {
	const char *file;
	uint32_t line;   /* 0 = none */
	const char *key; /* such as traffic_mirror_filters[0].rules[3]; "" = none */
};

struct finding {
	const char *file;
	uint32_t line;
	const char *key;
	enum finding_code code;
	const char *message; /* a sentence without its place */
	struct finding *next;
};

/* Zeroed is empty. */
struct report {
	struct arena arena;
	struct finding *errors, *warnings; /* in the order found */
	struct finding *last_error, *last_warning;
	uint32_t n_errors, n_warnings;
};

void report_fini(struct report *report);

/* Adds to the list of the code's level; copies everything. `key` may be NULL. Control characters
 * are replaced, so that a finding stays one line. */
void report_add(struct report *report, enum finding_code code, const char *file, uint32_t line,
	const char *key, const char *format, ...) __attribute__((format(printf, 6, 7)));
void report_addv(struct report *report, enum finding_code code,
	const struct finding_place *place, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

/* `file:line: key: message`; returns `text`. */
const char *finding_print(const struct finding *finding, char *text, size_t size);

const char *finding_code_name(enum finding_code code);
enum finding_level finding_code_level(enum finding_code code);
/* Writes the table of codes of docs/CONFIG.md. */
void finding_reference(FILE *out);
