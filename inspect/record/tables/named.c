#include "inspect/record/tables/named.h"

#include <stdlib.h>
#include <string.h>

struct named_key {
	uint16_t by, what_len, name_len;
	uint16_t zero;
	char text[NAMED_TEXT]; /* what failed, and then the name; zeros behind */
};

struct named_value {
	uint64_t count;
	struct ip_addr client;
	uint64_t several;
};

static const char *const names[NAMINGS] = {"dns", "tls", "quic", "http", "tcp"};

const char *naming_name(enum naming by)
{
	return names[by];
}

static void value_add(void *value, const void *more)
{
	struct named_value *to = value;
	const struct named_value *from = more;

	if (to->count == 0) {
		*to = *from;
		return;
	}
	to->count += from->count;
	if (from->several || !ip_addr_equal(&to->client, &from->client))
		to->several = true;
}

struct heaviest *named_create(void)
{
	static const struct heaviest_form form = {
		NAMED_MAX, sizeof(struct named_key), sizeof(struct named_value), value_add};

	return heaviest_create(&form);
}

static void copy_lower(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i]);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void named_add(struct heaviest *table, const struct named *add)
{
	struct named_key key;
	const struct named_value value = {add->count, add->client, add->several};
	size_t what_len = least(add->what_len, NAMED_WHAT);
	size_t name_len = least(add->name_len, NAMED_TEXT - what_len);
	size_t size = offsetof(struct named_key, text) + what_len + name_len;
	size_t padded = (size + 7) / 8 * 8;

	key.by = (uint16_t)add->by;
	key.what_len = (uint16_t)what_len;
	key.name_len = (uint16_t)name_len;
	key.zero = 0;
	if (what_len > 0)
		memcpy(key.text, add->what, what_len);
	copy_lower(key.text + what_len, add->name, name_len);
	if (padded < 16)
		padded = 16;
	memset((char *)&key + size, 0, padded - size);
	heaviest_add(table, &key, padded, &value, value.count);
}

static int by_count(const struct heaviest *table, uint32_t a, uint32_t b)
{
	const struct named_value *left = heaviest_value(table, a);
	const struct named_value *right = heaviest_value(table, b);
	const struct named_key *one = heaviest_key(table, a), *other = heaviest_key(table, b);
	int by;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	by = memcmp(one->text, other->text, sizeof(one->text));
	return by != 0 ? by : memcmp(one, other, sizeof(*one));
}

static struct named named_of(const struct heaviest *table, uint32_t i)
{
	const struct named_key *key = heaviest_key(table, i);
	const struct named_value *value = heaviest_value(table, i);

	return (struct named){
		.by = (enum naming)key->by,
		.what = key->text,
		.what_len = key->what_len,
		.name = key->text + key->what_len,
		.name_len = key->name_len,
		.count = value->count,
		.client = value->client,
		.several = value->several,
	};
}

uint32_t named_top(const struct heaviest *table, struct named *out, uint32_t max)
{
	uint32_t *numbers = heaviest_sort(table, by_count, max);
	uint32_t n = numbers ? heaviest_count(table) : 0;

	for (uint32_t i = 0; i < n && i < max; i++)
		out[i] = named_of(table, numbers[i]);
	free(numbers);
	return n;
}
