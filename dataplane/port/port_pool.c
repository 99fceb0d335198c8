/* The buffers of a port: how large, how many. */
#include "dataplane/port/port_inside.h"

#include "decap/packet.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <stdio.h>

#include "config/log/error.h"

enum {
	DESCRIPTORS_MIN = 512,
	BUFFERS_MIN = 256,
	ROOM = 2048,       /* of a buffer, where frames may come in several */
	ROOM_WHOLE = 9216, /* and where they may not: a jumbo frame */
	LARGE_COUNT = 255, /* frames made linear that may be in use at once */
	CACHE = 250,
	CACHE_MIN = 32,
	LINK_TAGGED = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN,
};

_Static_assert(LARGE_ROOM + RTE_PKTMBUF_HEADROOM == UINT16_MAX, "fits an mbuf");
_Static_assert(PORT_NAME == RTE_ETH_NAME_MAX_LEN, "DPDK's");

bool port_is_large(const struct rte_mbuf *m)
{
	return m->buf_len == LARGE_ROOM + RTE_PKTMBUF_HEADROOM;
}

/* Bytes of a buffer's data: a whole frame where the driver cannot use several buffers for one. */
static uint32_t eviction_has_room(const struct port *port)
{
	uint32_t room = ROOM;

	if (port->particulars.room)
		return port->particulars.room < LARGE_ROOM ? port->particulars.room
							   : LARGE_ROOM;
	if (!port_scatters(port) && port->info->max_rx_pktlen > ROOM)
		room = port->info->max_rx_pktlen < ROOM_WHOLE ? port->info->max_rx_pktlen
							      : ROOM_WHOLE;
	if (room < port->info->min_rx_bufsize)
		room = port->info->min_rx_bufsize;
	return room < LARGE_ROOM ? room : LARGE_ROOM;
}

static struct rte_mempool *make_pool(
	const struct port *port, const char *kind, uint32_t n, uint32_t cache, uint32_t room)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", kind, port->number);
	return rte_pktmbuf_pool_create(
		name, n, cache, 0, (uint16_t)(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
}

/* Buffers that lie in the ring of a queue. */
static uint32_t held_by(const struct port *port)
{
	if (port->particulars.holds_nothing)
		return BURST_MAX;
	return port->particulars.held ? port->particulars.held : port->descriptors;
}

/* Buffers for the rings of the queues and for `away` more. */
static uint64_t count_with(const struct port *port, uint32_t away)
{
	return (uint64_t)port->queues * held_by(port) + BUFFERS_MIN + away;
}

static bool rings_are_fixed(const struct port *port)
{
	return port->particulars.holds_nothing || port->particulars.held;
}

/* Makes the rings as short as it takes for `away` more buffers to fit beside theirs. false: they do not;
 * the rings are what they were. */
static bool make_room(struct port *port, uint64_t fits, uint32_t away)
{
	uint16_t was = port->descriptors;

	while (count_with(port, away) > fits) {
		if (rings_are_fixed(port) || port->descriptors <= DESCRIPTORS_MIN) {
			port->descriptors = was;
			return false;
		}
		port->descriptors /= 2;
	}
	return true;
}

/* How many buffers to have: enough for the rings of the queues, and for those that are away. With
 * little memory the rings become shorter. 0: too little even so. */
static uint32_t count_buffers(
	struct port *port, const struct port_params *params, uint64_t fits)
{
	uint64_t most;

	if (!make_room(port, fits, params->needed) && !make_room(port, fits, 0))
		return 0;
	most = count_with(port, params->buffers);
	return (uint32_t)(most < fits ? most : fits);
}

/* What a worker may keep for itself, so that all of them together keep half of what is not in the rings
 * at most: what one keeps is missing where another receives. DPDK fills a cache to one and a half
 * times its size. */
static uint32_t cache_for(const struct port *port, uint32_t n, uint32_t workers)
{
	uint32_t spare = n - port->queues * held_by(port);
	uint32_t share = workers > 0 ? spare / (3 * workers) : spare / 3;

	if (share >= CACHE)
		return CACHE;
	return share < CACHE_MIN ? 0 : share;
}

static void note_few(const struct port *port, const struct port_opening *opening, uint32_t n,
	uint64_t each, uint64_t large)
{
	uint64_t wanted = count_with(port, opening->params->needed), would_do = wanted;

	if (n >= wanted)
		return;
	if (!rings_are_fixed(port) && port->descriptors > DESCRIPTORS_MIN)
		would_do -= (uint64_t)port->queues * (port->descriptors - DESCRIPTORS_MIN);
	port_note(opening,
		"%s: %u of %llu buffers have room in capture.memory: while a worker or the disk"
		" stands still, packets of all may be lost, as missed or nombuf; %llu MiB a "
		"port"
		" would do",
		port->device, n, (unsigned long long)wanted,
		(unsigned long long)((would_do * each + large) >> 20) + 1);
}

/* The kernel's frames come in one piece each, and go as they come. One byte more than the longest has:
 * what fills a buffer is too long. */
static int make_tx_pool(struct port *port, struct error *error)
{
	port->tx_pool = make_pool(port, "tx", TX_BUFFERS, 0, port_mtu(port) + LINK_TAGGED + 1);
	if (port->tx_pool)
		return 0;
	port_say(error, port, "rte_pktmbuf_pool_create", rte_errno,
		"give the machine more memory, or set exception.mode to off");
	return -1;
}

int port_make_pools(struct port *port, const struct port_opening *opening)
{
	const struct port_params *params = opening->params;
	struct error *error = opening->error;
	/* A driver that says how large its buffers are puts no frame into several. */
	bool whole = port->particulars.room > 0;
	uint32_t room = eviction_has_room(port), n;
	uint64_t each = room + RTE_PKTMBUF_HEADROOM + sizeof(struct rte_mbuf) + 128;
	uint32_t n_large = LARGE_COUNT + params->large;
	uint64_t large = whole ? 0 : (uint64_t)n_large * (LARGE_ROOM + 1024);
	uint64_t fits = params->memory > large ? (params->memory - large) / each : 0;

	n = count_buffers(port, params, fits);
	if (n == 0) {
		error_set(error,
			"%s: %llu MiB of memory are too few for buffers of %u bytes for %u "
			"queues; "
			"raise capture.memory or lower capture.queues",
			port->device, (unsigned long long)(params->memory >> 20), room,
			port->queues);
		return -1;
	}
	note_few(port, opening, n, each, large);
	port->pool = make_pool(port, "rx", n, cache_for(port, n, params->workers), room);
	if (port->pool && large)
		port->large = make_pool(port, "large", n_large, 0, LARGE_ROOM);
	if (!port->pool || (large && !port->large)) {
		port_say(error, port, "rte_pktmbuf_pool_create", rte_errno,
			"lower capture.memory, or give the machine huge pages");
		return -1;
	}
	if (params->sends && port->info->max_tx_queues > 0)
		return make_tx_pool(port, error);
	return 0;
}
