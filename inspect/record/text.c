#include "inspect/record/text.h"

#include "decap/cursor.h"
#include "inspect/record/civil.h"

enum { U64_DIGITS = 20, TIME_LEN = sizeof("1970-01-01T00:00:00.000000000Z") - 1 };

static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

static void put2(char *at, uint32_t n)
{
	memcpy(at, pairs + (size_t)2 * n, 2);
}

void text_u64(struct text *t, uint64_t n)
{
	char digits[U64_DIGITS];
	char *at = digits + sizeof(digits);

	while (n >= 100) {
		at -= 2;
		put2(at, (uint32_t)(n % 100));
		n /= 100;
	}
	if (n >= 10) {
		at -= 2;
		put2(at, (uint32_t)n);
	} else {
		*--at = (char)('0' + n);
	}
	text_bytes(t, at, (size_t)(digits + sizeof(digits) - at));
}

void text_hex(struct text *t, uint64_t n, unsigned digits)
{
	char hex[16];

	for (unsigned i = digits; i > 0; i--, n >>= 4)
		hex[i - 1] = hex_digits[n & 15];
	text_bytes(t, hex, digits);
}

static char *put_byte(char *at, uint8_t n)
{
	if (n >= 100) {
		*at++ = (char)('0' + n / 100);
		put2(at, n % 100);
		return at + 2;
	}
	if (n >= 10) {
		put2(at, n);
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
		*at++ = hex_digits[n >> shift & 15];
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

static void put_clock(char *at, uint32_t second)
{
	put2(at, second / 3600);
	at[2] = ':';
	put2(at + 3, second / 60 % 60);
	at[5] = ':';
	put2(at + 6, second % 60);
}

static void put_nine(char *at, uint32_t n)
{
	for (int i = 7; i > 0; i -= 2, n /= 100)
		put2(at + i, n % 100);
	at[0] = (char)('0' + n);
}

void text_time(struct text *t, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000;
	struct civil date = civil_from_days((uint32_t)(seconds / 86400));
	char time[TIME_LEN];

	put2(time, date.year / 100);
	put2(time + 2, date.year % 100);
	time[4] = '-';
	put2(time + 5, date.month);
	time[7] = '-';
	put2(time + 8, date.day);
	time[10] = 'T';
	put_clock(time + 11, (uint32_t)(seconds % 86400));
	time[19] = '.';
	put_nine(time + 20, (uint32_t)(ns % 1000000000));
	time[29] = 'Z';
	text_bytes(t, time, sizeof(time));
}
