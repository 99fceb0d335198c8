#include "inspect/detect/scans/floods.h"

#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/scan_words.h"
#include "inspect/flow/addr_text.h"

enum { PARTS = 6 };

struct port {
	struct scan_row row;
	uint64_t part;                  /* the number of the latest, since the epoch */
	struct syns_count parts[PARTS]; /* of number n the count at n % PARTS */
	uint64_t untold;                /* SYNs since it was told, or began */
};

struct floods {
	struct scan_teller teller;
	uint64_t least, window_ns, part_ns;
	struct recent *ports;
	struct scan_row *fresh;
	uint64_t overflow;
};

void floods_destroy(struct floods *f)
{
	if (f == NULL)
		return;
	recent_destroy(f->ports);
	free(f);
}

struct floods *floods_create(const struct settings *settings, const struct scan_teller *teller)
{
	struct floods *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->teller = *teller;
	f->least = settings->detect.syn_flood;
	f->window_ns = settings->detect.scan_window;
	f->part_ns = f->window_ns / PARTS;
	f->ports = recent_create(settings->detect.scan_sources, sizeof(struct port));
	if (f->ports != NULL)
		return f;
	free(f);
	return NULL;
}

static uint64_t syns(const struct syns_count *count)
{
	return count->unanswered + count->half_open;
}

static struct syns_count within_window(const struct port *port)
{
	struct syns_count sum = {0};

	for (int i = 0; i < PARTS; i++)
		if (syns(&port->parts[i]) > 0)
			syns_count_add(&sum, &port->parts[i]);
	return sum;
}

/* The clock is in part `part`: what lies a window behind is forgotten. Clocks of workers differ a little; where one
 * went far back all is forgotten. */
static void turn(struct port *port, uint64_t part)
{
	if (part <= port->part && port->part - part < PARTS)
		return;
	if (part < port->part || part - port->part >= PARTS) {
		memset(port->parts, 0, sizeof(port->parts));
		port->untold = 0;
		port->part = part;
		return;
	}
	while (port->part < part)
		port->parts[++port->part % PARTS] = (struct syns_count){0};
}

static bool make_room(struct floods *f)
{
	struct port *oldest = recent_oldest(f->ports);
	struct syns_count lost;

	if (oldest == NULL || oldest->row.is_fresh)
		return false;
	lost = within_window(oldest);
	f->overflow += syns(&lost);
	recent_drop(f->ports, oldest);
	return true;
}

static struct port *port_of(struct floods *f, const struct recent_key *key)
{
	struct port *port = recent_find(f->ports, key);

	if (port == NULL)
		port = recent_take(f->ports, key);
	if (port == NULL && make_room(f))
		port = recent_take(f->ports, key);
	return port;
}

static bool has_other_source(const struct scan_sight *a, const struct scan_sight *b)
{
	return a->flow.key.ip_version != 0 &&
	       !ip_addr_equal(flow_ends(&a->flow).src, flow_ends(&b->flow).src);
}

void floods_add(struct floods *f, const struct syns_fact *fact)
{
	struct syns_count count = fact->count;
	struct port *port = port_of(f, &fact->about.key);

	if (port == NULL) {
		f->overflow += syns(&count);
		return;
	}
	turn(port, fact->about.now_ns / f->part_ns);
	if (has_other_source(&port->row.sight, &fact->about.sight))
		count.many_sources = true;
	syns_count_add(&port->parts[port->part % PARTS], &count);
	port->untold += syns(&count);
	port->row.last_ns = fact->about.now_ns;
	scan_row_see(&port->row, &fact->about);
	scan_row_wait(&f->fresh, &port->row);
}

static void tell(struct floods *f, const struct port *port, const struct syns_count *within)
{
	const struct flow *flow = &port->row.sight.flow;
	const struct flow_ends ends = flow_ends(flow);
	char why[ALERT_TEXT], value[ENDPOINT_TEXT];
	struct text t = text_make(why, sizeof(why)), v = text_make(value, sizeof(value));
	struct alert_telling telling = {
		.severity = 2,
		.first_ns = within->first_ns,
		.time_ns = within->last_ns,
		.times = port->untold < syns(within) ? port->untold : syns(within),
	};

	flood_why(&t, flow, within, f->window_ns);
	text_endpoint(&v, ends.dst, flow->key.ip_version, ends.dst_port);
	alert_say(&telling, ALERT_RULE, "syn_flood");
	alert_say(&telling, ALERT_CATEGORY, "flood");
	alert_say(&telling, ALERT_TITLE, "SYN flood");
	alert_say_text(&telling, ALERT_WHY, why, &t);
	alert_say(&telling, ALERT_FIELD, "destination");
	alert_say_text(&telling, ALERT_VALUE, value, &v);
	scan_row_tell(&port->row, &f->teller, &telling);
}

void floods_judge(struct floods *f)
{
	struct port *port;

	while ((port = scan_row_next(&f->fresh)) != NULL) {
		const struct syns_count within = within_window(port);

		if (syns(&within) < f->least)
			continue;
		tell(f, port, &within);
		port->untold = 0;
	}
}

uint64_t floods_overflow(const struct floods *f)
{
	return f->overflow;
}
