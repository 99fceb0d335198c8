#include "inspect/support/index_stage.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRETCH = 64 * 1024 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "index_stage: %s\n", what);
	abort();
}

/* Some addresses come often, others once. */
static struct ip_addr address(struct random *r, uint8_t version)
{
	struct ip_addr a = {{[10] = 0xff, [11] = 0xff}};

	if (version == 6) {
		memset(&a, 0, sizeof(a));
		a.byte[0] = 0x20;
		a.byte[1] = (uint8_t)random_below(r, 3);
		a.byte[9] = (uint8_t)random_below(r, 4);
		a.byte[15] = (uint8_t)random_below(r, random_below(r, 2) ? 4 : 256);
		a.byte[14] = (uint8_t)random_below(r, 256);
		return a;
	}
	a.byte[12] = 10;
	a.byte[13] = (uint8_t)random_below(r, 2);
	a.byte[14] = (uint8_t)random_below(r, random_below(r, 2) ? 2 : 256);
	a.byte[15] = (uint8_t)random_below(r, random_below(r, 4) ? 4 : 256);
	return a;
}

static void flow_make(struct index_stage *s, struct index_flow *flow)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE};
	struct random *r = &s->random;
	struct flow_key *key = &flow->key;

	memset(flow, 0, sizeof(*flow));
	flow->flow_id = random_next(r);
	flow->has_point = random_below(r, 8) > 0;
	if (flow->has_point) {
		flow->point.outer_src = address(r, 4);
		session_key_name(&flow->point, random_below(r, 50),
			random_below(r, 4) ? NETWORK_NONE : NETWORK_NAMED + random_below(r, 9));
	}
	if (random_below(r, 40) == 0) { /* no IP */
		flow->flow_id = 0;
		return;
	}
	key->ip_version = random_below(r, 3) ? 4 : 6;
	key->lo = address(r, key->ip_version);
	key->hi = random_below(r, 50) ? address(r, key->ip_version) : key->lo;
	key->protocol = protocols[random_below(r, sizeof(protocols))];
	if (key->protocol != IPPROTO_GRE) {
		key->lo_port = (uint16_t)random_below(r, 65536);
		key->hi_port = (uint16_t)random_below(r, random_below(r, 2) ? 100 : 65536);
	}
	if (random_below(r, 30) == 0)
		flow->flow_id = 0; /* refused */
}

static void packet_file_make(struct index_stage *s, uint64_t length)
{
	static const char ends[] = "what an index is of";
	int fd;

	folder_path(&s->folder, "capture.pcap", s->file, sizeof(s->file));
	fd = open(s->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, ends, sizeof(ends)) == sizeof(ends) &&
			ftruncate(fd, (off_t)length) == 0 &&
			index_identity_read(fd, &s->identity),
		"no packet file");
	close(fd);
}

struct index_stage *index_stage_make(uint64_t seed, const struct index_stage_params *params)
{
	struct index_stage *s = calloc(1, sizeof(*s));
	uint64_t offset = 24, time_ns = UINT64_C(1700000000000000000);

	must(s != NULL, "no memory");
	s->random = random_seeded(seed);
	s->folder = folder_make();
	s->n_flows = params->flows;
	s->n_packets = params->packets;
	s->flows = calloc(params->flows, sizeof(*s->flows));
	s->packets = calloc(params->packets, sizeof(*s->packets));
	must(s->flows && s->packets, "no memory");
	for (uint32_t i = 0; i < s->n_flows; i++)
		flow_make(s, &s->flows[i]);
	for (uint32_t i = 0; i < s->n_packets; i++) {
		struct index_stage_packet *p = &s->packets[i];

		*p = (struct index_stage_packet){
			random_below(&s->random, s->n_flows), time_ns, offset};
		if (i < s->n_flows && i < s->n_packets / 2)
			p->flow = i;
		offset += 1 + random_below(&s->random, params->gap);
		time_ns += random_below(&s->random, (uint32_t)params->step_ns);
		if (random_below(&s->random, 100) == 0)
			time_ns -= params->step_ns;
	}
	packet_file_make(s, offset);
	return s;
}

void index_stage_free(struct index_stage *s)
{
	folder_remove(&s->folder);
	free(s->flows);
	free(s->packets);
	free(s);
}

bool index_stage_try(struct index_stage *s, struct error *error)
{
	struct index_builder *builder = index_builder_open(s->file, 7, error);

	if (!builder)
		return false;
	index_builder_landmark(builder, 0);
	for (uint32_t i = 0; i < s->n_packets; i++) {
		const struct index_stage_packet *p = &s->packets[i];

		index_builder_add(builder,
			&(struct index_packet){&s->flows[p->flow], p->time_ns, p->offset});
	}
	return index_builder_close(builder, &s->identity, error);
}

void index_stage_build(struct index_stage *s)
{
	struct error error = {0};

	must(index_stage_try(s, &error), error.text);
}

