#include "config/model/model_field.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"

const struct node *model_member(const struct model_builder *b, const struct node *map,
	const char *yaml, const char *aws)
{
	const char *name = b->is_aws ? aws : yaml;
	const struct node *n = name ? node_member(map, name) : NULL;

	return n && n->kind == NODE_NULL ? NULL : n;
}

static const struct model_field *field_find(const struct model_builder *b,
	const struct model_field *fields, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = b->is_aws ? fields[i].aws : fields[i].yaml;

		if (name && strcmp(name, key) == 0)
			return &fields[i];
	}
	return NULL;
}

static void texts_init(const struct model_field *fields, size_t count, void *object)
{
	for (size_t i = 0; i < count; i++) {
		void *field = (char *)object + fields[i].offset;
		const char **text = field;

		if (fields[i].read == read_text || fields[i].read == read_id)
			*text = "";
	}
}

void model_fields_read(struct model_builder *b, const struct node *map,
	const struct model_field *fields, size_t count, void *object)
{
	texts_init(fields, count, object);
	node_each(n, map)
	{
		const struct model_field *f = field_find(b, fields, count, n->key);

		if (f && n->kind != NODE_NULL)
			f->read(b, n, (char *)object + f->offset, f);
		else if (!f && !b->is_aws)
			model_fail(b, FINDING_unknown_key, n, NULL, "no such field");
	}
	for (size_t i = 0; i < count; i++) {
		const struct model_field *f = &fields[i];

		if (f->required && !model_member(b, map, f->yaml, f->aws))
			model_fail(b, FINDING_missing_key, map, b->is_aws ? f->aws : f->yaml,
				"is missing");
	}
}

bool model_is_text(struct model_builder *b, const struct node *value)
{
	if (value->kind == NODE_SCALAR)
		return true;
	model_fail(b, FINDING_wrong_value, value, NULL, "is %s where a single value belongs",
		node_kind_name(value));
	return false;
}

bool model_is_list(struct model_builder *b, const struct node *value)
{
	if (value->kind == NODE_LIST)
		return true;
	model_fail(b, FINDING_wrong_value, value, NULL, "is %s where a list belongs",
		node_kind_name(value));
	return false;
}

MODEL_READER(read_node)
{
	const struct node **node = field;

	(void)b, (void)spec;
	*node = value;
}

MODEL_READER(read_text)
{
	const char **text = field;

	(void)spec;
	if (model_is_text(b, value))
		*text = model_text(b, value->text);
}

MODEL_READER(read_id)
{
	if (model_is_text(b, value) && *value->text == '\0')
		model_fail(b, FINDING_wrong_value, value, NULL, "is empty");
	else if (value->kind == NODE_SCALAR)
		read_text(b, value, field, spec);
}

