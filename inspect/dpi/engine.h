/* nDPI behind a few functions without its types; private to the dpi. ndpi*.c implement it and
 * alone know nDPI's API.
 *
 * An engine is one nDPI module: single-threaded. Whatever nDPI allocates comes from the engine's
 * `memory`; what it allocates for a flow goes back with engine_flow_fini(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/flow/memory.h"
#include "inspect/proto/details_draft.h"

struct engine;

/* nDPI's state of one flow: engine_flow_size() bytes, aligned as malloc aligns. */
struct engine_flow;

struct engine_label {
	uint16_t master, app; /* nDPI's numbers */
	uint8_t category;
	bool guessed; /* by port or address */
};

enum engine_status {
	ENGINE_MORE,  /* more packets may change the label */
	ENGINE_FOUND, /* the label is final, nothing more to learn */
	ENGINE_SPENT, /* nDPI looks at no more packets of this flow: engine_giveup() */
};

/* `correlate`: flows may learn from other flows. NULL: `error` says why. */
struct engine *engine_create(struct memory *memory, bool correlate, struct error *error);
void engine_destroy(struct engine *engine);

size_t engine_flow_size(void);
void engine_flow_init(struct engine_flow *flow);
void engine_flow_fini(struct engine *engine, struct engine_flow *flow);

/* An IP packet whose `len` bytes are all there. The label is nDPI's opinion so far. */
enum engine_status engine_packet(struct engine *engine, struct engine_flow *flow,
	const uint8_t *ip, uint16_t len, uint64_t time_ms, struct engine_label *label);

/* The label by what is known so far, guessed if need be. */
void engine_giveup(struct engine *engine, struct engine_flow *flow, struct engine_label *label);

/* What nDPI learned beside the label: risks; and of QUIC, if `hello`, the server's name in a hello of Google's
 * own, which is not TLS. `cut`: from packets that are not malformed but cut. */
void engine_collect(struct engine *engine, struct engine_flow *flow, bool cut, bool hello,
	struct draft *draft);
/* Before the end: risks that nDPI has raised and will not take back, as bits; and the same with why, and the
 * risk of the URL so far. */
uint64_t engine_risks(const struct engine_flow *flow);
void engine_collect_risks(struct engine *engine, struct engine_flow *flow, struct draft *draft);

bool engine_is_dns(const struct engine_label *label);
bool engine_is_quic(const struct engine_label *label);
/* A protocol in which TLS may begin after some messages in clear (STARTTLS, AUTH TLS, SSLRequest). */
bool engine_starts_tls(const struct engine_label *label);
const char *engine_app(
	const struct engine *engine, uint16_t master, uint16_t app, char *text, size_t size);
uint32_t engine_protocols(const struct engine *engine);
const char *engine_protocol_name(const struct engine *engine, uint16_t protocol);
const char *engine_category_name(const struct engine *engine, uint8_t category);
/* As dpi_risk_name() and dpi_risk_score(), of nDPI's own. */
const char *engine_risk_name(unsigned risk);
uint16_t engine_risk_score(unsigned risk);
