/* The parser's own: words, values, heads. Private to inspect/packets/expression/. Whoever returns false has said what is
 * wrong (parse_fail()). */
#pragma once

#include "inspect/packets/expression/expression_inside.h"

enum word_role {
	ROLE_AND,
	ROLE_OR,
	ROLE_NOT,
	ROLE_SIDE,
	ROLE_TYPE,
	ROLE_LAYER,
	ROLE_LENGTH,
	ROLE_LEN,
	ROLE_VLAN,
	ROLE_VNI,
	ROLE_NAME,
	ROLE_TIME,
};

enum value_type {
	TYPE_NONE,    /* no value may follow */
	TYPE_DEFAULT, /* src and dst alone: a host */
	TYPE_HOST,
	TYPE_NET,
	TYPE_PORT,
	TYPE_PORTRANGE,
	TYPE_PROTO,
	TYPE_VLAN,
	TYPE_VNI,
	TYPE_NAME,
};

enum { LENGTH_AT_MOST, LENGTH_AT_LEAST };
enum { TIME_AFTER, TIME_BEFORE, TIME_LAST, TIME_WITHIN };
enum { LAYER_ANY = -1, LAYER_NONE = -1 };

enum layer {
#define LAYER(name, networks, protocol, ip_version) LAYER_##name,
#include "inspect/packets/expression/expression_words.def"
	LAYER_COUNT
};

struct word {
	const char *text;
	enum word_role role;
	int value;
	enum expression_words words;
};

struct layer_of {
	const char *name;
	unsigned networks;
	int protocol; /* LAYER_ANY, or a number */
	uint8_t ip_version;
};

/* The words before a value, which those behind it take over. */
struct head {
	enum value_type type;
	enum expression_side side;
	bool has_side;
	int layer;                 /* LAYER_NONE, or a row */
	enum expression_kind kind; /* of TYPE_NAME */
	const char *word;          /* the last of them, for messages */
};

/* A value as it stands in the text, without quotes and backslashes. */
struct value_text {
	const char *text; /* in the expression's names */
	uint32_t at;
};

struct parser {
	const struct expression_params *params;
	struct expression *e;
	struct expression_error *error;
	const char *text;
	uint32_t at;    /* the next byte */
	uint32_t depth; /* of what is within each other */
	struct head last;
	bool values_only; /* in the parentheses behind a head */
	uint32_t room_nodes, room_steps;
};

/* false, always. */
bool parse_fail(struct parser *p, uint32_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* --- words (expression_lex.c) --- */

/* Steps over spaces; the byte that comes next, '\0' at the end. */
char parse_next(struct parser *p);
bool parse_is_end(struct parser *p);
/* The word that comes next, or NULL: a value, a sign, the end. && || ! are words, too. Does not step. */
const struct word *parse_peek(struct parser *p);
void parse_step(struct parser *p, const struct word *word);
/* Steps over the word if it is the next one. */
bool parse_take(struct parser *p, enum word_role role, const struct word **word);
/* The same for a word that no other place knows, such as `mask` or `ago`. */
bool parse_take_text(struct parser *p, const char *text);
bool parse_take_sign(struct parser *p, char sign);
/* A value; `what` says in a message what should stand there: "a port". */
bool parse_value(struct parser *p, const char *what, struct value_text *value);
/* An unsigned number: decimal, 0x or, as in C, octal. Does not step unless there is one. */
bool parse_number(struct parser *p, uint64_t *number);
/* Whether the sum of a comparison begins here, and not a value or an expression in parentheses. */
bool parse_is_comparison(struct parser *p);

const struct layer_of *layer_get(int layer);
/* The whole text as a number of parse_number()'s. */
bool text_number(const char *text, uint64_t *number);

/* --- the tree (expression_tree.c) --- */

bool parse_add(struct parser *p, const struct expression_node *node, uint32_t *number);
/* Something more is within something; false: too much. */
bool parse_deeper(struct parser *p);

/* --- what stands at a leaf --- */

/* The words before a value, checked together, the first of which is `first`; or a protocol alone (TYPE_NONE, with its layer). */
bool head_read(struct parser *p, const struct word *first, struct head *head);
/* A value behind these words (expression_head.c). */
bool head_value(struct parser *p, const struct head *head, uint32_t *node);
/* A protocol alone. */
bool head_protocol(struct parser *p, const struct head *head, uint32_t at, uint32_t *node);

/* Whether what stands here is a value of these words: a name that they know, an address. */
bool value_is_known(const struct parser *p, const struct head *head);
/* Values (expression_value.c). */
bool value_read_host(struct parser *p, const struct head *head, struct expression_node *node);
bool value_read_net(struct parser *p, const struct head *head, struct expression_node *node);
bool value_read_mac(struct parser *p, const struct head *head, struct expression_node *node);
bool value_read_port(struct parser *p, const struct head *head, struct expression_node *node);
bool value_read_ports(struct parser *p, const struct head *head, struct expression_node *node);
bool value_read_proto(struct parser *p, const struct head *head, struct expression_node *node);

/* after, before, last, within (expression_time.c). */
bool time_read(struct parser *p, const struct word *word, uint32_t *node);
/* tcp[13] & 2 != 0 (compare_parse.c). */
bool compare_read(struct parser *p, uint32_t *node);
