/* Comparisons of sums: pcap-filter(7), `expr1 relop expr2`. */
#include <stdlib.h>
#include <string.h>

#include "inspect/packets/expression/expression_parse.h"

struct number_name {
	const char *name;
	uint8_t number;
};

static const struct number_name names[] = {
#define NUMBER(name, number) {name, number},
#include "inspect/packets/expression/expression_words.def"
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* What stands between two sums; those of higher rank bind closer. The first that the text begins with is meant. */
static const struct sign {
	const char *text;
	int rank;
	enum sum_sign sign;
	enum relation relation; /* of rank 0 */
} signs[] = {
	{"<<", 4, .sign = SUM_LEFT},
	{">>", 4, .sign = SUM_RIGHT},
	{"==", 0, .relation = RELATION_EQUAL},
	{"!=", 0, .relation = RELATION_NOT_EQUAL},
	{"<=", 0, .relation = RELATION_LESS_EQUAL},
	{">=", 0, .relation = RELATION_GREATER_EQUAL},
	{"&&", .rank = -1}, /* words */
	{"||", .rank = -1},
	{"=", 0, .relation = RELATION_EQUAL},
	{"<", 0, .relation = RELATION_LESS},
	{">", 0, .relation = RELATION_GREATER},
	{"|", 1, .sign = SUM_OR},
	{"^", 2, .sign = SUM_XOR},
	{"&", 3, .sign = SUM_AND},
	{"+", 5, .sign = SUM_ADD},
	{"-", 5, .sign = SUM_SUBTRACT},
	{"*", 6, .sign = SUM_MULTIPLY},
	{"/", 6, .sign = SUM_DIVIDE},
	{"%", 6, .sign = SUM_REMAINDER},
};

enum { RANK_COMPARISON = 0, RANK_LEAST = 1 };

static bool sum_read(struct parser *p, int least);

static const struct sign *peek_sign(struct parser *p)
{
	parse_next(p);
	for (size_t i = 0; i < COUNT_OF(signs); i++)
		if (strncmp(p->text + p->at, signs[i].text, strlen(signs[i].text)) == 0)
			return signs[i].rank < 0 ? NULL : &signs[i];
	return NULL;
}

static bool add_step(struct parser *p, const struct compare_step *step)
{
	struct expression *e = p->e;

	if (e->n_steps == p->room_steps) {
		uint32_t room = p->room_steps ? 2 * p->room_steps : 16;
		struct compare_step *steps = room > COMPARE_STEPS_MAX
						     ? NULL
						     : realloc(e->steps, room * sizeof(*steps));

		if (!steps)
			return parse_fail(p, p->at,
				"comparisons ask too much: more than %d steps",
				COMPARE_STEPS_MAX);
		e->steps = steps;
		p->room_steps = room;
	}
	e->steps[e->n_steps++] = *step;
	return true;
}

static bool add_number(struct parser *p, uint64_t number)
{
	const struct compare_step step = {.code = COMPARE_NUMBER, .number = (uint32_t)number};

	return add_step(p, &step);
}

/* --- what sums are made of --- */

static bool name_read(struct parser *p, uint64_t *number)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (parse_take_text(p, names[i].name)) {
			*number = names[i].number;
			return true;
		}
	}
	return false;
}

static void layer_set(struct compare_step *step, int layer)
{
	const struct layer_of *of = layer_get(layer);

	step->layer = layer == LAYER_ether ? LAYER_FRAME
		      : of->protocol < 0   ? LAYER_NETWORK
					   : LAYER_TRANSPORT;
	if (of->networks)
		step->network = (enum expression_network)__builtin_ctz(of->networks);
	else if (of->ip_version)
		step->network = of->ip_version == 4 ? EXPRESSION_IP : EXPRESSION_IP6;
	if (of->protocol >= 0)
		step->protocol = (uint8_t)of->protocol;
}

