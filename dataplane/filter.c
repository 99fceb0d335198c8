#include "dataplane/filter.h"

#include "config/evaluate.h"

#include <rte_acl.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What rte_acl looks at. `scope` keeps filters and directions apart and says whether the packet
 * has ports: rules that name ports match on that bit too, so a fragment without ports passes
 * them by. Numbers are big-endian, as rte_acl reads them. */
struct key4 {
	uint8_t protocol;
	uint8_t pad[3];
	uint32_t scope, src, dst;
	uint16_t src_port, dst_port;
};

struct key6 {
	uint8_t protocol;
	uint8_t pad[3];
	uint32_t scope;
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
};

enum { FIELDS4 = 6, FIELDS6 = 12 };

enum { TRIES_BYTES = 128 * 1024 * 1024 };

enum { SCOPE_PORTS = 1, SCOPE_SHIFT = 1 };

RTE_ACL_RULE_DEF(acl_rule4, FIELDS4);
RTE_ACL_RULE_DEF(acl_rule6, FIELDS6);

struct owned_rule {
	const struct model_rule *rule;
	const struct model_filter *filter;
	enum model_direction direction;
};

struct filter {
	struct rte_acl_ctx *acl4, *acl6; /* NULL: no rule of that family */
	struct owned_rule *rules;
	/* What packets are told: all in few cache lines, however many rules there are. */
	struct filter_verdict *verdicts;
	uint32_t n_rules, n_verdicts;
};

static uint32_t acl_scope(uint32_t scope, bool has_ports)
{
	return scope << SCOPE_SHIFT | (has_ports ? SCOPE_PORTS : 0);
}

static uint32_t scope_of_rule(const struct owned_rule *owned)
{
	return filter_scope(owned->filter,
		owned->direction == MODEL_EGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS);
}

static struct rte_acl_field_def field(
	uint8_t index, uint8_t type, uint8_t size, uint8_t input, size_t offset)
{
	return (struct rte_acl_field_def){.type = type,
		.size = size,
		.field_index = index,
		.input_index = input,
		.offset = (uint32_t)offset};
}

static void define4(struct rte_acl_config *config)
{
	struct rte_acl_field_def *defs = config->defs;

	config->num_fields = FIELDS4;
	defs[0] = field(0, RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, offsetof(struct key4, protocol));
	defs[1] = field(1, RTE_ACL_FIELD_TYPE_BITMASK, 4, 1, offsetof(struct key4, scope));
	defs[2] = field(2, RTE_ACL_FIELD_TYPE_MASK, 4, 2, offsetof(struct key4, src));
	defs[3] = field(3, RTE_ACL_FIELD_TYPE_MASK, 4, 3, offsetof(struct key4, dst));
	defs[4] = field(4, RTE_ACL_FIELD_TYPE_RANGE, 2, 4, offsetof(struct key4, src_port));
	defs[5] = field(5, RTE_ACL_FIELD_TYPE_RANGE, 2, 4, offsetof(struct key4, dst_port));
}

static void define6(struct rte_acl_config *config)
{
	struct rte_acl_field_def *defs = config->defs;

	config->num_fields = FIELDS6;
	defs[0] = field(0, RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, offsetof(struct key6, protocol));
	defs[1] = field(1, RTE_ACL_FIELD_TYPE_BITMASK, 4, 1, offsetof(struct key6, scope));
	for (uint8_t word = 0; word < 8; word++)
		defs[2 + word] = field(2 + word, RTE_ACL_FIELD_TYPE_MASK, 4, 2 + word,
			offsetof(struct key6, src) + 4 * (size_t)word);
	defs[10] = field(10, RTE_ACL_FIELD_TYPE_RANGE, 2, 10, offsetof(struct key6, src_port));
	defs[11] = field(11, RTE_ACL_FIELD_TYPE_RANGE, 2, 10, offsetof(struct key6, dst_port));
}

static uint32_t load32(const uint8_t *bytes)
{
	uint32_t be;

	memcpy(&be, bytes, sizeof(be));
	return rte_be_to_cpu_32(be);
}

/* Protocol and scope stand first, ports last, in both families. */
static void fill_common(
	struct rte_acl_field *fields, unsigned ports, const struct owned_rule *owned)
{
	const struct model_rule *rule = owned->rule;
	bool any_ports = rule->any_source_port && rule->any_destination_port;
	bool any_protocol = rule->protocol == MODEL_PROTOCOL_ANY;

