/* What the control thread looks at once a second, and says. */
#include "config/log/log.h"
#include "dataplane/live/appliance_inside.h"

#include <stdio.h>

static const char *link_words(enum port_link link)
{
	switch (link) {
	case PORT_LINK_UP:
		return "its link is up";
	case PORT_LINK_DOWN:
		return "its link went down; packets come again when it is up";
	case PORT_LINK_GONE:
		return "its interface was removed: nothing more will come in by it; "
		       "restart when it is there again (see capture.removed)";
	case PORT_LINK_UNKNOWN:
		break;
	}
	return "the state of its link is not known";
}

static void say_link(const struct appliance *appliance, uint32_t i, enum port_link link)
{
	log_warning("port %s: %s", appliance->params.settings->capture.ports.text[i],
		link_words(link));
}

/* A port cannot be opened anew: the rights to do it were given up. */
static void look_for_end(struct appliance *appliance, uint32_t i)
{
	struct watched_port *w = &appliance->ports[i];

	if (appliance->must_end || appliance->params.settings->capture.removed != REMOVED_END ||
		!(w->exception_gone || (w->link == PORT_LINK_GONE && port_is_back(w->port))))
		return;
	appliance->must_end = true;
	log_error("port %s: ends, so that it is started anew and takes its interface up "
		  "(capture.removed)",
		appliance->params.settings->capture.ports.text[i]);
}

bool appliance_tick(struct appliance *appliance)
{
	uint64_t missed = 0;

	for (uint32_t i = 0; i < appliance->n_ports; i++) {
		struct watched_port *w = &appliance->ports[i];
		enum port_link link = port_link(w->port);
		struct port_counters counters =
			appliance_ask_port(appliance, i, NULL, 0).counters;

		if (link != w->link && (w->link != PORT_LINK_UNKNOWN || link >= PORT_LINK_DOWN))
			say_link(appliance, i, link);
		pthread_mutex_lock(&appliance->lock);
		w->link = link;
		pthread_mutex_unlock(&appliance->lock);
		missed += counters.missed + counters.nombuf;
		appliance_watch_exception(appliance, i);
		look_for_end(appliance, i);
	}
	atomic_store_explicit(&appliance->missed, missed, memory_order_relaxed);
	appliance_say_overload(appliance);
	appliance_tell_stats(appliance);
	appliance_watch_mirror(appliance);
	return !appliance->must_end;
}
