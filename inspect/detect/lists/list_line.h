/* One line of a file of indicators. Private to inspect/detect/lists/list_*.c. */
#pragma once

#include "inspect/detect/lists/list_reader.h"

enum { LIST_COLUMNS_MAX = 64 };

struct list_file {
	enum list_type type;
	const struct list_sink *sink;
	struct list_counts *counts;
	uint32_t line;
	/* Zeek's columns of value and type, from 0, once a line of fields was seen. */
	bool is_zeek;
	unsigned value_column, type_column;
	bool is_full; /* the sink said so */
};

/* Without its end; `line` is written over. */
void list_line(struct list_file *file, char *line);
/* A line `#fields ...`. */
void list_zeek_fields(struct list_file *file, char *line);
void list_zeek_line(struct list_file *file, char *line);

/* One value; `type` LIST_AUTO: what it looks like. */
void list_value(struct list_file *file, enum list_type type, char *text);
void list_bad(struct list_file *file, const char *text, const char *why);
void list_other(struct list_file *file, const char *what);
/* Text without spaces around it; cut there. */
char *list_trim(char *text);
