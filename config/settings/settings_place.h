/* Where a value of the settings is being read, and what its readers share. Private to
 * config/settings/settings_read.c, settings_tenant.c, settings_lists.c, settings_suppress.c,
 * settings_suricata.c and settings_feeds.c. */
#pragma once

#include "config/settings/settings_row.h"

struct place {
	struct settings *settings;
	const struct settings_row *row;
	struct settings_fault *fault;
};

/* false, with the sentence in the fault. */
bool place_refuse(const struct place *p, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Refuses what is not within the row's range; the sentence has its unit. */
bool place_in_range(const struct place *p, const struct node *node, uint64_t n);

/* A number within the row's range. */
bool place_number(const struct place *p, const struct node *node, uint32_t *out);

/* The member `key` of a mapping, as a position in `names`, "a|b"; where it is missing, *out stays. */
bool place_choice(const struct place *p, const struct node *map, const char *key,
	const char *names, unsigned *out);

/* Zeroed memory, and a copy; the caller's to free. */
void *place_room(size_t count, size_t size);
char *place_text(const char *text);

/* The list of tenants; false: refused. */
bool place_tenants(const struct place *p, const struct node *list);
/* The indicator lists; false: refused. */
bool place_lists(const struct place *p, const struct node *list);
/* Alerts that are not wanted; false: refused. */
bool place_suppressions(const struct place *p, const struct node *list);
/* The mapping of Suricata's; false: refused. */
bool place_suricata(const struct place *p, const struct node *map);
/* The feeds; false: refused. */
bool place_feeds(const struct place *p, const struct node *list);
