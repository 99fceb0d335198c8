/* Rules as rte_acl wants them. */
#include "dataplane/pipeline/filter_inside.h"

#include <rte_acl.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { FIELDS4 = 6, FIELDS6 = 12 };

enum { TRIES_BYTES = 128 * 1024 * 1024 };

RTE_ACL_RULE_DEF(acl_rule4, FIELDS4);
RTE_ACL_RULE_DEF(acl_rule6, FIELDS6);

static struct rte_acl_field_def field(
	uint8_t index, uint8_t type, uint8_t size, uint8_t input, size_t offset)
{
	return (struct rte_acl_field_def){.type = type,
		.size = size,
		.field_index = index,
		.input_index = input,
		.offset = (uint32_t)offset};
}

static void define4(struct rte_acl_config *config)
{
	struct rte_acl_field_def *defs = config->defs;

	config->num_fields = FIELDS4;
	defs[0] = field(0, RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, offsetof(struct key4, protocol));
	defs[1] = field(1, RTE_ACL_FIELD_TYPE_BITMASK, 4, 1, offsetof(struct key4, scope));
	defs[2] = field(2, RTE_ACL_FIELD_TYPE_MASK, 4, 2, offsetof(struct key4, src));
	defs[3] = field(3, RTE_ACL_FIELD_TYPE_MASK, 4, 3, offsetof(struct key4, dst));
	defs[4] = field(4, RTE_ACL_FIELD_TYPE_RANGE, 2, 4, offsetof(struct key4, src_port));
	defs[5] = field(5, RTE_ACL_FIELD_TYPE_RANGE, 2, 4, offsetof(struct key4, dst_port));
}

static void define6(struct rte_acl_config *config)
{
	struct rte_acl_field_def *defs = config->defs;

	config->num_fields = FIELDS6;
	defs[0] = field(0, RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, offsetof(struct key6, protocol));
	defs[1] = field(1, RTE_ACL_FIELD_TYPE_BITMASK, 4, 1, offsetof(struct key6, scope));
	for (uint8_t word = 0; word < 8; word++)
		defs[2 + word] = field(2 + word, RTE_ACL_FIELD_TYPE_MASK, 4, 2 + word,
			offsetof(struct key6, src) + 4 * (size_t)word);
	defs[10] = field(10, RTE_ACL_FIELD_TYPE_RANGE, 2, 10, offsetof(struct key6, src_port));
	defs[11] = field(11, RTE_ACL_FIELD_TYPE_RANGE, 2, 10, offsetof(struct key6, dst_port));
}

static uint32_t load32(const uint8_t *bytes)
{
	uint32_t be;

	memcpy(&be, bytes, sizeof(be));
	return rte_be_to_cpu_32(be);
}

/* Protocol and scope stand first, ports last, in both families. */
static void fill_common(
	struct rte_acl_field *fields, unsigned ports, const struct owned_rule *owned)
{
	const struct model_rule *rule = owned->rule;
	bool any_ports = rule->any_source_port && rule->any_destination_port;
	bool any_protocol = rule->protocol == MODEL_PROTOCOL_ANY;

	fields[0].value.u8 = any_protocol ? 0 : (uint8_t)rule->protocol;
	fields[0].mask_range.u8 = any_protocol ? 0 : UINT8_MAX;
	fields[1].value.u32 = acl_scope(scope_of_rule(owned), !any_ports);
	fields[1].mask_range.u32 = any_ports ? ~(uint32_t)SCOPE_PORTS : UINT32_MAX;
	fields[ports].value.u16 = rule->any_source_port ? 0 : rule->source_ports.from;
	fields[ports].mask_range.u16 =
		rule->any_source_port ? UINT16_MAX : rule->source_ports.to;
	fields[ports + 1].value.u16 =
		rule->any_destination_port ? 0 : rule->destination_ports.from;
	fields[ports + 1].mask_range.u16 =
		rule->any_destination_port ? UINT16_MAX : rule->destination_ports.to;
}

