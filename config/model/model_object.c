/* Which reader an object of the model has. */
#include "config/model/model_build.h"

void model_object_read(struct model_builder *b, enum model_kind kind, const struct node *node)
{
	static void (*const readers[KIND_COUNT])(
		struct model_builder *, const struct node *) = {
		[KIND_FILTER] = model_filter_read,
		[KIND_RULE] = model_rule_read,
		[KIND_SESSION] = model_session_read,
		[KIND_TARGET] = model_target_read,
		[KIND_INTERFACE] = model_interface_read,
		[KIND_VPC] = model_vpc_read,
	};

	if (node->kind == NODE_MAP)
		readers[kind](b, node);
	else
		model_fail(b, FINDING_wrong_value, node, NULL, "is %s where a mapping belongs",
			node_kind_name(node));
}
