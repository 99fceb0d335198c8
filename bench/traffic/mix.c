#include "bench/traffic/mix.h"

#include <stdlib.h>
#include <string.h>

#include "bench/traffic/chat.h"
#include "support/frame.h"
#include "support/random.h"

#define START_NS (UINT64_C(1700000000) * 1000000000)

enum { RATE = 10000, SHARES = 100, HEADERS = FRAME_ETHERNET + 40 + 20 };

/* How a mix is made: percent of the conversations of each kind, and how long they are. */
struct recipe {
	const char *name;
	uint8_t share[CHAT_KINDS];
	uint32_t concurrent, data_size, n_data;
};

static const struct recipe recipes[MIX_COUNT] = {
	[MIX_DATACENTRE] = {"datacentre",
		{[CHAT_TLS] = 35,
			[CHAT_HTTP] = 15,
			[CHAT_SSH] = 2,
			[CHAT_REDIS] = 10,
			[CHAT_UNKNOWN] = 3,
			[CHAT_DNS] = 30,
			[CHAT_NTP] = 3,
			[CHAT_MEDIA] = 2},
		1000, 1000, 60},
	[MIX_DPI] = {"dpi",
		{[CHAT_TLS] = 40,
			[CHAT_HTTP] = 15,
			[CHAT_SSH] = 5,
			[CHAT_REDIS] = 5,
			[CHAT_UNKNOWN] = 5,
			[CHAT_DNS] = 22,
			[CHAT_NTP] = 3,
			[CHAT_MEDIA] = 5},
		1000, 500, 12},
	[MIX_ELEPHANTS] = {"elephants", {[CHAT_TLS] = 100}, 64, 1448, 100000},
	[MIX_SCAN] = {"scan", {[CHAT_SCAN] = 100}, 1000, 0, 0},
	[MIX_DNS] = {"dns", {[CHAT_DNS] = 100}, 1000, 0, 0},
};

struct mix {
	struct mix_params params;
	const struct recipe *recipe;
	uint64_t packets, flows;
	struct chat *chats; /* `concurrent` of them */
	uint8_t payload[CHAT_PAYLOAD_MAX];
	uint8_t bytes[FRAME_MIRROR + HEADERS + CHAT_PAYLOAD_MAX];
};

const char *mix_name(unsigned kind)
{
	return kind < MIX_COUNT ? recipes[kind].name : NULL;
}

static enum chat_kind choose_kind(const struct recipe *recipe, uint64_t hash)
{
	unsigned dice = (unsigned)(hash % SHARES), kind = 0;

	while (dice >= recipe->share[kind])
		dice -= recipe->share[kind++];
	return (enum chat_kind)kind;
}

/* Between a quarter of the mean and seven of them, most below it: many mice, few larger ones. */
static uint32_t choose_length(uint32_t mean, uint64_t hash)
{
	uint32_t quarters = 1 + (uint32_t)__builtin_ctzll(hash | 1 << 7) * 3;

	return mean * quarters / 4 + (uint32_t)((hash >> 32) % (mean / 4 + 1));
}

static void begin(struct mix *t, struct chat *chat)
{
	uint64_t hash = random_at(t->flows, t->params.seed);

	*chat = (struct chat){
		.number = t->flows,
		.kind = choose_kind(t->recipe, hash >> 8),
		.n_data = choose_length(t->params.n_data, random_at(hash, 5)),
		.data_size = t->params.data_size,
		.seq = {(uint32_t)hash, (uint32_t)(hash >> 32)},
	};
	if (chat->kind == CHAT_DNS || chat->kind == CHAT_NTP)
		chat->n_data = 0;
	t->flows++;
}

struct mix *mix_create(const struct mix_params *params)
{
	struct mix *t = calloc(1, sizeof(*t));
	struct mix_params *p;

	if (!t)
		return NULL;
	p = &t->params;
	*p = *params;
	t->recipe = &recipes[p->kind];
	p->concurrent = p->concurrent ? p->concurrent : t->recipe->concurrent;
	p->data_size = p->data_size ? p->data_size : t->recipe->data_size;
	p->n_data = p->n_data ? p->n_data : t->recipe->n_data;
	p->rate = p->rate ? p->rate : RATE;
	t->chats = malloc(p->concurrent * sizeof(*t->chats));
	if (!t->chats) {
		free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < p->concurrent; i++)
		begin(t, &t->chats[i]);
	return t;
}

void mix_destroy(struct mix *t)
{
	if (!t)
		return;
	free(t->chats);
	free(t);
}

void mix_next(struct mix *t, struct mix_packet *out)
{
	uint64_t hash = random_at(t->packets, ~t->params.seed), session;
	struct chat *chat = &t->chats[hash % t->params.concurrent];
	uint8_t *frame = t->bytes + FRAME_MIRROR;
	struct frame_ip ip;

	while (!chat_next(chat, t->payload, &ip))
		begin(t, chat);
	out->frame = frame;
	out->frame_len = frame_build(&ip, frame);
	session = random_at(chat->number, 6) % t->params.sessions;
	/* AWS puts the outer source port into the last 128. */
	frame_mirror(0x0afd0000 + (uint32_t)session, 1000 + (uint32_t)session,
		(uint16_t)(0xff80 | (random_at(chat->number, 7) & 0x7f)), out->frame_len,
		t->bytes);
	out->mirrored = t->bytes;
	out->mirrored_len = FRAME_MIRROR + out->frame_len;
	out->time_ns = START_NS + t->packets * UINT64_C(1000000000) / t->params.rate;
	out->flow = chat->number;
	t->packets++;
}

uint64_t mix_conversations(const struct mix *t)
{
	return t->flows;
}
