#include "inspect/support/alert_ear.h"

#include <stdio.h>

#include "config/log/now.h"

void alert_ear_hear(void *ctx, const struct alert_fact *fact)
{
	const struct alert *a = &fact->alert;
	struct alert_ear *ear = ctx;
	size_t len;

	len = (size_t)snprintf(ear->words, ALERT_EAR_WORDS, "%u %u-%u x%u s%u",
		a->source.byte[15], (unsigned)(fact->first_ns / NS_PER_S),
		(unsigned)(fact->time_ns / NS_PER_S), (unsigned)fact->times, a->severity);
	for (int which = ALERT_RULE; which <= ALERT_TENANT; which++)
		len += (size_t)snprintf(ear->words + len, ALERT_EAR_WORDS - len, "|%.*s",
			a->len[which], alert_text(a, fact->text, (enum alert_text)which));
	ear->n++;
	ear->times += fact->times;
	ear->start_ns = a->flow.start_ns;
	ear->by_title = a->by_title;
}
