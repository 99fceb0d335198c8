/* What the files of this room share. Private to inspect/packets/expression/. */
#pragma once

#include "inspect/packets/expression/expression.h"

/* A comparison of two sums of bytes: postfix, of 32-bit unsigned numbers as BPF has them. */
enum compare_code {
	COMPARE_NUMBER, /* pushes `number` */
	COMPARE_LENGTH, /* pushes the length that the frame had */
	COMPARE_LOAD,   /* takes an offset, pushes `size` bytes behind the header of `layer` */
	COMPARE_NEGATE,
	COMPARE_COMBINE, /* takes two numbers, pushes one: `sign` */
	COMPARE_END,     /* the last: compares two numbers, by `relation` */
};

enum sum_sign {
	SUM_ADD,
	SUM_SUBTRACT,
	SUM_MULTIPLY,
	SUM_DIVIDE,
	SUM_REMAINDER,
	SUM_AND,
	SUM_OR,
	SUM_XOR,
	SUM_LEFT,
	SUM_RIGHT,
};

enum relation {
	RELATION_EQUAL,
	RELATION_NOT_EQUAL,
	RELATION_LESS,
	RELATION_LESS_EQUAL,
	RELATION_GREATER,
	RELATION_GREATER_EQUAL,
};

/* Whose header bytes are counted from. */
enum compare_layer { LAYER_FRAME, LAYER_NETWORK, LAYER_TRANSPORT };

struct compare_step {
	enum compare_code code;
	enum sum_sign sign;
	enum relation relation;
	enum compare_layer layer;
	uint8_t size;                    /* 1, 2 or 4 */
	uint8_t protocol;                /* LAYER_TRANSPORT */
	enum expression_network network; /* LAYER_NETWORK; of LAYER_TRANSPORT none: either */
	uint32_t number;
};

enum {
	COMPARE_STEPS_MAX = 4096, /* of all comparisons of an expression */
	COMPARE_STACK_MAX = 32,
};

/* A question of the program: what `node` asks, and where it goes on. */
enum { QUESTION_TRUE = 0xffff, QUESTION_FALSE = 0xfffe };
struct question {
	const struct expression_node *node;
	uint16_t yes, no;
	/* Of an address: what of it counts, and what that must be. */
	uint64_t mask[2], want[2];
	/* Of a tenant: what one is called that has no name. */
	uint32_t number, network_id;
	bool has_number, is_plain;
};

struct expression {
	char *text;
	char *names; /* that nodes point to */
	size_t names_len;
	struct expression_node *nodes;
	uint32_t n_nodes;
	struct compare_step *steps;
	uint32_t n_steps;
	struct question *questions;
	uint32_t n_questions;
	uint32_t n_answers; /* questions for others */
	bool asks_newest;
	bool asks_ethernet; /* of headers that other links do not have */
};

/* Whether a comparison that begins at that step is true of the packet. */
bool compare_match(const struct compare_step *step, const struct expression_facts *facts);

/* Makes the questions of a tree that is whole. false: no memory. */
bool expression_compile(struct expression *expression);
