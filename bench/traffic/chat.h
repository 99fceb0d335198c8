/* Conversations of the benchmarks: what client and server of one kind of flow say, packet by
 * packet. Everything follows from the flow's number and the seed, so nothing is stored but where
 * the conversation stands. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "support/frame.h"

enum chat_kind {
	CHAT_TLS,
	CHAT_HTTP,
	CHAT_SSH,
	CHAT_REDIS,
	CHAT_UNKNOWN, /* TCP that says nothing anybody knows */
	CHAT_DNS,
	CHAT_NTP,
	CHAT_MEDIA, /* UDP that says nothing anybody knows */
	CHAT_SCAN,  /* a SYN, and for every fourth a RST */
	CHAT_KINDS,
};

enum { CHAT_PAYLOAD_MAX = 9000 };

struct chat {
	uint64_t number; /* of the flow */
	enum chat_kind kind;
	uint32_t n_data;    /* data packets after the opening */
	uint32_t data_size; /* payload of a data packet */
	uint32_t at;        /* packets said */
	uint32_t seq[2];    /* of client and server */
};

/* What comes next; `payload` of `ip` points into `payload`. false: the conversation is over. */
bool chat_next(struct chat *chat, uint8_t payload[CHAT_PAYLOAD_MAX], struct frame_ip *ip);
