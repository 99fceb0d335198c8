/* Our own parsers of a flow (inspect/proto): which one reads it, by its first bytes and on any port, and
 * what that gets: the packets in order, as nDPI gets them, and after the label is final, too, as long
 * as the parser has something to say. What it finds goes into the flow's details. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/http/http_pair.h"
#include "inspect/proto/quic/quic_hello.h"
#include "inspect/proto/ssh/ssh_stream.h"
#include "inspect/proto/tls/dtls_stream.h"
#include "inspect/proto/transaction.h"
#include "inspect/stream/byte_stream.h"

struct dpi;
struct flow;

enum {
	/* Packets with payload, by whose first bytes a parser is chosen. */
	READER_PROBES_MAX = 16,
	/* Packets, while a side is over and the other one says nothing. */
	READER_IDLE_MAX = 4,
};

struct reader {
	const struct parser *parser;
	struct byte_stream bytes[2]; /* of each side; 0 is the key's `lo` */
	bool over[2];                /* the side has nothing more to say */
	uint8_t idle;
	bool is_told;   /* its transaction, where a flow has one */
	bool is_tunnel; /* another protocol follows */
	/* A ClientHello was told: a second one answers a HelloRetryRequest or HelloVerifyRequest. */
	bool greeted;
	uint8_t n_vouching;       /* certificates of the server, the first one apart */
	struct details *vouching; /* they, for the transaction alone; NULL: none */
	union {
		struct ssh_stream ssh[2];
		struct tls_stream tls[2];
		struct dtls_stream dtls[2];
		struct {
			struct http_pair pair;
			bool kept; /* the first transaction, as the flow's details */
		} http;
		struct quic_hello quic;
	};
};

/* A part of what one side of a flow says, on its way through a parser. */
struct reading {
	struct dpi *dpi;
	struct flow *flow;
	struct reader *reader;
	bool from_hi;
	uint64_t time_ns; /* of the packet */
};

/* One file each: reader_<name>.c. */
struct parser {
	uint8_t protocol; /* IANA number */
	enum transaction kind;
	/* Whether a side may begin with these bytes, some of which may not have arrived. */
	bool (*begins)(struct cursor bytes);
	/* The reader was chosen by what this side says; NULL: all zero does. */
	void (*begin)(struct reading *reading);
	/* false: the side has nothing more to say. */
	bool (*add)(struct reading *reading, const struct stream_part *part);
	/* Nothing more comes: what waits for it is told as it is. Once a flow; NULL: nothing waits. */
	void (*end)(struct reading *reading);
};

extern const struct parser dtls_parser, http_parser, quic_parser, ssh_parser, tls_parser;

/* Whether the flow's server says it, as far as is known. */
bool reading_is_from_server(const struct reading *reading);
/* An empty draft; and what was written into it goes into the flow's details. */
struct draft *reading_draft(const struct reading *reading);
void reading_keep(struct reading *reading);
