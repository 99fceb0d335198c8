#include "config/log/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "config/log/text.h"

enum {
	MESSAGE = 2 * PATH_MAX, /* bytes; the rest is cut */
	AROUND = 128,           /* what stands around it in a line */
	PROGRESS = 60,          /* columns that are cleared */
};

static struct {
	enum log_format format;
	enum log_level most;
} configured = {LOG_FORMAT_TEXT, LOG_LEVEL_INFO};

static const char *const level_names[] = {"error", "warning", "info"};

void log_configure(enum log_format format, enum log_level most)
{
	configured.format = format;
	configured.most = most;
}

/* A name from outside neither breaks a line nor commands the terminal. */
static void scrub(char *message)
{
	for (; *message != '\0'; message++)
		if ((unsigned char)*message < ' ' || *message == 0x7f)
			*message = '?';
}

static void write_text(const char *called, char *message)
{
	char line[MESSAGE + AROUND];

	scrub(message);
	snprintf(line, sizeof(line), "periscope: %s%s\n", called, message);
	fputs(line, stderr);
}

static void write_json(enum log_level level, const char *message)
{
	char line[TEXT_JSON_GROWTH * MESSAGE + AROUND];
	struct text t = text_make(line, sizeof(line));

	text_cstr(&t, "{\"time\":\"");
	text_time(&t, now_wall());
	text_cstr(&t, "\",\"level\":\"");
	text_cstr(&t, level_names[level]);
	text_cstr(&t, "\",\"message\":");
	text_json(&t, message, strlen(message));
	text_cstr(&t, "}\n");
	fwrite(line, 1, (size_t)(t.at - line), stderr);
}

/* `called`: what text says before the message. */
static void say(enum log_level level, const char *called, const char *format, va_list args)
{
	char message[MESSAGE];
	int before = errno;

	if (level > configured.most)
		return;
	vsnprintf(message, sizeof(message), format, args);
	if (configured.format == LOG_FORMAT_JSON)
		write_json(level, message);
	else
		write_text(called, message);
	errno = before;
}

#define SAY(level, called) \
	do { \
		va_list args; \
		va_start(args, format); \
		say(level, called, format, args); \
		va_end(args); \
	} while (0)

void log_error(const char *format, ...)
{
	SAY(LOG_LEVEL_ERROR, "");
}

void log_error_lines(const char *text)
{
	while (*text != '\0') {
		int len = (int)strcspn(text, "\n");

		log_error("%.*s", len, text);
		text += len + (text[len] == '\n');
	}
}

void log_warning(const char *format, ...)
{
	SAY(LOG_LEVEL_WARNING, "");
}

void log_info(const char *format, ...)
{
	SAY(LOG_LEVEL_INFO, "");
}

void log_finding(const char *format, ...)
{
	SAY(LOG_LEVEL_WARNING, "warning: ");
}

void log_abort(const char *format, ...)
{
	SAY(LOG_LEVEL_ERROR, "");
	abort();
}

/* Whether one more message may be said now. */
static bool has_room(struct log_limit *limit)
{
	uint64_t now = now_monotonic();

	if (limit->said == 0 || now - limit->since_ns >= LOG_LIMIT_S * NS_PER_S) {
		limit->since_ns = now;
		limit->said = 0;
	}
	if (limit->said == LOG_LIMIT_MESSAGES) {
		limit->left_out++;
		return false;
	}
	limit->said++;
	return true;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
	int before = errno; /* %m */

	if (level > configured.most || !has_room(limit))
		return;
	if (limit->left_out > 0)
		log_warning("%u messages like the next one were left out", limit->left_out);
	limit->left_out = 0;
	errno = before;
	SAY(level, "");
}

void log_progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputc('\r', stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
}

void log_progress_end(void)
{
	fprintf(stderr, "\r%*s\r", PROGRESS, "");
}
