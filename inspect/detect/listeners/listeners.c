#include "inspect/detect/listeners/listeners.h"

#include <stdlib.h>
#include <string.h>

#include "config/log/text.h"
#include "config/settings/settings.h"
#include "inspect/flow/addr_text.h"

struct listener {
	struct scan_row row;
	uint64_t first_ns;
};

struct listeners {
	struct scan_teller teller;
	uint64_t learning_ns; /* 0: nobody asks */
	uint64_t began_ns;    /* the earliest answer */
	struct recent *table;
	struct scan_row *fresh;
	uint64_t overflow;
};

void listeners_destroy(struct listeners *l)
{
	if (l == NULL)
		return;
	recent_destroy(l->table);
	free(l);
}

struct listeners *listeners_create(
	const struct settings *settings, const struct scan_teller *teller)
{
	struct listeners *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->teller = *teller;
	l->learning_ns = settings->detect.listener_learning;
	l->began_ns = UINT64_MAX;
	l->table = recent_create(LISTENERS_MAX, sizeof(struct listener));
	if (l->table != NULL)
		return l;
	free(l);
	return NULL;
}

void listeners_add(struct listeners *l, const struct listener_fact *fact)
{
	uint64_t time_ns = fact->about.now_ns;
	struct listener *listener = recent_find(l->table, &fact->about.key);

	if (time_ns < l->began_ns)
		l->began_ns = time_ns;
	if (listener == NULL) {
		listener = recent_take(l->table, &fact->about.key);
		if (listener == NULL) {
			l->overflow++;
			return;
		}
		listener->first_ns = time_ns;
		scan_row_wait(&l->fresh, &listener->row);
	}
	if (time_ns > listener->first_ns)
		return;
	if (time_ns < listener->first_ns) /* another flow shows it */
		listener->row.sight = (struct scan_sight){.is_inside = true};
	listener->first_ns = time_ns;
	scan_row_see(&listener->row, &fact->about);
}

static void tell(const struct listeners *l, const struct listener *listener)
{
	const struct flow *flow = &listener->row.sight.flow;
	const struct flow_ends ends = flow_ends(flow);
	char title[ALERT_TEXT], why[ALERT_TEXT], port[ENDPOINT_TEXT];
	struct text in_title = text_make(title, sizeof(title));
	struct text in_why = text_make(why, sizeof(why));
	struct text in_port = text_make(port, sizeof(port));
	struct alert_telling telling = {
		.severity = 3, .by_title = true, .time_ns = listener->first_ns, .times = 1};

	text_endpoint(&in_port, ends.dst, flow->key.ip_version, ends.dst_port);
	text_cstr(&in_title, "New listener ");
	text_bytes(&in_title, port, (size_t)(in_port.at - port));
	text_cstr(&in_why, "TCP port ");
	text_u64(&in_why, ends.dst_port);
	text_cstr(&in_why, " answers for the first time, ");
	text_u64(&in_why, (listener->first_ns - l->began_ns) / NS_PER_S);
	text_cstr(&in_why, " s after the first answer of any");
	alert_say(&telling, ALERT_RULE, "new_listener");
	alert_say(&telling, ALERT_CATEGORY, "listener");
	alert_say_text(&telling, ALERT_TITLE, title, &in_title);
	alert_say_text(&telling, ALERT_WHY, why, &in_why);
	alert_say(&telling, ALERT_FIELD, "listener");
	alert_say_text(&telling, ALERT_VALUE, port, &in_port);
	scan_row_tell(&listener->row, &l->teller, &telling);
}

void listeners_judge(struct listeners *l)
{
	struct listener *listener;

	while ((listener = scan_row_next(&l->fresh)) != NULL)
		if (l->learning_ns != 0 && listener->first_ns - l->began_ns >= l->learning_ns)
			tell(l, listener);
}

uint64_t listeners_overflow(const struct listeners *l)
{
	return l->overflow;
}
