/* The questions of an expression, asked of one packet. */
#include <netinet/in.h>
#include <string.h>

#include "decap/cursor.h"
#include "decap/link.h"
#include "inspect/packets/expression/expression_frame.h"
#include "inspect/packets/expression/expression_inside.h"

static bool either(enum expression_side side, bool src, bool dst)
{
	switch (side) {
	case EXPRESSION_SRC:
		return src;
	case EXPRESSION_DST:
		return dst;
	case EXPRESSION_BOTH:
		return src && dst;
	case EXPRESSION_EITHER:
		break;
	}
	return src || dst;
}

static bool is_in(const struct question *q, const struct ip_addr *a)
{
	uint64_t word[2];

	memcpy(word, a->byte, sizeof(word));
	return (word[0] & q->mask[0]) == q->want[0] && (word[1] & q->mask[1]) == q->want[1];
}

static bool has_address(const struct question *q, const struct expression_facts *f)
{
	return f->has_addresses && q->node->address.networks >> f->network & 1 &&
	       either(q->node->address.side, is_in(q, &f->src), is_in(q, &f->dst));
}

static bool has_port(const struct expression_node *n, const struct expression_facts *f)
{
	return f->has_ports && (n->port.protocol == 0 || n->port.protocol == f->protocol) &&
	       either(n->port.side, f->src_port >= n->port.from && f->src_port <= n->port.to,
		       f->dst_port >= n->port.from && f->dst_port <= n->port.to);
}

static bool has_protocol(const struct expression_node *n, const struct expression_facts *f)
{
	bool is_version =
		n->protocol.ip_version == 0
			? f->network == EXPRESSION_IP || f->network == EXPRESSION_IP6
			: f->network == (n->protocol.ip_version == 4 ? EXPRESSION_IP
								     : EXPRESSION_IP6);

	return is_version && f->has_addresses &&
	       (f->protocol == n->protocol.number || f->next_header == n->protocol.number);
}

static bool is_named(const char *fact, const struct expression_node *n)
{
	return fact && strcmp(fact, n->name.text) == 0;
}

static bool is_tenant(const struct question *q, const struct expression_facts *f)
{
	if (f->tenant)
		return is_named(f->tenant, q->node);
	if (!f->has_vni)
		return q->is_plain;
	if (f->network_id != NETWORK_NONE)
		return q->network_id == f->network_id;
	return q->has_number && q->number == f->vni;
}

static bool answer(const struct question *q, const struct expression_facts *f)
{
	const struct expression_node *n = q->node;

	switch (n->kind) {
	case EXPRESSION_ADDRESS:
		return has_address(q, f);
	case EXPRESSION_PORT:
		return has_port(n, f);
	case EXPRESSION_PROTOCOL:
		return has_protocol(n, f);
	case EXPRESSION_NETWORK:
		return f->network == n->network;
	case EXPRESSION_VLAN:
		return frame_has_vlan(f, n->vlan);
	case EXPRESSION_VNI:
		return f->has_vni && f->vni == n->vni;
	case EXPRESSION_SESSION:
		return is_named(f->session, n);
	case EXPRESSION_INTERFACE:
		return is_named(f->interface, n);
	case EXPRESSION_TENANT:
		return is_tenant(q, f);
	case EXPRESSION_FLOW:
	case EXPRESSION_COMMUNITY:
	case EXPRESSION_APP:
	case EXPRESSION_RISK:
	case EXPRESSION_ALERT:
		return f->answers >> n->name.question & 1;
	case EXPRESSION_TIME:
		return f->time_ns >= n->time.from_ns && f->time_ns <= n->time.to_ns;
	case EXPRESSION_LENGTH:
		return f->wire >= n->length.from && f->wire <= n->length.to;
	case EXPRESSION_MAC:
		return either(n->mac.side, frame_is_from(f, n->mac.address),
			frame_is_to(f, n->mac.address));
	case EXPRESSION_ETHER:
		return frame_has_ether(f, n->ether);
	case EXPRESSION_COMPARE:
	case EXPRESSION_AND:
	case EXPRESSION_OR:
	case EXPRESSION_NOT:
		break;
	}
	return false;
}

bool expression_match(const struct expression *expression, const struct expression_facts *facts)
{
	uint16_t at = 0;

	if (expression->asks_ethernet && facts->link != LINK_ETHERNET)
		return false;
	while (at < QUESTION_FALSE) {
		const struct question *q = &expression->questions[at];
		bool yes = q->node->kind == EXPRESSION_COMPARE
				   ? compare_match(&expression->steps[q->node->compare], facts)
				   : answer(q, facts);

		at = yes ? q->yes : q->no;
	}
	return at == QUESTION_TRUE;
}
