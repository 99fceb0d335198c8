/* Addresses that meet in one tenant: a tenant is what keeps equal addresses apart, so the VPCs of
 * its sessions must not overlap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"
#include "config/model/model_check.h"
#include "config/settings/settings.h"

/* A VPC, or an address, seen in a tenant. Networks and VNIs of no named tenant are tenants
 * themselves. */
struct member {
	uint64_t tenant; /* (1 << 32) + index of a named one, or the network, or the VNI */
	const struct model_vpc *vpc;         /* or NULL */
	const struct model_address *address; /* or NULL: the member is the whole VPC */
	const struct model_session *session; /* the first that puts it there */
};

static uint64_t tenant_of(const struct settings *settings, const struct model_session *s)
{
	uint32_t own = s->network == NETWORK_NONE ? s->vni : s->network;

	for (uint32_t i = 0; i < settings->n_tenants; i++) {
		for (uint32_t k = 0; k < settings->tenants[i].n_own; k++) {
			if (settings->tenants[i].own[k] == own)
				return ((uint64_t)1 << 32) + i;
		}
	}
	return own;
}

static int by_tenant(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	if (x->address && y->address) {
		int order =
			memcmp(&x->address->addr, &y->address->addr, sizeof(struct ip_addr));

		if (order != 0)
			return order;
	} else if (x->vpc != y->vpc) {
		return x->vpc < y->vpc ? -1 : 1;
	}
	return (x->session > y->session) - (x->session < y->session);
}

static bool vpcs_overlap(const struct model_vpc *a, const struct model_vpc *b)
{
	for (uint32_t i = 0; i < a->n_cidrs; i++) {
		for (uint32_t k = 0; k < b->n_cidrs; k++) {
			const struct cidr *x = &a->cidrs[i], *y = &b->cidrs[k];

			/* One of two blocks that overlap holds the other. */
			if (cidr_holds(x, y->ip_version, &y->addr) ||
				cidr_holds(y, x->ip_version, &x->addr))
				return true;
		}
	}
	return false;
}

struct check {
	const struct settings *settings;
	struct report *report;
};

static void warn(const struct check *c, const struct member *a, const struct member *b,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static void warn(const struct check *c, const struct member *a, const struct member *b,
	const char *format, ...)
{
	const struct finding_place *place = &b->session->place;
	char own[32], what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (b->session->network == NETWORK_NONE)
		snprintf(own, sizeof(own), "of VNI %u", b->session->vni);
	else
		snprintf(own, sizeof(own), "of network %u", network_id(b->session->network));
	report_add(c->report, FINDING_tenant_overlap, place->file, place->line, place->key,
		"sessions %s and %s are in one tenant (%s), but %s: flows of different "
		"machines "
		"may be taken for one",
		a->session->id, b->session->id,
		b->tenant >> 32 ? c->settings->tenants[(uint32_t)b->tenant].name : own, what);
}

static struct member *room(size_t count)
{
	struct member *members = calloc(count + 1, sizeof(*members));

	if (!members)
		log_abort("no memory to compare the tenants");
	return members;
}

static void vpcs_check(const struct check *c, const struct model *model)
{
	struct member *m = room(model->n_sessions);
	uint32_t count = 0, kept = 0;

	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *s = &model->sessions[i];

		if (s->interface->vpc)
			m[count++] = (struct member){
				tenant_of(c->settings, s), s->interface->vpc, NULL, s};
	}
	qsort(m, count, sizeof(*m), by_tenant);
	for (uint32_t i = 0; i < count; i++) {
		if (kept == 0 || m[kept - 1].tenant != m[i].tenant ||
			m[kept - 1].vpc != m[i].vpc)
			m[kept++] = m[i];
	}
	for (uint32_t i = 0; i < kept; i++) {
		for (uint32_t k = i; k > 0 && m[k - 1].tenant == m[i].tenant; k--) {
			if (vpcs_overlap(m[k - 1].vpc, m[i].vpc))
				warn(c, &m[k - 1], &m[i],
					"their VPCs %s and %s have addresses in common",
					m[k - 1].vpc->id, m[i].vpc->id);
		}
	}
	free(m);
}

/* One address twice, on two interfaces: where both VPCs are known, they are compared instead. */
static bool is_clash(const struct member *a, const struct member *b)
{
	return a->tenant == b->tenant && a->session->interface != b->session->interface &&
	       (!a->vpc || !b->vpc) && ip_addr_equal(&a->address->addr, &b->address->addr);
}

static void addresses_check(const struct check *c, const struct model *model)
{
	struct member *m;
	uint32_t count = 0, total = 0;

	for (uint32_t i = 0; i < model->n_sessions; i++)
		total += model->sessions[i].interface->n_addresses;
	m = room(total);
	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *s = &model->sessions[i];

		for (uint32_t k = 0; k < s->interface->n_addresses; k++)
			m[count++] = (struct member){tenant_of(c->settings, s),
				s->interface->vpc, &s->interface->addresses[k], s};
	}
	qsort(m, count, sizeof(*m), by_tenant);
	for (uint32_t i = 1; i < count; i++) {
		if (is_clash(&m[i - 1], &m[i]))
			warn(c, &m[i - 1], &m[i],
				"their interfaces %s and %s have an address in common",
				m[i - 1].session->interface->id, m[i].session->interface->id);
	}
	free(m);
}

/* `count` sessions of one tenant. Those of one interface are no news: AWS mirrors a packet once. */
static void shared_say(const struct check *c, const struct member *m, uint32_t count)
{
	bool is_named = m->tenant >> 32;
	const struct finding_place *place;
	char more[32] = "", own[32];
	uint32_t other = 1;

	while (other < count && m[other].session->interface == m->session->interface)
		other++;
	if (other >= count)
		return;
	if (count > 2)
		snprintf(more, sizeof(more), " and %u more", count - 2);
	if (m->session->network == NETWORK_NONE)
		snprintf(own, sizeof(own), "VNI %u", m->session->vni);
	else
		snprintf(own, sizeof(own), "network %u", network_id(m->session->network));
	place = &m[other].session->place;
	report_add(c->report, FINDING_tenant_shared, place->file, place->line, place->key,
		"sessions %s%s %s%s share %s%s: each is a point of observation of its own, so "
		"what "
		"two of their interfaces exchange is two flows with one community id",
		m->session->id, count > 2 ? "," : " and", m[other].session->id, more,
		is_named ? "the tenant " : "",
		is_named ? c->settings->tenants[(uint32_t)m->tenant].name : own);
}

static void shared_check(const struct check *c, const struct model *model)
{
	struct member *m = room(model->n_sessions);
	uint32_t first = 0;

	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *s = &model->sessions[i];

		m[i] = (struct member){tenant_of(c->settings, s), NULL, NULL, s};
	}
	qsort(m, model->n_sessions, sizeof(*m), by_tenant);
	for (uint32_t i = 1; i <= model->n_sessions; i++) {
		if (i < model->n_sessions && m[i].tenant == m[first].tenant)
			continue;
		if (i > first)
			shared_say(c, &m[first], i - first);
		first = i;
	}
	free(m);
}

void model_check_tenants(
	const struct model *model, const struct settings *settings, struct report *report)
{
	const struct check c = {settings, report};

	shared_check(&c, model);
	vpcs_check(&c, model);
	addresses_check(&c, model);
}
