/* The words before a value, and what they make of it. */
#include <string.h>

#include "config/parse/value.h"
#include "inspect/packets/expression/expression_parse.h"

/* Which layers go with a type; which of them may have a side. */
static const struct {
	const char *name;
	uint32_t layers; /* mask of 1 << enum layer */
	const char *said;
} types[] = {
#define ADDRESSES (1U << LAYER_ip | 1U << LAYER_ip6 | 1U << LAYER_arp | 1U << LAYER_rarp)
#define PORTS (1U << LAYER_tcp | 1U << LAYER_udp | 1U << LAYER_sctp)
#define NUMBERED (1U << LAYER_ether | 1U << LAYER_ip | 1U << LAYER_ip6)
	[TYPE_DEFAULT] = {"a side", ADDRESSES | 1U << LAYER_ether,
		"ether, ip, ip6, arp and rarp"},
	[TYPE_HOST] = {"host", ADDRESSES | 1U << LAYER_ether, "ether, ip, ip6, arp and rarp"},
	[TYPE_NET] = {"net", ADDRESSES, "ip, ip6, arp and rarp"},
	[TYPE_PORT] = {"port", PORTS, "tcp, udp and sctp"},
	[TYPE_PORTRANGE] = {"portrange", PORTS, "tcp, udp and sctp"},
	[TYPE_PROTO] = {"proto", NUMBERED, "ether, ip and ip6"},
#undef ADDRESSES
#undef PORTS
#undef NUMBERED
};

/* `src or dst`, `dst and src`, ... */
static void side_read(struct parser *p, const struct word *first, struct head *head)
{
	uint32_t before;
	const struct word *join, *second;

	parse_step(p, first);
	head->has_side = true;
	head->side = (enum expression_side)first->value;
	head->word = first->text;
	before = p->at;
	join = parse_peek(p);
	if (!join || (join->role != ROLE_AND && join->role != ROLE_OR))
		return;
	parse_step(p, join);
	second = parse_peek(p);
	if (second && second->role == ROLE_SIDE && second->value != first->value) {
		parse_step(p, second);
		head->side = join->role == ROLE_AND ? EXPRESSION_BOTH : EXPRESSION_EITHER;
		return;
	}
	p->at = before;
}

static bool fits(struct parser *p, uint32_t at, const struct head *head)
{
	if (head->type == TYPE_PROTO && head->has_side)
		return parse_fail(p, at, "'proto' has no side: src and dst do not go with it");
	if (head->layer == LAYER_NONE || types[head->type].layers >> head->layer & 1)
		return true;
	return parse_fail(p, at, "'%s' does not go with %s, which takes %s",
		layer_get(head->layer)->name, types[head->type].name, types[head->type].said);
}

bool head_read(struct parser *p, const struct word *first, struct head *head)
{
	const struct word *word;
	uint32_t at = p->at;

	*head = (struct head){.type = TYPE_NONE,
		.side = EXPRESSION_EITHER,
		.layer = LAYER_NONE,
		.word = first->text};
	if (parse_take(p, ROLE_LAYER, &word))
		head->layer = word->value;
	word = parse_peek(p);
	if (word && word->role == ROLE_SIDE) {
		side_read(p, word, head);
		head->type = TYPE_DEFAULT;
	}
	if (parse_take(p, ROLE_TYPE, &word)) {
		head->type = (enum value_type)word->value;
		head->word = word->text;
	}
	return head->type == TYPE_NONE || fits(p, at, head);
}

bool head_protocol(struct parser *p, const struct head *head, uint32_t at, uint32_t *node)
{
	const struct layer_of *layer = layer_get(head->layer);
	struct expression_node n = {.kind = EXPRESSION_PROTOCOL, .at = at};

	if (head->layer == LAYER_ether)
		return parse_fail(
			p, p->at, "host, src, dst or proto is missing behind 'ether'");
	if (layer->protocol == LAYER_ANY) {
		n.kind = EXPRESSION_NETWORK;
		n.network = (enum expression_network)__builtin_ctz(layer->networks);
	} else {
		n.protocol.number = (uint8_t)layer->protocol;
		n.protocol.ip_version = layer->ip_version;
	}
	return parse_add(p, &n, node);
}

static bool number_read(struct parser *p, const char *what, uint64_t max, uint64_t *number)
{
	struct value_text value;

	if (!parse_value(p, what, &value))
		return false;
	if (text_number(value.text, number) && *number <= max)
		return true;
	return parse_fail(p, value.at, "'%.64s' is not %s", value.text, what);
}

static bool vlan_value(struct parser *p, struct expression_node *n)
{
	uint64_t number;

	n->kind = EXPRESSION_VLAN;
	if (!number_read(p, "a VLAN id from 0 to 4095", 4095, &number))
		return false;
	n->vlan = (int32_t)number;
	return true;
}

static bool vni_value(struct parser *p, struct expression_node *n)
{
	uint64_t number;

	n->kind = EXPRESSION_VNI;
	if (!number_read(p, "a VNI from 0 to 16777215", 0xffffff, &number))
		return false;
	n->vni = (uint32_t)number;
	return true;
}

/* Those that are no fact of the packet have a bit of the answers each. */
static bool name_value(struct parser *p, const struct head *head, struct expression_node *n)
{
	struct value_text value;

	n->kind = head->kind;
	if (!parse_value(p, "a name", &value))
		return false;
	n->name.text = value.text;
	if (n->kind < EXPRESSION_FLOW)
		return true;
	if (p->e->n_answers == EXPRESSION_QUESTIONS_MAX)
		return parse_fail(p, value.at,
			"more than %d of app, risk, alert, flow and community are asked",
			EXPRESSION_QUESTIONS_MAX);
	n->name.question = p->e->n_answers++;
	return true;
}

static bool value_of(struct parser *p, const struct head *head, struct expression_node *n)
{
	switch (head->type) {
	case TYPE_DEFAULT:
	case TYPE_HOST:
		return head->layer == LAYER_ether ? value_read_mac(p, head, n)
						  : value_read_host(p, head, n);
	case TYPE_NET:
		return value_read_net(p, head, n);
	case TYPE_PORT:
		return value_read_port(p, head, n);
	case TYPE_PORTRANGE:
		return value_read_ports(p, head, n);
	case TYPE_PROTO:
		return value_read_proto(p, head, n);
	case TYPE_VLAN:
		return vlan_value(p, n);
	case TYPE_VNI:
		return vni_value(p, n);
	case TYPE_NAME:
		return name_value(p, head, n);
	case TYPE_NONE:
		break;
	}
	return false;
}

bool head_value(struct parser *p, const struct head *head, uint32_t *node)
{
	struct expression_node n;

	parse_next(p);
	memset(&n, 0, sizeof(n));
	n.at = p->at;
	return value_of(p, head, &n) && parse_add(p, &n, node);
}
