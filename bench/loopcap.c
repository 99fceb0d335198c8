/* Loops captures: each input N times (mirrored ones without their encapsulation), interleaved by
 * the time since its first packet, the inner addresses changed from loop to loop (the third byte
 * of IPv4 addresses, the fourteenth of IPv6; not those of multicast, broadcast or no host) and
 * the checksums with them. So every loop brings flows of its own to programs that know nothing of
 * VNIs, too. Writes the frames as they are (--plain FILE), mirrored under one VNI (--mirror FILE),
 * or both. */
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/traffic/capture_out.h"
#include "config/log/error.h"
#include "dataplane/capture/input.h"
#include "decap/cursor.h"
#include "decap/decap.h"
#include "support/frame.h"

enum { LOOPS_MAX = 255 };
#define GAP_NS UINT64_C(1000000) /* between two loops */

struct record {
	uint64_t since_ns; /* since the first packet of its capture */
	uint64_t order;
	uint8_t *frame;
	uint32_t len;
	/* What is changed: where the IP header begins (0: nothing), and the L4 checksum (0: none). */
	uint32_t ip, l4_sum;
	uint8_t version;
};

struct records {
	struct record *at;
	size_t n, room;
	uint64_t first_ns, span_ns;
	uint64_t skipped;
};

struct job {
	const char *mirror, *plain;
	unsigned loops;
	uint32_t vni;
};

static void *need(void *memory)
{
	if (!memory) {
		fputs("loopcap: no memory\n", stderr);
		exit(1);
	}
	return memory;
}

/* Where the packet's L4 checksum stands, from the start of the IP header; 0: it has none here. */
static uint32_t l4_checksum_at(const struct packet *p)
{
	uint32_t at = 0;

	if (p->flags & PACKET_LATER_FRAGMENT)
		return 0;
	if (p->protocol == IPPROTO_TCP)
		at = p->l4 + 16u;
	else if (p->protocol == IPPROTO_UDP)
		at = p->l4 + 6u;
	else if (p->protocol == IPPROTO_ICMPV6)
		at = p->l4 + 2u;
	if (at == 0 || at + 2 > p->ip_cap)
		return 0;
	return p->protocol == IPPROTO_UDP && be16(p->ip + at) == 0 ? 0 : at;
}

/* An Ethernet header for what has none. */
static void ethernet_put(uint8_t *out, uint8_t ip_version)
{
	static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

	memcpy(out, addresses, sizeof(addresses));
	out[12] = ip_version == 4 ? 0x08 : 0x86;
	out[13] = ip_version == 4 ? 0x00 : 0xdd;
}

/* Takes off what mirroring put around the packet, if anything. True: it is IP. */
static bool unwrap(struct packet *p, const struct input_packet *in)
{
	static const struct decap_params params = {.vxlan_ports = {4789},
		.geneve_ports = {6081},
		.n_vxlan_ports = 1,
		.n_geneve_ports = 1,
		.max_depth = 4};
	enum reason why;

	*p = (struct packet){
		.data = in->data, .cap = in->cap, .wire = in->cap, .link = in->link};
	why = decap_mirror(&params, p);
	if (!(p->flags & PACKET_HAS_VNI))
		why = decap_plain(p);
	return why == REASON_inspected;
}

/* Frames of other links become Ethernet; what is not IP there is left out. */
static bool record_make(struct record *r, const struct input_packet *in)
{
	struct packet p;
	bool is_ip = unwrap(&p, in);
	bool is_ethernet = p.frame && p.frame_link == LINK_ETHERNET;

	if (!is_ip && !is_ethernet)
		return false;
	r->len = is_ethernet ? p.frame_cap : FRAME_ETHERNET + p.ip_cap;
	r->frame = need(malloc(r->len + 1));
	if (is_ethernet) {
		memcpy(r->frame, p.frame, r->len);
		r->ip = is_ip ? (uint32_t)(p.ip - p.frame) : 0;
	} else {
		ethernet_put(r->frame, p.ip_version);
		memcpy(r->frame + FRAME_ETHERNET, p.ip, p.ip_cap);
		r->ip = FRAME_ETHERNET;
	}
	r->version = is_ip ? p.ip_version : 0;
	r->l4_sum = is_ip ? l4_checksum_at(&p) : 0;
	if (r->l4_sum)
		r->l4_sum += r->ip;
	return true;
}

static struct record *records_add(struct records *all)
{
	if (all->n == all->room) {
		all->room = all->room ? 2 * all->room : 65536;
		all->at = need(realloc(all->at, all->room * sizeof(*all->at)));
	}
	return &all->at[all->n];
}

