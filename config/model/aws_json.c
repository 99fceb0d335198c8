/* What `aws ec2 describe-...` prints: objects that hold lists, one an output or a page, after each
 * other or in arrays (`jq -s`), in one file or several. AWS leaves absent fields out. */
#include <string.h>

#include "config/model/model_build.h"

static const struct {
	const char *key;
	enum model_kind kind;
} lists[] = {
	{"TrafficMirrorFilters", KIND_FILTER},
	{"TrafficMirrorFilterRules", KIND_RULE},
	{"TrafficMirrorSessions", KIND_SESSION},
	{"TrafficMirrorTargets", KIND_TARGET},
	{"NetworkInterfaces", KIND_INTERFACE},
	{"Vpcs", KIND_VPC},
};

enum { LISTS = sizeof(lists) / sizeof(*lists) };

/* A page that names the next one is complete only when that follows; the last page decides. */
static void token_note(struct model_builder *b, const struct node *page, enum model_kind kind)
{
	const struct node *token = node_member(page, "NextToken");
	bool more = token && token->kind == NODE_SCALAR && *token->text != '\0';

	b->next_token[kind] =
		more ? model_place_of(b, token) : (struct finding_place){.file = NULL};
}

static void page_read(struct model_builder *b, const struct node *page)
{
	bool known = false;

	for (size_t i = 0; i < LISTS; i++) {
		const struct node *list = node_member(page, lists[i].key);

		if (!list)
			continue;
		known = true;
		token_note(b, page, lists[i].kind);
		if (list->kind == NODE_LIST) {
			node_each(n, list) model_object_read(b, lists[i].kind, n);
		} else {
			b->incomplete = true;
			model_fail(b, FINDING_wrong_value, list, NULL,
				"is %s where a list belongs", node_kind_name(list));
		}
	}
	if (known)
		return;
	b->incomplete = true;
	model_fail(b, FINDING_not_aws, page, NULL,
		"holds none of the lists that aws ec2 describe-traffic-mirror-filters, "
		"-filter-rules, -sessions, -targets, describe-network-interfaces and "
		"describe-vpcs print");
}

static void other_read(struct model_builder *b, const struct node *other)
{
	b->incomplete = true;
	model_fail(b, FINDING_not_aws, other, NULL,
		"is %s where the output of aws ec2 describe-... belongs",
		node_kind_name(other));
}

void model_aws_read(struct model_builder *b, const struct node *documents)
{
	node_each(n, documents)
	{
		if (n->kind == NODE_MAP)
			page_read(b, n);
		else if (n->kind == NODE_LIST)
			model_aws_read(b, n);
		else
			other_read(b, n);
	}
}
