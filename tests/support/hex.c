#include "support/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static const char *skip(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\n");
		if (*s == '#')
			s += strcspn(s, "\n");
		else if (*s == '[' && strchr(s, ']'))
			s = strchr(s, ']') + 1;
		else
			return s;
	}
}

size_t hex_read(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (const char *s = skip(text); *s; s = skip(s + 2)) {
		int high = digit(s[0]), low = high < 0 ? -1 : digit(s[1]);

		if (low < 0 || n == room) {
			fprintf(stderr, "bad hex text at: %.20s\n", s);
			abort();
		}
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}
