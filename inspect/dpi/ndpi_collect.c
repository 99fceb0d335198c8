/* Takes from nDPI's state of a flow what there is beside the label. */
#include <string.h>

#include "inspect/dpi/ndpi_inside.h"

/* Whether nDPI itself thinks so: then the member of its union is the one it wrote. */
static bool flow_is(const struct ndpi_flow_struct *flow, uint16_t protocol)
{
	return flow->detected_protocol_stack[0] == protocol ||
	       flow->detected_protocol_stack[1] == protocol;
}

/* ndpiReader asks this of every URL, too: cross-site scripting, SQL injection, path traversal. */
static uint64_t url_risk(struct engine *engine, struct engine_flow *flow)
{
	ndpi_risk_enum risk = NDPI_NO_RISK;

	engine_enter(engine, flow);
	if (flow->ndpi.http.url)
		risk = ndpi_validate_url(flow->ndpi.http.url);
	engine_leave();
	return risk == NDPI_NO_RISK ? 0 : (uint64_t)1 << risk;
}

/* What the library says of a risk that stays; its own words may come from the packet. */
static void collect_why(struct draft *draft, const struct ndpi_flow_struct *flow, unsigned i)
{
	unsigned risk;
	const char *why = compat_risk_info(flow, i, &risk);

	if (why && risk < NDPI_RISKS && draft->risks.ndpi >> risk & 1)
		draft_why(draft, risk, why);
}

static void collect_whys(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	for (unsigned i = 0; i < compat_risk_infos(flow); i++)
		collect_why(draft, flow, i);
}

void engine_collect(struct engine *engine, struct engine_flow *flow, bool cut, bool hello,
	struct draft *draft)
{
	draft->risks.ndpi |= flow->ndpi.risk | url_risk(engine, flow);
	if (cut)
		draft->risks.ndpi &= ~((uint64_t)1 << NDPI_MALFORMED_PACKET);
	collect_whys(draft, &flow->ndpi);
	if (hello && flow_is(&flow->ndpi, NDPI_PROTOCOL_QUIC))
		draft_text(draft, DETAIL_tls_sni, flow->ndpi.host_server_name);
}

/* nDPI takes the port back when it sees whose server it is; and a packet that is malformed to it may be a
 * cut one. */
uint64_t engine_risks(const struct engine_flow *flow)
{
	return flow->ndpi.risk & ~((uint64_t)1 << NDPI_KNOWN_PROTOCOL_ON_NON_STANDARD_PORT |
					 (uint64_t)1 << NDPI_MALFORMED_PACKET);
}

void engine_collect_risks(struct engine *engine, struct engine_flow *flow, struct draft *draft)
{
	draft->risks.ndpi |= engine_risks(flow) | url_risk(engine, flow);
	collect_whys(draft, &flow->ndpi);
}
