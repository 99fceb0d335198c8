/* The nDPI adapter.
 *
 * Packets and labels follow ndpiReader of the same version: nDPI is given whole IP packets and
 * milliseconds; a label is final when it has an application and ndpi_extra_dissection_possible()
 * says no, or else ndpi_detection_giveup() is asked, which guesses by port and address.
 * nDPI itself stops looking at a flow after 32 packets, or when no dissector is left; ndpiReader
 * goes on calling it up to its own limits of 80 and 24 packets to no effect, we stop there.
 *
 * Memory: nDPI's allocation hooks are process-wide and have no context, so a thread-local pointer
 * names the engine at work, and in it the list that blocks go to: the module's, or a flow's.
 * nDPI 4.2 forgets some strings of a flow (those of a TLS hello, when the flow is later called
 * something else); sweeping the flow's list gives them back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "inspect/dpi/dpi.h"
#include "inspect/dpi/ndpi_inside.h"

static void *hook_malloc(size_t size)
{
	return engine_at_work ? memory_alloc(engine_at_work->memory, engine_at_work->list, size)
			      : NULL;
}

static bool engine_setup(struct engine *engine)
{
	NDPI_PROTOCOL_BITMASK all;

	engine->module = compat_init();
	if (!engine->module)
		return false;
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(engine->module, &all);
	if (!engine->correlate)
		compat_isolate(engine->module);
	compat_spare(engine->module);
	ndpi_finalize_initialization(engine->module);
	return true;
}

struct engine *engine_create(struct memory *memory, bool correlate, struct error *error)
{
	struct engine *engine;
	char url[] = "/?a=b";
	bool ready;

	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
		error_set(error,
			"nDPI: the library (%s) is not the one this program was built for",
			ndpi_revision());
		return NULL;
	}
	engine = calloc(1, sizeof(*engine));
	if (!engine) {
		error_set(error, "nDPI: no memory");
		return NULL;
	}
	engine->memory = memory;
	engine->correlate = correlate;
	/* Built with PCRE, nDPI compiles patterns at the first URL and keeps them as long as the
	 * process: they must not come from an engine. */
	ndpi_validate_url(url);
	set_ndpi_malloc(hook_malloc);
	set_ndpi_free(memory_free);
	engine_spare();
	engine_know_names();
	engine_enter(engine, NULL);
	ready = engine_isolate(&engine->real) && engine_setup(engine);
	engine_leave();
	if (!ready) {
		error_set(error, "nDPI %s does not start", ndpi_revision());
		engine_destroy(engine);
		return NULL;
	}
	return engine;
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	engine_enter(engine, NULL);
	if (engine->module)
		ndpi_exit_detection_module(engine->module);
	engine_leave();
	memory_sweep(&engine->own);
	free(engine);
}

size_t engine_flow_size(void)
{
	return sizeof(struct engine_flow);
}

void engine_flow_init(struct engine_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
}

void engine_flow_fini(struct engine *engine, struct engine_flow *flow)
{
	engine_enter(engine, flow);
	ndpi_free_flow_data(&flow->ndpi);
	engine_leave();
	memory_sweep(&flow->blocks);
}

static void label_set(
	struct engine_label *label, const ndpi_protocol *from, const struct engine_flow *flow)
{
	label->master = COMPAT_MASTER(*from);
	label->app = COMPAT_APP(*from);
	_Static_assert(
		(int)NDPI_PROTOCOL_NUM_CATEGORIES <= UINT8_MAX, "a flow has a byte for it");
	label->category = (uint8_t)from->category;
	label->guessed =
		(label->master || label->app) && compat_is_guess(flow->ndpi.confidence);
}

enum engine_status engine_packet(struct engine *engine, struct engine_flow *flow,
	const uint8_t *ip, uint16_t len, uint64_t time_ms, struct engine_label *label)
{
	ndpi_protocol found;
	bool more;

	engine_enter(engine, flow);
	found = compat_packet(engine->module, &flow->ndpi, ip, len, time_ms);
	more = ndpi_extra_dissection_possible(engine->module, &flow->ndpi);
	engine_leave();
	label_set(label, &found, flow);
	if (label->app && !more)
		return ENGINE_FOUND;
	/* With shared caches a later guess may know more: go on to the caller's limits. */
	if (engine->correlate)
		return ENGINE_MORE;
	if (flow->ndpi.fail_with_unknown ||
		flow->ndpi.num_processed_pkts >= COMPAT_PACKETS_PER_FLOW)
		return ENGINE_SPENT;
	return ENGINE_MORE;
}

void engine_giveup(struct engine *engine, struct engine_flow *flow, struct engine_label *label)
{
	ndpi_protocol found;

	engine_enter(engine, flow);
	found = compat_giveup(engine->module, &flow->ndpi);
	engine_leave();
	label_set(label, &found, flow);
}

bool engine_is_dns(const struct engine_label *label)
{
	uint16_t protocol = label->master ? label->master : label->app;

	return protocol == NDPI_PROTOCOL_DNS || protocol == NDPI_PROTOCOL_MDNS ||
	       protocol == NDPI_PROTOCOL_LLMNR;
}

bool engine_is_quic(const struct engine_label *label)
{
	return label->master == NDPI_PROTOCOL_QUIC || label->app == NDPI_PROTOCOL_QUIC;
}

bool engine_starts_tls(const struct engine_label *label)
{
	switch (label->master ? label->master : label->app) {
	case NDPI_PROTOCOL_FTP_CONTROL:
	case NDPI_PROTOCOL_MAIL_SMTP:
	case NDPI_PROTOCOL_MAIL_IMAP:
	case NDPI_PROTOCOL_MAIL_POP:
	case NDPI_PROTOCOL_MAIL_SMTPS:
	case NDPI_PROTOCOL_MAIL_IMAPS:
	case NDPI_PROTOCOL_MAIL_POPS:
	case NDPI_PROTOCOL_LDAP:
	case NDPI_PROTOCOL_POSTGRES:
		return true;
	default:
		return false;
	}
}

const char *engine_app(
	const struct engine *engine, uint16_t master, uint16_t app, char *text, size_t size)
{
	return ndpi_protocol2name(engine->module, compat_label(master, app), text, (u_int)size);
}

uint32_t engine_protocols(const struct engine *engine)
{
	return ndpi_get_num_supported_protocols(engine->module);
}

const char *engine_protocol_name(const struct engine *engine, uint16_t protocol)
{
	return ndpi_get_proto_name(engine->module, protocol);
}

const char *engine_category_name(const struct engine *engine, uint8_t category)
{
	/* Out of range, nDPI would print into a buffer that all threads share. */
	if (category >= NDPI_PROTOCOL_NUM_CATEGORIES)
		category = NDPI_PROTOCOL_CATEGORY_UNSPECIFIED;
	return ndpi_category_get_name(engine->module, (ndpi_protocol_category_t)category);
}

const char *engine_risk_name(unsigned risk)
{
	return risk < NDPI_MAX_RISK ? ndpi_risk2str((ndpi_risk_enum)risk) : NULL;
}

uint16_t engine_risk_score(unsigned risk)
{
	uint16_t client, server;

	if (risk >= NDPI_MAX_RISK)
		return 0;
	return ndpi_risk2score((ndpi_risk)1 << risk, &client, &server);
}

const char *dpi_version(void)
{
	return ndpi_revision();
}
