/* What the two ends of a spawner's socket say to each other: one message a packet. Private to spawner*.c. */
#pragma once

#include "inspect/detect/suricata/spawner.h"

enum spawner_message {
	SPAWNER_READY,   /* <-: it has given up its rights, and made this directory */
	SPAWNER_FAILED,  /* <-: it could not, and ends */
	SPAWNER_RUN,     /* ->: arguments, each with its NUL */
	SPAWNER_RUNS,    /* <-: with the descriptor of its standard input */
	SPAWNER_REFUSED, /* <-: the program was not started */
	SPAWNER_TERM,    /* -> */
	SPAWNER_KILL,    /* -> */
	SPAWNER_ASK,     /* -> */
	SPAWNER_ANSWER,  /* <-: all lines up to here were told */
	SPAWNER_LINE,    /* <-: that the program said */
	SPAWNER_END,     /* <-: its status */
	SPAWNER_QUIT,    /* -> */
};

struct spawner_packet {
	enum spawner_message message;
	union {
		char text[SPAWNER_ARGUMENTS];
		int status;
	};
};

/* The small process, until it ends. */
void spawner_process(int socket, const struct spawner_params *params) __attribute__((noreturn));
