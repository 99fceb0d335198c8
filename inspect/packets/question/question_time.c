#include "inspect/packets/question/question_time.h"

#include <time.h>

#include "config/log/now.h"

enum {
	SECONDS_DIGITS = 10,
	MILLISECONDS_DIGITS = 13,
	FRACTION_DIGITS = 9,
	YEAR_LEAST = 1970,
	YEAR_MOST = 2285,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* `n` digits; -1: there are fewer. */
static int digits(const char **at, int n)
{
	int value = 0;

	for (; n > 0; n--, (*at)++) {
		if (!is_digit(**at))
			return -1;
		value = 10 * value + (**at - '0');
	}
	return value;
}

static bool sign(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* `.194516`, or nothing; what is finer than a nanosecond is left out. */
static bool fraction(const char **at, uint64_t *ns)
{
	int n = 0;

	*ns = 0;
	if (!sign(at, '.'))
		return true;
	for (; is_digit(**at); (*at)++)
		if (n < FRACTION_DIGITS) {
			*ns = 10 * *ns + (uint64_t)(**at - '0');
			n++;
		}
	for (int i = n; i < FRACTION_DIGITS; i++)
		*ns *= 10;
	return n > 0;
}

/* In seconds east of UTC, to the end. */
static bool zone(const char *at, int64_t *east)
{
	bool west = *at == '-';
	int hours, minutes;

	*east = 0;
	if (*at == '\0')
		return true;
	if (sign(&at, 'Z') || sign(&at, 'z'))
		return *at == '\0';
	if (!sign(&at, '+') && !sign(&at, '-'))
		return false;
	hours = digits(&at, 2);
	(void)sign(&at, ':');
	minutes = digits(&at, 2);
	*east = (west ? -60 : 60) * (60 * (int64_t)hours + minutes);
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && *at == '\0';
}

static bool clock_read(const char **at, struct tm *t, uint64_t *ns)
{
	t->tm_hour = digits(at, 2);
	if (t->tm_hour < 0 || !sign(at, ':'))
		return false;
	t->tm_min = digits(at, 2);
	if (t->tm_min < 0 || !sign(at, ':'))
		return false;
	t->tm_sec = digits(at, 2);
	return t->tm_sec >= 0 && fraction(at, ns) && t->tm_hour < 24 && t->tm_min < 60 &&
	       t->tm_sec < 60;
}

static bool date_read(const char **at, struct tm *t)
{
	struct tm copy;

	t->tm_year = digits(at, 4) - 1900;
	if (!sign(at, '-'))
		return false;
	t->tm_mon = digits(at, 2) - 1;
	if (!sign(at, '-'))
		return false;
	t->tm_mday = digits(at, 2);
	copy = *t;
	(void)timegm(&copy);
	return copy.tm_mon == t->tm_mon && copy.tm_mday == t->tm_mday &&
	       t->tm_year >= YEAR_LEAST - 1900 && t->tm_year <= YEAR_MOST - 1900;
}

static bool calendar(const char *at, uint64_t *ns)
{
	struct tm t = {0};
	uint64_t part;
	int64_t east, seconds;

	if (!date_read(&at, &t) || (!sign(&at, 'T') && !sign(&at, ' ')) ||
		!clock_read(&at, &t, &part) || !zone(at, &east))
		return false;
	seconds = (int64_t)timegm(&t) - east;
	*ns = seconds < 0 ? 0 : (uint64_t)seconds * NS_PER_S + part;
	return true;
}

static bool number(const char *at, int most, int *n, uint64_t *whole, uint64_t *part)
{
	*whole = 0;
	for (*n = 0; is_digit(*at) && *n < most; (*n)++, at++)
		*whole = 10 * *whole + (uint64_t)(*at - '0');
	return *n > 0 && fraction(&at, part) && *at == '\0';
}

bool question_seconds(const char *text, uint64_t *ns)
{
	uint64_t whole, part;
	int n;

	if (!number(text, SECONDS_DIGITS, &n, &whole, &part))
		return false;
	*ns = whole * NS_PER_S + part;
	return true;
}

static bool milliseconds(const char *text, uint64_t *ns)
{
	uint64_t whole, part;
	int n;

	if (!number(text, MILLISECONDS_DIGITS, &n, &whole, &part) || n != MILLISECONDS_DIGITS)
		return false;
	*ns = whole * NS_PER_MS + part / 1000;
	return true;
}

bool question_time(const char *text, uint64_t *ns)
{
	return (calendar(text, ns) || question_seconds(text, ns) || milliseconds(text, ns)) &&
	       *ns <= QUESTION_TIME_MOST;
}
