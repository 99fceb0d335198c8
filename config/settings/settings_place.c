/* What the readers of values share. */
#include "config/settings/settings_place.h"

#include "config/parse/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"

bool place_refuse(const struct place *p, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->fault->text, sizeof(p->fault->text), format, args);
	va_end(args);
	p->fault->node = node;
	return false;
}

bool place_in_range(const struct place *p, const struct node *node, uint64_t n)
{
	char min[VALUE_TEXT], max[VALUE_TEXT];

	if (n >= p->row->min && n <= p->row->max)
		return true;
	snprintf(min, sizeof(min), "%" PRIu64, p->row->min);
	snprintf(max, sizeof(max), "%" PRIu64, p->row->max);
	if (p->row->type == SETTING_DURATION) {
		value_duration_print(p->row->min, min);
		value_duration_print(p->row->max, max);
	} else if (p->row->type == SETTING_SIZE) {
		value_size_print(p->row->min, min);
		value_size_print(p->row->max, max);
	}
	return place_refuse(
		p, node, "'%.64s' is out of range (%s to %s)", node->text, min, max);
}

bool place_number(const struct place *p, const struct node *node, uint32_t *out)
{
	uint64_t n;

	if (node->kind != NODE_SCALAR)
		return place_refuse(
			p, node, "is %s where a number belongs", node_kind_name(node));
	if (!value_number(node->text, &n))
		return place_refuse(p, node, "'%.64s' is not a number%s", node->text,
			p->row->type == SETTING_AUTO ? " or auto" : "");
	if (!place_in_range(p, node, n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool place_choice(const struct place *p, const struct node *map, const char *key,
	const char *names, unsigned *out)
{
	const struct node *node = node_member(map, key);
	int at;

	if (!node)
		return true;
	if (node->kind != NODE_SCALAR)
		return place_refuse(p, node, "%s is %s where one of %s belongs", key,
			node_kind_name(node), names);
	at = value_name(names, node->text);
	if (at < 0)
		return place_refuse(
			p, node, "%s '%.64s' is not one of %s", key, node->text, names);
	*out = (unsigned)at;
	return true;
}

void *place_room(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		log_abort("no memory for the settings");
	return memory;
}

char *place_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(place_room(size, 1), text, size);
}
