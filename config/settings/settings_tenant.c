/* The tenants of the settings: a name, and the VNIs and networks that it joins. */
#include <string.h>

#include "config/parse/session_key.h"
#include "config/parse/value.h"
#include "config/settings/settings_place.h"

/* The two lists of a tenant: what a number in it is, and from where its kind of tenants counts. */
struct member_list {
	const char *key, *noun;
	uint32_t base, max;
};

static const struct member_list member_lists[] = {
	{"virtual_network_ids", "VNI", 0, (1 << 24) - 1},
	{"network_ids", "network", NETWORK_NAMED, NETWORK_ID_MAX},
};

enum { MEMBER_LISTS = sizeof(member_lists) / sizeof(*member_lists) };

static const char *taken_by(const struct settings *s, uint32_t own)
{
	for (uint32_t i = 0; i < s->n_tenants; i++) {
		for (uint32_t k = 0; k < s->tenants[i].n_own; k++) {
			if (s->tenants[i].own[k] == own)
				return s->tenants[i].name;
		}
	}
	return NULL;
}

static bool members_read(const struct place *p, const struct node *list,
	const struct member_list *kind, struct settings_tenant *tenant)
{
	struct settings_row row = *p->row;
	const struct place numbers = {p->settings, &row, p->fault};

	row.max = kind->max;
	if (list->kind != NODE_LIST || list->count == 0)
		return place_refuse(p, list, "%s is %s where a list of %ss belongs", kind->key,
			list->kind == NODE_LIST ? "empty" : node_kind_name(list), kind->noun);
	node_each(n, list)
	{
		uint32_t own;
		const char *by;

		if (!place_number(&numbers, n, &own))
			return false;
		own += kind->base;
		/* The tenant itself is counted already: its own list is looked through too. */
		by = taken_by(p->settings, own);
		if (by)
			return place_refuse(p, n, "%s %s is in tenant '%.64s' already",
				kind->noun, n->text, by);
		tenant->own[tenant->n_own++] = own;
	}
	return true;
}

static bool name_read(
	const struct place *p, const struct node *map, struct settings_tenant *tenant)
{
	const struct settings *s = p->settings;
	const struct node *name = node_member(map, "name");

	if (!name || name->kind != NODE_SCALAR || *name->text == '\0' ||
		strlen(name->text) > 63)
		return place_refuse(
			p, name ? name : map, "a tenant needs a name of 1 to 63 characters");
	for (uint32_t i = 0; i + 1 < s->n_tenants; i++) {
		if (s->tenants[i].name && strcmp(s->tenants[i].name, name->text) == 0)
			return place_refuse(p, name, "two tenants are called '%s'", name->text);
	}
	tenant->name = place_text(name->text);
	return true;
}

static bool tenant_read(
	const struct place *p, const struct node *map, struct settings_tenant *tenant)
{
	size_t count = 0;

	if (map->kind != NODE_MAP)
		return place_refuse(p, map,
			"holds %s where {name, virtual_network_ids, network_ids} belongs",
			node_kind_name(map));
	node_each(n, map)
	{
		if (value_name("name|virtual_network_ids|network_ids", n->key) < 0)
			return place_refuse(p, n, "a tenant has no key '%.64s'", n->key);
		count += n->kind == NODE_LIST ? n->count : 0;
	}
	if (!name_read(p, map, tenant))
		return false;
	tenant->own = place_room(count + 1, sizeof(*tenant->own));
	for (int i = 0; i < MEMBER_LISTS; i++) {
		const struct node *list = node_member(map, member_lists[i].key);

		if (list && !members_read(p, list, &member_lists[i], tenant))
			return false;
	}
	if (tenant->n_own == 0)
		return place_refuse(p, map,
			"the tenant '%s' has neither virtual_network_ids nor network_ids",
			tenant->name);
	return true;
}

bool place_tenants(const struct place *p, const struct node *list)
{
	struct settings *s = p->settings;

	settings_clear(s, p->row);
	if (list->count > 0)
		s->tenants = place_room(list->count, sizeof(*s->tenants));
	node_each(n, list)
	{
		if (!tenant_read(p, n, &s->tenants[s->n_tenants++]))
			return false;
	}
	return true;
}
