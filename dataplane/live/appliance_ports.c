/* The ports of the appliance: opened with buffers for all who may hold some, started before the workers
 * are. */
#include "dataplane/live/appliance_inside.h"

#include <stdio.h>

#include "config/log/error.h"

/* The queues of the recorder, the feeds and Suricata. */
static uint32_t queues(const struct settings *s)
{
	return s->feeds.count + (s->packets.record != RECORD_NONE) +
	       settings_suricata_is_on(&s->detect.suricata);
}

/* Packets that one worker may have in them. */
static uint32_t recorded(const struct settings *s)
{
	return queues(s) * packet_queue_room(s->packets.queue);
}

/* Packets that can be in rings and in workers' hands at once. */
static uint32_t buffers_away(const struct settings *s, uint32_t n_workers)
{
	uint32_t pairs = n_workers * (n_workers - 1);

	return pairs * (HANDOFF_RING + BURST_MAX) +
	       n_workers * (8 * BURST_MAX + EXCEPTION_RING + recorded(s));
}

/* Of them, with one worker that takes nothing, and nothing taken from the others either by the kernel or
 * by the disk. */
static uint32_t buffers_needed(const struct settings *s, uint32_t n_workers)
{
	uint32_t pairs = n_workers * (n_workers - 1);

	return (n_workers - 1) * (HANDOFF_RING + BURST_MAX) + pairs * HANDOFF_LATE +
	       n_workers * (8 * BURST_MAX + EXCEPTION_RING + recorded(s));
}

static bool may_have_exception(
	const struct settings *s, const char *device, struct error *error)
{
	if (s->exception.mode != EXCEPTION_ON || !port_has_kernel_beside(device))
		return true;
	error_set(error,
		"%.200s: exception.mode on is not for such a port: the kernel sees its packets "
		"itself, and would get each of them twice; say auto",
		device);
	return false;
}

int appliance_open_ports(struct appliance *appliance, struct error *error)
{
	const struct settings *s = appliance->params.settings;
	uint16_t udp[2 * SETTINGS_LIST_MAX];
	char note[APPLIANCE_MESSAGE];
	uint32_t n_udp = 0;

	for (uint32_t i = 0; i < s->capture.vxlan_ports.count; i++)
		udp[n_udp++] = s->capture.vxlan_ports.port[i];
	for (uint32_t i = 0; i < s->capture.geneve_ports.count; i++)
		udp[n_udp++] = s->capture.geneve_ports.port[i];
	for (uint32_t i = 0; i < s->capture.ports.count; i++) {
		const struct port_params params = {
			.device = s->capture.ports.text[i],
			.queues = s->capture.queues,
			.workers = appliance->n_workers,
			.buffers = buffers_away(s, appliance->n_workers),
			.needed = buffers_needed(s, appliance->n_workers),
			.large = PACKET_QUEUE_LARGE * queues(s),
			.memory = s->capture.memory / s->capture.ports.count,
			.udp_ports = udp,
			.n_udp_ports = n_udp,
			.device_times = s->capture.device_times,
			.sends = appliance_wants_exception(appliance, s->capture.ports.text[i]),
		};
		struct port *port = NULL;

		if (may_have_exception(s, params.device, error))
			port = port_open(&params, error, note, APPLIANCE_MESSAGE);
		if (!port)
			return -1;
		if (note[0])
			log_warning("%s", note);
		appliance->ports[appliance->n_ports++].port = port;
	}
	return 0;
}

struct port_reading appliance_ask_port(
	struct appliance *appliance, uint32_t index, struct port_xstat *xstats, uint32_t max)
{
	struct watched_port *w = &appliance->ports[index];
	struct port_reading reading;

	pthread_mutex_lock(&appliance->asking);
	port_tick(w->port);
	reading = port_ask(w->port, xstats, max);
	w->counters = reading.counters;
	pthread_mutex_unlock(&appliance->asking);
	return reading;
}

int appliance_start_ports(struct appliance *appliance, struct error *error)
{
	for (uint32_t i = 0; i < appliance->n_ports; i++)
		if (port_start(appliance->ports[i].port, error))
			return -1;
	return 0;
}