struct index_reader *index_stage_open(const struct index_stage *s)
{
	struct error error = {0};
	enum index_status status;
	struct index_reader *reader = index_open(s->file, &s->identity, &status, &error);

	must(reader != NULL && status == INDEX_OK, error.text);
	return reader;
}

/* ---- the naive look ---- */

static bool in_prefix(const struct ip_addr *a, const struct index_prefix *prefix)
{
	for (unsigned bit = 0; bit < prefix->bits; bit++)
		if ((a->byte[bit / 8] ^ prefix->address.byte[bit / 8]) & 128 >> bit % 8)
			return false;
	return true;
}

static bool wants_host(const struct index_query *q, const struct flow_key *key)
{
	bool any = q->n_hosts == 0;

	for (uint32_t i = 0; i < q->n_hosts; i++)
		any |= key->ip_version &&
		       (in_prefix(&key->lo, &q->hosts[i]) || in_prefix(&key->hi, &q->hosts[i]));
	return any;
}

static bool wants_port(const struct index_query *q, const struct flow_key *key)
{
	bool any = q->n_ports == 0;

	for (uint32_t i = 0; i < q->n_ports; i++)
		for (uint32_t port = q->ports[i].from; port <= q->ports[i].to; port++)
			any |= key->lo_port == port || key->hi_port == port;
	return any;
}

static bool wants_community(const struct index_query *q, const struct flow_key *key)
{
	bool any = q->n_communities == 0;
	char text[COMMUNITY_ID_TEXT];
	uint8_t digest[COMMUNITY_ID_DIGEST];

	if (any || key->ip_version == 0)
		return any;
	community_id_print(key, 0, text);
	must(community_id_parse(text, digest), "a community id that is none");
	for (uint32_t i = 0; i < q->n_communities; i++)
		any |= memcmp(q->communities[i], digest, sizeof(digest)) == 0;
	return any;
}

bool index_stage_wants(const struct index_query *q, const struct index_flow *flow)
{
	const struct index_row row = {.flow = *flow, .last_ns = UINT64_MAX};
	bool id = q->n_flow_ids == 0, protocol = q->n_protocols == 0;

	for (uint32_t i = 0; i < q->n_flow_ids; i++)
		id |= q->flow_ids[i] == flow->flow_id;
	for (uint32_t i = 0; i < q->n_protocols; i++)
		protocol |= q->protocols[i] == flow->key.protocol;
	return id && protocol && wants_host(q, &flow->key) && wants_port(q, &flow->key) &&
	       wants_community(q, &flow->key) && (!q->wants || q->wants(q->ctx, &row));
}

static bool in_time(const struct index_query *q, uint64_t first_ns, uint64_t last_ns)
{
	return (q->from_ns == 0 && q->to_ns == 0) ||
	       (last_ns >= q->from_ns && first_ns <= q->to_ns);
}

/* Whether any packet of the stretch in which packet `i` lies is in the time asked for. */
static bool stretch_in_time(
	const struct index_stage *s, const struct index_query *q, uint32_t i)
{
	uint64_t stretch = s->packets[i].offset / STRETCH;
	uint32_t at = i;
	uint64_t first = UINT64_MAX, last = 0;

	while (at > 0 && s->packets[at - 1].offset / STRETCH == stretch)
		at--;
	for (; at < s->n_packets && s->packets[at].offset / STRETCH == stretch; at++) {
		first = s->packets[at].time_ns < first ? s->packets[at].time_ns : first;
		last = s->packets[at].time_ns > last ? s->packets[at].time_ns : last;
	}
	return in_time(q, first, last);
}

/* Walks the answer and the packets together. */
static bool answer_is_right(const struct index_stage *s, const struct index_query *q,
	const struct index_offsets *answer, uint32_t *i, uint64_t last_offset)
{
	size_t at = 0;

	for (; *i < s->n_packets && s->packets[*i].offset <= last_offset; ++*i) {
		const struct index_stage_packet *p = &s->packets[*i];
		bool told = at < answer->n && answer->at[at] == p->offset;
		bool wanted = index_stage_wants(q, &s->flows[p->flow]);

		at += told;
		if (told == (wanted && in_time(q, p->time_ns, p->time_ns)))
			continue;
		if (!told || !wanted || !stretch_in_time(s, q, *i))
			return false;
	}
	return at == answer->n;
}

bool index_stage_agrees(
	const struct index_stage *s, struct index_reader *reader, const struct index_query *q)
{
	const struct index_about *about = index_about(reader);
	struct index_offsets answer = {0};
	struct error error = {0};
	uint32_t packet = 0;
	bool ok = true;

	for (uint32_t i = 0; ok && i < about->parts; i++) {
		const struct index_part *part = index_part(reader, i);

		ok = index_find(reader, i, q, &answer, &error) == INDEX_OK &&
		     answer_is_right(s, q, &answer, &packet, part->last_offset);
	}
	free(answer.at);
	return ok && packet == s->n_packets;
}