static bool number_in(struct model_builder *b, const struct node *value, uint64_t min,
	uint64_t max, uint32_t *out)
{
	uint64_t n;

	if (!model_is_text(b, value))
		return false;
	if (!value_number(value->text, &n)) {
		model_fail(b, FINDING_wrong_value, value, NULL, "'%.64s' is not a number",
			value->text);
		return false;
	}
	if (n < min || n > max) {
		model_fail(b, FINDING_wrong_value, value, NULL,
			"'%.64s' is out of range (%" PRIu64 " to %" PRIu64 ")", value->text,
			min, max);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

MODEL_READER(read_u32)
{
	uint32_t n;

	if (number_in(b, value, spec->min, spec->max, &n))
		memcpy(field, &n, sizeof(n));
}

MODEL_READER(read_protocol)
{
	uint32_t n;

	if (value->kind == NODE_SCALAR && strcmp(value->text, "-1") == 0)
		model_fail(b, FINDING_wrong_value, value, NULL,
			"'-1' is not a protocol number (0 to 255); leave the key out for any "
			"protocol");
	else if (number_in(b, value, spec->min, spec->max, &n))
		*(int16_t *)field = (int16_t)n;
}

static int name_in(struct model_builder *b, const struct node *value, const char *names)
{
	int at;

	if (!model_is_text(b, value))
		return -1;
	at = value_name(names, value->text);
	if (at < 0)
		model_unknown(b, value, "'%.64s' is not one of %s", value->text, names);
	return at;
}

MODEL_READER(read_action)
{
	(void)spec;
	*(bool *)field = name_in(b, value, "reject|accept") == 1;
}

MODEL_READER(read_record)
{
	int at = name_in(b, value, "true|false|headers");

	(void)spec;
	if (at >= 0)
		*(uint8_t *)field = (uint8_t)(MODEL_RECORD_TRUE + at);
}

MODEL_READER(read_direction)
{
	int at = name_in(b, value, "ingress|egress");

	(void)spec;
	if (at >= 0)
		*(enum model_direction *)field = at == 0 ? MODEL_INGRESS : MODEL_EGRESS;
}

MODEL_READER(read_services)
{
	(void)spec;
	if (!model_is_list(b, value))
		return;
	node_each(n, value)
	{
		if (name_in(b, n, "amazon-dns") == 0)
			*(bool *)field = true;
	}
}

MODEL_READER(read_ports)
{
	struct model_ports *ports = field;
	const struct node *from, *to;
	uint32_t low, high;

	(void)spec;
	if (value->kind != NODE_MAP) {
		model_fail(b, FINDING_wrong_value, value, NULL,
			"is %s where {from_port, to_port} belongs", node_kind_name(value));
		return;
	}
	node_each(n, value)
	{
		if (!b->is_aws && value_name("from_port|to_port", n->key) < 0)
			model_fail(b, FINDING_unknown_key, n, NULL, "no such field");
	}
	from = model_member(b, value, "from_port", "FromPort");
	to = model_member(b, value, "to_port", "ToPort");
	if (!from || !to) {
		model_fail(b, FINDING_missing_key, value, NULL,
			"needs both ends of the range (%s is missing)",
			b->is_aws ? (from ? "ToPort" : "FromPort")
			: from    ? "to_port"
				  : "from_port");
		return;
	}
	if (!number_in(b, from, 0, 65535, &low) || !number_in(b, to, 0, 65535, &high))
		return;
	if (low > high)
		model_fail(b, FINDING_wrong_value, value, NULL,
			"the range begins at %u and ends before it, at %u", low, high);
	*ports = (struct model_ports){(uint16_t)low, (uint16_t)high};
}

MODEL_READER(read_mac)
{
	struct model_mac mac = {.known = true};
	const char *s = value->text;
	bool ok = value->kind == NODE_SCALAR && strlen(s) == 17;

	(void)spec;
	for (size_t i = 0; ok && i < 6; i++, s += 3) {
		int high = value_hex_digit(s[0]), low = value_hex_digit(s[1]);

		ok = high >= 0 && low >= 0 && s[2] == (i < 5 ? ':' : '\0');
		mac.byte[i] = (uint8_t)(ok ? high << 4 | low : 0);
	}
	if (ok)
		memcpy(field, &mac, sizeof(mac));
	else if (model_is_text(b, value))
		model_fail(b, FINDING_wrong_value, value, NULL,
			"'%.64s' is not a MAC address (such as 02:00:00:00:00:01)",
			value->text);
}

static void tag_set(struct model_builder *b, struct model_tag *tag, const char *key,
	const struct node *value)
{
	tag->key = model_text(b, key);
	tag->value = value && value->kind == NODE_SCALAR ? model_text(b, value->text) : "";
}

MODEL_READER(read_tags)
{
	struct model_tags *tags = field;
	struct model_tag *tag;

	(void)spec;
	if (value->kind == NODE_SCALAR) {
		model_fail(b, FINDING_wrong_value, value, NULL, "is no mapping of tags");
		return;
	}
	tag = arena_alloc(&b->arena, value->count * sizeof(*tag));
	tags->tag = tag;
	node_each(n, value)
	{
		const struct node *key =
			n->kind == NODE_MAP ? model_member(b, n, "key", "Key") : NULL;

		if (value->kind == NODE_MAP)
			tag_set(b, &tag[tags->count++], n->key, n);
		else if (key && key->kind == NODE_SCALAR)
			tag_set(b, &tag[tags->count++], key->text,
				model_member(b, n, "value", "Value"));
		else
			model_fail(b, FINDING_wrong_value, n, NULL,
				"is no tag of the form {key, value}");
	}
}

bool model_address_read(
	struct model_builder *b, const struct node *value, struct model_address *out)
{
	uint8_t byte[16];

	if (!model_is_text(b, value))
		return false;
	if (inet_pton(AF_INET, value->text, byte) == 1) {
		*out = (struct model_address){ip_addr_v4(byte), 4};
	} else if (inet_pton(AF_INET6, value->text, byte) == 1) {
		*out = (struct model_address){ip_addr_v6(byte), 6};
	} else {
		model_fail(b, FINDING_wrong_value, value, NULL, "'%.64s' is not an IP address",
			value->text);
		return false;
	}
	return true;
}

bool model_cidr_read(struct model_builder *b, const struct node *value, struct cidr *out)
{
	struct cidr cidr;
	char right[CIDR_TEXT];

	if (!model_is_text(b, value))
		return false;
	if (!cidr_parse(value->text, &cidr)) {
		model_fail(b, FINDING_wrong_value, value, NULL,
			"'%.64s' is not a CIDR block (such as 10.0.0.0/8 or 2001:db8::/32)",
			value->text);
		return false;
	}
	if (cidr_clear_host_bits(&cidr)) {
		cidr_print(&cidr, right);
		model_fail(b, FINDING_host_bits, value, NULL,
			"'%.64s' has bits set beyond its length; the block is %s", value->text,
			right);
		return false;
	}
	*out = cidr;
	return true;
}

MODEL_READER(read_cidr)
{
	(void)spec;
	model_cidr_read(b, value, field);
}
