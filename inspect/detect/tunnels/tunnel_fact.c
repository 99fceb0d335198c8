#include "inspect/detect/tunnels/tunnel_fact.h"

#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/tunnels/tunnel_name.h"
#include "inspect/flow/hash.h"
#include "inspect/proto/details.h"

/* Of a sample, where no hash is the highest (inspect/detect/scans/probe.h). */
static uint64_t hash_name(const struct tunnel_name *name)
{
	uint64_t hash = hash_bytes(hash_salt[0], name->text, name->len);

	hash = hash_fold(hash_turn(hash), hash_salt[4]);
	return hash == UINT64_MAX ? 0 : hash;
}

static size_t shown_of(const struct tunnel_name *name)
{
	return name->len < TUNNEL_SHOWN ? name->len : TUNNEL_SHOWN;
}

static void fill(struct tunnel_fact *fact, const struct tunnel_teller *teller,
	const struct flow *flow, const struct tunnel_name *name)
{
	size_t domain = strlen(name->domain);

	fact->about.fact.number = teller->number;
	fact->about.key = (struct recent_key){.addr = *flow_ends(flow).src,
		.tenant = session_tenant(teller->sessions, flow->key.point)};
	tenant_name(fact->about.key.tenant, teller->settings, fact->about.tenant);
	fact->about.sight.is_inside = flow_direction(flow) == DIRECTION_EGRESS;
	fact->about.sight.flow = *flow;
	fact->about.sight.flow.details = NULL;
	fact->about.sight.flow.dpi = NULL;
	fact->hash = hash_name(name);
	fact->own = (uint16_t)name->own;
	fact->domain_len = (uint16_t)domain;
	fact->name_len = (uint16_t)shown_of(name);
	memcpy(fact->text, name->domain, domain);
	memcpy(fact->text + domain, name->text, fact->name_len);
}

bool tunnel_tell(const struct tunnel_teller *teller, const struct flow *flow, uint64_t time_ns,
	const struct details *details)
{
	struct observation_point point;
	struct tunnel_fact *fact;
	struct tunnel_name name;
	size_t len, size;
	const char *text = details_string(details, DETAIL_dns_query, &len);

	if (text == NULL ||
		!tunnel_name_read(text, len, teller->settings->detect.dns_tunnel_length, &name))
		return true;
	point = observation_point_of(teller->sessions, flow->key.point);
	size = sizeof(*fact) + strlen(name.domain) + shown_of(&name);
	fact = (struct tunnel_fact *)teller->facts.take(
		teller->facts.ctx, RECORD_TUNNEL_FACT, size + observation_point_size(&point));
	if (fact == NULL)
		return false;
	fill(fact, teller, flow, &name);
	fact->about.now_ns = time_ns;
	observation_point_copy(
		&fact->about.sight.observation_point, &point, (char *)fact + size);
	return true;
}
