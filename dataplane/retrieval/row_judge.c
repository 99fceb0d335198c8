#include "dataplane/retrieval/row_judge.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/community_id.h"

static bool holds(const struct expression_node *n, const struct flow_key *key)
{
	const struct cidr *block = &n->address.block;

	return cidr_holds(block, (uint8_t)key->ip_version, &key->lo) ||
	       cidr_holds(block, (uint8_t)key->ip_version, &key->hi);
}

static bool can_be_of(const struct expression_node *n, const struct flow_key *key)
{
	return n->address.block.ip_version == key->ip_version && holds(n, key);
}

static bool has_port(const struct expression_node *n, const struct flow_key *key)
{
	bool lo = key->lo_port >= n->port.from && key->lo_port <= n->port.to;
	bool hi = key->hi_port >= n->port.from && key->hi_port <= n->port.to;

	if (n->port.protocol != 0 && key->protocol != n->port.protocol)
		return false;
	return lo || hi;
}

/* An extension header of IPv6 counts, too, and no row tells of those. */
static bool has_protocol(const struct expression_node *n, const struct flow_key *key)
{
	if (n->protocol.ip_version != 0 && n->protocol.ip_version != key->ip_version)
		return false;
	return key->ip_version == 6 || key->protocol == n->protocol.number;
}

static bool has_network(const struct expression_node *n, const struct flow_key *key)
{
	return n->network == (key->ip_version == 4 ? EXPRESSION_IP : EXPRESSION_IP6);
}

static bool has_community(const struct expression_node *n, const struct flow_key *key)
{
	uint8_t asked[COMMUNITY_ID_DIGEST], digest[COMMUNITY_ID_DIGEST];

	community_id_digest(key, 0, digest);
	return community_id_parse(n->name.text, asked) &&
	       memcmp(asked, digest, sizeof(digest)) == 0;
}

static bool has_label(
	const struct row_judge *j, const struct expression_node *n, uint64_t flow_id)
{
	uint64_t bit = UINT64_C(1) << n->name.question;

	return j->labels && (flow_answers_get(j->labels, flow_id) & bit);
}

/* What stands in the key; the row has one. */
static bool key_can(const struct expression_node *n, const struct flow_key *key)
{
	switch ((int)n->kind) {
	case EXPRESSION_ADDRESS:
		return can_be_of(n, key);
	case EXPRESSION_PORT:
		return has_port(n, key);
	case EXPRESSION_PROTOCOL:
		return has_protocol(n, key);
	case EXPRESSION_NETWORK:
		return has_network(n, key);
	case EXPRESSION_COMMUNITY:
		return has_community(n, key);
	default:
		return true;
	}
}

static bool leaf_can(
	const struct row_judge *j, const struct expression_node *n, const struct index_row *row)
{
	const struct index_flow *flow = &row->flow;

	switch ((int)n->kind) {
	case EXPRESSION_VNI:
		return !flow->has_point || flow->point.vni == n->vni;
	case EXPRESSION_FLOW:
		return flow->flow_id == strtoull(n->name.text, NULL, 16);
	case EXPRESSION_APP:
	case EXPRESSION_RISK:
	case EXPRESSION_ALERT:
		return has_label(j, n, flow->flow_id);
	case EXPRESSION_TIME:
		return !j->knows_time || n->time.last_ns != 0 ||
		       (row->first_ns <= n->time.to_ns && row->last_ns >= n->time.from_ns);
	default:
		return flow->key.ip_version == 0 || key_can(n, &flow->key);
	}
}

/* Whether node `i` can be true of the row; those below it have been asked. */
static bool node_can(
	const struct row_judge *j, const bool *can, uint32_t i, const struct index_row *row)
{
	const struct expression_node *node = expression_node(j->expression, i);

	switch ((int)node->kind) {
	case EXPRESSION_AND:
		return can[node->left] && can[node->right];
	case EXPRESSION_OR:
		return can[node->left] || can[node->right];
	case EXPRESSION_NOT:
		return true;
	default:
		return leaf_can(j, node, row);
	}
}

bool row_judge_wants(void *ctx, const struct index_row *row)
{
	const struct row_judge *j = ctx;
	uint32_t n = expression_count(j->expression);
	bool can[EXPRESSION_NODES_MAX], root = true;

	for (uint32_t i = 0; i < n; i++)
		root = can[i] = node_can(j, can, i, row);
	return root;
}
