/* The feeds of the settings: what of the packets goes where, in which form. */
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"
#include "config/settings/settings_place.h"

#define KEYS "name|kind|path|address|iface|what|tag|times|cut"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* NULL: the feed has none, or no single value, which was refused. */
static const char *text_of(
	const struct place *p, const struct node *map, const char *key, const char *needs)
{
	const struct node *node = node_member(map, key);

	if (node && node->kind == NODE_SCALAR && *node->text != '\0')
		return node->text;
	place_refuse(p, node ? node : map, "%s", needs);
	return NULL;
}

static bool name_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	const struct settings_feeds *feeds = &p->settings->feeds;
	const char *name = text_of(p, map, "name", "a feed needs a name");

	if (!name)
		return false;
	if (strlen(name) > FEED_NAME_MAX || name[strspn(name, NAME_CHARACTERS)] != '\0')
		return place_refuse(p, node_member(map, "name"),
			"'%.64s' is no name of a feed: 1 to %d letters, digits, - and _", name,
			FEED_NAME_MAX);
	for (const struct settings_feed *f = feeds->feed; f < feed; f++)
		if (strcmp(f->name, name) == 0)
			return place_refuse(
				p, node_member(map, "name"), "two feeds are called '%s'", name);
	memcpy(feed->name, name, strlen(name) + 1);
	return true;
}

static bool path_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	const char *path =
		text_of(p, map, "path", "a feed of kind pipe needs the path of a named pipe");

	if (!path)
		return false;
	if (strlen(path) >= PATH_MAX)
		return place_refuse(p, node_member(map, "path"), "path is too long");
	feed->path = place_text(path);
	return true;
}

static bool address_read(
	const struct place *p, const struct node *map, struct settings_feed *feed)
{
	const char *text = text_of(p, map, "address",
		"a feed of kind pcap_over_ip needs an address, such as listen:127.0.0.1:57012 or "
		"connect:10.0.0.9:57012");
	const char *endpoint = text ? strchr(text, ':') : NULL;
	struct value_endpoint parsed;

	if (!text)
		return false;
	feed->listens = strncmp(text, "listen:", 7) == 0;
	if ((!feed->listens && strncmp(text, "connect:", 8) != 0) ||
		strlen(endpoint + 1) >= sizeof(feed->address) ||
		!value_endpoint(endpoint + 1, &parsed))
		return place_refuse(p, node_member(map, "address"),
			"'%.64s' is neither listen:ADDRESS:PORT nor connect:ADDRESS:PORT (such as "
			"listen:127.0.0.1:57012 or connect:[::1]:57012)",
			text);
	memcpy(feed->address, endpoint + 1, strlen(endpoint));
	return true;
}

static bool iface_read(
	const struct place *p, const struct node *map, struct settings_feed *feed)
{
	const char *iface = text_of(
		p, map, "iface", "a feed of kind interface needs the name of one as iface");

	if (!iface)
		return false;
	if (strlen(iface) >= IFNAMSIZ || !value_interface(iface) || strchr(iface, '%'))
		return place_refuse(p, node_member(map, "iface"),
			"'%.64s' is not an interface's name (such as feed0)", iface);
	memcpy(feed->iface, iface, strlen(iface) + 1);
	return true;
}

static bool cut_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	struct settings_row row = *p->row;
	const struct place number = {p->settings, &row, p->fault};
	const struct node *node = node_member(map, "cut");

	if (!node || (node->kind == NODE_SCALAR && strcmp(node->text, "0") == 0))
		return true;
	row.min = FEED_CUT_MIN;
	row.max = FEED_CUT_MAX;
	return place_number(&number, node, &feed->cut);
}

/* What a key is for, where it is not for every kind. */
static const struct {
	const char *key, *kinds;
	bool of[FEED_KINDS];
} own_keys[] = {
	{"path", "pipe", {[FEED_PIPE] = true}},
	{"address", "pcap_over_ip", {[FEED_PCAP_OVER_IP] = true}},
	{"iface", "interface", {[FEED_INTERFACE] = true}},
	{"times", "pipe and pcap_over_ip", {[FEED_PIPE] = true, [FEED_PCAP_OVER_IP] = true}},
};

static bool keys_fit(const struct place *p, const struct node *map, enum feed_kind kind)
{
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(*own_keys); i++) {
		const struct node *node = node_member(map, own_keys[i].key);

		if (node && !own_keys[i].of[kind])
			return place_refuse(p, node, "%s is for feeds of kind %s",
				own_keys[i].key, own_keys[i].kinds);
	}
	return true;
}

static bool kind_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	unsigned kind = FEED_PIPE;

	if (!node_member(map, "kind"))
		return place_refuse(p, map, "a feed needs a kind, one of %s", FEED_KIND_NAMES);
	if (!place_choice(p, map, "kind", FEED_KIND_NAMES, &kind))
		return false;
	feed->kind = (enum feed_kind)kind;
	if (!keys_fit(p, map, feed->kind))
		return false;
	if (feed->kind == FEED_PIPE)
		return path_read(p, map, feed);
	return feed->kind == FEED_INTERFACE ? iface_read(p, map, feed)
					    : address_read(p, map, feed);
}

/* all, accepted, or an expression. */
static bool what_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	const struct node *node = node_member(map, "what");

	feed->what = RECORD_ACCEPTED;
	if (!node)
		return true;
	if (node->kind != NODE_SCALAR || *node->text == '\0')
		return place_refuse(
			p, node, "what is not all, accepted or an expression in quotes");
	feed->what_line = node->line;
	if (strcmp(node->text, "all") == 0)
		feed->what = RECORD_ALL;
	else if (strcmp(node->text, "accepted") != 0)
		feed->expression = place_text(node->text);
	return true;
}

static bool feed_read(const struct place *p, const struct node *map, struct settings_feed *feed)
{
	unsigned tag = FEED_TAG_NONE, times = FEED_TIMES_US;

	if (map->kind != NODE_MAP)
		return place_refuse(p, map, "holds %s where {name, kind, ...} belongs",
			node_kind_name(map));
	node_each(n, map)
	{
		if (value_name(KEYS, n->key) < 0)
			return place_refuse(p, n, "a feed has no key '%.64s'", n->key);
	}
	if (!name_read(p, map, feed) || !kind_read(p, map, feed) || !cut_read(p, map, feed) ||
		!what_read(p, map, feed) ||
		!place_choice(p, map, "tag", FEED_TAG_NAMES, &tag) ||
		!place_choice(p, map, "times", FEED_TIMES_NAMES, &times))
		return false;
	feed->tag = (enum feed_tag)tag;
	feed->times = (enum feed_times)times;
	return true;
}

bool place_feeds(const struct place *p, const struct node *list)
{
	struct settings_feeds *feeds = &p->settings->feeds;

	settings_clear(p->settings, p->row);
	if (list->count > FEEDS_MAX)
		return place_refuse(p, list, "holds more than %d feeds", FEEDS_MAX);
	if (list->count > 0)
		feeds->feed = place_room(list->count, sizeof(*feeds->feed));
	node_each(n, list)
	{
		if (!feed_read(p, n, &feeds->feed[feeds->count++]))
			return false;
	}
	return true;
}