static void fill_address6(struct rte_acl_field *fields, const struct cidr *cidr)
{
	for (unsigned word = 0; word < 4; word++) {
		unsigned above = word * 32;
		unsigned bits = cidr->bits > above ? cidr->bits - above : 0;

		fields[word].value.u32 = load32(cidr->addr.byte + 4 * (size_t)word);
		fields[word].mask_range.u32 = bits < 32 ? bits : 32;
	}
}

static struct rte_acl_rule_data rule_data(uint32_t index, uint32_t n_rules)
{
	/* Within a scope earlier rules have higher numbers; scopes never meet. */
	return (struct rte_acl_rule_data){.category_mask = 1,
		.priority = (int32_t)(n_rules - index),
		.userdata = index + 1};
}

static int add_rule4(struct rte_acl_ctx *acl, const struct filter *filter, uint32_t index)
{
	const struct owned_rule *owned = &filter->rules[index];
	struct acl_rule4 rule = {.data = rule_data(index, filter->n_rules)};

	fill_common(rule.field, 4, owned);
	rule.field[2].value.u32 = load32(owned->rule->source.addr.byte + 12);
	rule.field[2].mask_range.u32 = owned->rule->source.bits;
	rule.field[3].value.u32 = load32(owned->rule->destination.addr.byte + 12);
	rule.field[3].mask_range.u32 = owned->rule->destination.bits;
	return rte_acl_add_rules(acl, (const struct rte_acl_rule *)&rule, 1);
}

static int add_rule6(struct rte_acl_ctx *acl, const struct filter *filter, uint32_t index)
{
	const struct owned_rule *owned = &filter->rules[index];
	struct acl_rule6 rule = {.data = rule_data(index, filter->n_rules)};

	fill_common(rule.field, 10, owned);
	fill_address6(&rule.field[2], &owned->rule->source);
	fill_address6(&rule.field[6], &owned->rule->destination);
	return rte_acl_add_rules(acl, (const struct rte_acl_rule *)&rule, 1);
}

static uint32_t count_family(const struct filter *filter, uint8_t ip_version)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < filter->n_rules; i++)
		n += filter->rules[i].rule->ip_version == ip_version;
	return n;
}

static struct rte_acl_ctx *make_context(
	const struct filter *filter, uint8_t ip_version, uint32_t n)
{
	char name[RTE_ACL_NAMESIZE];
	struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size =
			ip_version == 4 ? RTE_ACL_RULE_SZ(FIELDS4) : RTE_ACL_RULE_SZ(FIELDS6),
		.max_rule_num = n,
	};

	/* Contexts are named; two filters may live side by side during a reload. */
	snprintf(name, sizeof(name), "filter%u-%p", (unsigned)ip_version, (const void *)filter);
	return rte_acl_create(&param);
}

/* rte_acl looks a packet up in each of its tries. With a limit to their size it lets one have eight
 * times as many nodes before it makes another, and halves that until the size is kept: 10,000
 * rules are then mostly one trie, not two. Rules for which even the smallest are too large are
 * compiled without a limit. */
static int build(struct rte_acl_ctx *acl, struct rte_acl_config *config)
{
	int result;

	config->max_size = TRIES_BYTES;
	result = rte_acl_build(acl, config);
	if (result != -ERANGE)
		return result;
	config->max_size = 0;
	return rte_acl_build(acl, config);
}

int filter_compile(const struct filter *filter, uint8_t ip_version, struct rte_acl_ctx **out)
{
	struct rte_acl_config config = {.num_categories = 1};
	uint32_t n = count_family(filter, ip_version);
	struct rte_acl_ctx *acl;
	int result = 0;

	if (n == 0)
		return 0;
	acl = make_context(filter, ip_version, n);
	if (!acl)
		return -rte_errno;
	for (uint32_t i = 0; i < filter->n_rules && result == 0; i++) {
		if (filter->rules[i].rule->ip_version == ip_version)
			result = ip_version == 4 ? add_rule4(acl, filter, i)
						 : add_rule6(acl, filter, i);
	}
	if (ip_version == 4)
		define4(&config);
	else
		define6(&config);
	if (result == 0)
		result = build(acl, &config);
	*out = acl;
	return result;
}
