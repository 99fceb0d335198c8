/* VPCs: the rows of their fields, their CIDR blocks and the resolver. */
#include <string.h>

#include "config/model/model_field.h"

struct loose_vpc {
	struct model_vpc vpc;
	const struct node *primary, *ipv4, *ipv6;
};

#define AT(member) offsetof(struct loose_vpc, member)
static const struct model_field vpc_fields[] = {
	{"id", "VpcId", read_id, AT(vpc.id), 0, 0, true},
	{"cidr_block", "CidrBlock", read_node, AT(primary), 0, 0, true},
	{"secondary_cidr_blocks", "CidrBlockAssociationSet", read_node, AT(ipv4), 0, 0, false},
	{"ipv6_cidr_blocks", "Ipv6CidrBlockAssociationSet", read_node, AT(ipv6), 0, 0, false},
	{"owner_id", "OwnerId", read_text, AT(vpc.owner_id), 0, 0, false},
	{"tags", "Tags", read_tags, AT(vpc.tags), 0, 0, false},
};
#undef AT

static bool is_associated(const struct node *association, const char *state_key)
{
	const struct node *state = node_member(association, state_key);
	const struct node *word =
		state && state->kind == NODE_MAP ? node_member(state, "State") : NULL;

	return !word || word->kind != NODE_SCALAR || strcmp(word->text, "associated") == 0;
}

static void block_add(struct model_builder *b, struct model_vpc *vpc, struct cidr *to,
	const struct node *node, const char *aws)
{
	const struct node *text = node;
	struct cidr cidr;

	if (aws && b->is_aws) {
		text = node->kind == NODE_MAP ? node_member(node, aws) : NULL;
		if (!text || !is_associated(node,
				     *aws == 'I' ? "Ipv6CidrBlockState" : "CidrBlockState"))
			return;
	}
	if (!model_cidr_read(b, text, &cidr))
		return;
	for (uint32_t i = 0; i < vpc->n_cidrs; i++) {
		if (to[i].bits == cidr.bits && ip_addr_equal(&to[i].addr, &cidr.addr))
			return;
	}
	to[vpc->n_cidrs++] = cidr;
}

static void blocks_read(struct model_builder *b, struct loose_vpc *loose)
{
	const struct node *lists[] = {loose->ipv4, loose->ipv6};
	static const char *const aws[] = {"CidrBlock", "Ipv6CidrBlock"};
	struct model_vpc *vpc = &loose->vpc;
	struct cidr *to;
	uint32_t room = 1;

	for (int i = 0; i < 2; i++)
		room += lists[i] ? lists[i]->count : 0;
	to = arena_alloc(&b->arena, room * sizeof(*to));
	vpc->cidrs = to;
	if (loose->primary)
		block_add(b, vpc, to, loose->primary, NULL);
	for (int i = 0; i < 2; i++) {
		if (!lists[i] || !model_is_list(b, lists[i]))
			continue;
		node_each(n, lists[i]) block_add(b, vpc, to, n, aws[i]);
	}
}

/* The Amazon DNS server of a VPC: base of its primary IPv4 block + 2 (VPC User Guide, "DNS
 * attributes"). A block is at most a /28, so the sum stays in the last byte. */
static void resolver_find(struct model_vpc *vpc)
{
	if (vpc->n_cidrs == 0 || vpc->cidrs[0].ip_version != 4)
		return;
	vpc->has_resolver = true;
	vpc->resolver = vpc->cidrs[0].addr;
	vpc->resolver.byte[15] = (uint8_t)(vpc->resolver.byte[15] + 2);
}

void model_vpc_read(struct model_builder *b, const struct node *node)
{
	struct loose_vpc loose = {.ipv4 = NULL};

	model_fields_read(b, node, vpc_fields, MODEL_COUNT(vpc_fields), &loose);
	blocks_read(b, &loose);
	resolver_find(&loose.vpc);
	loose.vpc.place = model_place_of(b, node);
	memcpy(model_list_add(&b->vpcs), &loose.vpc, sizeof(loose.vpc));
}
