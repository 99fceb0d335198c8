/* One direction of an SSH connection up to its KEXINIT, after which nothing is read. Lines before the
 * server's identification string are stepped over, and so are IGNORE and DEBUG messages; SSH_BEFORE_MAX
 * bytes of them in all. Bounded: of a packet at most SSH_KEPT_MAX bytes are kept, and no more than
 * twice what arrived; what is whole in a segment needs no memory. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"
#include "inspect/proto/ssh/ssh.h"
#include "inspect/stream/byte_buffer.h"
#include "inspect/stream/byte_stream.h"

enum { SSH_KEPT_MAX = 16 * 1024, SSH_BEFORE_MAX = 64 * 1024 };

/* All zero is a stream of which nothing was seen. */
struct ssh_stream {
	struct byte_buffer buffer; /* of a line or a packet that comes in parts */
	uint32_t skip;             /* bytes of the stream before the next packet */
	uint32_t before;           /* bytes of lines, and of packets that are no KEXINIT */
	uint8_t step;              /* private */
};

/* Where it goes; both are borrowed until the call returns. */
struct ssh_sink {
	/* Without CR LF; of a longer line the first SSH_LINE_MAX bytes, of a cut one what there is. Once at
	 * most. */
	void (*identification)(void *ctx, const uint8_t *line, uint32_t len);
	/* Once at most; of one that did not arrive whole, the lists that did. */
	void (*kexinit)(void *ctx, const struct ssh_kexinit *kexinit);
	void *ctx;
};

/* Takes the next bytes. false: nothing more is to be read, and no memory is held. */
bool ssh_stream_add(struct ssh_stream *stream, struct memory *memory, struct memory_list *list,
	const struct stream_part *part, const struct ssh_sink *sink);
