/* The expression language: which packets are meant. Words and precedence are those of pcap-filter(7), said of
 * inner packets, with words of our own beside them (docs/EXPRESSIONS.md has the table):
 *
 *     tcp port 443 and (net 10.0.0.0/8 or 2001:db8::/32) and not vni 42
 *
 * As in pcap-filter(7) `not` binds closest, `and` and `or` bind alike and from the left, and a value without
 * words takes those of the value before it. An expression is parsed once, into a tree that a retrieval walks
 * to ask its index, and a list of questions with jumps that is run for each packet: no recursion, no memory.
 * Read-only once made, but for expression_set_newest(): any thread may ask. Knows no libpcap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/cidr.h"
#include "inspect/packets/expression/expression_facts.h"

enum {
	EXPRESSION_LENGTH_MAX = 16384, /* bytes of text */
	EXPRESSION_NODES_MAX = 2048, /* of the tree: so many may stand below each other, too */
	EXPRESSION_DEPTH_MAX = 64,   /* parentheses and `not` within each other */
	EXPRESSION_QUESTIONS_MAX =
		64, /* that others answer (struct expression_facts, answers) */
};

/* --- from text --- */

/* Kinds of words, for a mask: not every user of the language can answer all of them. */
enum expression_words {
	EXPRESSION_WORDS_PACKET = 1 << 0, /* the packet's own, and where it was mirrored */
	EXPRESSION_WORDS_TIME = 1 << 1,   /* after before last within */
	EXPRESSION_WORDS_FLOW = 1 << 2,   /* flow community */
	EXPRESSION_WORDS_LABEL =
		1 << 3, /* app risk alert: what events know of the packet's flow */
};

struct expression_params {
	unsigned words; /* enum expression_words: what may be asked */
	const char *
		user; /* who asks, in messages: "a feed", "--inner"; `X works in Y` otherwise */
	/* What is said of a word that may not be asked; NULL: that it works in `periscope read`. For bare
	 * captures: "needs the events of a run: see `periscope replay`". */
	const char *elsewhere;
	uint64_t now_ns; /* the moment that `3h ago` counts from; UTC */
};

enum { EXPRESSION_ERROR_TEXT = 256 };

struct expression_error {
	uint32_t at; /* the byte of the expression that is wrong, or where it ends */
	char text
		[EXPRESSION_ERROR_TEXT]; /* one sentence, without its place and without a full stop */
};

struct expression;

/* NULL: `error` says what is wrong and where. The text is copied. An empty one is an error. */
struct expression *expression_parse(const char *text, const struct expression_params *params,
	struct expression_error *error);
void expression_destroy(struct expression *expression); /* NULL is legal */
const char *expression_text(const struct expression *expression);

/* For a terminal: three lines, without a newline at the end: the sentence, the expression (of a long one what is
 * around the place), and a caret below the place. For one line: the sentence, and the expression with the caret
 * before the place. What a terminal would obey is shown as '?'. Both return `out`. */
enum { EXPRESSION_SHOWN = 512 };
char *expression_error_lines(
	const struct expression_error *error, const char *text, char out[EXPRESSION_SHOWN]);
char *expression_error_line(
	const struct expression_error *error, const char *text, char out[EXPRESSION_SHOWN]);

/* --- a packet --- */

/* Whether the expression is true of the packet. What a packet does not have (ports of a fragment whose first one nobody
 * saw, bytes that a mirror cut off) makes what asks for it false, and `not` of that true; but an expression about Ethernet
 * headers (ether host, src, dst, ether[...]) takes no packet without them, as pcap-filter(7) has it. */
bool expression_match(
	const struct expression *expression, const struct expression_facts *facts);

/* `last 3h` counts from the newest packet that there is, which is known late: to be said before the first match where
 * expression_asks_newest(). Not while others ask. */
bool expression_asks_newest(const struct expression *expression);
void expression_set_newest(struct expression *expression, uint64_t newest_ns);

/* --- the tree, for an index --- */

enum expression_kind {
	/* Of `left` and `right`; NOT has a `left` alone. */
	EXPRESSION_AND,
	EXPRESSION_OR,
	EXPRESSION_NOT,
	/* What an index may know. */
	EXPRESSION_ADDRESS,  /* `address`: host, net */
	EXPRESSION_PORT,     /* `port`: port, portrange */
	EXPRESSION_PROTOCOL, /* `protocol`: tcp, ip proto 47, ... */
	EXPRESSION_NETWORK,  /* `network`: ip, ip6, arp, rarp */
	EXPRESSION_VLAN,     /* `vlan` */
	EXPRESSION_VNI,      /* `vni` */
	EXPRESSION_SESSION,  /* `text`, as all that follow up to COMMUNITY */
	EXPRESSION_INTERFACE,
	EXPRESSION_TENANT,
	EXPRESSION_FLOW,      /* a flow id as events have it */
	EXPRESSION_COMMUNITY, /* 1:... */
	EXPRESSION_APP,       /* as flow events have app, app_protocol or app_name; any case */
	EXPRESSION_RISK,      /* number or name */
	EXPRESSION_ALERT,     /* alert id or rule */
	EXPRESSION_TIME,      /* `time`: after, before, last, within */
	/* The packet's bytes alone say. */
	EXPRESSION_LENGTH,  /* `length`: less, greater */
	EXPRESSION_MAC,     /* `mac`: ether host, src, dst */
	EXPRESSION_ETHER,   /* `ether`: ether proto */
	EXPRESSION_COMPARE, /* tcp[13] & 2 != 0, len > 60 */
};

enum expression_side { EXPRESSION_EITHER, EXPRESSION_SRC, EXPRESSION_DST, EXPRESSION_BOTH };

struct expression_node {
	enum expression_kind kind;
	uint32_t at; /* where it stands in the text */
	union {
		struct {
			uint32_t left, right; /* for expression_node() */
		};
		struct {
			enum expression_side side;
			struct cidr block; /* a host is a block of full length */
			unsigned
				networks; /* mask of 1 << enum expression_network: which packets' */
		} address;
		struct {
			enum expression_side side;
			uint16_t from, to; /* inclusive */
			uint8_t protocol;  /* 0: TCP, UDP and SCTP */
		} port;
		struct {
			uint8_t number; /* IANA: behind extension headers, or the first of them */
			uint8_t ip_version; /* 0: either */
		} protocol;
		enum expression_network network;
		int32_t vlan; /* -1: any tag; else this id in any of the tags */
		uint32_t vni;
		struct {
			const char *text;  /* owned by the expression */
			uint32_t question; /* of FLOW to ALERT: its bit in the facts' answers */
		} name;
		struct {
			uint64_t from_ns,
				to_ns; /* inclusive; of `last` once the newest packet is known */
			uint64_t last_ns; /* of `last`: how long; else 0 */
		} time;
		struct {
			uint32_t from, to; /* bytes of the frame as it was, inclusive */
		} length;
		struct {
			enum expression_side side;
			uint8_t address[6];
		} mac;
		uint16_t ether;   /* EtherType, below VLAN tags */
		uint32_t compare; /* private to the room */
	};
};

/* Nodes have numbers below expression_count(), each a higher one than those under it; the root has the highest. */
uint32_t expression_count(const struct expression *expression);
const struct expression_node *expression_node(
	const struct expression *expression, uint32_t number);

/* The least range of times that holds every packet of which it can be true: 0 and UINT64_MAX where it does not say.
 * false: there is none, as in `after 2026-01-02 and before 2026-01-01`. */
bool expression_times(const struct expression *expression, uint64_t *from_ns, uint64_t *to_ns);