/* tcp[13], ip[2:2] */
static bool load_read(struct parser *p, const struct word *word)
{
	struct compare_step step = {.code = COMPARE_LOAD, .size = 1};
	uint64_t size = 1;
	uint32_t at;

	layer_set(&step, word->value);
	p->e->asks_ethernet = p->e->asks_ethernet || step.layer == LAYER_FRAME;
	if (!parse_take_sign(p, '['))
		return parse_fail(p, p->at, "'[' is missing behind '%s'", word->text);
	if (!parse_deeper(p) || !sum_read(p, RANK_LEAST))
		return false;
	p->depth--;
	if (parse_take_sign(p, ':')) {
		parse_next(p);
		at = p->at;
		if (!parse_number(p, &size) || (size != 1 && size != 2 && size != 4))
			return parse_fail(p, at, "1, 2 or 4 bytes can be asked at a time");
	}
	step.size = (uint8_t)size;
	if (!parse_take_sign(p, ']'))
		return parse_fail(p, p->at, "']' is missing here");
	return add_step(p, &step);
}

static bool word_read(struct parser *p)
{
	const struct compare_step length = {.code = COMPARE_LENGTH};
	const struct word *word = NULL;

	if (parse_take(p, ROLE_LEN, &word))
		return add_step(p, &length);
	if (parse_take(p, ROLE_LAYER, &word))
		return load_read(p, word);
	return parse_fail(p, p->at, "a number, len, or bytes such as tcp[13] are missing here");
}

static bool atom_read(struct parser *p)
{
	const struct compare_step negate = {.code = COMPARE_NEGATE};
	uint64_t number;
	uint32_t at;
	bool ok;

	parse_next(p);
	at = p->at;
	if (parse_number(p, &number))
		return number <= UINT32_MAX
			       ? add_number(p, number)
			       : parse_fail(p, at, "the number has more than 32 bits");
	if (name_read(p, &number))
		return add_number(p, number);
	if (parse_next(p) != '-' && p->text[p->at] != '(')
		return word_read(p);
	if (!parse_deeper(p))
		return false;
	if (parse_take_sign(p, '-')) {
		ok = atom_read(p) && add_step(p, &negate);
	} else {
		p->at++;
		ok = sum_read(p, RANK_LEAST) &&
		     (parse_take_sign(p, ')') || parse_fail(p, p->at, "')' is missing here"));
	}
	p->depth--;
	return ok;
}

/* Signs of rank `least` and above; what is on the right of one binds closer than it. */
static bool sum_read(struct parser *p, int least)
{
	const struct sign *o;

	if (!atom_read(p))
		return false;
	while ((o = peek_sign(p)) && o->rank >= least) {
		const struct compare_step step = {.code = COMPARE_COMBINE, .sign = o->sign};

		p->at += (uint32_t)strlen(o->text);
		if (!sum_read(p, o->rank + 1) || !add_step(p, &step))
			return false;
	}
	return true;
}

/* How many numbers wait at a time, at most. */
static int stack_of(const struct compare_step *step, const struct compare_step *end)
{
	int now = 0, most = 0;

	for (; step < end; step++) {
		if (step->code == COMPARE_NUMBER || step->code == COMPARE_LENGTH)
			now++;
		else if (step->code == COMPARE_COMBINE)
			now--;
		most = now > most ? now : most;
	}
	return most;
}

bool compare_read(struct parser *p, uint32_t *node)
{
	struct expression_node n = {
		.kind = EXPRESSION_COMPARE, .at = p->at, .compare = p->e->n_steps};
	struct compare_step step = {.code = COMPARE_END};
	const struct sign *o;

	if (!sum_read(p, RANK_LEAST))
		return false;
	o = peek_sign(p);
	if (!o || o->rank != RANK_COMPARISON)
		return parse_fail(p, p->at, "a comparison is missing here: = != < <= > or >=");
	p->at += (uint32_t)strlen(o->text);
	step.relation = o->relation;
	if (!sum_read(p, RANK_LEAST) || !add_step(p, &step))
		return false;
	if (stack_of(p->e->steps + n.compare, p->e->steps + p->e->n_steps) > COMPARE_STACK_MAX)
		return parse_fail(p, n.at, "the comparison has too much within each other");
	return parse_add(p, &n, node);
}
