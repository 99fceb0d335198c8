#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/evaluate.h"
#include "dataplane/pipeline/filter.h"
#include "dataplane/support/eal_once.h"
#include "support/random.h"

enum { FILTERS_MAX = 4, RULES_MAX = 12, PAIRS = 10000000, PACKETS_PER_MODEL = 20000 };

/* A model in memory of our own, so that no parser stands between the numbers and the matcher. */
struct world {
	struct model model;
	struct model_filter filters[FILTERS_MAX];
	struct model_rule rules[FILTERS_MAX][MODEL_DIRECTIONS][RULES_MAX];
	struct model_vpc vpc;
};

static struct random draws;

static uint32_t below(uint32_t n)
{
	return random_below(&draws, n);
}

static bool chance(uint32_t one_in)
{
	return below(one_in) == 0;
}

/* Few distinct values, so that packets meet rules: addresses from a small space. */
static struct ip_addr random_addr(uint8_t ip_version)
{
	static const uint8_t high[] = {0x00, 0x0a, 0x7f, 0x80, 0xac, 0xff};
	uint8_t b[16] = {0};

	if (ip_version == 4) {
		const uint8_t v4[4] = {high[below(6)], (uint8_t)below(3),
			(uint8_t)(below(3) * 127), (uint8_t)below(256)};

		return chance(50) ? ip_addr_v4((const uint8_t[4]){169, 254, 169, 253})
				  : ip_addr_v4(v4);
	}
	b[0] = chance(2) ? 0xfd : 0x20;
	b[1] = (uint8_t)below(2);
	b[7] = (uint8_t)(below(2) * 255);
	b[8] = (uint8_t)(below(2) * 128);
	b[15] = (uint8_t)below(4);
	return ip_addr_v6(b);
}