static void load(struct records *all, const char *path)
{
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);
	struct input_packet in;
	uint64_t first_ns = 0;

	if (!input)
		return;
	while (input_next(input, &in)) {
		struct record *r = records_add(all);

		*r = (struct record){.order = all->n};
		first_ns = first_ns ? first_ns : in.time_ns;
		r->since_ns = in.time_ns > first_ns ? in.time_ns - first_ns : 0;
		if (!record_make(r, &in)) {
			all->skipped++;
			continue;
		}
		all->first_ns = all->first_ns ? all->first_ns : in.time_ns;
		all->span_ns = r->since_ns > all->span_ns ? r->since_ns : all->span_ns;
		all->n++;
	}
	for (unsigned i = 0; i < input_error_count(input); i++)
		fprintf(stderr, "loopcap: %s\n", input_error(input, i));
	input_close(input);
}

static int by_time(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* RFC 1624: the checksum at `sum` after the byte at `at` became `with`. */
static void checksum_adapt(uint8_t *sum, const uint8_t *at, uint8_t with, bool is_high)
{
	unsigned shift = is_high ? 8 : 0;
	uint32_t s = (uint16_t)~be16(sum);

	s += (uint16_t) ~(uint16_t)(*at << shift);
	s += (uint32_t)with << shift;
	s = (s & 0xffff) + (s >> 16);
	s = ~((s & 0xffff) + (s >> 16));
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

static bool v4_is_fixed(const uint8_t *address)
{
	return address[0] == 0 || address[0] >= 224;
}

static bool v6_is_fixed(const uint8_t *address)
{
	static const uint8_t zeros[16];

	return address[0] == 0xff || memcmp(address, zeros, sizeof(zeros)) == 0;
}

static void address_change(struct record *r, uint32_t at, uint8_t flip)
{
	bool v4 = r->version == 4;
	uint8_t *address = r->frame + r->ip + at, *byte = address + (v4 ? 2 : 13);
	uint8_t with = (uint8_t)(*byte ^ flip);

	if (v4 ? v4_is_fixed(address) : v6_is_fixed(address))
		return;
	if (v4)
		checksum_adapt(r->frame + r->ip + 10, byte, with, true);
	if (r->l4_sum)
		checksum_adapt(r->frame + r->l4_sum, byte, with, v4);
	*byte = with;
}

/* From one loop's addresses to the next one's. */
static void record_turn(struct record *r, unsigned loop)
{
	uint8_t flip = (uint8_t)(loop ^ (loop - 1));

	if (loop == 0 || r->version == 0)
		return;
	address_change(r, r->version == 4 ? 12 : 8, flip);
	address_change(r, r->version == 4 ? 16 : 24, flip);
}

static void write_mirrored(
	pcap_dumper_t *out, const struct job *job, const struct record *r, uint64_t time_ns)
{
	static uint8_t bytes[FRAME_MIRROR + 65536];
	uint32_t len = r->len < 65000 ? r->len : 65000;

	memcpy(bytes + FRAME_MIRROR, r->frame, len);
	frame_mirror(0xac1f00ee, job->vni, 0xff80, len, bytes);
	capture_out_write(out, time_ns, bytes, FRAME_MIRROR + len);
}

static int write_loops(const struct job *job, struct records *all)
{
	pcap_dumper_t *mirror = job->mirror ? capture_out_open(job->mirror) : NULL;
	pcap_dumper_t *plain = job->plain ? capture_out_open(job->plain) : NULL;
	uint64_t start = all->first_ns;
	bool ok = (!job->mirror || mirror) && (!job->plain || plain);

	for (unsigned loop = 0; ok && loop < job->loops; loop++) {
		for (size_t i = 0; i < all->n; i++) {
			struct record *r = &all->at[i];

			record_turn(r, loop);
			if (mirror)
				write_mirrored(mirror, job, r, start + r->since_ns);
			if (plain)
				capture_out_write(plain, start + r->since_ns, r->frame, r->len);
		}
		start += all->span_ns + GAP_NS;
	}
	ok = capture_out_close(mirror) && ok;
	ok = capture_out_close(plain) && ok;
	return ok ? 0 : 1;
}

static const char usage[] = "usage: loopcap [--loops N] [--vni N] [--mirror FILE] "
			    "[--plain FILE] CAPTURE...\n";

static bool parse(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{"loops", required_argument, NULL, 'n'},
		{"vni", required_argument, NULL, 'v'},
		{"mirror", required_argument, NULL, 'm'},
		{"plain", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			job->loops = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'v')
			job->vni = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'm')
			job->mirror = optarg;
		else if (option == 'p')
			job->plain = optarg;
		else
			return false;
	}
	return job->loops > 0 && job->loops <= LOOPS_MAX && (job->mirror || job->plain) &&
	       optind < argc;
}

int main(int argc, char **argv)
{
	struct job job = {.loops = 1, .vni = 1};
	struct records all = {.n = 0};
	int result;

	if (!parse(&job, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	for (int i = optind; i < argc; i++)
		load(&all, argv[i]);
	qsort(all.at, all.n, sizeof(*all.at), by_time);
	result = write_loops(&job, &all);
	fprintf(stderr, "%llu packets, %llu left out of each loop\n",
		(unsigned long long)all.n * job.loops, (unsigned long long)all.skipped);
	for (size_t i = 0; i < all.n; i++)
		free(all.at[i].frame);
	free(all.at);
	return result;
}
