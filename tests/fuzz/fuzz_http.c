/* A conversation: pieces of `side and cut (1 byte), length (1 byte), bytes`. Said in the parts that it has, and
 * again with each piece split where its bytes say, the same must be told; after a cut, that it ends in
 * order is all. */
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/http/http_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 1, CUT = 2, GAP = 4, LATE = 8, LONG = 16 };

struct heard {
	struct memory memory;
	struct memory_list list;
	struct http_pair pair;
	struct http_pair_sink sink;
	uint64_t sum, told, answered, responses;
};

static void mix(struct heard *h, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h->sum = (h->sum ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
	h->sum = (h->sum ^ n) * 1099511628211u;
}

static void hear(void *ctx, const struct http_transaction *t)
{
	const struct http_slice *const slices[] = {&t->method, &t->target, &t->host,
		&t->user_agent, &t->referer, &t->content_type};
	const uint64_t numbers[] = {t->has_request, t->has_response, t->side,
		(uint64_t)t->request_minor, (uint64_t)t->response_minor, t->status,
		t->target_bytes, t->request_bytes, t->response_bytes};
	static struct draft draft;
	struct heard *h = ctx;

	if (!t->has_request && !t->has_response)
		abort();
	for (unsigned i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
		if (!slices[i]->bytes != !slices[i]->len || slices[i]->len > HTTP_TARGET_MAX)
			abort();
		mix(h, slices[i]->bytes, slices[i]->len);
	}
	mix(h, numbers, sizeof(numbers));
	draft_http(&draft, t);
	h->told++;
	h->responses += t->has_response;
}

static void hear_answered(void *ctx, const struct http_transaction *t)
{
	struct heard *h = ctx;

	h->answered += t->has_response && t->status >= 100;
}

/* In a buffer of just its size. */
static void say(struct heard *h, uint8_t flags, const uint8_t *bytes, uint32_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct http_segment segment = {.side = flags & SIDE};

	if (!exact)
		abort();
	if (len)
		memcpy(exact, bytes, len);
	segment.part.gap = flags & GAP ? 5 : 0;
	segment.part.bytes = cursor_make(exact, len, flags & CUT ? len + 7 : len);
	http_pair_add(&h->pair, &h->memory, &h->list, &segment, &h->sink);
	free(exact);
}

static void converse(struct heard *h, const uint8_t *data, size_t size, bool split)
{
	memset(h, 0, sizeof(*h));
	h->sink = (struct http_pair_sink){NULL, hear_answered, hear, h};
	for (size_t at = 0; at + 2 <= size;) {
		uint8_t flags = data[at];
		uint32_t len = data[at + 1] * (flags & LONG ? 64u : 1u), a;

		at += 2;
		len = len < size - at ? len : (uint32_t)(size - at);
		a = !len || !split ? 0 : (uint32_t)(flags >> 5) * 37 % len;
		h->pair.stream[flags & SIDE].is_late |= flags & LATE;
		if (a) {
			say(h, flags & (SIDE | GAP), data + at, a);
			say(h, flags & (SIDE | CUT), data + at + a, len - a);
		} else {
			/* Every byte for itself, but for its first and last ones. */
			for (uint32_t i = 0; split && i < len; i++)
				say(h, flags & (SIDE | (i ? 0 : GAP) | (i + 1 < len ? 0 : CUT)),
					data + at + i, 1);
			if (!split || !len)
				say(h, flags, data + at, len);
		}
		at += len;
	}
	http_pair_end(&h->pair, &h->memory, &h->list, &h->sink);
	if (h->memory.used || h->answered != h->responses)
		abort();
	memory_trim(&h->memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heard whole, parts;

	if (size > 1 << 16)
		return 0;
	converse(&whole, data, size, false);
	converse(&parts, data, size, true);
	if (whole.sum != parts.sum || whole.told != parts.told)
		abort();
	/* Blocks have a header of their own. */
	if (parts.memory.peak > 96 * 1024)
		abort();
	return 0;
}
