/* The way of packets to the kernel and from it; see exception.h. */
#include "dataplane/exception/exception_inside.h"

#include "config/log/now.h"
#include "decap/counters/shared.h"
#include "decap/packet.h"

#include <rte_mbuf.h>

#include <poll.h>
#include <time.h>

enum {
	BURST = 32,
	/* Frames of the kernel wake the thread; packets in rings wait for it to look. */
	LOOK_BUSY_NS = 100000,
	LOOK_IDLE_NS = 1000000,
	IDLE_ROUNDS = 64,
	WASTE = 16384,
};

/* --- the workers' side --- */

static uint64_t bytes_of(struct rte_mbuf *const *mbufs, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += mbufs[i]->pkt_len;
	return bytes;
}

static void offer(
	struct exception_port *port, uint32_t worker, struct rte_mbuf **mbufs, uint32_t n)
{
	struct way_in *way = &port->ways[worker];
	uint32_t sent = 0;

	/* Counted before they can be delivered: the sum never has more than was offered. */
	shared_add(&way->offered, n);
	shared_add(&way->offered_bytes, bytes_of(mbufs, n));
	for (uint64_t room = ring_room(&way->ring, EXCEPTION_RING, n); sent < n && sent < room;)
		way->mbufs[way->ring.put++ % EXCEPTION_RING] = mbufs[sent++];
	ring_send(&way->ring);
	if (sent == n)
		return;
	shared_add(&way->lost_ring, n - sent);
	rte_pktmbuf_free_bulk(mbufs + sent, n - sent);
}

uint64_t exception_offer(struct exception_port *port, uint32_t worker, struct rte_mbuf **mbufs,
	const enum reason *why, uint64_t mask)
{
	struct rte_mbuf *ours[BURST_MAX];
	uint64_t taken = 0;
	uint32_t n = 0;

	for (uint64_t rest = mask; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		if (reason_bucket(why[i]) != BUCKET_not_mirror)
			continue;
		ours[n++] = mbufs[i];
		taken |= UINT64_C(1) << i;
	}
	if (n > 0)
		offer(port, worker, ours, n);
	return taken;
}

/* --- the thread --- */

static void deliver(struct exception_port *port, struct rte_mbuf *m)
{
	/* What is in several pieces, or was cut, is not what arrived. */
	bool whole = m->data_len == m->pkt_len;

	if (!token_bucket_take(&port->bucket)) {
		shared_add(&port->counts[RATE_LIMITED], 1);
	} else if (whole && tap_write(port->tap, rte_pktmbuf_mtod(m, void *), m->data_len)) {
		shared_add(&port->counts[DELIVERED], 1);
		shared_add(&port->counts[DELIVERED_BYTES], m->data_len);
	} else {
		shared_add(&port->counts[LOST_TAP], 1);
	}
}

static uint32_t to_kernel(struct exception_port *port)
{
	struct rte_mbuf *mbufs[BURST];
	uint32_t sum = 0;

	token_bucket_fill(&port->bucket, now_monotonic());
	for (uint32_t w = 0; w < port->n_ways; w++) {
		struct way_in *way = &port->ways[w];
		uint32_t n = (uint32_t)RTE_MIN(ring_available(&way->ring, 1), (uint64_t)BURST);

		for (uint32_t i = 0; i < n; i++) {
			mbufs[i] = way->mbufs[way->ring.got++ % EXCEPTION_RING];
			deliver(port, mbufs[i]);
		}
		ring_done(&way->ring);
		rte_pktmbuf_free_bulk(mbufs, n);
		sum += n;
	}
	return sum;
}

/* Frames of the kernel, in buffers of the port. */
struct frames {
	struct rte_mbuf *mbufs[BURST];
	uint32_t n;
	uint64_t bytes;
};

/* The next frame; false: there is none. Without a buffer for it, it is read all the same: left where
 * it is, it would wake the thread again and again. One that is longer than the port's, since somebody has
 * set another MTU, comes cut and is not sent. */
static bool next_frame(struct exception_port *port, struct frames *frames)
{
	struct rte_mbuf *m = port_buffer(port->port);
	char waste[WASTE];
	ssize_t len =
		m ? tap_read(port->tap, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m))
		  : tap_read(port->tap, waste, sizeof(waste));

	if (len < 0)
		atomic_store_explicit(&port->gone, true, memory_order_release);
	if (len <= 0) {
		rte_pktmbuf_free(m);
		return false;
	}
	frames->bytes += (uint64_t)len;
	if (m && len == rte_pktmbuf_tailroom(m)) {
		rte_pktmbuf_free(m);
	} else if (m) {
		m->data_len = (uint16_t)len;
		m->pkt_len = (uint32_t)len;
		frames->mbufs[frames->n++] = m;
	}
	return true;
}

static uint32_t from_kernel(struct exception_port *port)
{
	struct frames frames = {.n = 0};
	uint32_t read = 0, sent;
	uint64_t bytes;

	while (read < BURST && next_frame(port, &frames))
		read++;
	if (read == 0)
		return 0;
	shared_add(&port->counts[FROM_KERNEL], read);
	shared_add(&port->counts[FROM_KERNEL_BYTES], frames.bytes);
	/* What is sent may be gone at once: its length is taken before. */
	bytes = bytes_of(frames.mbufs, frames.n);
	sent = frames.n ? port_send(port->port, frames.mbufs, frames.n) : 0;
	bytes -= bytes_of(frames.mbufs + sent, frames.n - sent);
	shared_add(&port->counts[SENT], sent);
	shared_add(&port->counts[SENT_BYTES], bytes);
	shared_add(&port->counts[LOST_TX], read - sent);
	rte_pktmbuf_free_bulk(frames.mbufs + sent, frames.n - sent);
	return read;
}

/* At the end nothing more is sent: the kernel might never stop. */
static uint32_t look(struct exception *exception, bool stop)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < exception->n_ports; i++) {
		n += to_kernel(exception->ports[i]);
		if (!stop && !exception->ports[i]->gone)
			n += from_kernel(exception->ports[i]);
	}
	return n;
}

/* Until the kernel has a frame, or it is time to look at the rings. */
static void rest(void *ctx)
{
	struct exception *exception = ctx;
	bool idle = exception->idle > IDLE_ROUNDS;
	const struct timespec nap = {0, idle ? LOOK_IDLE_NS : LOOK_BUSY_NS};
	struct pollfd fds[EXCEPTION_PORTS];

	for (uint32_t i = 0; i < exception->n_ports; i++) {
		const struct exception_port *port = exception->ports[i];

		fds[i] = (struct pollfd){
			.fd = port->gone ? -1 : tap_fd(port->tap), .events = POLLIN};
	}
	ppoll(fds, exception->n_ports, &nap, NULL);
	for (uint32_t i = 0; i < exception->n_ports; i++)
		if (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL))
			atomic_store_explicit(
				&exception->ports[i]->gone, true, memory_order_release);
}

/* Rests after each round: a flood costs this thread a share of a processor, and itself the rest. */
static bool move_round(void *ctx)
{
	struct exception *exception = ctx;
	bool ends = exception->service.phase != SERVICE_RUNS;
	uint32_t n = look(exception, ends);

	exception->idle = n > 0 ? 0 : exception->idle + 1;
	return ends && n > 0;
}

const struct service_work exception_work = {"exception", move_round, NULL, rest};