static void clear_host_bits(struct cidr *cidr)
{
	unsigned offset = cidr->ip_version == 4 ? 96 : 0;

	for (unsigned bit = cidr->bits + offset; bit < 128; bit++)
		cidr->addr.byte[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static struct cidr random_cidr(uint8_t ip_version)
{
	uint8_t longest = ip_version == 4 ? 32 : 128;
	static const uint8_t edges[] = {0, 1, 8, 9, 16, 31, 32, 33, 63, 64, 65, 127, 128};
	struct cidr cidr = {.addr = random_addr(ip_version), .ip_version = ip_version};

	do
		cidr.bits =
			chance(3) ? (uint8_t)below(longest + 1u) : edges[below(sizeof(edges))];
	while (cidr.bits > longest);
	clear_host_bits(&cidr);
	return cidr;
}

static uint16_t random_port(void)
{
	static const uint16_t edges[] = {0, 1, 52, 53, 54, 443, 1023, 1024, 65534, 65535};

	return chance(8) ? (uint16_t)below(65536) : edges[below(10)];
}

static void random_ports(struct model_ports *ports, bool *any)
{
	uint16_t a = random_port(), b = chance(3) ? a : random_port();

	*any = chance(2);
	*ports = *any ? (struct model_ports){0, 65535}
		      : (struct model_ports){a < b ? a : b, a < b ? b : a};
}

static void random_rule(struct model_rule *rule, uint32_t number)
{
	static const int16_t protocols[] = {MODEL_PROTOCOL_ANY, 0, 1, 6, 6, 17, 17, 58, 255};
	uint8_t ip_version = chance(2) ? 4 : 6;

	*rule = (struct model_rule){
		.id = "",
		.number = number,
		.protocol = protocols[below(9)],
		.accept = chance(2),
		.ip_version = ip_version,
		.any_source_port = true,
		.any_destination_port = true,
		.source_ports = {0, 65535},
		.destination_ports = {0, 65535},
		.source = random_cidr(ip_version),
		.destination = random_cidr(ip_version),
	};
	if (rule->protocol == 6 || rule->protocol == 17) {
		random_ports(&rule->source_ports, &rule->any_source_port);
		random_ports(&rule->destination_ports, &rule->any_destination_port);
	}
}

static void random_world(struct world *w)
{
	*w = (struct world){.vpc = {.id = "vpc-1", .has_resolver = true}};
	w->vpc.resolver = ip_addr_v4((const uint8_t[4]){10, 0, 0, 2});
	w->model.filters = w->filters;
	w->model.n_filters = 1 + below(FILTERS_MAX);
	for (uint32_t f = 0; f < w->model.n_filters; f++) {
		w->filters[f] =
			(struct model_filter){.id = "", .amazon_dns = chance(2), .index = f};
		for (int d = 0; d < MODEL_DIRECTIONS; d++) {
			uint32_t n = below(RULES_MAX + 1), number = 0;

			for (uint32_t r = 0; r < n; r++)
				random_rule(&w->rules[f][d][r], number += 1 + below(100));
			w->filters[f].rules[d] = (struct model_rules){w->rules[f][d], n};
		}
	}
}

/* Sometimes exactly at, or one beyond, an end of a rule's blocks. */
static struct ip_addr near_cidr(const struct cidr *cidr)
{
	struct ip_addr a = cidr->addr;
	unsigned offset = cidr->ip_version == 4 ? 96 : 0;

	if (chance(2)) /* the last address of the block */
		for (unsigned bit = cidr->bits + offset; bit < 128; bit++)
			a.byte[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (chance(4) && cidr->bits > 0) { /* the block beside it */
		unsigned bit = cidr->bits - 1u + offset;

		a.byte[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return a;
}

static uint16_t near_ports(const struct model_ports *ports)
{
	uint16_t end = chance(2) ? ports->from : ports->to;

	return (uint16_t)(end + below(3) - 1);
}

static void random_packet(
	const struct world *w, const struct model_filter *filter, int d, struct packet *p)
{
	static const uint8_t protocols[] = {0, 1, 6, 6, 6, 17, 17, 17, 58, 132, 255};
	const struct model_rules *rules = &filter->rules[d];

	(void)w;
	memset(p, 0, sizeof(*p));
	p->ip_version = chance(2) ? 4 : 6;
	p->protocol = protocols[below(11)];
	p->src = random_addr(p->ip_version);
	p->dst = random_addr(p->ip_version);
	p->src_port = random_port();
	p->dst_port = random_port();
	if (rules->count > 0 && !chance(3)) {
		const struct model_rule *rule = &rules->rule[below(rules->count)];

		p->ip_version = rule->ip_version;
		p->protocol = rule->protocol == MODEL_PROTOCOL_ANY || chance(8)
				      ? p->protocol
				      : (uint8_t)rule->protocol;
		p->src = near_cidr(&rule->source);
		p->dst = near_cidr(&rule->destination);
		p->src_port = near_ports(&rule->source_ports);
		p->dst_port = near_ports(&rule->destination_ports);
	}
	if (p->protocol != 6 && p->protocol != 17)
		p->src_port = p->dst_port = 0;
}

static void naive(const struct filter_job *job, struct evaluate_verdict *verdict)
{
	const struct packet *p = job->packet;
	struct evaluate_packet view = {
		.ip_version = p->ip_version,
		.protocol = p->protocol,
		.has_ports = job->has_ports,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.src = p->src,
		.dst = p->dst,
	};

	*verdict = evaluate(job->filter, job->vpc,
		job->direction == DIRECTION_EGRESS ? MODEL_EGRESS : MODEL_INGRESS, &view);
}

static bool agrees(const struct filter *filter, const struct filter_job *job)
{
	struct evaluate_verdict want;

	naive(job, &want);
	if (want.accept != job->accept)
		return false;
	if (want.by == EVALUATE_BY_RULE)
		return job->by == FILTER_BY_RULE && filter_rule(filter, job->rule) == want.rule;
	return job->by == (want.by == EVALUATE_BY_DNS ? FILTER_BY_DNS : FILTER_BY_NONE);
}

/* Judges one burst both ways; the number of packets on which the two differ. */
static uint32_t differ_in_burst(
	const struct world *w, const struct filter *filter, uint32_t *by_rule)
{
	struct packet packets[BURST_MAX];
	struct filter_job jobs[BURST_MAX];
	uint32_t n = 1 + below(BURST_MAX), differ = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct model_filter *f = &w->filters[below(w->model.n_filters)];
		int d = (int)below(MODEL_DIRECTIONS);

		random_packet(w, f, d, &packets[i]);
		jobs[i] = (struct filter_job){
			.packet = &packets[i],
			.filter = f,
			.vpc = chance(2) ? &w->vpc : NULL,
			.direction = d == MODEL_EGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS,
			.has_ports = (packets[i].protocol == 6 || packets[i].protocol == 17) &&
				     !chance(8),
		};
		if (!jobs[i].has_ports)
			packets[i].src_port = packets[i].dst_port = 0;
	}
	filter_burst(filter, jobs, n);
	for (uint32_t i = 0; i < n; i++) {
		differ += !agrees(filter, &jobs[i]);
		*by_rule += jobs[i].by == FILTER_BY_RULE;
	}
	return differ;
}

static void compiled_and_naive_agree(void)
{
	uint32_t differ = 0, by_rule = 0;
	static struct world w;

	draws = random_seeded(1);
	for (uint32_t done = 0; done < PAIRS; done += PACKETS_PER_MODEL) {
		struct error error;
		struct filter *filter;

		random_world(&w);
		filter = filter_create(&w.model, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
		for (uint32_t n = 0; n < PACKETS_PER_MODEL; n += BURST_MAX / 2)
			differ += differ_in_burst(&w, filter, &by_rule);
		filter_destroy(filter);
	}
	CU_ASSERT_EQUAL(differ, 0);
	/* The pairs mean something only if rules do decide. */
	CU_ASSERT_TRUE(by_rule > PAIRS / 4);
}

void suite_filter(void);
void suite_filter(void)
{
	CU_pSuite s = CU_add_suite("filter", eal_once, NULL);

	CU_ADD_TEST(s, compiled_and_naive_agree);
}
