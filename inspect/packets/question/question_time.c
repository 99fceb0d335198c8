#include "inspect/packets/question/question_time.h"

#include <string.h>

#include "config/parse/moment.h"
#include "config/parse/value.h"

enum { MILLISECONDS_DIGITS = 13 };

/* A date alone is no moment of a packet. */
static bool calendar(const char *text, uint64_t *ns)
{
	enum moment_part finest;

	return moment_read(text, ns, &finest) && finest == MOMENT_SECOND;
}

static bool milliseconds(const char *text, uint64_t *ns)
{
	uint64_t n;

	if (strlen(text) != MILLISECONDS_DIGITS || !value_number(text, &n))
		return false;
	*ns = n * NS_PER_MS;
	return true;
}

bool question_time(const char *text, uint64_t *ns)
{
	return (calendar(text, ns) || moment_seconds(text, ns) || milliseconds(text, ns)) &&
	       *ns <= QUESTION_TIME_MOST;
}
