#include "inspect/record/tables/conversations.h"

#include <stdlib.h>
#include <string.h>

static void value_add(void *value, const void *more)
{
	struct conversation_value *to = value;
	const struct conversation_value *from = more;

	if (to->flows == 0) {
		*to = *from;
		return;
	}
	to->flows += from->flows;
	to->packets += from->packets;
	to->bytes += from->bytes;
	if (from->first_ns < to->first_ns)
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
}

struct heaviest *conversations_create(void)
{
	static const struct heaviest_form form = {CONVERSATIONS_MAX,
		sizeof(struct conversation_key), sizeof(struct conversation_value), value_add};

	return heaviest_create(&form);
}

void conversations_add(struct heaviest *conversations, const struct conversation *add)
{
	heaviest_add(conversations, &add->key, sizeof(add->key), &add->value, add->value.bytes);
}

void conversations_prefetch(
	const struct heaviest *conversations, const struct conversation_key *key)
{
	heaviest_prefetch(conversations, key, sizeof(*key));
}

static int by_bytes(const struct heaviest *conversations, uint32_t a, uint32_t b)
{
	const struct conversation_value *left = heaviest_value(conversations, a);
	const struct conversation_value *right = heaviest_value(conversations, b);

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return memcmp(heaviest_key(conversations, a), heaviest_key(conversations, b),
		sizeof(struct conversation_key));
}

uint32_t conversations_top(
	const struct heaviest *conversations, struct conversation *out, uint32_t max)
{
	uint32_t *numbers = heaviest_sort(conversations, by_bytes, max);
	uint32_t n = numbers ? heaviest_count(conversations) : 0;

	for (uint32_t i = 0; i < n && i < max; i++) {
		out[i].key = *(const struct conversation_key *)heaviest_key(
			conversations, numbers[i]);
		out[i].value = *(const struct conversation_value *)heaviest_value(
			conversations, numbers[i]);
	}
	free(numbers);
	return n;
}
