/* Moments and ranges of time. UTC, unless a moment says otherwise. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/log/now.h"
#include "config/parse/value.h"
#include "inspect/packets/expression/expression_parse.h"

enum { FRACTION_DIGITS = 9, EPOCH_DIGITS = 10, YEAR_LEAST = 1970, YEAR_MOST = 2553 };

#define MOMENT \
	"a time, such as 2026-12-31, '2026-12-31 18:00', 2026-12-31T18:00:00Z, 1798740000 or 3h ago"

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

/* .123456789 */
static bool fraction(const char **at, uint64_t *ns)
{
	int n = 0;

	*ns = 0;
	if (!sign(at, '.'))
		return true;
	for (; is_digit(**at) && n < FRACTION_DIGITS; n++, (*at)++)
		*ns = 10 * *ns + (uint64_t)(**at - '0');
	for (int i = n; i < FRACTION_DIGITS; i++)
		*ns *= 10;
	return n > 0 && !is_digit(**at);
}

static bool date(const char **at, struct tm *t)
{
	return digits(at, 4, &t->tm_year) && sign(at, '-') && digits(at, 2, &t->tm_mon) &&
	       sign(at, '-') && digits(at, 2, &t->tm_mday);
}

static bool clock_time(const char **at, struct tm *t, uint64_t *ns)
{
	*ns = 0;
	if (!digits(at, 2, &t->tm_hour) || !sign(at, ':') || !digits(at, 2, &t->tm_min))
		return false;
	return !sign(at, ':') || (digits(at, 2, &t->tm_sec) && fraction(at, ns));
}

/* Z, +01:00 or nothing, to the end. */
static bool zone(const char **at, int *minutes)
{
	bool west = **at == '-';
	int hours;

	*minutes = 0;
	if (**at == '\0')
		return true;
	if (sign(at, 'Z'))
		return **at == '\0';
	if (!sign(at, '+') && !sign(at, '-'))
		return false;
	if (!digits(at, 2, &hours) || !sign(at, ':') || !digits(at, 2, minutes) || hours > 23 ||
		*minutes > 59)
		return false;
	*minutes = (60 * hours + *minutes) * (west ? -1 : 1);
	return **at == '\0';
}

static bool is_normal(const struct tm *t)
{
	struct tm copy = *t;

	(void)timegm(&copy);
	return copy.tm_mon == t->tm_mon && copy.tm_mday == t->tm_mday &&
	       copy.tm_hour == t->tm_hour && copy.tm_min == t->tm_min &&
	       copy.tm_sec == t->tm_sec;
}

static bool moment_of(struct tm *t, uint64_t ns, int zone_minutes, uint64_t *out)
{
	int64_t s;

	if (t->tm_year < YEAR_LEAST || t->tm_year > YEAR_MOST)
		return false;
	t->tm_year -= 1900;
	t->tm_mon--;
	if (!is_normal(t))
		return false;
	s = (int64_t)timegm(t) - (int64_t)60 * zone_minutes;
	*out = s < 0 ? 0 : (uint64_t)s * NS_PER_S + ns;
	return true;
}

/* The value that comes next is 18:00 or such. */
static bool clock_follows(struct parser *p)
{
	const char *at;
	int n;

	parse_next(p);
	at = p->text + p->at;
	return digits(&at, 2, &n) && *at == ':';
}

/* 2026-12-31, and what of the day may stand behind a T or, as a value of its own, a space. */
static bool calendar(struct parser *p, const char *at, uint64_t *ns)
{
	struct tm t = {0};
	struct value_text value;
	uint64_t fraction_ns = 0;
	int minutes;

	if (!date(&at, &t))
		return false;
	if (*at == '\0' && clock_follows(p)) {
		if (!parse_value(p, "a time", &value))
			return false;
		at = value.text;
		if (!clock_time(&at, &t, &fraction_ns))
			return false;
	} else if (*at != '\0' && ((!sign(&at, 'T') && !sign(&at, ' ')) ||
					  !clock_time(&at, &t, &fraction_ns))) {
		return false;
	}
	return zone(&at, &minutes) && moment_of(&t, fraction_ns, minutes, ns);
}

/* Seconds since 1970, perhaps with a fraction. */
static bool epoch(const char *at, uint64_t *ns)
{
	uint64_t s = 0, fraction_ns;
	int n = 0;

	for (; is_digit(*at) && n <= EPOCH_DIGITS; n++, at++)
		s = 10 * s + (uint64_t)(*at - '0');
	if (n == 0 || n > EPOCH_DIGITS || !fraction(&at, &fraction_ns) || *at != '\0')
		return false;
	*ns = s * NS_PER_S + fraction_ns;
	return true;
}

static bool ago(struct parser *p, const struct value_text *value, uint64_t length, uint64_t *ns)
{
	if (!parse_take_text(p, "ago"))
		return parse_fail(p, value->at, "'%.64s' is no time: did you mean %.64s ago",
			value->text, value->text);
	*ns = p->params->now_ns > length ? p->params->now_ns - length : 0;
	return true;
}

static bool moment_read(struct parser *p, uint64_t *ns)
{
	struct value_text value;
	uint64_t length;

	if (!parse_value(p, MOMENT, &value))
		return false;
	if (calendar(p, value.text, ns) || epoch(value.text, ns))
		return true;
	if (p->error->text[0] == '\0' && value_duration(value.text, &length))
		return ago(p, &value, length, ns);
	return parse_fail(p, value.at, "'%.64s' is not " MOMENT, value.text);
}

static bool duration_read(struct parser *p, uint64_t *ns)
{
	struct value_text value;

	if (!parse_value(p, "a length of time, such as 30s, 3h or 7d,", &value))
		return false;
	return (value_duration(value.text, ns) && *ns > 0) ||
	       parse_fail(p, value.at, "'%.64s' is no length of time, such as 30s, 3h or 7d",
		       value.text);
}

static bool within_read(struct parser *p, struct expression_node *n)
{
	uint64_t around = 0, moment = 0;

	if (!duration_read(p, &around))
		return false;
	if (!parse_take_text(p, "of"))
		return parse_fail(p, p->at, "'of' is missing here: within 30s of TIME");
	if (!moment_read(p, &moment))
		return false;
	n->time.from_ns = moment > around ? moment - around : 0;
	n->time.to_ns = moment > UINT64_MAX - around ? UINT64_MAX : moment + around;
	return true;
}

/* Before a moment is up to the nanosecond before it. */
static bool range_read(struct parser *p, int kind, struct expression_node *n)
{
	uint64_t moment = 0;

	switch (kind) {
	case TIME_AFTER:
		return moment_read(p, &n->time.from_ns);
	case TIME_BEFORE:
		if (!moment_read(p, &moment))
			return false;
		if (moment == 0)
			n->time.from_ns = UINT64_MAX; /* nothing is */
		n->time.to_ns = moment > 0 ? moment - 1 : 0;
		return true;
	case TIME_LAST:
		p->e->asks_newest = true;
		n->time.from_ns = UINT64_MAX; /* until the newest packet is known */
		return duration_read(p, &n->time.last_ns);
	default:
		return within_read(p, n);
	}
}

bool time_read(struct parser *p, const struct word *word, uint32_t *node)
{
	struct expression_node n;

	memset(&n, 0, sizeof(n));
	n.kind = EXPRESSION_TIME;
	n.at = p->at;
	n.time.to_ns = UINT64_MAX;
	parse_step(p, word);
	p->last.word = word->text;
	if (!range_read(p, word->value, &n))
		return false;
	p->last.word = NULL;
	return parse_add(p, &n, node);
}
