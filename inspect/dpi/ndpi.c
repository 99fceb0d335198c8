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
 * something else); sweeping the flow's list gives them back.
 *
 * Isolation: a flow's label must not depend on other flows, or it would depend on what shares a
 * worker. nDPI 4.2 remembers across flows in seven LRU caches (ookla, bittorrent, zoom, stun,
 * tls_cert, mining, msteams) and the cache of tinc; all are created when first needed, all are
 * reached through functions of the shared library that are not bound to it symbolically. So our
 * definitions of those functions win: ndpi_lru_find_cache() and ndpi_lru_add_to_cache() keep
 * what a flow wrote with that flow (a few entries; a flow does read what it wrote itself), and
 * cache_new() makes none for tinc. The label of a flow is then what ndpiReader says of a capture
 * that holds this flow alone. With `correlate` they go through to nDPI. From 4.6 on the caches
 * can be given size 0 instead. nDPI 4.2 has no other state across flows: the module's `packet`
 * is set anew with each packet. Linking nDPI statically would define these functions twice,
 * which the linker refuses; test_dpi.c checks that they are in force. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/dpi/dpi.h"
#include "inspect/dpi/engine.h"
#include "inspect/dpi/ndpi_compat.h"

enum { NOTES_MAX = 6 };

/* What a flow wrote into a cache of nDPI's. */
struct note {
	const void *cache;
	uint32_t key;
	uint16_t value;
};

struct engine_flow {
	struct ndpi_flow_struct ndpi;
	struct memory_list blocks;
	unsigned n_notes;
	struct note notes[NOTES_MAX];
};

/* nDPI's own functions behind those we define in their place. */
struct caches {
	struct ndpi_lru_cache *(*init)(uint32_t entries);
	uint8_t (*find)(struct ndpi_lru_cache *, uint32_t key, uint16_t *value, uint8_t clean);
	void (*add)(struct ndpi_lru_cache *, uint32_t key, uint16_t value);
	void *(*cache_new)(uint32_t size);
};

struct engine {
	struct ndpi_detection_module_struct *module;
	struct memory *memory;
	struct memory_list own;   /* blocks of the module */
	struct memory_list *list; /* where blocks go now */
	struct engine_flow *flow; /* the one at work */
	struct caches real;
	bool correlate;
};

static _Thread_local struct engine *at_work;

static void *hook_malloc(size_t size)
{
	return at_work ? memory_take(at_work->memory, at_work->list, size) : NULL;
}

static void engine_enter(struct engine *engine, struct engine_flow *flow)
{
	/* With shared caches no block is known to be the flow's alone. */
	bool sweep = COMPAT_INTERPOSE && flow && !engine->correlate;

	engine->list = sweep ? &flow->blocks : &engine->own;
	engine->flow = flow;
	at_work = engine;
}

static void engine_leave(void)
{
	at_work = NULL;
}

#if COMPAT_INTERPOSE

void *cache_new(uint32_t size);

static bool isolated(void)
{
	return at_work->flow && !at_work->correlate;
}

static struct note *note_find(const void *cache, uint32_t key)
{
	struct engine_flow *flow = at_work->flow;

	for (unsigned i = 0; i < flow->n_notes; i++)
		if (flow->notes[i].cache == cache && flow->notes[i].key == key)
			return &flow->notes[i];
	return NULL;
}

/* nDPI calls these four only when we have called nDPI: there is an engine at work. */
struct ndpi_lru_cache *ndpi_lru_cache_init(uint32_t entries)
{
	struct memory_list *list = at_work->list;
	struct ndpi_lru_cache *cache;

	at_work->list = &at_work->own;
	cache = at_work->real.init(isolated() ? 1 : entries);
	at_work->list = list;
	return cache;
}

uint8_t ndpi_lru_find_cache(
	struct ndpi_lru_cache *cache, uint32_t key, uint16_t *value, uint8_t clean)
{
	struct note *note;

	if (!isolated())
		return at_work->real.find(cache, key, value, clean);
	note = note_find(cache, key);
	if (!note)
		return 0;
	*value = note->value;
	if (clean)
		*note = at_work->flow->notes[--at_work->flow->n_notes];
	return 1;
}

