/* Why something failed: one sentence, made by whoever failed, for whoever says it. The caller owns it. */
#pragma once

enum { ERROR_TEXT = 4608 }; /* a path of PATH_MAX bytes, and what is wrong with it */

struct error {
	char text[ERROR_TEXT]; /* "" = none */
};

/* Overwrites; what is too long is cut. The sentence before may be among the arguments, and errno
 * (%m) is as it was. */
void error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));