	fields[0].value.u8 = any_protocol ? 0 : (uint8_t)rule->protocol;
	fields[0].mask_range.u8 = any_protocol ? 0 : UINT8_MAX;
	fields[1].value.u32 = acl_scope(scope_of_rule(owned), !any_ports);
	fields[1].mask_range.u32 = any_ports ? ~(uint32_t)SCOPE_PORTS : UINT32_MAX;
	fields[ports].value.u16 = rule->any_source_port ? 0 : rule->source_ports.from;
	fields[ports].mask_range.u16 =
		rule->any_source_port ? UINT16_MAX : rule->source_ports.to;
	fields[ports + 1].value.u16 =
		rule->any_destination_port ? 0 : rule->destination_ports.from;
	fields[ports + 1].mask_range.u16 =
		rule->any_destination_port ? UINT16_MAX : rule->destination_ports.to;
}

static void fill_address6(struct rte_acl_field *fields, const struct model_cidr *cidr)
{
	for (unsigned word = 0; word < 4; word++) {
		unsigned above = word * 32;
		unsigned bits = cidr->bits > above ? cidr->bits - above : 0;

		fields[word].value.u32 = load32(cidr->addr.byte + 4 * (size_t)word);
		fields[word].mask_range.u32 = bits < 32 ? bits : 32;
	}
}

static struct rte_acl_rule_data rule_data(uint32_t index, uint32_t n_rules)
{
	/* Within a scope earlier rules have higher numbers; scopes never meet. */
	return (struct rte_acl_rule_data){.category_mask = 1,
		.priority = (int32_t)(n_rules - index),
		.userdata = index + 1};
}

static int add_rule4(struct rte_acl_ctx *acl, const struct filter *filter, uint32_t index)
{
	const struct owned_rule *owned = &filter->rules[index];
	struct acl_rule4 rule = {.data = rule_data(index, filter->n_rules)};

	fill_common(rule.field, 4, owned);
	rule.field[2].value.u32 = load32(owned->rule->source.addr.byte + 12);
	rule.field[2].mask_range.u32 = owned->rule->source.bits;
	rule.field[3].value.u32 = load32(owned->rule->destination.addr.byte + 12);
	rule.field[3].mask_range.u32 = owned->rule->destination.bits;
	return rte_acl_add_rules(acl, (const struct rte_acl_rule *)&rule, 1);
}

static int add_rule6(struct rte_acl_ctx *acl, const struct filter *filter, uint32_t index)
{
	const struct owned_rule *owned = &filter->rules[index];
	struct acl_rule6 rule = {.data = rule_data(index, filter->n_rules)};

	fill_common(rule.field, 10, owned);
	fill_address6(&rule.field[2], &owned->rule->source);
	fill_address6(&rule.field[6], &owned->rule->destination);
	return rte_acl_add_rules(acl, (const struct rte_acl_rule *)&rule, 1);
}

static uint32_t count_family(const struct filter *filter, uint8_t ip_version)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < filter->n_rules; i++)
		n += filter->rules[i].rule->ip_version == ip_version;
	return n;
}

static struct rte_acl_ctx *make_context(
	const struct filter *filter, uint8_t ip_version, uint32_t n)
{
	char name[RTE_ACL_NAMESIZE];
	struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size =
			ip_version == 4 ? RTE_ACL_RULE_SZ(FIELDS4) : RTE_ACL_RULE_SZ(FIELDS6),
		.max_rule_num = n,
	};

	/* Contexts are named; two filters may live side by side during a reload. */
	snprintf(name, sizeof(name), "filter%u-%p", (unsigned)ip_version, (const void *)filter);
	return rte_acl_create(&param);
}

/* rte_acl looks a packet up in each of its tries. With a limit to their size it lets one have eight
 * times as many nodes before it makes another, and halves that until the size is kept: 10,000
 * rules are then mostly one trie, not two. Rules for which even the smallest are too large are
 * compiled without a limit. */
static int build(struct rte_acl_ctx *acl, struct rte_acl_config *config)
{
	int result;

	config->max_size = TRIES_BYTES;
	result = rte_acl_build(acl, config);
	if (result != -ERANGE)
		return result;
	config->max_size = 0;
	return rte_acl_build(acl, config);
}

