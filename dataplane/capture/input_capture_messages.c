/* What is said of a capture: sentences that name it, without a full stop. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/parse/plural.h"
#include "dataplane/capture/capture_formats.h"
#include "dataplane/capture/input_capture.h"

enum { LINK_TEXT = 128, FORMAT_TEXT = 200 };

static const char no_memory[] = "no memory for the error's text";

/* Appends to what was said before, after a semicolon. */
void capture_say(struct capture *c, const char *format, ...)
{
	char *before = c->error_text, *text, *all;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		text = NULL;
	if (text != NULL && asprintf(&all, "%s%s%s", before != NULL ? before : c->name,
				    before != NULL ? "; " : ": ", text) >= 0) {
		free(before);
		c->error_text = all;
	}
	free(text);
	c->error = c->error_text != NULL ? c->error_text : no_memory;
}

void capture_say_header(struct capture *c, const char *what)
{
	const char *below = capture_stream_error(c->stream);
	const char *inside = capture_stream_compression(c->stream);
	const struct capture_window *w = &c->window;
	char format[FORMAT_TEXT];

	if (below != NULL)
		capture_say(c, "no packet was read: %s", below);
	else if (w->no_memory)
		capture_say(c, "no memory");
	else if (what != NULL)
		capture_say(c, "%s", what);
	else if (w->end == w->at)
		capture_say(c, "nothing is in the compressed data");
	else {
		capture_format_describe(
			w->buffer + w->at, w->end - w->at, format, sizeof(format));
		if (inside != NULL)
			capture_say(c, "what is inside the %s data %s", inside, format);
		else
			capture_say(c, "%s", format);
	}
}

void capture_say_stop(struct capture *c, bool is_cut_off, const char *what)
{
	const char *below = capture_stream_error(c->stream);
	unsigned long long number = c->number + 1;

	if (below != NULL)
		capture_say(c, "breaks off at packet %llu: %s", number, below);
	else if (c->window.no_memory)
		capture_say(c, "no memory for packet %llu", number);
	else
		capture_say(c, "%s at packet %llu (%s)",
			is_cut_off ? "breaks off" : "cannot be read on", number, what);
}

static void say_left_out(struct capture *c, const struct capture_left_out *left,
	const char *why, const char *more)
{
	char link[LINK_TEXT];

	capture_link_describe(left->link_number, link, sizeof(link));
	capture_say(c, "%llu packet%s %s left out, the first is packet %llu: %s %s%s",
		(unsigned long long)left->packets, plural(left->packets),
		plural_were(left->packets), (unsigned long long)left->first, why, link, more);
}

bool capture_say_end(struct capture *c)
{
	char more[PCAP_ERRBUF_SIZE + 8];

	if (c->unread.packets > 0)
		say_left_out(c, &c->unread, "its link type is",
			"; what is read is " CAPTURE_LINKS_READ);
	if (c->unfiltered.packets > 0) {
		snprintf(more, sizeof(more), " (%s)", c->unfiltered_why);
		say_left_out(c, &c->unfiltered,
			"the BPF expression cannot be applied to its link type,", more);
	}
	if (c->followers > 0 && c->note == NULL &&
		asprintf(&c->note,
			"%s: holds %u captures one after the other, the second from byte %llu "
			"on, "
			"after packet %llu; they were read as one",
			c->name, c->followers + 1, (unsigned long long)c->follows_at,
			(unsigned long long)c->follows_after) < 0)
		c->note = NULL;
	return c->unread.packets > 0 || c->unfiltered.packets > 0;
}
