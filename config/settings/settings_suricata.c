/* Suricata's part of the settings: with which program, configuration and rules it is started, or where one that runs
 * already is waited for. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/parse/value.h"
#include "config/settings/settings_place.h"

#define KEYS "command|config|rules|timeout|attach"

/* A member that is a path. *out stays when there is none. false: refused. */
static bool path_read(
	const struct place *p, const struct node *map, const char *key, char **out)
{
	const struct node *node = node_member(map, key);

	if (!node)
		return true;
	if (node->kind != NODE_SCALAR || *node->text == '\0' || strlen(node->text) >= PATH_MAX)
		return place_refuse(
			p, node, "%s is no path of 1 to %d characters", key, PATH_MAX - 1);
	*out = place_text(node->text);
	return true;
}

static bool rule_read(
	const struct place *p, const struct node *node, struct settings_strings *rules)
{
	if (node->kind != NODE_SCALAR || *node->text == '\0' || strlen(node->text) >= PATH_MAX)
		return place_refuse(p, node,
			"rules holds what is no path of 1 to %d characters", PATH_MAX - 1);
	rules->text[rules->count++] = place_text(node->text);
	return true;
}

static bool rules_read(
	const struct place *p, const struct node *map, struct settings_strings *rules)
{
	const struct node *list = node_member(map, "rules");

	if (!list)
		return true;
	if (list->kind != NODE_LIST)
		return place_refuse(
			p, list, "rules is %s where a list belongs", node_kind_name(list));
	if (list->count > SURICATA_RULES_MAX)
		return place_refuse(
			p, list, "holds more than %d rule files", SURICATA_RULES_MAX);
	if (list->count > 0)
		rules->text = place_room(list->count, sizeof(*rules->text));
	node_each(n, list)
	{
		if (!rule_read(p, n, rules))
			return false;
	}
	return true;
}

static bool timeout_read(const struct place *p, const struct node *map, uint64_t *ns)
{
	const struct node *node = node_member(map, "timeout");

	if (!node)
		return true;
	if (node->kind != NODE_SCALAR || !value_duration(node->text, ns) || *ns < SECONDS(1) ||
		*ns > DAYS(1))
		return place_refuse(p, node, "timeout is no duration from 1s to 1d");
	return true;
}

bool place_suricata(const struct place *p, const struct node *map)
{
	struct settings_suricata *s = &p->settings->detect.suricata;

	settings_clear(p->settings, p->row);
	if (map->kind == NODE_NULL)
		return true;
	if (map->kind != NODE_MAP)
		return place_refuse(p, map,
			"holds %s where {command, config, rules, timeout} or {attach} belongs",
			node_kind_name(map));
	node_each(n, map)
	{
		if (value_name(KEYS, n->key) < 0)
			return place_refuse(p, n, "Suricata has no key '%.64s' here", n->key);
	}
	if (!path_read(p, map, "command", &s->command) ||
		!path_read(p, map, "config", &s->config) ||
		!path_read(p, map, "attach", &s->attach) || !rules_read(p, map, &s->rules) ||
		!timeout_read(p, map, &s->timeout))
		return false;
	if (s->attach && (s->command || s->config || s->rules.count > 0))
		return place_refuse(p, node_member(map, "attach"),
			"a Suricata that is started otherwise has rules, config and command of its own");
	if (map->count > 0 && !settings_suricata_is_on(s))
		return place_refuse(
			p, map, "Suricata needs rules, or a config that names some");
	return true;
}

int settings_add_rules(struct settings *settings, const char *file, struct error *error)
{
	struct settings_strings *rules = &settings->detect.suricata.rules;
	char **room;

	if (rules->count == SURICATA_RULES_MAX) {
		error_set(error, "more than %d rule files", SURICATA_RULES_MAX);
		return -1;
	}
	room = place_room(rules->count + 1, sizeof(*room));
	if (rules->count > 0)
		memcpy(room, rules->text, rules->count * sizeof(*room));
	free(rules->text);
	rules->text = room;
	rules->text[rules->count++] = place_text(file);
	return 0;
}
