#include "inspect/detect/lists/list_reader.h"

#include <string.h>

#include "inspect/detect/lists/list_line.h"

/* Bytes of the file that were read, and how far they were looked at. */
struct window {
	FILE *in;
	size_t at, len;
	uint64_t total;
	char bytes[1 << 16];
};

/* -1: there are no more. */
static int window_byte(struct window *w)
{
	if (w->at == w->len) {
		w->at = 0;
		w->len = w->total > LIST_READ_MAX ? 0
						  : fread(w->bytes, 1, sizeof(w->bytes), w->in);
		w->total += w->len;
		if (w->len == 0)
			return -1;
	}
	return (unsigned char)w->bytes[w->at++];
}

struct line {
	char text[LIST_LINE_MAX + 1];
	size_t len;
	bool is_long; /* its end is left out */
	bool has_nul;
};

/* false: there is none. */
static bool line_next(struct window *w, struct line *line)
{
	int c = window_byte(w);
	bool is_there = c >= 0;

	line->len = 0;
	line->is_long = line->has_nul = false;
	for (; c >= 0 && c != '\n'; c = window_byte(w)) {
		line->has_nul = line->has_nul || c == 0;
		if (line->len < LIST_LINE_MAX)
			line->text[line->len++] = (char)c;
		else
			line->is_long = true;
	}
	line->text[line->len] = '\0';
	return is_there;
}

static void line_take(struct list_file *file, struct line *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	char *text = line->text;

	if (file->line == 1 && strncmp(text, mark, 3) == 0)
		text += 3;
	if (line->has_nul || line->is_long) {
		file->counts->lines++;
		list_bad(file, text,
			line->has_nul ? "no text: it has bytes of value 0"
				      : "more than 4096 bytes long");
		return;
	}
	if (strncmp(text, "#fields", 7) == 0 && (text[7] == '\t' || text[7] == ' '))
		list_zeek_fields(file, text);
	else if (file->is_zeek)
		list_zeek_line(file, text);
	else
		list_line(file, text);
}

enum list_status list_read(
	FILE *in, enum list_type type, const struct list_sink *sink, struct list_counts *counts)
{
	struct window window;
	struct line line;
	struct list_file file = {.type = type, .sink = sink, .counts = counts};

	*counts = (struct list_counts){0};
	window.in = in;
	window.at = window.len = 0;
	window.total = 0;
	while (!file.is_full && line_next(&window, &line)) {
		file.line++;
		line_take(&file, &line);
	}
	if (file.is_full)
		return LIST_FULL;
	if (ferror(in))
		return LIST_UNREADABLE;
	return window.total > LIST_READ_MAX ? LIST_TOO_LONG : LIST_READ;
}
