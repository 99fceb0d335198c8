#include "inspect/packets/expression/expression_parse.h"

#include <stdlib.h>
#include <string.h>

static bool expression_read(struct parser *p, uint32_t *node);
static bool term(struct parser *p, uint32_t *node);
static bool group(struct parser *p, uint32_t *node);

/* --- leaves --- */

static void forget_head(struct parser *p)
{
	p->last = (struct head){.type = TYPE_NONE, .layer = LAYER_NONE};
}

static bool may_use(struct parser *p, const struct word *word)
{
	const char *elsewhere = p->params->elsewhere;

	if (p->params->words & word->words)
		return true;
	return parse_fail(p, p->at, "'%s' cannot be used in %s: it %s", word->text,
		p->params->user, elsewhere ? elsewhere : "works in periscope read");
}

static bool length_read(struct parser *p, const struct word *word, uint32_t *node)
{
	struct expression_node n = {.kind = EXPRESSION_LENGTH, .at = p->at};
	uint64_t number;

	parse_step(p, word);
	parse_next(p);
	if (!parse_number(p, &number) || number > UINT32_MAX)
		return parse_fail(
			p, p->at, "a number of bytes is missing behind '%s'", word->text);
	n.length.from = word->value == LENGTH_AT_LEAST ? (uint32_t)number : 0;
	n.length.to = word->value == LENGTH_AT_LEAST ? UINT32_MAX : (uint32_t)number;
	return parse_add(p, &n, node);
}

/* Without a number it is any tag. */
static bool vlan_read(struct parser *p, const struct word *word, uint32_t *node)
{
	struct expression_node n = {.kind = EXPRESSION_VLAN, .at = p->at, .vlan = -1};
	char next;

	parse_step(p, word);
	next = parse_next(p);
	if (next < '0' || next > '9')
		return parse_add(p, &n, node);
	p->last = (struct head){.type = TYPE_VLAN, .layer = LAYER_NONE, .word = word->text};
	return head_value(p, &p->last, node);
}

/* Several in parentheses, or one. Names have no list. */
static bool values(struct parser *p, const struct head *head, uint32_t *node)
{
	bool ok;

	if (parse_next(p) != '(' || head->type == TYPE_NAME)
		return head_value(p, head, node);
	p->values_only = true;
	ok = group(p, node);
	p->values_only = false;
	return ok;
}

/* Words that take a value, and those behind them without words of their own. */
static bool valued(struct parser *p, const struct word *word, uint32_t *node)
{
	const struct head head = {
		.type = word->role == ROLE_VNI ? TYPE_VNI : TYPE_NAME,
		.layer = LAYER_NONE,
		.kind = (enum expression_kind)word->value,
		.word = word->text,
	};

	parse_step(p, word);
	p->last = head;
	return values(p, &head, node);
}

static bool qualified(struct parser *p, const struct word *word, uint32_t *node)
{
	struct head head;
	uint32_t at = p->at;

	if (!head_read(p, word, &head))
		return false;
	if (head.type == TYPE_NONE) {
		forget_head(p);
		return head_protocol(p, &head, at, node);
	}
	p->last = head;
	return values(p, &head, node);
}

static bool word_read(struct parser *p, const struct word *word, uint32_t *node)
{
	if (!may_use(p, word))
		return false;
	if (p->values_only)
		return parse_fail(p, p->at, "'%s' stands where a value of '%s' belongs",
			word->text, p->last.word);
	switch (word->role) {
	case ROLE_SIDE:
	case ROLE_TYPE:
	case ROLE_LAYER:
		return qualified(p, word, node);
	case ROLE_VNI:
	case ROLE_NAME:
		return valued(p, word, node);
	case ROLE_VLAN:
		forget_head(p);
		return vlan_read(p, word, node);
	case ROLE_LENGTH:
		forget_head(p);
		return length_read(p, word, node);
	case ROLE_TIME:
		forget_head(p);
		return time_read(p, word, node);
	case ROLE_AND:
	case ROLE_OR:
	case ROLE_NOT:
	case ROLE_LEN:
		break;
	}
	return parse_fail(p, p->at, "'%s' stands where something to ask belongs", word->text);
}

/* Whether what stands here may be a value of the words before: addresses and numbers, and what is quoted by '\'. A
 * name could be a word that was spelt wrong. */
