/* A setting as one row: how its text is read, checked, printed and documented. Private to
 * config/settings/settings*.c, their tests and packaging/describe.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/node.h"
#include "config/settings/settings.h"

enum settings_type {
	SETTING_U32,
	SETTING_AUTO,         /* uint32_t: "auto" (0), or min..max */
	SETTING_CHOICE,       /* uint32_t: one of the numbers in `names` */
	SETTING_ENUM,         /* an enum: position in `names` */
	SETTING_BOOL,         /* bool */
	SETTING_DURATION,     /* uint64_t, ns */
	SETTING_SIZE,         /* uint64_t, bytes */
	SETTING_FORMAT,       /* char[]: of flow log records */
	SETTING_PATH,         /* char[]: a path; "off" = "" */
	SETTING_ENDPOINT,     /* char[]: address:port; "off" = "" */
	SETTING_INTERFACE,    /* char[]: an interface's name, see value_interface() */
	SETTING_PORTS,        /* struct settings_ports */
	SETTING_STRINGS,      /* struct settings_strings */
	SETTING_ADDRESSES,    /* struct settings_strings: each as value_address() reads it */
	SETTING_TENANTS,      /* struct settings_tenant *, and n_tenants beside it */
	SETTING_LISTS,        /* struct settings_lists */
	SETTING_SUPPRESSIONS, /* struct settings_suppressions */
	SETTING_FEEDS,        /* struct settings_feeds */
	SETTING_SURICATA,     /* struct settings_suricata */
	SETTING_MODEL,        /* nothing: read by model_load() */
};

struct settings_row {
	const char *key; /* dotted */
	enum settings_type type;
	size_t offset;
	const char *preset; /* as text: it goes through the parser like any other */
	uint64_t min, max;  /* of the number, or of the length of the text */
	const char *names;  /* "a|b" */
	const char *unit, *help;
};

uint32_t settings_row_count(void);
const struct settings_row *settings_row_get(uint32_t index);
const struct settings_row *settings_row_find(const char *key);
/* The row whose key is closest to a misspelt one, or NULL when none is near. */
const struct settings_row *settings_row_near(const char *key);

/* Why a value was refused. `node` is where. */
struct settings_fault {
	const struct node *node;
	char text[256];
};

/* Reads a value into its field. false: `fault` says why, and the field is legal to free.
 * Replaces what the field held. */
bool settings_read(struct settings *settings, const struct settings_row *row,
	const struct node *value, struct settings_fault *fault);

/* Frees what the field owns and makes it empty. */
void settings_clear(struct settings *settings, const struct settings_row *row);
