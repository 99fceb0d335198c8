/* Our own parsers of a flow (inspect/proto): which one reads it, by its first bytes and on any port, and
 * what that gets: the packets in order, as nDPI gets them, and after the label is final, too, as long
 * as the parser has something to say. What it finds goes into the flow's details. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/ssh_stream.h"
#include "inspect/stream/byte_stream.h"

enum {
	READER_PROBES_MAX =
		8, /* packets with payload, by whose first bytes a parser is chosen */
	READER_IDLE_MAX =
		16, /* packets of a side that is over, while the other one says nothing */
};

struct reader {
	const struct parser *parser;
	struct byte_stream bytes[2]; /* of each side; 0 is the key's `lo` */
	bool over[2];                /* the side has nothing more to say */
	uint8_t idle;
	union {
		struct ssh_stream ssh[2];
	};
};
