#include "dataplane/support/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/capture_bytes.h"
#include "support/random.h"

enum { TCP = 6, UDP = 17, ICMP = 1, KINDS = 16, SOURCES = TRAFFIC_SOURCES, ETHERNET = 1 };

/* Sources 2 and 3 mirror with the same VNI: one tenant, two observation points. */
static uint32_t vni_of(uint32_t source)
{
	return 40 + (source < 2 ? source : 2);
}

/* Conversation `pair` of a source, from the client's or the server's side. */
static struct mirror_frame frame_of(
	uint32_t source, uint32_t pair, bool answer, const char *const outer[SOURCES])
{
	struct mirror_frame frame = {
		.outer_src = outer[source],
		.vni = vni_of(source),
		.src_mac = 1,
		.dst_mac = 2,
		.src = answer ? "192.0.2.9" : "10.0.0.7",
		.dst = answer ? "10.0.0.7" : "192.0.2.9",
		.protocol = pair % 2 ? UDP : TCP,
		.src_port = (uint16_t)(answer ? 443 : 2000 + pair),
		.dst_port = (uint16_t)(answer ? 2000 + pair : 443),
		.payload = (uint16_t)(pair % 40),
	};

	if (pair % 5 == 4) {
		frame.src = answer ? "2001:db8::9" : "fd00::7";
		frame.dst = answer ? "fd00::7" : "2001:db8::9";
	}
	return frame;
}

static uint32_t flow_of(uint32_t source, uint32_t pair)
{
	return source * TRAFFIC_PAIRS + pair;
}

/* The datagrams of fragments are those of pair 1: IPv4, UDP. */
static void make_fragment(struct mirror_frame *frame, uint32_t i, uint32_t step)
{
	frame->fragment_id = (uint16_t)(1000 + i / 64);
	frame->payload = 40;
	frame->more_fragments = step < 2;
	frame->fragment_offset = (uint16_t)(step * 48);
}

/* Steps 0, 1 and 2 of a datagram stand 16 packets apart: others come in between. */
static bool fragment_step(uint32_t i, uint32_t *step)
{
	*step = i % 64 / 16;
	return i % 16 == 5 && *step < 3;
}

static void finish(struct traffic_packet *p, const struct mirror_frame *frame)
{
	p->len = p->wire = mirror_frame_write(frame, p->bytes);
	p->ip_len = mirror_frame_ip_len(frame);
	p->reason = REASON_inspected;
}

/* Packets that never reach a flow, each for a reason read off decap/reasons.def. */
static void spoil(struct traffic_packet *p, uint32_t kind)
{
	p->flow = TRAFFIC_NO_FLOW;
	if (kind == 0) {
		p->len = 40;
		p->reason = REASON_outer_cut;
	} else if (kind == 1) {
		p->bytes[36] = 1; /* UDP to another port */
		p->reason = REASON_other_port;
	} else if (kind == 2) {
		p->bytes[42] = 0; /* the I flag */
		p->reason = REASON_vxlan_no_vni;
	} else {
		p->bytes[FRAME_MIRROR + 12] = 0x08;
		p->bytes[FRAME_MIRROR + 13] = 0x06; /* ARP */
		p->reason = REASON_inner_not_ip;
	}
}

static void make_packet(struct traffic_packet *p, uint32_t i, struct random *random)
{
	static const char *const outer[SOURCES] = {
		"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
	uint32_t source = random_below(random, SOURCES),
		 pair = random_below(random, TRAFFIC_PAIRS), step;
	bool answer = random_below(random, 2);
	struct mirror_frame frame;

	if (fragment_step(i, &step)) {
		source = i / 64 % SOURCES;
		pair = 1;
		frame = frame_of(source, pair, false, outer);
		make_fragment(&frame, i, step);
		p->later_fragment = step > 0;
	} else {
		frame = frame_of(source, pair, answer, outer);
	}
	finish(p, &frame);
	p->flow = flow_of(source, pair);
	p->time_ns = TRAFFIC_START_NS + i * UINT64_C(1000);
	if (i % KINDS == 9)
		spoil(p, i / KINDS % 4);
}

struct traffic traffic_make(uint32_t n)
{
	struct traffic traffic = {calloc(n + 1, sizeof(*traffic.packets)), n};
	struct random random = random_seeded(20260101);

	if (!traffic.packets)
		abort();
	for (uint32_t i = 0; i < n; i++)
		make_packet(&traffic.packets[i], i, &random);
	return traffic;
}

void traffic_free(struct traffic *traffic)
{
	free(traffic->packets);
}

void traffic_write(const struct traffic *traffic, const char *path)
{
	struct bytes b = {0};

	pcap_begin(&b, PCAP_NANO, 262144, ETHERNET);
	for (uint32_t i = 0; i < traffic->n; i++) {
		const struct traffic_packet *p = &traffic->packets[i];

		pcap_packet(&b, (uint32_t)(p->time_ns / 1000000000),
			(uint32_t)(p->time_ns % 1000000000), p->bytes, p->len, p->wire);
	}
	bytes_write(&b, path);
	bytes_free(&b);
}

uint64_t traffic_count(const struct traffic *traffic, enum reason reason)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < traffic->n; i++)
		n += traffic->packets[i].reason == reason;
	return n;
}

uint32_t traffic_flows(const struct traffic *traffic)
{
	bool seen[SOURCES * TRAFFIC_PAIRS] = {false};
	uint32_t n = 0;

	for (uint32_t i = 0; i < traffic->n; i++) {
		uint32_t flow = traffic->packets[i].flow;

		if (flow == TRAFFIC_NO_FLOW)
			continue;
		n += !seen[flow];
		seen[flow] = true;
	}
	return n;
}
