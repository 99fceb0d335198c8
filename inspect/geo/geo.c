#include "inspect/geo/geo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/model.h"
#include "inspect/geo/geo_database.h"

enum kind { COUNTRY, ASN, KINDS };

struct geo {
	struct geo_database database[KINDS];
};

/* What the type in the metadata says: "GeoLite2-ASN", "DBIP-Country-Lite (compat=GeoLite2-Country)", ... */
static enum kind kind_of(const char *type)
{
	static const struct {
		const char *word;
		enum kind kind;
	} words[] = {{"ASN", ASN}, {"ISP", ASN}, {"Country", COUNTRY}, {"City", COUNTRY},
		{"Enterprise", COUNTRY}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(type, words[i].word))
			return words[i].kind;
	return KINDS;
}

/* Takes the database over, or says why not. */
static bool add(struct geo *geo, struct geo_database *database, struct error *error)
{
	static const char *const of[KINDS] = {"countries", "autonomous systems"};
	const char *type = database->mmdb.metadata.database_type;
	enum kind kind = kind_of(type ? type : "");

	if (kind == KINDS) {
		error_set(error,
			"is a database of the type '%.64s'; those of ASN, ISP, Country, City and "
			"Enterprise are of use",
			type ? type : "");
		return false;
	}
	if (geo->database[kind].is_open) {
		error_set(error, "is a second database of %s, beside %s", of[kind],
			geo->database[kind].path);
		return false;
	}
	geo->database[kind].mmdb = database->mmdb;
	geo->database[kind].path = database->path;
	geo->database[kind].is_open = true;
	database->is_open = false;
	database->path = NULL;
	return true;
}

static void load_one(struct geo *geo, const char *path, const char *key, struct report *report)
{
	struct geo_database database;
	struct error error;

	if (!geo_database_open(&database, path, &error) || !add(geo, &database, &error))
		report_add(report, FINDING_unreadable, path, 0, key, "%s", error.text);
	geo_database_fini(&database);
}

struct geo *geo_load(
	const struct settings *settings, const char *settings_path, struct report *report)
{
	const struct settings_strings *files = &settings->detect.geoip;
	const uint32_t errors = report->n_errors;
	struct geo *geo = calloc(1, sizeof(*geo));
	char path[PATH_MAX], key[32];

	if (!geo) {
		report_add(report, FINDING_unreadable, "detect.geoip", 0, NULL,
			"not enough memory for the databases");
		return NULL;
	}
	for (uint32_t i = 0; i < files->count; i++) {
		snprintf(key, sizeof(key), "detect.geoip[%u]", i);
		model_import_path(settings_path, files->text[i], path, sizeof(path));
		load_one(geo, path, key, report);
	}
	if (report->n_errors == errors)
		return geo;
	geo_destroy(geo);
	return NULL;
}

void geo_destroy(struct geo *geo)
{
	for (int kind = 0; geo && kind < KINDS; kind++)
		geo_database_fini(&geo->database[kind]);
	free(geo);
}

bool geo_has_asn(const struct geo *geo)
{
	return geo->database[ASN].is_open;
}

bool geo_has_country(const struct geo *geo)
{
	return geo->database[COUNTRY].is_open;
}

uint64_t geo_memory(const struct geo *geo)
{
	uint64_t bytes = 0;

	for (int kind = 0; kind < KINDS; kind++)
		if (geo->database[kind].is_open)
			bytes += (uint64_t)geo->database[kind].mmdb.file_size;
	return bytes;
}

/* Immutable but for `damaged`. */
static struct geo_database *database_of(const struct geo *geo, enum kind kind)
{
	return (struct geo_database *)(uintptr_t)&geo->database[kind];
}

static bool is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void find_country(
	const struct geo *geo, const struct ip_addr *address, struct geo_place *place)
{
	static const char *const path[] = {"country", "iso_code", NULL};
	struct geo_database *d = database_of(geo, COUNTRY);
	MMDB_lookup_result_s found;
	MMDB_entry_data_s value;

	if (!geo_database_find(d, address, &found) ||
		!geo_database_value(d, &found, path, &value) ||
		value.type != MMDB_DATA_TYPE_UTF8_STRING || value.data_size != 2 ||
		!is_letter(value.utf8_string[0]) || !is_letter(value.utf8_string[1]))
		return;
	memcpy(place->country, value.utf8_string, 2);
}

static uint32_t asn_of(struct geo_database *d, MMDB_lookup_result_s *found)
{
	static const char *const path[] = {"autonomous_system_number", NULL};
	MMDB_entry_data_s value;

	if (!geo_database_value(d, found, path, &value))
		return 0;
	if (value.type == MMDB_DATA_TYPE_UINT32)
		return value.uint32;
	return value.type == MMDB_DATA_TYPE_UINT16 ? value.uint16 : 0;
}

static void find_as(
	const struct geo *geo, const struct ip_addr *address, struct geo_place *place)
{
	static const char *const path[] = {"autonomous_system_organization", NULL};
	struct geo_database *d = database_of(geo, ASN);
	MMDB_lookup_result_s found;
	MMDB_entry_data_s value;

	if (!geo_database_find(d, address, &found))
		return;
	place->asn = asn_of(d, &found);
	if (!geo_database_value(d, &found, path, &value) ||
		value.type != MMDB_DATA_TYPE_UTF8_STRING)
		return;
	place->org = value.utf8_string;
	place->org_len = (uint8_t)(value.data_size < GEO_ORG ? value.data_size : GEO_ORG);
}

struct geo_place geo_find(const struct geo *geo, const struct ip_addr *address)
{
	struct geo_place place = {.asn = 0};

	if (geo_has_country(geo))
		find_country(geo, address, &place);
	if (geo_has_asn(geo))
		find_as(geo, address, &place);
	return place;
}

uint32_t geo_find_asn(const struct geo *geo, const struct ip_addr *address)
{
	struct geo_database *d = database_of(geo, ASN);
	MMDB_lookup_result_s found;

	return geo_has_asn(geo) && geo_database_find(d, address, &found) ? asn_of(d, &found)
									 : 0;
}

const char *geo_damaged(const struct geo *geo)
{
	for (int kind = 0; kind < KINDS; kind++)
		if (atomic_load_explicit(&geo->database[kind].damaged, memory_order_relaxed))
			return geo->database[kind].path;
	return NULL;
}
