/* The input of offline commands: one or several captures, merged by packet time.
 *
 * Reads pcap and pcapng of all kinds (capture_records.h, capture_blocks.h), plain or compressed with
 * gzip or zstd, told by their first bytes and not by their names; the path "-" is standard input,
 * compressed or not. Every time is given in nanoseconds, and each packet has its own link type.
 *
 * Trouble with one capture never stops the others. What was wrong is kept as a sentence that
 * names the file (and the packet) and ends without a full stop or newline; the caller prints the
 * sentences and exits 1. One thread reads; input_counters alone may be called by any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/packet.h"

struct input;

struct input_packet {
	const uint8_t
		*data;      /* borrowed from `input`, good until the next input_next or close */
	uint32_t cap, wire; /* bytes at `data`, bytes it had on the wire; cap <= wire */
	/* Since the epoch. A time that does not fit is brought into range; a packet without one
	 * has that of the packet before it in its capture. */
	uint64_t time_ns;
	uint64_t number; /* 1-based position in its capture, packets left out counted */
	enum link link;
	uint32_t capture; /* index into the paths */
};

struct input_counters {
	uint64_t delivered;    /* packets that input_next returned */
	uint64_t bpf_excluded; /* packets the BPF expression left out */
	/* Packets whose link type decap/packet.h has no name for. */
	uint64_t link_excluded;
	/* Packets older than the one before them in the same capture. */
	uint64_t time_backwards;
	uint64_t bytes_read; /* as stored: before decompression */
	/* Of all captures as stored; 0 = not known (a pipe is among them). */
	uint64_t bytes_total;
	uint32_t captures; /* paths given */
	uint32_t readable; /* captures that could be opened, whatever became of them later */
};

/* Opens every capture. `bpf` (NULL or "": no filter) is compiled for each link type by itself.
 *
 * A capture that cannot be read (missing, not a capture, ...) is one of the sentences of
 * input_error right away; `readable` counts the others. A pcap file whose link type
 * decap/packet.h has no name for cannot be read; of a pcapng file only the packets of such a type
 * are left out, and so are those of a link type that the expression cannot be applied to.
 * If more files are needed than the process may open, its soft limit is raised up to the hard one.
 *
 * NULL, with a sentence in `error`, is a wrong call (exit status 2): no path, "-" given twice, or
 * a BPF expression that libpcap refuses for all link types of a capture; or no memory is left.
 * The paths and the expression are copied. May block on a pipe. */
struct input *input_open(
	const char *const *paths, unsigned n, const char *bpf, struct error *error);

/* Only the records of capture `i` at these offsets (as input_place() and input_landmarks() have them, ascending, landmarks
 * included; borrowed until input_close()) are read. Before the first input_next() and input_lend(), which then refuses.
 * false: the capture cannot be read in its middle: all of it is read. */
bool input_pick(struct input *input, unsigned i, const uint64_t *offsets, size_t n);

/* Whether capture `i`, decompressed, is a packet file of ours (inspect/packets/recorded.h). */
bool input_is_recorded(const struct input *input, unsigned i);

/* Packets that the BPF expression leaves out are shown to `left_out`, which borrows them for the call,
 * on the thread that reads. */
struct input_watch {
	void *ctx;
	void (*left_out)(void *ctx, const struct input_packet *packet);
};
/* Before the first input_next() only. */
void input_watch(struct input *input, struct input_watch watch);

/* Reading without a copy: from now on packets stay good until input_exchange(), and input_next()
 * may ask for that by INPUT_FULL. `room`: bytes of the buffers, at least INPUT_ROOM_MIN. Before
 * the first input_next() only. false: this input cannot (several captures, or a BPF expression). */
enum { INPUT_FULL = 2, INPUT_ROOM_MIN = 262144 + 8192 };
bool input_lend(struct input *input, size_t room);
/* Where the packets since the last exchange lie; good until the next one. */
const uint8_t *input_lent(const struct input *input);
/* The caller gets that buffer, and gives `empty` for the packets to come: both from malloc(),
 * both of `room` bytes. The last packet goes along into the new buffer if it is `kept` (NULL:
 * none is). */
uint8_t *input_exchange(struct input *input, uint8_t *empty, struct input_packet *kept);

/* The next packet: the oldest of the captures' next ones; of equal times, that of the capture
 * named first. Within a capture the order of the file stays, even where time goes back; a packet whose
 * time jumps for a moment (packet_times.h) comes right after the one before it.
 * 1 with `*out` set, or 0 at the end of all captures (and ever after), or INPUT_FULL. */
int input_next(struct input *input, struct input_packet *out);

/* Where the packet that input_next() gave last lies in its capture, decompressed: where its record (pcap) or block
 * (pcapng) begins; and its first comment, so many bytes behind the packet's `data`, as long as that is good.
 * `comment_len` 0: there is none. */
struct input_place {
	uint64_t offset;
	uint32_t comment, comment_len;
	uint8_t direction; /* of pcapng: 1 inbound, 2 outbound, 0 not said */
};
struct input_place input_place(const struct input *input);

/* How many sentences there are by now, and the i-th (owned by `input`), in the order they arose.
 * At most one a capture. */
unsigned input_error_count(const struct input *input);
const char *input_error(const struct input *input, unsigned i);

/* Which capture that is; and whether its bytes just end within a packet, as those of a file do to which somebody
 * writes at this moment. */
unsigned input_error_capture(const struct input *input, unsigned i, bool *cut_off);

/* What is worth knowing of capture `i` (below the number of paths) though nothing is wrong, a
 * sentence as above, once it was read; or NULL. Owned by `input`. */
const char *input_note(const struct input *input, unsigned i);

/* For messages: the path of capture `i` as given, or "standard input". Owned by `input`. */
const char *input_name(const struct input *input, unsigned i);

/* How capture `i` is compressed: "gzip", "zstd" or NULL. Before it was read to its end. */
const char *input_compression(const struct input *input, unsigned i);

/* Where what was read of capture `i` says how its packets are to be read (capture_landmarks.h), `*n` offsets, owned by
 * `input`. NULL: they are too many. */
const uint64_t *input_landmarks(const struct input *input, unsigned i, uint32_t *n);

/* Each number is right by itself, also while another thread reads. */
void input_counters(const struct input *input, struct input_counters *out);

/* NULL is legal. */
void input_close(struct input *input);