static bool takes_over(struct parser *p, const struct head *last)
{
	char c = p->text[p->at];

	if (last->type == TYPE_NONE || last->type == TYPE_NAME)
		return false;
	return (c >= '0' && c <= '9') || (c != '\0' && strchr(":\\\"'", c)) ||
	       value_is_known(p, last);
}

/* A value that takes over the words of the one before. */
static bool bare_value(struct parser *p, uint32_t *node)
{
	struct value_text value;
	uint32_t at = p->at;

	if (p->text[at] == ')')
		return parse_fail(p, at, "')' stands where something to ask belongs");
	if (takes_over(p, &p->last))
		return head_value(p, &p->last, node);
	if (!parse_value(p, "something to ask", &value))
		return false;
	if (strpbrk(value.text, "0123456789:") &&
		value.text[strspn(value.text, "0123456789abcdefABCDEF.:/")] == '\0')
		return parse_fail(p, at,
			"'%.64s' needs a word before it, such as host, net or port",
			value.text);
	return parse_fail(p, at, "'%.64s' is no word of expressions", value.text);
}

/* --- and, or, not --- */

static bool negation(struct parser *p, const struct word *word, uint32_t *node)
{
	struct expression_node n = {.kind = EXPRESSION_NOT, .at = p->at};

	parse_step(p, word);
	if (!parse_deeper(p) || !term(p, &n.left))
		return false;
	p->depth--;
	return parse_add(p, &n, node);
}

static bool group(struct parser *p, uint32_t *node)
{
	uint32_t begin = p->at;

	p->at++;
	if (!parse_deeper(p) || !expression_read(p, node))
		return false;
	p->depth--;
	if (parse_take_sign(p, ')'))
		return true;
	return parse_fail(p, parse_is_end(p) ? begin : p->at,
		parse_is_end(p) ? "'(' is not closed" : "'and', 'or' or ')' is missing here");
}

static bool term(struct parser *p, uint32_t *node)
{
	const struct word *word;

	if (parse_is_end(p))
		return parse_fail(p, p->at, "something to ask is missing here");
	if (!p->values_only && parse_is_comparison(p)) {
		forget_head(p);
		return compare_read(p, node);
	}
	if (parse_next(p) == '(')
		return group(p, node);
	word = parse_peek(p);
	if (!word)
		return bare_value(p, node);
	return word->role == ROLE_NOT ? negation(p, word, node) : word_read(p, word, node);
}

static bool expression_read(struct parser *p, uint32_t *node)
{
	const struct word *word;

	if (!term(p, node))
		return false;
	while ((word = parse_peek(p)) && (word->role == ROLE_AND || word->role == ROLE_OR)) {
		struct expression_node n = {
			.kind = word->role == ROLE_AND ? EXPRESSION_AND : EXPRESSION_OR,
			.at = p->at,
			.left = *node,
		};

		parse_step(p, word);
		if (!term(p, &n.right) || !parse_add(p, &n, node))
			return false;
	}
	return true;
}

static bool whole(struct parser *p)
{
	uint32_t root;

	if (parse_is_end(p))
		return parse_fail(p, p->at, "the expression is empty");
	if (!expression_read(p, &root))
		return false;
	if (p->text[p->at] == ')')
		return parse_fail(p, p->at, "')' closes nothing");
	return parse_is_end(p) ||
	       parse_fail(p, p->at, "'and' or 'or' is missing here, or a word such as port");
}

/* --- from text --- */

static bool begin(struct parser *p, const char *text)
{
	size_t len = strnlen(text, EXPRESSION_LENGTH_MAX + 1);

	if (len > EXPRESSION_LENGTH_MAX)
		return parse_fail(p, EXPRESSION_LENGTH_MAX,
			"an expression has at most %d bytes", EXPRESSION_LENGTH_MAX);
	p->e = calloc(1, sizeof(*p->e));
	if (p->e) {
		p->e->text = strdup(text);
		p->e->names = malloc(2 * len + 2); /* a byte more than each value has */
	}
	if (!p->e || !p->e->text || !p->e->names)
		return parse_fail(p, 0, "not enough memory");
	p->text = p->e->text;
	return true;
}

struct expression *expression_parse(const char *text, const struct expression_params *params,
	struct expression_error *error)
{
	struct parser p = {.params = params, .error = error};

	forget_head(&p);
	error->text[0] = '\0';
	if (begin(&p, text) && whole(&p) &&
		(expression_compile(p.e) || parse_fail(&p, 0, "not enough memory")))
		return p.e;
	expression_destroy(p.e);
	return NULL;
}
