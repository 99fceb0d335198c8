#include "config/log/text.h"

#include "config/log/civil.h"
#include "config/log/now.h"

enum { U64_DIGITS = 20, TIME_LEN = sizeof("1970-01-01T00:00:00.000000000Z") - 1 };

const char text_pairs[201] = "00010203040506070809"
			     "10111213141516171819"
			     "20212223242526272829"
			     "30313233343536373839"
			     "40414243444546474849"
			     "50515253545556575859"
			     "60616263646566676869"
			     "70717273747576777879"
			     "80818283848586878889"
			     "90919293949596979899";

const char text_hex_digits[17] = "0123456789abcdef";

void text_u64(struct text *t, uint64_t n)
{
	char digits[U64_DIGITS];
	char *at = digits + sizeof(digits);

	while (n >= 100) {
		at -= 2;
		text_put2(at, (uint32_t)(n % 100));
		n /= 100;
	}
	if (n >= 10) {
		at -= 2;
		text_put2(at, (uint32_t)n);
	} else {
		*--at = (char)('0' + n);
	}
	text_bytes(t, at, (size_t)(digits + sizeof(digits) - at));
}

void text_thousandths(struct text *t, uint64_t n)
{
	uint32_t part = (uint32_t)(n % 1000);
	const char digits[] = {'.', (char)('0' + part / 100), text_pairs[2 * (part % 100)],
		text_pairs[2 * (part % 100) + 1]};

	text_u64(t, n / 1000);
	text_bytes(t, digits, sizeof(digits));
}

void text_hex(struct text *t, uint64_t n, unsigned digits)
{
	char hex[16];

	for (unsigned i = digits; i > 0; i--, n >>= 4)
		hex[i - 1] = text_hex_digits[n & 15];
	text_bytes(t, hex, digits);
}

static void put_clock(char *at, uint32_t second)
{
	text_put2(at, second / 3600);
	at[2] = ':';
	text_put2(at + 3, second / 60 % 60);
	at[5] = ':';
	text_put2(at + 6, second % 60);
}

static void put_nine(char *at, uint32_t n)
{
	for (int i = 7; i > 0; i -= 2, n /= 100)
		text_put2(at + i, n % 100);
	at[0] = (char)('0' + n);
}

void text_time(struct text *t, uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_S;
	struct civil date = civil_from_days((uint32_t)(seconds / 86400));
	char time[TIME_LEN];

	text_put2(time, date.year / 100);
	text_put2(time + 2, date.year % 100);
	time[4] = '-';
	text_put2(time + 5, date.month);
	time[7] = '-';
	text_put2(time + 8, date.day);
	time[10] = 'T';
	put_clock(time + 11, (uint32_t)(seconds % 86400));
	time[19] = '.';
	put_nine(time + 20, (uint32_t)(ns % NS_PER_S));
	time[29] = 'Z';
	text_bytes(t, time, sizeof(time));
}
