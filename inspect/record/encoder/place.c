#include "inspect/record/encoder/place.h"

#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"
#include "inspect/flow/hash.h"

enum { SLOTS = 4096 };

struct places {
	const struct geo *geo; /* NULL: none */
	bool said;             /* that one of them is damaged */
	struct slot {
		struct ip_addr address;
		bool is_taken;
		struct geo_place place;
	} slot[SLOTS];
};

struct places *places_create(void)
{
	return calloc(1, sizeof(struct places));
}

void places_destroy(struct places *places)
{
	free(places);
}

void places_use(struct places *p, const struct geo *geo)
{
	memset(p, 0, sizeof(*p));
	if (geo && (geo_has_asn(geo) || geo_has_country(geo)))
		p->geo = geo;
}

static void say_damaged(struct places *p)
{
	const char *path = p->said ? NULL : geo_damaged(p->geo);

	if (!path)
		return;
	p->said = true;
	log_warning(
		"%s: is damaged: what it says of some addresses cannot be read, and is left out",
		path);
}

static const struct geo_place *find(struct places *p, const struct ip_addr *address)
{
	static const struct geo_place nowhere = {.asn = 0};
	struct slot *slot;
	uint64_t hash;

	if (!p || !p->geo)
		return &nowhere;
	hash = hash_fold(hash_word(address->byte) ^ hash_salt[0],
		hash_word(address->byte + 8) ^ hash_salt[1]);
	slot = &p->slot[hash % SLOTS];
	if (!slot->is_taken || !ip_addr_equal(&slot->address, address)) {
		slot->place = geo_find(p->geo, address);
		slot->address = *address;
		slot->is_taken = true;
		say_damaged(p);
	}
	return &slot->place;
}

static void put_text(struct text *t, const char *key, const char *text, size_t len)
{
	text_cstr(t, key);
	if (len == 0)
		text_cstr(t, "null");
	else
		text_json(t, text, len);
}

static void put_number(struct text *t, const char *key, uint32_t n)
{
	text_cstr(t, key);
	if (n == 0)
		text_cstr(t, "null");
	else
		text_u64(t, n);
}

void place_json(struct places *places, const struct flow *flow, struct text *t)
{
	const struct flow_ends ends = flow_ends(flow);
	/* Copies: both may be of one slot. */
	const struct geo_place src = *find(places, ends.src), dst = *find(places, ends.dst);

	put_text(t, "\"src_country\":", src.country, strlen(src.country));
	put_text(t, ",\"dst_country\":", dst.country, strlen(dst.country));
	put_number(t, ",\"src_asn\":", src.asn);
	put_number(t, ",\"dst_asn\":", dst.asn);
	put_text(t, ",\"src_as_org\":", src.org, src.org_len);
	put_text(t, ",\"dst_as_org\":", dst.org, dst.org_len);
	text_char(t, ',');
}
