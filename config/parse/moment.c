#include "config/parse/moment.h"

#include <time.h>

#include "config/log/now.h"

enum { FRACTION_DIGITS = 9, SECONDS_DIGITS = 10, YEAR_LEAST = 1970, YEAR_MOST = 2553 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* `n` digits; false: there are fewer. */
static bool digits(const char **at, int n, int *out)
{
	for (*out = 0; n > 0; n--, (*at)++) {
		if (!is_digit(**at))
			return false;
		*out = 10 * *out + (**at - '0');
	}
	return true;
}

static bool sign(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* .194516, or nothing. */
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

static bool date_read(const char **at, struct tm *t)
{
	return digits(at, 4, &t->tm_year) && sign(at, '-') && digits(at, 2, &t->tm_mon) &&
	       sign(at, '-') && digits(at, 2, &t->tm_mday);
}

static bool clock_read(
	const char **at, struct tm *t, uint64_t *part_ns, enum moment_part *finest)
{
	*finest = MOMENT_MINUTE;
	if (!digits(at, 2, &t->tm_hour) || !sign(at, ':') || !digits(at, 2, &t->tm_min))
		return false;
	if (!sign(at, ':'))
		return true;
	*finest = MOMENT_SECOND;
	return digits(at, 2, &t->tm_sec) && fraction(at, part_ns);
}

/* In seconds east of UTC, to the end. */
static bool zone_read(const char *at, int64_t *east)
{
	bool west = *at == '-';
	int hours, minutes;

	*east = 0;
	if (*at == '\0')
		return true;
	if (sign(&at, 'Z') || sign(&at, 'z'))
		return *at == '\0';
	if ((!sign(&at, '+') && !sign(&at, '-')) || !digits(&at, 2, &hours))
		return false;
	(void)sign(&at, ':');
	if (!digits(&at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*east = (west ? -60 : 60) * (60 * (int64_t)hours + minutes);
	return *at == '\0';
}

/* false: the library would make another date of it. */
static bool is_normal(const struct tm *t)
{
	struct tm copy = *t;

	(void)timegm(&copy);
	return copy.tm_mon == t->tm_mon && copy.tm_mday == t->tm_mday &&
	       copy.tm_hour == t->tm_hour && copy.tm_min == t->tm_min &&
	       copy.tm_sec == t->tm_sec;
}

bool moment_read(const char *text, uint64_t *ns, enum moment_part *finest)
{
	const char *at = text;
	struct tm t = {0};
	uint64_t part_ns = 0;
	int64_t east = 0, s;

	*finest = MOMENT_DAY;
	if (!date_read(&at, &t) || t.tm_year < YEAR_LEAST || t.tm_year > YEAR_MOST)
		return false;
	if (*at != '\0' &&
		((!sign(&at, 'T') && !sign(&at, ' ')) ||
			!clock_read(&at, &t, &part_ns, finest) || !zone_read(at, &east)))
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	if (!is_normal(&t))
		return false;
	s = (int64_t)timegm(&t) - east;
	*ns = s < 0 ? 0 : (uint64_t)s * NS_PER_S + part_ns;
	return true;
}

bool moment_seconds(const char *text, uint64_t *ns)
{
	uint64_t s = 0, part_ns;
	int n = 0;

	for (; is_digit(*text) && n < SECONDS_DIGITS; n++, text++)
		s = 10 * s + (uint64_t)(*text - '0');
	if (n == 0 || !fraction(&text, &part_ns) || *text != '\0')
		return false;
	*ns = s * NS_PER_S + part_ns;
	return true;
}
