/* A kind of sink: where lines of events go besides the file. One file each, sink_NAME.c, and one
 * line in event_sinks.def. A sink knows how to open a descriptor and how to put bytes into it; the
 * forwarder does the rest (queue, thread, counting, trying again). Sinks know nothing of packets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct settings;

enum { SINK_ADDRESS = 108 };

/* Where a sink of its kind sends to. */
struct sink_target {
	char address[SINK_ADDRESS]; /* a path, or a word for people */
	unsigned option;            /* the kind's own */
};

struct event_sink {
	const char *name;    /* of the output, such as "events_socket" */
	const char *setting; /* such as "events.socket", for sentences */
	/* One send takes one whole line, without its newline. Else: any number of bytes. */
	bool by_line;
	/* What the settings say; false: this sink is off. */
	bool (*target)(const struct settings *settings, struct sink_target *target);
	/* A descriptor that does not block; -1: errno says why not (yet). */
	int (*open)(const struct sink_target *target);
	/* Takes the front of what is in `piece`; returns how many bytes of it, or -1 and errno. May
	 * raise SIGPIPE, which the forwarder's thread does not take. */
	ssize_t (*send)(
		int fd, const struct sink_target *target, const struct iovec *piece, int n);
	/* Another open makes no sense after this errno; NULL: it always does. */
	bool (*is_over)(int cause);
};

#define EVENT_SINK(kind) extern const struct event_sink sink_##kind;
#include "inspect/output/event_sinks.def"

/* Connects a UNIX socket, whose descriptor it takes over: returns it, or closes it and returns -1. */
int sink_connect(int fd, const char *path);
