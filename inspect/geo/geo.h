/* Where addresses are: the country, and the autonomous system (AS) with its organisation, from databases in MaxMind's
 * format (https://maxmind.github.io/MaxMind-DB/): GeoLite2 and GeoIP2 of MaxMind, DB-IP's, or one's own. All databases
 * of the settings in one, immutable once loaded: any thread looks up without a lock, and no lookup takes memory or
 * reads a file. The files are copied: whoever writes over one changes nothing here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/addr.h"
#include "config/parse/report.h"
#include "config/settings/settings.h"

struct geo;

enum { GEO_ORG = 96 }; /* bytes of an organisation's name; longer ones are cut */

struct geo_place {
	char country[3]; /* ISO 3166-1, as it stands there; "": not known */
	uint8_t org_len; /* at most GEO_ORG; 0: not known */
	uint32_t asn;    /* 0: not known */
	const char *org; /* any bytes, no NUL behind them; owned by the geo */
};

/* Loads the files of settings->detect.geoip, relative to `settings_path` (NULL: to here); empty where it names none.
 * Which is of what, its metadata say. NULL: a file cannot be read, is no such database, is damaged, or is a second
 * one of its kind; the report says so. The settings are not needed afterwards. */
struct geo *geo_load(
	const struct settings *settings, const char *settings_path, struct report *report);
/* NULL is legal. */
void geo_destroy(struct geo *geo);

bool geo_has_asn(const struct geo *geo);
bool geo_has_country(const struct geo *geo);
/* Bytes of all databases. */
uint64_t geo_memory(const struct geo *geo);

struct geo_place geo_find(const struct geo *geo, const struct ip_addr *address);
/* 0: not known. */
uint32_t geo_find_asn(const struct geo *geo, const struct ip_addr *address);

/* The file of which some of what was looked up so far was damaged; NULL: none. */
const char *geo_damaged(const struct geo *geo);
