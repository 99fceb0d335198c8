/* The way of packets to the kernel and from it; see exception.h. */
#include "dataplane/exception/exception_inside.h"

#include "config/log/now.h"
#include "dataplane/output/ring.h"
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

/* One writer each. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t was = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, was + n, memory_order_release);
}

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
	uint32_t sent;

	/* Counted before they can be delivered: the sum never has more than was offered. */
	add(&way->offered, n);
	add(&way->offered_bytes, bytes_of(mbufs, n));
	sent = ring_push_burst(way->ring, (void *const *)mbufs, n);
	if (sent == n)
		return;
	add(&way->lost_ring, n - sent);
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
		add(&port->counts[RATE_LIMITED], 1);
	} else if (whole && tap_write(port->tap, rte_pktmbuf_mtod(m, void *), m->data_len)) {
		add(&port->counts[DELIVERED], 1);
		add(&port->counts[DELIVERED_BYTES], m->data_len);
	} else {
		add(&port->counts[LOST_TAP], 1);
	}
}

static uint32_t to_kernel(struct exception_port *port)
{
	struct rte_mbuf *mbufs[BURST];
	uint32_t sum = 0;

	token_bucket_fill(&port->bucket, now_monotonic());
	for (uint32_t w = 0; w < port->n_ways; w++) {
		uint32_t n = ring_pop_burst(port->ways[w].ring, (void **)mbufs, BURST);

		for (uint32_t i = 0; i < n; i++)
			deliver(port, mbufs[i]);
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
	add(&port->counts[FROM_KERNEL], read);
	add(&port->counts[FROM_KERNEL_BYTES], frames.bytes);
	/* What is sent may be gone at once: its length is taken before. */
	bytes = bytes_of(frames.mbufs, frames.n);
	sent = frames.n ? port_send(port->port, frames.mbufs, frames.n) : 0;
	bytes -= bytes_of(frames.mbufs + sent, frames.n - sent);
	add(&port->counts[SENT], sent);
	add(&port->counts[SENT_BYTES], bytes);
	add(&port->counts[LOST_TX], read - sent);
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
static void rest(struct exception *exception, bool idle)
{
	const struct timespec nap = {0, idle ? LOOK_IDLE_NS : LOOK_BUSY_NS};
	struct pollfd fds[EXCEPTION_PORTS + 1];

	for (uint32_t i = 0; i < exception->n_ports; i++) {
		const struct exception_port *port = exception->ports[i];

		fds[i] = (struct pollfd){
			.fd = port->gone ? -1 : tap_fd(port->tap), .events = POLLIN};
	}
	fds[exception->n_ports] = (struct pollfd){.fd = exception->wake, .events = POLLIN};
	ppoll(fds, exception->n_ports + 1, &nap, NULL);
	for (uint32_t i = 0; i < exception->n_ports; i++)
		if (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL))
			atomic_store_explicit(
				&exception->ports[i]->gone, true, memory_order_release);
}

void *exception_main(void *arg)
{
	struct exception *exception = arg;
	uint32_t idle = 0;

	pthread_setname_np(pthread_self(), "exception");
	/* Read before the round: the last one begins after the workers have ended. */
	for (;;) {
		bool stop = atomic_load_explicit(&exception->stop, memory_order_acquire);
		uint32_t n = look(exception, stop);

		if (stop && n == 0)
			return NULL;
		idle = n > 0 ? 0 : idle + 1;
		if (!stop)
			rest(exception, idle > IDLE_ROUNDS);
	}
}
