/* flood INTERFACE FILE RATE SECONDS: sends the packets of a pcap file over and over, RATE a second
 * (0: as many as the kernel takes), and prints {"sent": N, "refused": N, "seconds": S}. It is
 * no part of periscope and shares nothing with it. */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, PACKETS_MAX = 1 << 20, SPIN_NS = 200000 };

struct flood {
	struct iovec packets[PACKETS_MAX];
	uint32_t n, at;
	int fd;
	uint64_t sent, refused;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void load(struct flood *f, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint32_t head[6], record[4];

	if (!file || fread(head, sizeof(head), 1, file) != 1)
		fail(path);
	if (head[0] != 0xa1b23c4d && head[0] != 0xa1b2c3d4) {
		fprintf(stderr, "%s: no pcap file in this machine's order\n", path);
		exit(1);
	}
	while (f->n < PACKETS_MAX && fread(record, sizeof(record), 1, file) == 1) {
		struct iovec *packet = &f->packets[f->n++];

		packet->iov_len = record[2];
		packet->iov_base = malloc(record[2]);
		if (!packet->iov_base || fread(packet->iov_base, record[2], 1, file) != 1)
			fail(path);
	}
	fclose(file);
	if (f->n == 0)
		fail("no packets");
}

static void open_socket(struct flood *f, const char *interface)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
	int on = 1;

	/* Protocol 0: it receives nothing. */
	f->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (f->fd < 0 || to.sll_ifindex == 0 ||
		bind(f->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		fail(interface);
	setsockopt(f->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A packet that the kernel refuses is counted, and not sent again. */
static void send_some(struct flood *f, unsigned n)
{
	struct mmsghdr messages[BATCH];
	int sent;

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < n; i++) {
		messages[i].msg_hdr.msg_iov = &f->packets[(f->at + i) % f->n];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(f->fd, messages, n, 0);
	f->refused += sent < 0;
	f->sent += sent < 0 ? 0 : (unsigned)sent;
	f->at = (f->at + (sent < 1 ? 1 : (unsigned)sent)) % f->n;
}

static void rest(uint64_t ns)
{
	struct timespec nap = {0, (long)(ns < 1000000 ? ns : 1000000)};

	if (ns > SPIN_NS)
		nanosleep(&nap, NULL);
}

/* Packets that were due while this program had no processor are made up for a batch at a time. */
int main(int argc, char **argv)
{
	static struct flood f;
	uint64_t rate, began, end, total;

	if (argc != 5) {
		fputs("usage: flood INTERFACE FILE RATE SECONDS\n", stderr);
		return 2;
	}
	load(&f, argv[2]);
	open_socket(&f, argv[1]);
	rate = strtoull(argv[3], NULL, 10);
	began = now_ns();
	end = began + (uint64_t)(strtod(argv[4], NULL) * 1e9);
	for (uint64_t now = began; now < end; now = now_ns()) {
		uint64_t gap = rate ? BATCH * UINT64_C(1000000000) / rate : 0;
		uint64_t due = began + (f.sent + f.refused) / BATCH * gap;

		if (due > now)
			rest(due - now);
		else
			send_some(&f, BATCH);
	}
	total = now_ns() - began;
	printf("{\"sent\": %llu, \"refused\": %llu, \"seconds\": %.3f}\n",
		(unsigned long long)f.sent, (unsigned long long)f.refused, (double)total / 1e9);
	return 0;
}
