/* Conversations of the benchmarks: what client and server of one kind of flow say, packet by
 * packet. Everything follows from the flow's number and the seed, so nothing is stored but where
 * the conversation stands. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "support/frame.h"

enum talk_kind {
	TALK_TLS,
	TALK_HTTP,
	TALK_SSH,
	TALK_REDIS,
	TALK_UNKNOWN, /* TCP that says nothing anybody knows */
	TALK_DNS,
	TALK_NTP,
	TALK_MEDIA, /* UDP that says nothing anybody knows */
	TALK_SCAN,  /* a SYN, and for every fourth a RST */
	TALK_KINDS,
};

enum { TALK_PAYLOAD_MAX = 9000 };

struct talk {
	uint64_t number; /* of the flow */
	enum talk_kind kind;
	uint32_t n_data;    /* data packets after the opening */
	uint32_t data_size; /* payload of a data packet */
	uint32_t at;        /* packets said */
	uint32_t seq[2];    /* of client and server */
};

/* What comes next; `payload` of `ip` points into `payload`. false: the conversation is over. */
bool talk_next(struct talk *talk, uint8_t payload[TALK_PAYLOAD_MAX], struct frame_ip *ip);
