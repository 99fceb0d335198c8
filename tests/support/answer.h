/* The packet that goes the other way: source and destination change places. */
#pragma once

#include "decap/packet.h"

static inline struct packet answer_to(const struct packet *p)
{
	struct packet answer = *p;

	answer.src = p->dst;
	answer.dst = p->src;
	answer.src_port = p->dst_port;
	answer.dst_port = p->src_port;
	return answer;
}
