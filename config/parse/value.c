#include "config/parse/value.h"

#include <arpa/inet.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/log/now.h"
#include "config/parse/moment.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Ascending; the printers look for the largest that divides. */
static const struct unit durations[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", NS_PER_MS},
	{"s", SECONDS(1)},
	{"m", SECONDS(60)},
	{"h", SECONDS(3600)},
	{"d", DAYS(1)},
};

static const struct unit sizes[] = {
	{"", 1},
	{"KiB", (uint64_t)1 << 10},
	{"MiB", (uint64_t)1 << 20},
	{"GiB", (uint64_t)1 << 30},
	{"TiB", TIB(1)},
};

enum {
	DURATIONS = sizeof(durations) / sizeof(*durations),
	SIZES = sizeof(sizes) / sizeof(*sizes)
};

/* Digits at the start of the text; what follows them, or NULL when there are none or too many. */
static const char *digits(const char *text, uint64_t *out)
{
	const char *s = text;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*out = n;
	return s == text ? NULL : s;
}

bool value_number(const char *text, uint64_t *out)
{
	uint64_t n;
	const char *rest = digits(text, &n);

	if (!rest || *rest != '\0')
		return false;
	*out = n;
	return true;
}

bool value_bool(const char *text, bool *out)
{
	int at = value_name("false|true|no|yes|off|on", text);

	if (at < 0)
		return false;
	*out = at % 2 == 1;
	return true;
}

static bool with_unit(const char *text, const struct unit *units, int count, uint64_t *out)
{
	uint64_t n;
	const char *rest = digits(text, &n);

	for (int i = 0; rest && i < count; i++) {
		if (strcmp(rest, units[i].name) != 0)
			continue;
		if (n > UINT64_MAX / units[i].factor)
			return false;
		*out = n * units[i].factor;
		return true;
	}
	return false;
}

bool value_duration(const char *text, uint64_t *ns)
{
	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return true;
	}
	return with_unit(text, durations, DURATIONS, ns);
}

bool value_size(const char *text, uint64_t *bytes)
{
	return with_unit(text, sizes, SIZES, bytes);
}

/* `text` is digits where `form` has 9s, and `form` elsewhere. */
static bool has_form(const char *text, const char *form)
{
	for (; *form != '\0'; text++, form++) {
		if (*form == '9' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	}
	return *text == '\0';
}

bool value_time(const char *text, uint64_t *ns)
{
	enum moment_part finest;

	return (has_form(text, "9999-99-99") || has_form(text, "9999-99-99T99:99:99Z")) &&
	       moment_read(text, ns, &finest);
}

void value_time_print(uint64_t ns, char text[VALUE_TEXT])
{
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm t;

	gmtime_r(&s, &t);
	strftime(text, VALUE_TEXT, "%Y-%m-%dT%H:%M:%SZ", &t);
}

int value_name(const char *names, const char *text)
{
	size_t len = strlen(text);
	int index = 0;

	for (const char *s = names; *s; index++) {
		size_t n = strcspn(s, "|");

		if (n == len && memcmp(s, text, n) == 0)
			return index;
		s += n + (s[n] == '|');
	}
	return -1;
}

static void unit_print(
	uint64_t value, const struct unit *units, int count, char text[VALUE_TEXT])
{
	int best = 0;

	for (int i = 0; value > 0 && i < count; i++) {
		if (value % units[i].factor == 0)
			best = i;
	}
	snprintf(text, VALUE_TEXT, "%" PRIu64 "%s", value / units[best].factor,
		value > 0 ? units[best].name : "");
}

void value_duration_print(uint64_t ns, char text[VALUE_TEXT])
{
	unit_print(ns, durations, DURATIONS, text);
}

void value_size_print(uint64_t bytes, char text[VALUE_TEXT])
{
	unit_print(bytes, sizes, SIZES, text);
}

void value_name_print(const char *names, uint32_t index, char *text, size_t size)
{
	while (index > 0 && *names) {
		names += strcspn(names, "|");
		names += *names == '|';
		index--;
	}
	snprintf(text, size, "%.*s", (int)strcspn(names, "|"), names);
}

int value_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool value_interface(const char *text)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.";
	size_t n = strspn(text, usual);

	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	return n > 0 && strlen(text) <= VALUE_INTERFACE &&
	       (text[n] == '\0' || strcmp(text + n, "%d") == 0);
}

/* ` dev NAME` at `text`, or nothing. */
static bool device_read(const char *text, struct value_address *out)
{
	out->device[0] = '\0';
	if (*text == '\0')
		return true;
	if (strncmp(text, " dev ", 5) != 0 || !value_interface(text + 5) ||
		strchr(text + 5, '%'))
		return false;
	snprintf(out->device, sizeof(out->device), "%s", text + 5);
	return true;
}

bool value_address(const char *text, struct value_address *out)
{
	size_t address = strcspn(text, "/"), bits;
	char part[64];
	uint64_t n;

	if (text[address] != '/' || address >= sizeof(part))
		return false;
	memcpy(part, text, address);
	part[address] = '\0';
	*out = (struct value_address){.ip_version = strchr(part, ':') ? 6 : 4};
	if (inet_pton(out->ip_version == 6 ? AF_INET6 : AF_INET, part, out->byte) != 1)
		return false;
	text += address + 1;
	bits = strcspn(text, " ");
	if (bits >= sizeof(part))
		return false;
	memcpy(part, text, bits);
	part[bits] = '\0';
	if (!value_number(part, &n) || n > (out->ip_version == 6 ? 128 : 32))
		return false;
	out->bits = (uint8_t)n;
	return device_read(text + bits, out);
}

bool value_endpoint(const char *text, struct value_endpoint *out)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	uint64_t port;
	size_t len;

	*out = (struct value_endpoint){.ip_version = 4};
	if (!colon || !value_number(colon + 1, &port) || port < 1 || port > UINT16_MAX)
		return false;
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	out->port = (uint16_t)port;
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		out->ip_version = 6;
		return inet_pton(AF_INET6, host + 1, out->byte) == 1;
	}
	return inet_pton(AF_INET, host, out->byte) == 1;
}
