#include "inspect/proto/tls/tls_names.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct name {
	uint16_t number;
	const char *name;
};

static const struct name ciphers[] = {
#define CIPHER(number, name) {number, name},
#include "inspect/proto/tls/tls_ciphers.def"
};

static const struct name groups[] = {
#define GROUP(number, name) {number, name},
#include "inspect/proto/tls/tls_groups.def"
};

static const struct name alerts[] = {
#define ALERT(number, name) {number, name},
#include "inspect/proto/tls/tls_alerts.def"
};

/* `names` are in order. */
static const char *find(const struct name *names, size_t n, uint16_t number)
{
	size_t first = 0, end = n;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (names[middle].number == number)
			return names[middle].name;
		if (names[middle].number < number)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

const char *tls_cipher_name(uint16_t cipher)
{
	return find(ciphers, sizeof(ciphers) / sizeof(*ciphers), cipher);
}

static const char *name_or_hex(const char *name, uint16_t number, char text[TLS_NAME_TEXT])
{
	if (name)
		return name;
	snprintf(text, TLS_NAME_TEXT, "0x%04x", number);
	return text;
}

const char *tls_cipher_text(uint16_t cipher, char text[TLS_NAME_TEXT])
{
	return name_or_hex(tls_cipher_name(cipher), cipher, text);
}

const char *tls_group_name(uint16_t group)
{
	return find(groups, sizeof(groups) / sizeof(*groups), group);
}

const char *tls_group_text(uint16_t group, char text[TLS_NAME_TEXT])
{
	return name_or_hex(tls_group_name(group), group, text);
}

bool tls_group_is_post_quantum(const char *name)
{
	return strstr(name, "MLKEM") || strstr(name, "Kyber");
}

const char *tls_version_text(uint16_t version, char text[TLS_NAME_TEXT])
{
	static const char *const names[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

	if (version >> 8 == 3 && (version & 0xff) < sizeof(names) / sizeof(*names))
		return names[version & 0xff];
	if (version == DTLS_1_0)
		return "DTLSv1.0";
	if (version == DTLS_1_2)
		return "DTLSv1.2";
	if (version == DTLS_1_3)
		return "DTLSv1.3";
	if (version >> 8 == 0x7f)
		return "TLSv1.3 (draft)";
	if (version >> 8 == 0xfb)
		return "TLSv1.3 (Fizz)";
	snprintf(text, TLS_NAME_TEXT, "Unknown (%04x)", version);
	return text;
}

const char *tls_alert_text(uint8_t alert, char text[TLS_NAME_TEXT])
{
	const char *name = find(alerts, sizeof(alerts) / sizeof(*alerts), alert);

	if (name)
		return name;
	snprintf(text, TLS_NAME_TEXT, "alert_%u", alert);
	return text;
}
