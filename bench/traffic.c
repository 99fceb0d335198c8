#include "bench/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "bench/talk.h"
#include "support/frame.h"
#include "support/random.h"

#define START_NS (UINT64_C(1700000000) * 1000000000)

enum { RATE = 10000, SHARES = 100, HEADERS = FRAME_ETHERNET + 40 + 20 };

/* How a mix is made: percent of the conversations of each kind, and how long they are. */
struct recipe {
	const char *name;
	uint8_t share[TALK_KINDS];
	uint32_t concurrent, data_size, n_data;
};

static const struct recipe recipes[MIX_COUNT] = {
	[MIX_DATACENTRE] = {"datacentre",
		{[TALK_TLS] = 35,
			[TALK_HTTP] = 15,
			[TALK_SSH] = 2,
			[TALK_REDIS] = 10,
			[TALK_UNKNOWN] = 3,
			[TALK_DNS] = 30,
			[TALK_NTP] = 3,
			[TALK_MEDIA] = 2},
		1000, 1000, 60},
	[MIX_DPI] = {"dpi",
		{[TALK_TLS] = 40,
			[TALK_HTTP] = 15,
			[TALK_SSH] = 5,
			[TALK_REDIS] = 5,
			[TALK_UNKNOWN] = 5,
			[TALK_DNS] = 22,
			[TALK_NTP] = 3,
			[TALK_MEDIA] = 5},
		1000, 500, 12},
	[MIX_ELEPHANTS] = {"elephants", {[TALK_TLS] = 100}, 64, 1448, 100000},
	[MIX_SCAN] = {"scan", {[TALK_SCAN] = 100}, 1000, 0, 0},
	[MIX_DNS] = {"dns", {[TALK_DNS] = 100}, 1000, 0, 0},
};

struct traffic {
	struct traffic_params params;
	const struct recipe *recipe;
	uint64_t packets, flows;
	struct talk *talks; /* `concurrent` of them */
	uint8_t payload[TALK_PAYLOAD_MAX];
	uint8_t bytes[FRAME_MIRROR + HEADERS + TALK_PAYLOAD_MAX];
};

const char *traffic_mix_name(unsigned mix)
{
	return mix < MIX_COUNT ? recipes[mix].name : NULL;
}

static enum talk_kind choose_kind(const struct recipe *recipe, uint64_t hash)
{
	unsigned dice = (unsigned)(hash % SHARES), kind = 0;

	while (dice >= recipe->share[kind])
		dice -= recipe->share[kind++];
	return (enum talk_kind)kind;
}

/* Between a quarter of the mean and seven of them, most below it: many mice, few larger ones. */
static uint32_t choose_length(uint32_t mean, uint64_t hash)
{
	uint32_t quarters = 1 + (uint32_t)__builtin_ctzll(hash | 1 << 7) * 3;

	return mean * quarters / 4 + (uint32_t)((hash >> 32) % (mean / 4 + 1));
}

static void begin(struct traffic *t, struct talk *talk)
{
	uint64_t hash = random_at(t->flows, t->params.seed);

	*talk = (struct talk){
		.number = t->flows,
		.kind = choose_kind(t->recipe, hash >> 8),
		.n_data = choose_length(t->params.n_data, random_at(hash, 5)),
		.data_size = t->params.data_size,
		.seq = {(uint32_t)hash, (uint32_t)(hash >> 32)},
	};
	if (talk->kind == TALK_DNS || talk->kind == TALK_NTP)
		talk->n_data = 0;
	t->flows++;
}

struct traffic *traffic_create(const struct traffic_params *params)
{
	struct traffic *t = calloc(1, sizeof(*t));
	struct traffic_params *p;

	if (!t)
		return NULL;
	p = &t->params;
	*p = *params;
	t->recipe = &recipes[p->mix];
	p->concurrent = p->concurrent ? p->concurrent : t->recipe->concurrent;
	p->data_size = p->data_size ? p->data_size : t->recipe->data_size;
	p->n_data = p->n_data ? p->n_data : t->recipe->n_data;
	p->rate = p->rate ? p->rate : RATE;
	t->talks = malloc(p->concurrent * sizeof(*t->talks));
	if (!t->talks) {
		free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < p->concurrent; i++)
		begin(t, &t->talks[i]);
	return t;
}

void traffic_destroy(struct traffic *t)
{
	if (!t)
		return;
	free(t->talks);
	free(t);
}

void traffic_next(struct traffic *t, struct traffic_packet *out)
{
	uint64_t hash = random_at(t->packets, ~t->params.seed), session;
	struct talk *talk = &t->talks[hash % t->params.concurrent];
	uint8_t *frame = t->bytes + FRAME_MIRROR;
	struct frame_ip ip;

	while (!talk_next(talk, t->payload, &ip))
		begin(t, talk);
	out->frame = frame;
	out->frame_len = frame_build(&ip, frame);
	session = random_at(talk->number, 6) % t->params.sessions;
	/* AWS puts the outer source port into the last 128. */
	frame_mirror(0x0afd0000 + (uint32_t)session, 1000 + (uint32_t)session,
		(uint16_t)(0xff80 | (random_at(talk->number, 7) & 0x7f)), out->frame_len,
		t->bytes);
	out->mirrored = t->bytes;
	out->mirrored_len = FRAME_MIRROR + out->frame_len;
	out->time_ns = START_NS + t->packets * UINT64_C(1000000000) / t->params.rate;
	out->flow = talk->number;
	t->packets++;
}

uint64_t traffic_flows(const struct traffic *t)
{
	return t->flows;
}
