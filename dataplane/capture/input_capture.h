/* One capture of an input: opens, reads packet by packet, and says in a sentence what was wrong.
 * For input.c. */
#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture/capture_blocks.h"
#include "dataplane/capture/capture_records.h"
#include "dataplane/capture/capture_stream.h"
#include "dataplane/capture/capture_window.h"
#include "dataplane/capture/input.h"

/* The expression for one link type, compiled when the first packet of that type comes. */
struct capture_filter {
	enum { FILTER_UNTRIED, FILTER_READY, FILTER_REFUSED } state;
	struct bpf_program program;
};

/* Packets that were left out, and the first of them. */
struct capture_left_out {
	uint64_t packets, first;
	uint32_t link_number;
};

struct capture {
	char *name; /* for messages; owned */
	uint32_t index;
	struct capture_stream *stream; /* NULL: closed */
	struct capture_window window;
	/* One of them reads; when another file follows in the same capture, it is the next one's. */
	struct capture_records *records;
	struct capture_blocks *blocks;
	const char *bpf; /* borrowed; NULL: none */
	struct capture_filter filters[CAPTURE_LINKS];
	const struct input_watch *watch; /* of what the filter leaves out; NULL: nobody */

	struct input_packet head; /* the next packet to deliver, good until capture_next */
	uint64_t number;          /* of the last packet read, left out ones too */
	uint64_t time_ns;         /* of that packet */
	/* Since the caller last took and cleared them. */
	uint64_t excluded, not_read, backwards;
	struct capture_left_out unread;     /* their link type is not read */
	struct capture_left_out unfiltered; /* the expression cannot be applied to it */
	char unfiltered_why[PCAP_ERRBUF_SIZE];
	struct capture_landmarks landmarks;
	uint32_t followers; /* capture files that follow the first in this one */
	uint64_t follows_at, follows_after; /* byte and packet of the first of them */
	bool is_recorded; /* a packet file of ours: see inspect/packets/recorded.h */

	bool cut_off;      /* with `error`: the bytes end within a packet or a header */
	const char *error; /* NULL: none */
	char *error_text;  /* owned; what `error` shows, if there was memory */
	char *note;        /* owned; nothing wrong, but worth knowing; NULL: none */
};

enum capture_status {
	CAPTURE_OK,
	CAPTURE_ENDED,      /* at its end; nothing is wrong */
	CAPTURE_BROKEN,     /* `error` says why; nothing more comes from this capture */
	CAPTURE_FULL,       /* lending: exchange the buffer of `window`, then read on */
	CAPTURE_BAD_FILTER, /* `error` says why; the expression is wrong, not the capture */
};

/* Opens `path` and compiles `bpf` (NULL: none), which is borrowed until capture_close. `name` must
 * be set already. Whatever is returned, capture_fini must follow. Never CAPTURE_ENDED. */
enum capture_status capture_open(struct capture *capture, const char *path, size_t buffer,
	const char *bpf, struct capture_stream_progress *progress);

/* Reads on to the next packet that passes the filter. CAPTURE_OK: it is in `head`. */
enum capture_status capture_next(struct capture *capture);

/* Of the packet in `head`, until the next one is read. */
struct input_place capture_place(const struct capture *capture);

/* Closes the file; error, note and name stay. May be called twice. */
void capture_close(struct capture *capture);
void capture_fini(struct capture *capture);

/* The sentences (input_capture_messages.c). */
void capture_say(struct capture *capture, const char *format, ...)
	__attribute__((cold, format(printf, 2, 3)));
/* Says why the file is no capture; `what`: the reader's reason, NULL: no reader knows it. */
void capture_say_header(struct capture *capture, const char *what);
/* Why there is no next packet. */
void capture_say_stop(struct capture *capture, bool is_cut_off, const char *what);
/* Says at the end what was left out. true: something is wrong. */
bool capture_say_end(struct capture *capture);
