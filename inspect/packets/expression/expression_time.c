/* Moments and ranges of time. UTC, unless a moment says otherwise. */
#include <stdio.h>
#include <string.h>

#include "config/parse/moment.h"
#include "config/parse/value.h"
#include "inspect/packets/expression/expression_parse.h"

#define MOMENT \
	"a time, such as 2026-12-31, '2026-12-31 18:00', 2026-12-31T18:00:00Z, 1798740000 or 3h ago"

/* The value that comes next is 18:00 or such. */
static bool clock_follows(struct parser *p)
{
	const char *at;

	parse_next(p);
	at = p->text + p->at;
	return strspn(at, "0123456789") == 2 && at[2] == ':';
}

/* 2026-12-31, and what of the day may stand behind a T or a space, or be a value of its own. */
static bool calendar(struct parser *p, const char *text, uint64_t *ns)
{
	enum moment_part finest;
	struct value_text clock;
	char both[64];

	if (!moment_read(text, ns, &finest))
		return false;
	if (finest != MOMENT_DAY || !clock_follows(p))
		return true;
	if (!parse_value(p, "a time", &clock))
		return false;
	return (size_t)snprintf(both, sizeof(both), "%s %s", text, clock.text) < sizeof(both) &&
	       moment_read(both, ns, &finest);
}

static bool ago(struct parser *p, const struct value_text *value, uint64_t length, uint64_t *ns)
{
	if (!parse_take_text(p, "ago"))
		return parse_fail(p, value->at, "'%.64s' is no time: did you mean %.64s ago",
			value->text, value->text);
	*ns = p->params->now_ns > length ? p->params->now_ns - length : 0;
	return true;
}

static bool moment_parse(struct parser *p, uint64_t *ns)
{
	struct value_text value;
	uint64_t length;

	if (!parse_value(p, MOMENT, &value))
		return false;
	if (calendar(p, value.text, ns) || moment_seconds(value.text, ns))
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
	if (!moment_parse(p, &moment))
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
		return moment_parse(p, &n->time.from_ns);
	case TIME_BEFORE:
		if (!moment_parse(p, &moment))
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
