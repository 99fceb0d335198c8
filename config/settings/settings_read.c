/* One value of the file into its field, by the type of its row. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"
#include "config/settings/settings_place.h"

static void *field(const struct place *p)
{
	return (char *)p->settings + p->row->offset;
}

static bool u32_read(const struct place *p, const struct node *node)
{
	uint32_t n = 0;

	if (p->row->type != SETTING_AUTO || strcmp(node->text, "auto") != 0) {
		if (!place_number(p, node, &n))
			return false;
	}
	memcpy(field(p), &n, sizeof(n));
	return true;
}

static bool name_read(const struct place *p, const struct node *node)
{
	int at = value_name(p->row->names, node->text);
	uint32_t n = (uint32_t)at;
	uint64_t number;

	if (at < 0)
		return place_refuse(
			p, node, "'%.64s' is not one of %s", node->text, p->row->names);
	if (p->row->type == SETTING_CHOICE && value_number(node->text, &number))
		n = (uint32_t)number;
	memcpy(field(p), &n, sizeof(n));
	return true;
}

static bool bool_read(const struct place *p, const struct node *node)
{
	if (!value_bool(node->text, field(p)))
		return place_refuse(p, node, "'%.64s' is neither true nor false", node->text);
	return true;
}

static bool quantity_read(const struct place *p, const struct node *node)
{
	bool is_size = p->row->type == SETTING_SIZE;
	uint64_t n;

	if (is_size ? !value_size(node->text, &n) : !value_duration(node->text, &n))
		return place_refuse(p, node, "'%.64s' is not a %s", node->text,
			is_size ? "size (such as 512MiB, 2GiB, 4096)"
				: "duration (such as 120s, 500ms, 2m, 0 = never)");
	if (!place_in_range(p, node, n))
		return false;
	memcpy(field(p), &n, sizeof(n));
	return true;
}

/* One or more ${field-id}, with spaces between. */
static bool format_is_valid(const char *s)
{
	static const char id[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (;;) {
		size_t n;

		if (strncmp(s, "${", 2) != 0)
			return false;
		n = strspn(s + 2, id);
		if (n == 0 || s[2 + n] != '}')
			return false;
		s += n + 3;
		n = strspn(s, " ");
		if (*s == '\0')
			return true;
		if (n == 0)
			return false;
		s += n;
	}
}

static bool text_read(const struct place *p, const struct node *node)
{
	enum settings_type type = p->row->type;
	struct value_endpoint endpoint;
	const char *text = node->text;
	size_t len;

	if (type != SETTING_FORMAT && type != SETTING_INTERFACE && strcmp(text, "off") == 0)
		text = "";
	len = strlen(text);
	if (len > p->row->max)
		return place_refuse(
			p, node, "is longer than %" PRIu64 " characters", p->row->max);
	if (type == SETTING_FORMAT && strcmp(text, "default") != 0 && !format_is_valid(text))
		return place_refuse(p, node,
			"'%.64s' is neither default nor a list such as ${version} ${srcaddr}",
			text);
	if (type == SETTING_ENDPOINT && len > 0 && !value_endpoint(text, &endpoint))
		return place_refuse(p, node,
			"'%.64s' is not an address and port (such as 127.0.0.1:9477, "
			"[::1]:9477, or off)",
			text);
	if (type == SETTING_INTERFACE && !value_interface(text))
		return place_refuse(p, node,
			"'%.64s' is not an interface's name (such as pscope0, or pscope%%d)",
			text);
	memcpy(field(p), text, len + 1);
	return true;
}

static bool ports_read(const struct place *p, const struct node *list)
{
	struct settings_ports ports = {.count = 0};

	node_each(n, list)
	{
		uint32_t port = 0;

		if (ports.count == SETTINGS_LIST_MAX)
			return place_refuse(
				p, n, "holds more than %d ports", SETTINGS_LIST_MAX);
		if (!place_number(p, n, &port))
			return false;
		for (uint32_t i = 0; i < ports.count; i++) {
			if (ports.port[i] == port)
				return place_refuse(p, n, "holds port %u twice", port);
		}
		ports.port[ports.count++] = (uint16_t)port;
	}
	memcpy(field(p), &ports, sizeof(ports));
	return true;
}

/* A comma outside quotes ends an element: what follows it looks like a device's arguments. */
static bool is_torn_off(const struct place *p, const struct node *node)
{
	size_t name = strcspn(node->text, "=,");

	return strcmp(p->row->key, "capture.ports") == 0 && node->text[name] == '=';
}

static bool refuse_torn_off(
	const struct place *p, const struct node *list, const struct node *node)
{
	const struct node *before = NULL;

	node_each(n, list)
	{
		if (n == node)
			break;
		before = n;
	}
	return place_refuse(p, node,
		"'%.64s' is no device; quote what belongs together: [\"%.64s,%.64s\"]",
		node->text,
		before && before->kind == NODE_SCALAR ? before->text : "net_af_packet0",
		node->text);
}

static bool strings_read(const struct place *p, const struct node *list)
{
	struct settings_strings *strings = field(p);
	struct value_address address;

	settings_clear(p->settings, p->row);
	if (list->count > 0)
		strings->text = place_room(list->count, sizeof(*strings->text));
	node_each(n, list)
	{
		if (n->kind != NODE_SCALAR)
			return place_refuse(
				p, n, "holds %s where a text belongs", node_kind_name(n));
		if (strlen(n->text) < p->row->min || strlen(n->text) > p->row->max)
			return place_refuse(p, n,
				"holds a text that is not 1 to %" PRIu64 " characters long",
				p->row->max);
		if (is_torn_off(p, n))
			return refuse_torn_off(p, list, n);
		if (p->row->type == SETTING_ADDRESSES && !value_address(n->text, &address))
			return place_refuse(p, n,
				"'%.64s' is not ADDRESS/LENGTH or ADDRESS/LENGTH dev INTERFACE",
				n->text);
		strings->text[strings->count++] = place_text(n->text);
	}
	return true;
}

static bool list_read(const struct place *p, const struct node *list)
{
	static const struct node empty = {.kind = NODE_LIST};

	if (list->kind == NODE_NULL)
		list = &empty;
	if (list->kind != NODE_LIST)
		return place_refuse(
			p, list, "is %s where a list belongs", node_kind_name(list));
	switch ((int)p->row->type) {
	case SETTING_PORTS:
		return ports_read(p, list);
	case SETTING_STRINGS:
	case SETTING_ADDRESSES:
		return strings_read(p, list);
	case SETTING_TENANTS:
		return place_tenants(p, list);
	case SETTING_LISTS:
		return place_lists(p, list);
	case SETTING_SUPPRESSIONS:
		return place_suppressions(p, list);
	case SETTING_FEEDS:
		return place_feeds(p, list);
	default:
		return true;
	}
}

static bool scalar_read(const struct place *p, const struct node *node)
{
	if (node->kind == NODE_NULL)
		return place_refuse(p, node, "has no value");
	if (node->kind != NODE_SCALAR)
		return place_refuse(
			p, node, "is %s where a single value belongs", node_kind_name(node));
	switch ((int)p->row->type) {
	case SETTING_U32:
	case SETTING_AUTO:
		return u32_read(p, node);
	case SETTING_CHOICE:
	case SETTING_ENUM:
		return name_read(p, node);
	case SETTING_BOOL:
		return bool_read(p, node);
	case SETTING_DURATION:
	case SETTING_SIZE:
		return quantity_read(p, node);
	default:
		return text_read(p, node);
	}
}

bool settings_read(struct settings *settings, const struct settings_row *row,
	const struct node *value, struct settings_fault *fault)
{
	const struct place p = {settings, row, fault};

	if (row->type == SETTING_SURICATA)
		return place_suricata(&p, value);
	return row->type >= SETTING_PORTS ? list_read(&p, value) : scalar_read(&p, value);
}
