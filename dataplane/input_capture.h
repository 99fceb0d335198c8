/* One capture of an input: opens, reads packet by packet, and says in a sentence what was wrong.
 * For input.c. */
#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture_records.h"
#include "dataplane/capture_stream.h"
#include "dataplane/input.h"

struct capture {
	char *name; /* for messages; owned */
	uint32_t index;
	struct capture_stream *stream; /* NULL with pcap: closed */
	pcap_t *pcap;
	struct capture_records *records; /* NULL: libpcap reads the packets */
	enum link link;
	uint32_t strip; /* bytes before what `link` names, on every packet */
	bool has_filter;
	struct bpf_program filter;
	const struct input_watch *watch; /* of what the filter leaves out; NULL: nobody */

	struct input_packet head;     /* the next packet to deliver, good until capture_next */
	uint64_t number;              /* of the last packet read, left out ones too */
	uint64_t time_ns;             /* of that packet */
	uint64_t excluded, backwards; /* since the caller last took and cleared them */
	const char *error;            /* NULL: none */
	char *error_text;             /* owned; what `error` shows, if there was memory */
};

enum capture_status {
	CAPTURE_OK,
	CAPTURE_ENDED,      /* at its end; nothing is wrong */
	CAPTURE_BROKEN,     /* `error` says why; nothing more comes from this capture */
	CAPTURE_FULL,       /* lending: exchange the buffer of `records`, then read on */
	CAPTURE_BAD_FILTER, /* `error` says why; the expression is wrong, not the capture */
};

/* Opens `path` and compiles `bpf` (NULL: none). `name` must be set already. Whatever is returned,
 * capture_fini must follow. Never CAPTURE_ENDED. */
enum capture_status capture_open(struct capture *capture, const char *path, size_t buffer,
	const char *bpf, struct capture_stream_progress *progress);

/* Reads on to the next packet that passes the filter. CAPTURE_OK: it is in `head`. */
enum capture_status capture_next(struct capture *capture);

/* Closes file and libpcap's handle; error and name stay. May be called twice. */
void capture_close(struct capture *capture);
void capture_fini(struct capture *capture);
