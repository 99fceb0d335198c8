#include "inspect/record/tables/talkers.h"

#include <stdlib.h>
#include <string.h>

struct talker_key {
	struct ip_addr addr;
	uint64_t tenant;
};

struct talker_value {
	struct total sent, received;
};

void total_add(struct total *to, const struct total *from)
{
	to->flows += from->flows;
	to->packets += from->packets;
	to->bytes += from->bytes;
}

static void value_add(void *value, const void *more)
{
	struct talker_value *to = value;
	const struct talker_value *from = more;

	total_add(&to->sent, &from->sent);
	total_add(&to->received, &from->received);
}

struct heaviest *talkers_create(void)
{
	static const struct heaviest_form form = {
		TALKERS_MAX, sizeof(struct talker_key), sizeof(struct talker_value), value_add};

	return heaviest_create(&form);
}

void talkers_add(struct heaviest *talkers, const struct talker *add)
{
	const struct talker_key key = {add->addr, add->tenant};
	const struct talker_value value = {add->sent, add->received};

	heaviest_add(talkers, &key, sizeof(key), &value, add->sent.bytes + add->received.bytes);
}

void talkers_prefetch(
	const struct heaviest *talkers, const struct ip_addr *addr, uint32_t tenant)
{
	const struct talker_key key = {*addr, tenant};

	heaviest_prefetch(talkers, &key, sizeof(key));
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint64_t bytes_of(const struct heaviest *talkers, uint32_t i)
{
	const struct talker_value *value = heaviest_value(talkers, i);

	return value->sent.bytes + value->received.bytes;
}

static int by_bytes(const struct heaviest *talkers, uint32_t a, uint32_t b)
{
	const struct talker_key *left = heaviest_key(talkers, a);
	const struct talker_key *right = heaviest_key(talkers, b);
	int by = order(bytes_of(talkers, b), bytes_of(talkers, a));

	if (by == 0)
		by = order(left->tenant, right->tenant);
	return by != 0 ? by
		       : memcmp(left->addr.byte, right->addr.byte, sizeof(left->addr.byte));
}

uint32_t talkers_top(const struct heaviest *talkers, struct talker *out, uint32_t max)
{
	uint32_t *numbers = heaviest_sort(talkers, by_bytes, max);
	uint32_t n = numbers ? heaviest_count(talkers) : 0;

	for (uint32_t i = 0; i < n && i < max; i++) {
		const struct talker_key *key = heaviest_key(talkers, numbers[i]);
		const struct talker_value *value = heaviest_value(talkers, numbers[i]);

		out[i] = (struct talker){
			key->addr, (uint32_t)key->tenant, value->sent, value->received};
	}
	free(numbers);
	return n;
}
