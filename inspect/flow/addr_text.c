#include "inspect/flow/addr_text.h"

#include "decap/cursor.h"

static char *put_byte(char *at, uint8_t n)
{
	if (n >= 100) {
		*at++ = (char)('0' + n / 100);
		text_put2(at, n % 100);
		return at + 2;
	}
	if (n >= 10) {
		text_put2(at, n);
		return at + 2;
	}
	*at = (char)('0' + n);
	return at + 1;
}

static char *put_v4(char *at, const uint8_t b[4])
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		at = put_byte(at, b[i]);
	}
	return at;
}

static char *put_group(char *at, uint16_t n)
{
	int shift = 12;

	while (shift > 0 && n >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = text_hex_digits[n >> shift & 15];
	return at;
}

struct run {
	int first, len;
};

/* The longest run of zero groups, the first of equals; one group alone is no run. */
static struct run zero_run(const uint16_t group[8])
{
	struct run best = {-1, 1}, run = {0, 0};

	for (int i = 0; i < 8; i++) {
		if (group[i] != 0) {
			run.len = 0;
			continue;
		}
		if (run.len++ == 0)
			run.first = i;
		if (run.len > best.len)
			best = run;
	}
	return best;
}

static char *put_v6(char *at, const uint8_t b[16])
{
	uint16_t group[8];
	struct run zero;
	int last = 8;

	for (size_t i = 0; i < 8; i++)
		group[i] = be16(b + 2 * i);
	zero = zero_run(group);
	/* ::a.b.c.d and ::ffff:a.b.c.d */
	if (zero.first == 0 && (zero.len == 6 || (zero.len == 5 && group[5] == 0xffff)))
		last = 6;
	for (int i = 0; i < last; i++) {
		if (i == zero.first) {
			*at++ = ':';
			i += zero.len - 1;
			if (i == 7)
				*at++ = ':';
			continue;
		}
		if (i > 0)
			*at++ = ':';
		at = put_group(at, group[i]);
	}
	if (last == 8)
		return at;
	*at++ = ':';
	return put_v4(at, b + 12);
}

void text_addr(struct text *t, const struct ip_addr *a, uint8_t ip_version)
{
	char room[IP_ADDR_TEXT];
	char *end = ip_version == 4 ? put_v4(room, a->byte + 12) : put_v6(room, a->byte);

	text_bytes(t, room, (size_t)(end - room));
}

void text_endpoint(struct text *t, const struct ip_addr *a, uint8_t ip_version, uint16_t port)
{
	text_cstr(t, ip_version == 4 ? "" : "[");
	text_addr(t, a, ip_version);
	text_cstr(t, ip_version == 4 ? ":" : "]:");
	text_u64(t, port);
}
