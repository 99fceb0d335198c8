/* Alerts that the settings silence: which ones, and until when. */
#include <string.h>

#include "config/parse/value.h"
#include "config/settings/settings_place.h"

/* As long as they may be in an alert. */
enum { TEXT_MAX_LEN = 256 };

#define KEYS "engine|rule|title|address|session|tenant|until"

/* A scalar; NULL: refused. */
static const char *text_of(const struct place *p, const struct node *node)
{
	if (node->kind == NODE_SCALAR && *node->text != '\0' &&
		strlen(node->text) <= TEXT_MAX_LEN)
		return node->text;
	place_refuse(
		p, node, "%s is not a text of 1 to %d characters", node->key, TEXT_MAX_LEN);
	return NULL;
}

static bool text_read(const struct place *p, const struct node *node, char **out)
{
	const char *text = text_of(p, node);

	if (!text)
		return false;
	*out = place_text(text);
	return true;
}

static bool engine_read(
	const struct place *p, const struct node *node, struct settings_suppression *s)
{
	if (!text_read(p, node, &s->engine))
		return false;
	return value_name(ALERT_ENGINE_NAMES, s->engine) >= 0 ||
	       place_refuse(p, node, "engine '%.64s' is not one of %s", s->engine,
		       ALERT_ENGINE_NAMES);
}

static bool address_read(
	const struct place *p, const struct node *node, struct settings_suppression *s)
{
	const char *text = text_of(p, node);

	if (!text)
		return false;
	if (!cidr_or_address_parse(text, &s->address))
		return place_refuse(p, node, "'%.64s' is no IP address or CIDR block", text);
	if (cidr_clear_host_bits(&s->address))
		return place_refuse(p, node, "'%.64s' has bits set beyond its length", text);
	s->has_address = true;
	return true;
}

static bool until_read(
	const struct place *p, const struct node *node, struct settings_suppression *s)
{
	const char *text = text_of(p, node);

	if (!text)
		return false;
	if (!value_time(text, &s->until_ns))
		return place_refuse(p, node,
			"'%.64s' is no time of UTC, such as 2026-12-31T18:00:00Z or 2026-12-31",
			text);
	s->until_ns += s->until_ns == 0; /* 0 is for good */
	return true;
}

static bool member_read(
	const struct place *p, const struct node *n, struct settings_suppression *s)
{
	switch (value_name(KEYS, n->key)) {
	case 0:
		return engine_read(p, n, s);
	case 1:
		return text_read(p, n, &s->rule);
	case 2:
		return text_read(p, n, &s->title);
	case 3:
		return address_read(p, n, s);
	case 4:
		return text_read(p, n, &s->session);
	case 5:
		return text_read(p, n, &s->tenant);
	case 6:
		return until_read(p, n, s);
	default:
		return place_refuse(p, n, "a suppression has no key '%.64s'", n->key);
	}
}

static bool suppression_read(
	const struct place *p, const struct node *map, struct settings_suppression *s)
{
	if (map->kind != NODE_MAP)
		return place_refuse(p, map,
			"holds %s where {rule, address, session, until, ...} belongs",
			node_kind_name(map));
	node_each(n, map)
	{
		if (!member_read(p, n, s))
			return false;
	}
	if (s->engine || s->rule || s->title || s->session || s->tenant || s->has_address)
		return true;
	return place_refuse(p, map,
		"a suppression needs one of engine, rule, title, address, session and tenant; "
		"detect.alerts: false is for all alerts");
}

bool place_suppressions(const struct place *p, const struct node *list)
{
	struct settings_suppressions *all = &p->settings->detect.suppress;

	settings_clear(p->settings, p->row);
	if (list->count > SUPPRESSIONS_MAX)
		return place_refuse(
			p, list, "holds more than %d suppressions", SUPPRESSIONS_MAX);
	if (list->count > 0)
		all->suppression = place_room(list->count, sizeof(*all->suppression));
	node_each(n, list)
	{
		if (!suppression_read(p, n, &all->suppression[all->count++]))
			return false;
	}
	return true;
}
