/* The fields of the model's objects as rows: the name in the settings file (EC2's in
 * snake_case), the name in AWS's JSON, and how the value is read. Private to config/model_*.c. */
#pragma once

#include "config/model/model_build.h"

struct model_field {
	const char *yaml, *aws; /* NULL: not a field of that form */
	void (*read)(struct model_builder *b, const struct node *value, void *field,
		const struct model_field *spec);
	size_t offset;
	uint64_t min, max; /* of a number */
	bool required;
};

#define MODEL_COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* Reads the members of a mapping into `object` by its rows. Unknown members are errors in YAML,
 * and skipped in JSON, to which AWS adds fields at any time. Texts that are absent become "". */
void model_fields_read(struct model_builder *b, const struct node *map,
	const struct model_field *fields, size_t count, void *object);

/* The member by the name it has in the form being read. */
const struct node *model_member(const struct model_builder *b, const struct node *map,
	const char *yaml, const char *aws);

/* Readers. The comment names the type of the field. */
#define MODEL_READER(name) \
	void name(struct model_builder *b, const struct node *value, void *field, \
		const struct model_field *spec)
MODEL_READER(read_node);      /* const struct node *: for later */
MODEL_READER(read_text);      /* const char * */
MODEL_READER(read_id);        /* const char *, not empty */
MODEL_READER(read_u32);       /* uint32_t in min..max */
MODEL_READER(read_protocol);  /* int16_t */
MODEL_READER(read_action);    /* bool: accept */
MODEL_READER(read_record);    /* uint8_t: enum model_record */
MODEL_READER(read_direction); /* enum model_direction */
MODEL_READER(read_cidr);      /* struct cidr */
MODEL_READER(read_ports);     /* struct model_ports */
MODEL_READER(read_mac);       /* struct { bool; uint8_t[6] }: see model_mac */
MODEL_READER(read_services);  /* bool: amazon-dns is among them */
MODEL_READER(read_tags);      /* struct model_tags: a mapping, or a list of {key, value} */

/* False, with an error, when the node is not a scalar. */
bool model_is_text(struct model_builder *b, const struct node *value);
/* False, with an error, when the node is not a list. */
bool model_is_list(struct model_builder *b, const struct node *value);
bool model_address_read(
	struct model_builder *b, const struct node *value, struct model_address *out);
bool model_cidr_read(struct model_builder *b, const struct node *value, struct cidr *out);

struct model_mac {
	bool known;
	uint8_t byte[6];
};
