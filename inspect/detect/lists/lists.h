/* Indicator lists: addresses, names, URLs and fingerprints that are known to be bad, or (action allow) not
 * to be looked at. All lists of the settings in one, immutable once loaded: any thread looks up without a lock,
 * and no lookup takes memory, reads a file, or does more work than the value is long.
 *
 * A value that is in several lists is that of the highest severity, then of the first list and line. Of CIDR
 * blocks the longest that holds the address, of names the longest that it ends in. What a list allows, no list
 * finds: an address by any block of it, a name by any name it ends in, a URL by its host, too. It is the value
 * that is allowed, not what else the flow has. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/report.h"
#include "config/settings/settings.h"
#include "decap/addr.h"

struct lists;

/* One value of a list; owned by the lists. */
struct indicator {
	uint32_t line; /* of the list's file, from 1 */
	uint32_t key;  /* where its bytes are; for lists_indicator_text() */
	uint16_t len;
	uint8_t list; /* for lists_about() */
	uint8_t type; /* enum list_type, never LIST_AUTO */
};

/* Loads every file of settings->detect.lists, relative to `settings_path` (NULL: to here). Lines that cannot be
 * taken, and lists without any, are warnings of the report; a file that cannot be read, or of which no line is
 * usable, is an error. NULL: there is an error, and the report says so. The settings are not needed afterwards. */
struct lists *lists_load(
	const struct settings *settings, const char *settings_path, struct report *report);
/* NULL is legal. */
void lists_destroy(struct lists *lists);

/* One list; texts are owned by the lists. */
struct list_about {
	const char *name, *file;
	enum list_type type;
	enum list_action action;
	uint8_t severity; /* 1, the highest, to 4 */
	uint64_t values;  /* taken from it */
	uint64_t bad;     /* lines or values that were not */
	uint64_t others;  /* values that are not looked for, see struct list_counts */
};
uint32_t lists_count(const struct lists *lists);
const struct list_about *lists_about(const struct lists *lists, uint32_t list);
/* Bytes of all. */
size_t lists_memory(const struct lists *lists);
/* Bit n: there are indicators of type n that raise alerts. 0: no lookup finds anything. */
uint32_t lists_types(const struct lists *lists);

/* --- looking up. NULL: it is in no list, or is allowed. --- */

const struct indicator *lists_find_address(
	const struct lists *lists, const struct ip_addr *address);
/* A name as DNS, TLS or HTTP show it: any bytes, dots and escapes as in presentation form, upper case or lower,
 * perhaps a final dot. */
const struct indicator *lists_find_domain(
	const struct lists *lists, const char *name, size_t len);
/* A name, or an address as text, IPv6 in brackets or not. */
const struct indicator *lists_find_host(
	const struct lists *lists, const char *host, size_t len);
/* Host and target of a request, with or without a scheme. */
const struct indicator *lists_find_url(const struct lists *lists, const char *url, size_t len);
/* LIST_JA3, LIST_HASSH: 32 hexadecimal digits; LIST_CERTIFICATE: 40 or 64; LIST_JA4: its text. */
const struct indicator *lists_find_fingerprint(
	const struct lists *lists, enum list_type type, const char *text, size_t len);

const struct indicator *lists_find_asn(const struct lists *lists, uint32_t asn);

enum { INDICATOR_TEXT = 1024 + 1 };
/* What its list says, in the form in which it is compared, and a NUL; returns its length. */
size_t lists_indicator_text(const struct lists *lists, const struct indicator *indicator,
	char text[INDICATOR_TEXT]);
