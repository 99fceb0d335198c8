#include <string.h>

#include "decap/cursor.h"
#include "inspect/packets/expression/expression_inside.h"

/* Where the layer's header begins, and how many bytes there are; NULL: the packet has none. */
static const uint8_t *header_of(
	const struct compare_step *s, const struct expression_facts *f, uint32_t *cap)
{
	bool is_network = s->network == EXPRESSION_NO_NETWORK || s->network == f->network;

	switch (s->layer) {
	case LAYER_FRAME:
		*cap = f->cap;
		return f->link == LINK_ETHERNET ? f->frame : NULL;
	case LAYER_NETWORK:
		*cap = f->ip_cap;
		return is_network ? f->ip : NULL;
	case LAYER_TRANSPORT:
		break;
	}
	if (!f->has_addresses || f->later_fragment || f->protocol != s->protocol ||
		!is_network || !f->ip || f->l4 > f->ip_cap)
		return NULL;
	*cap = f->ip_cap - f->l4;
	return f->ip + f->l4;
}

static bool load(const struct compare_step *s, const struct expression_facts *f,
	uint32_t offset, uint32_t *out)
{
	uint32_t cap = 0;
	const uint8_t *header = header_of(s, f, &cap);

	if (!header || offset > cap || cap - offset < s->size)
		return false;
	header += offset;
	*out = s->size == 1 ? header[0] : s->size == 2 ? be16(header) : be32(header);
	return true;
}

/* false: nothing can be divided by 0. */
static bool combine(enum sum_sign sign, uint32_t a, uint32_t b, uint32_t *out)
{
	switch (sign) {
	case SUM_ADD:
		*out = a + b;
		break;
	case SUM_SUBTRACT:
		*out = a - b;
		break;
	case SUM_MULTIPLY:
		*out = a * b;
		break;
	case SUM_DIVIDE:
		*out = b ? a / b : 0;
		return b != 0;
	case SUM_REMAINDER:
		*out = b ? a % b : 0;
		return b != 0;
	case SUM_AND:
		*out = a & b;
		break;
	case SUM_OR:
		*out = a | b;
		break;
	case SUM_XOR:
		*out = a ^ b;
		break;
	case SUM_LEFT:
		*out = b < 32 ? a << b : 0;
		break;
	case SUM_RIGHT:
		*out = b < 32 ? a >> b : 0;
		break;
	}
	return true;
}

static bool holds(enum relation relation, uint32_t a, uint32_t b)
{
	switch (relation) {
	case RELATION_EQUAL:
		return a == b;
	case RELATION_NOT_EQUAL:
		return a != b;
	case RELATION_LESS:
		return a < b;
	case RELATION_LESS_EQUAL:
		return a <= b;
	case RELATION_GREATER:
		return a > b;
	case RELATION_GREATER_EQUAL:
		break;
	}
	return a >= b;
}

bool compare_match(const struct compare_step *step, const struct expression_facts *facts)
{
	uint32_t stack[COMPARE_STACK_MAX] = {0}, n = 0;

	for (;; step++) {
		switch (step->code) {
		case COMPARE_NUMBER:
			stack[n++] = step->number;
			break;
		case COMPARE_LENGTH:
			stack[n++] = facts->wire;
			break;
		case COMPARE_LOAD:
			if (!load(step, facts, stack[n - 1], &stack[n - 1]))
				return false;
			break;
		case COMPARE_NEGATE:
			stack[n - 1] = -stack[n - 1];
			break;
		case COMPARE_COMBINE:
			n--;
			if (!combine(step->sign, stack[n - 1], stack[n], &stack[n - 1]))
				return false;
			break;
		case COMPARE_END:
			return holds(step->relation, stack[0], stack[1]);
		}
	}
}
