/* What the program says on standard error: a message a line, each written at once, from any thread.
 * For people as text ("periscope: SENTENCE"), for programs as JSON (log.format): an object with time,
 * level and message. Nobody else writes there but for tables, help and the progress of a replay. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In the order of log.format and log.level. */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum log_level {
	LOG_LEVEL_ERROR,   /* something was not done, or is lost */
	LOG_LEVEL_WARNING, /* something is not as good as it could be */
	LOG_LEVEL_INFO,
};

/* Text of every level before the first call. The process has one standard error, so this has one
 * place in the process: before there are threads. */
void log_configure(enum log_format format, enum log_level most);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
/* A text of several lines, each a message: carets stand below what they point at. The caller vouches for the
 * lines: what came from outside must not have made any. */
void log_error_lines(const char *text);
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
/* A warning of the settings, which text calls one ("periscope: warning: SENTENCE"). */
void log_finding(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
/* The last words before abort(). */
void log_abort(const char *format, ...) __attribute__((format(printf, 1, 2), cold, noreturn));

/* At most LOG_LIMIT_MESSAGES in LOG_LIMIT_S seconds of what others may bring about again and again: a
 * peer, a disk, load. How many were left out is said with the next one. One thread; zeroed is fresh. */
enum { LOG_LIMIT_MESSAGES = 10, LOG_LIMIT_S = 10 };
struct log_limit {
	uint64_t since_ns; /* monotonic */
	uint32_t said;     /* since then */
	uint32_t left_out;
};
void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* A line that the next one overwrites, on a terminal; log_progress_end() takes it away. No message. */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
void log_progress_end(void);