/* Compiles the rules of one family into `*out`; NULL there when it has none. */
static int compile(const struct filter *filter, uint8_t ip_version, struct rte_acl_ctx **out)
{
	struct rte_acl_config config = {.num_categories = 1};
	uint32_t n = count_family(filter, ip_version);
	struct rte_acl_ctx *acl;
	int result = 0;

	if (n == 0)
		return 0;
	acl = make_context(filter, ip_version, n);
	if (!acl)
		return -rte_errno;
	for (uint32_t i = 0; i < filter->n_rules && result == 0; i++) {
		if (filter->rules[i].rule->ip_version == ip_version)
			result = ip_version == 4 ? add_rule4(acl, filter, i)
						 : add_rule6(acl, filter, i);
	}
	if (ip_version == 4)
		define4(&config);
	else
		define6(&config);
	if (result == 0)
		result = build(acl, &config);
	*out = acl;
	return result;
}

static void gather_rules(struct filter *filter, const struct model *model)
{
	struct owned_rule *at = filter->rules;

	for (uint32_t f = 0; f < model->n_filters; f++) {
		for (int d = 0; d < MODEL_DIRECTIONS; d++) {
			const struct model_rules *rules = &model->filters[f].rules[d];

			for (uint32_t r = 0; r < rules->count; r++)
				*at++ = (struct owned_rule){&rules->rule[r], &model->filters[f],
					(enum model_direction)d};
		}
	}
}

static void gather_verdicts(struct filter *filter)
{
	struct filter_verdict *none = &filter->verdicts[filter->n_rules + 1];

	filter->verdicts[0].scope = UINT32_MAX;
	for (uint32_t i = 0; i < filter->n_rules; i++)
		filter->verdicts[i + 1] = (struct filter_verdict){filter->rules[i].rule->number,
			filter->rules[i].rule->accept, scope_of_rule(&filter->rules[i])};
	for (uint32_t scope = 0; none + scope < filter->verdicts + filter->n_verdicts; scope++)
		none[scope] = (struct filter_verdict){0, false, scope};
}

struct filter *filter_create(const struct model *model, char *error, size_t error_size)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	int result;

	snprintf(error, error_size, "not enough memory for the filter rules");
	if (!filter)
		return NULL;
	for (uint32_t f = 0; f < model->n_filters; f++)
		for (int d = 0; d < MODEL_DIRECTIONS; d++)
			filter->n_rules += model->filters[f].rules[d].count;
	filter->rules = calloc(filter->n_rules + (size_t)1, sizeof(*filter->rules));
	filter->n_verdicts = 1 + filter->n_rules + model->n_filters * MODEL_DIRECTIONS;
	filter->verdicts = calloc(filter->n_verdicts, sizeof(*filter->verdicts));
	if (!filter->rules || !filter->verdicts) {
		filter_destroy(filter);
		return NULL;
	}
	gather_rules(filter, model);
	gather_verdicts(filter);
	result = compile(filter, 4, &filter->acl4);
	if (result == 0)
		result = compile(filter, 6, &filter->acl6);
	if (result == 0)
		return filter;
	snprintf(error, error_size, "the filter rules could not be compiled: %s",
		strerror(-result));
	filter_destroy(filter);
	return NULL;
}

void filter_destroy(struct filter *filter)
{
	if (!filter)
		return;
	rte_acl_free(filter->acl4);
	rte_acl_free(filter->acl6);
	free(filter->verdicts);
	free(filter->rules);
	free(filter);
}

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

/* Amazon DNS is decided by the filter's network services alone, before the rules. */
static inline bool judge_dns(struct filter_job *job)
{
	const struct packet *p = job->packet;

	if ((job->has_ports && p->src_port != 53 && p->dst_port != 53) || !is_dns(job))
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
	return job->has_ports && job->packet->src_port != 53 && job->packet->dst_port != 53;
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
		if (judge_dns(&jobs[i]))
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

const struct filter_verdict *filter_verdicts(const struct filter *filter, uint32_t *count)
{
	*count = filter->n_verdicts;
	return filter->verdicts;
}

uint32_t filter_rule_count(const struct filter *filter)
{
	return filter->n_rules;
}

const struct model_rule *filter_rule(const struct filter *filter, uint32_t index)
{
	return filter->rules[index].rule;
}

const struct model_filter *filter_rule_owner(
	const struct filter *filter, uint32_t index, enum model_direction *direction)
{
	*direction = filter->rules[index].direction;
	return filter->rules[index].filter;
}
