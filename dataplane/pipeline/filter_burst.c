/* The verdicts on a burst of packets. */
#include "config/model/evaluate.h"
#include "dataplane/pipeline/filter_inside.h"

#include <rte_acl.h>
#include <rte_byteorder.h>

#include <string.h>

static uint32_t scope_of_job(const struct filter_job *job)
{
	uint32_t scope = filter_scope(job->filter, job->direction);

	return rte_cpu_to_be_32(acl_scope(scope, job->has_ports));
}

static void load_key4(struct key4 *key, const struct filter_job *job)
{
	const struct packet *p = job->packet;

	key->protocol = p->protocol;
	key->scope = scope_of_job(job);
	memcpy(&key->src, p->src.byte + 12, 4);
	memcpy(&key->dst, p->dst.byte + 12, 4);
	key->src_port = rte_cpu_to_be_16(p->src_port);
	key->dst_port = rte_cpu_to_be_16(p->dst_port);
}

static void load_key6(struct key6 *key, const struct filter_job *job)
{
	const struct packet *p = job->packet;

	key->protocol = p->protocol;
	key->scope = scope_of_job(job);
	memcpy(key->src, p->src.byte, 16);
	memcpy(key->dst, p->dst.byte, 16);
	key->src_port = rte_cpu_to_be_16(p->src_port);
	key->dst_port = rte_cpu_to_be_16(p->dst_port);
}

static bool is_dns(const struct filter_job *job)
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

	return evaluate_is_dns(job->vpc, &view);
}

/* Its ports are there, and neither is that of DNS. */
static inline bool is_other_port(const struct filter_job *job)
{
	return job->has_ports && job->packet->src_port != PORT_DNS &&
	       job->packet->dst_port != PORT_DNS;
}

/* Amazon DNS is decided by the filter's network services alone, before the rules. */
static inline bool decide_dns(struct filter_job *job)
{
	if (is_other_port(job) || !is_dns(job))
		return false;
	job->by = FILTER_BY_DNS;
	job->accept = job->filter->amazon_dns;
	job->number = job->verdict = 0;
	return true;
}

/* With the ports of a packet that has some, and is no DNS, all packets of its flow and sender get
 * the same verdict. */
static bool may_be_remembered(const struct filter_job *job)
{
	return is_other_port(job);
}

static inline void take_result(
	const struct filter *filter, struct filter_job *job, uint32_t result)
{
	struct filter_verdict verdict = filter->verdicts[result];
	uint32_t none = filter->n_rules + 1 + filter_scope(job->filter, job->direction);

	job->by = result ? FILTER_BY_RULE : FILTER_BY_NONE;
	job->rule = result ? result - 1 : 0;
	job->accept = verdict.accept;
	job->number = verdict.number;
	job->verdict = !may_be_remembered(job) ? 0 : result ? result : none;
}

/* A burst sorted by family: keys, and which job each is. */
struct sorted {
	const uint8_t *keys[BURST_MAX];
	uint32_t jobs[BURST_MAX], results[BURST_MAX];
	uint32_t n;
};

static void classify(const struct filter *filter, const struct rte_acl_ctx *acl,
	struct sorted *s, struct filter_job *jobs)
{
	if (s->n == 0)
		return;
	memset(s->results, 0, s->n * sizeof(s->results[0]));
	if (acl)
		rte_acl_classify(acl, s->keys, s->results, s->n, 1);
	for (uint32_t i = 0; i < s->n; i++)
		take_result(filter, &jobs[s->jobs[i]], s->results[i]);
}

void filter_burst(const struct filter *filter, struct filter_job *jobs, uint32_t n)
{
	struct key4 keys4[BURST_MAX];
	struct key6 keys6[BURST_MAX];
	struct sorted v4 = {.n = 0}, v6 = {.n = 0};

	for (uint32_t i = 0; i < n; i++) {
		if (decide_dns(&jobs[i]))
			continue;
		if (jobs[i].packet->ip_version == 4) {
			load_key4(&keys4[v4.n], &jobs[i]);
			v4.keys[v4.n] = (const uint8_t *)&keys4[v4.n];
			v4.jobs[v4.n++] = i;
		} else {
			load_key6(&keys6[v6.n], &jobs[i]);
			v6.keys[v6.n] = (const uint8_t *)&keys6[v6.n];
			v6.jobs[v6.n++] = i;
		}
	}
	classify(filter, filter->acl4, &v4, jobs);
	classify(filter, filter->acl6, &v6, jobs);
}