void ndpi_lru_add_to_cache(struct ndpi_lru_cache *cache, uint32_t key, uint16_t value)
{
	struct engine_flow *flow = at_work->flow;
	struct note *note;

	if (!isolated()) {
		at_work->real.add(cache, key, value);
		return;
	}
	note = note_find(cache, key);
	if (!note && flow->n_notes < NOTES_MAX)
		note = &flow->notes[flow->n_notes++];
	if (note)
		*note = (struct note){cache, key, value};
}

void *cache_new(uint32_t size)
{
	return isolated() ? NULL : at_work->real.cache_new(size);
}

static bool caches_find(struct caches *real)
{
	*(void **)&real->init = dlsym(RTLD_NEXT, "ndpi_lru_cache_init");
	*(void **)&real->find = dlsym(RTLD_NEXT, "ndpi_lru_find_cache");
	*(void **)&real->add = dlsym(RTLD_NEXT, "ndpi_lru_add_to_cache");
	*(void **)&real->cache_new = dlsym(RTLD_NEXT, "cache_new");
	return real->init && real->find && real->add && real->cache_new;
}

#else

static bool caches_find(struct caches *real)
{
	(void)real;
	return true;
}

#endif

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
	ndpi_finalize_initialization(engine->module);
	return true;
}

struct engine *engine_create(
	struct memory *memory, bool correlate, char *error, size_t error_size)
{
	struct engine *engine;
	char url[] = "/?a=b";
	bool ready;

	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
		snprintf(error, error_size,
			"nDPI: the library (%s) is not the one this program was built for",
			ndpi_revision());
		return NULL;
	}
	engine = calloc(1, sizeof(*engine));
	if (!engine) {
		snprintf(error, error_size, "nDPI: no memory");
		return NULL;
	}
	engine->memory = memory;
	engine->correlate = correlate;
	/* Built with PCRE, nDPI compiles patterns at the first URL and keeps them as long as the
	 * process: they must not come from an engine. */
	ndpi_validate_url(url);
	set_ndpi_malloc(hook_malloc);
	set_ndpi_free(memory_give);
	engine_enter(engine, NULL);
	ready = caches_find(&engine->real) && engine_setup(engine);
	engine_leave();
	if (!ready) {
		snprintf(error, error_size, "nDPI %s does not start", ndpi_revision());
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
	label->category = (uint16_t)from->category;
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

/* Whether nDPI itself thinks so: then the member of its union is the one it wrote. */
static bool flow_is(const struct ndpi_flow_struct *flow, uint16_t protocol)
{
	return flow->detected_protocol_stack[0] == protocol ||
	       flow->detected_protocol_stack[1] == protocol;
}

static bool flow_is_tls(const struct ndpi_flow_struct *flow)
{
	return flow_is(flow, NDPI_PROTOCOL_TLS) || flow_is(flow, NDPI_PROTOCOL_QUIC) ||
	       flow_is(flow, NDPI_PROTOCOL_DTLS) || flow_is(flow, NDPI_PROTOCOL_MAIL_SMTPS) ||
	       flow_is(flow, NDPI_PROTOCOL_MAIL_POPS) ||
	       flow_is(flow, NDPI_PROTOCOL_MAIL_IMAPS);
}

static void collect_time(struct draft *draft, enum detail detail, uint32_t epoch)
{
	time_t seconds = epoch;
	struct tm tm;
	char text[32];

	if (!epoch || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	draft_text(draft, detail, text);
}

static void collect_sha1(struct draft *draft, const uint8_t sha1[20])
{
	char text[41];

	for (size_t i = 0; i < 20; i++)
		snprintf(text + 2 * i, 3, "%02x", sha1[i]);
	draft_text(draft, DETAIL_tls_sha1, text);
}

static void collect_tls_names(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	uint16_t version = flow->protos.tls_quic.ssl_version;
	uint16_t cipher = flow->protos.tls_quic.server_cipher;
	char text[32];

	if (version)
		draft_text(draft, DETAIL_tls_version,
			ndpi_ssl_version2str(text, sizeof(text), version, NULL));
	if (cipher) {
		snprintf(text, sizeof(text), "0x%04X", cipher);
		draft_text(draft, DETAIL_tls_cipher, compat_cipher_name(cipher));
		draft_text(draft, DETAIL_tls_cipher, text);
	}
}

static void collect_tls(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	draft_text(draft, DETAIL_tls_sni, flow->host_server_name);
	collect_tls_names(draft, flow);
	draft_text(draft, DETAIL_tls_ja3, flow->protos.tls_quic.ja3_client);
	draft_text(draft, DETAIL_tls_ja3s, flow->protos.tls_quic.ja3_server);
	draft_text(draft, DETAIL_tls_alpn, compat_alpn(flow));
	draft_text(draft, DETAIL_tls_issuer, flow->protos.tls_quic.issuerDN);
	draft_text(draft, DETAIL_tls_subject, flow->protos.tls_quic.subjectDN);
	draft_text(draft, DETAIL_tls_names, flow->protos.tls_quic.server_names);
	collect_time(draft, DETAIL_tls_not_before, flow->protos.tls_quic.notBefore);
	collect_time(draft, DETAIL_tls_not_after, flow->protos.tls_quic.notAfter);
	if (compat_has_sha1(flow))
		collect_sha1(draft, flow->protos.tls_quic.sha1_certificate_fingerprint);
}

static void collect_http(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	if (flow->http.url || flow_is(flow, NDPI_PROTOCOL_HTTP))
		draft_text(draft, DETAIL_http_host, flow->host_server_name);
	draft_text(draft, DETAIL_http_url, flow->http.url);
	if (flow->http.method != NDPI_HTTP_METHOD_UNKNOWN)
		draft_text(draft, DETAIL_http_method, ndpi_http_method2str(flow->http.method));
	draft_text(draft, DETAIL_http_user_agent, flow->http.user_agent);
	if (flow->http.response_status_code)
		draft_number(draft, DETAIL_http_status, flow->http.response_status_code);
	draft_text(draft, DETAIL_http_content_type, flow->http.content_type);
}

static void collect_ssh(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	draft_text(draft, DETAIL_ssh_client, flow->protos.ssh.client_signature);
	draft_text(draft, DETAIL_ssh_server, flow->protos.ssh.server_signature);
	draft_text(draft, DETAIL_ssh_hassh, flow->protos.ssh.hassh_client);
	draft_text(draft, DETAIL_ssh_hassh_server, flow->protos.ssh.hassh_server);
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

void engine_collect(
	struct engine *engine, struct engine_flow *flow, bool cut, struct draft *draft)
{
	draft->risks |= flow->ndpi.risk | url_risk(engine, flow);
	if (cut)
		draft->risks &= ~((uint64_t)1 << NDPI_MALFORMED_PACKET);
	if (flow_is_tls(&flow->ndpi))
		collect_tls(draft, &flow->ndpi);
	else if (flow_is(&flow->ndpi, NDPI_PROTOCOL_SSH))
		collect_ssh(draft, &flow->ndpi);
	collect_http(draft, &flow->ndpi);
}

bool engine_is_dns(const struct engine_label *label)
{
	uint16_t protocol = label->master ? label->master : label->app;

	return protocol == NDPI_PROTOCOL_DNS || protocol == NDPI_PROTOCOL_MDNS ||
	       protocol == NDPI_PROTOCOL_LLMNR;
}

const char *engine_app(
	const struct engine *engine, uint16_t master, uint16_t app, char *text, size_t size)
{
	return ndpi_protocol2name(engine->module, compat_label(master, app), text, (u_int)size);
}

const char *engine_protocol_name(const struct engine *engine, uint16_t protocol)
{
	return ndpi_get_proto_name(engine->module, protocol);
}

const char *engine_category_name(const struct engine *engine, uint16_t category)
{
	/* Out of range, nDPI would print into a buffer that all threads share. */
	if (category >= NDPI_PROTOCOL_NUM_CATEGORIES)
		category = NDPI_PROTOCOL_CATEGORY_UNSPECIFIED;
	return ndpi_category_get_name(engine->module, (ndpi_protocol_category_t)category);
}

const char *dpi_risk_name(unsigned risk)
{
	return risk < NDPI_MAX_RISK ? ndpi_risk2str((ndpi_risk_enum)risk) : NULL;
}

uint16_t dpi_risk_score(unsigned risk)
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
