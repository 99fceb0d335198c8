/* Settings' values as text: numbers, durations, sizes, times, names. The whole text must be the value:
 * "80abc" is none. Printers write what the parsers read back to the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/now.h"

enum {
	VALUE_TEXT = 32,
	VALUE_INTERFACE = 15, /* characters of an interface's name, at most */
};

#define SECONDS(n) ((uint64_t)(n)*NS_PER_S)
#define DAYS(n) SECONDS((n)*86400)
#define TIB(n) ((uint64_t)(n) << 40)

/* Decimal digits alone. */
bool value_number(const char *text, uint64_t *out);
/* true, false, yes, no, on, off. */
bool value_bool(const char *text, bool *out);
/* 120s, 500ms, 2m, ...; a bare 0. In ns. */
bool value_duration(const char *text, uint64_t *ns);
/* 512MiB, 64KiB, 4096, ... In bytes. */
bool value_size(const char *text, uint64_t *bytes);
/* A moment of UTC from 1970 to 2553 as RFC 3339 has it, in whole seconds: 2026-12-31T18:00:00Z, or 2026-12-31 for
 * the beginning of that day. In ns since 1970. */
bool value_time(const char *text, uint64_t *ns);
/* 0 to 15, or -1: not a hexadecimal digit. */
int value_hex_digit(char c);
/* The position of `text` in "a|b|c", or -1. */
int value_name(const char *names, const char *text);

/* An address of an interface of this machine. */
struct value_address {
	uint8_t byte[16]; /* network order; IPv4 in the first four */
	uint8_t ip_version, bits;
	char device[VALUE_INTERFACE + 1]; /* "": not named */
};
/* ADDRESS/LENGTH, perhaps followed by ` dev NAME`. The length may not be left out. */
bool value_address(const char *text, struct value_address *out);
/* The name of an interface as Linux takes it, of letters, digits and -_.; `%d` at its end stands
 * for a number to come. */
bool value_interface(const char *text);

/* An address and a port of TCP or UDP. */
struct value_endpoint {
	uint8_t byte[16]; /* as of struct value_address */
	uint8_t ip_version;
	uint16_t port; /* 1 to 65535 */
};
/* 10.0.0.1:80 or [2001:db8::1]:80. */
bool value_endpoint(const char *text, struct value_endpoint *out);

/* Into the largest unit that divides the value. */
void value_duration_print(uint64_t ns, char text[VALUE_TEXT]);
void value_time_print(uint64_t ns, char text[VALUE_TEXT]);
void value_size_print(uint64_t bytes, char text[VALUE_TEXT]);
/* Copies name number `index` of "a|b|c", at most size - 1 bytes. */
void value_name_print(const char *names, uint32_t index, char *text, size_t size);
