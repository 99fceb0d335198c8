/* What differs between the versions of nDPI that the adapter (ndpi_inside.h) compiles with: 4.2
 * (Debian 12 and 13) to 4.11-dev. */
#pragma once

#include <ndpi_api.h>

#define NDPI_AT_LEAST(major, minor) (NDPI_MAJOR * 100 + NDPI_MINOR >= (major)*100 + (minor))

/* Before 4.6 the sizes of the cross-flow caches cannot be set: see ndpi_isolation.c. */
#define COMPAT_INTERPOSE !NDPI_AT_LEAST(4, 6)

/* The functions that ndpi_names.c stands in for have these arguments. */
#define COMPAT_KNOWS_NAMES !NDPI_AT_LEAST(4, 4)

/* nDPI looks at this many packets of a flow and ignores the rest; a preference since 4.4, which
 * stands at its default. */
#define COMPAT_PACKETS_PER_FLOW 32

#if NDPI_AT_LEAST(4, 11)
#define COMPAT_MASTER(label) ((label).proto.master_protocol)
#define COMPAT_APP(label) ((label).proto.app_protocol)
#else
#define COMPAT_MASTER(label) ((label).master_protocol)
#define COMPAT_APP(label) ((label).app_protocol)
#endif

static inline struct ndpi_detection_module_struct *compat_init(void)
{
#if NDPI_AT_LEAST(4, 10)
	return ndpi_init_detection_module(NULL);
#else
	return ndpi_init_detection_module(ndpi_no_prefs);
#endif
}

/* After the protocols were chosen, before compat_finalize. */
static inline void compat_isolate(struct ndpi_detection_module_struct *module)
{
#if NDPI_AT_LEAST(4, 10)
	static const char *const sizes[] = {"lru.ookla.size", "lru.bittorrent.size",
		"lru.stun.size", "lru.tls_cert.size", "lru.mining.size", "lru.msteams.size",
		"lru.fpc_dns.size", "lru.zoom.size", "lru.stun_zoom.size"};

	/* A cache that this version does not have is refused, which is as good. */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		ndpi_set_config(module, NULL, sizes[i], "0");
#elif NDPI_AT_LEAST(4, 6)
	for (int cache = 0; cache < NDPI_LRUCACHE_MAX; cache++)
		ndpi_set_lru_cache_size(module, (lru_cache_type)cache, 0);
#else
	(void)module;
#endif
}

/* What nDPI makes for fingerprints alone, and what nobody reads: our own parsers make them. Before 4.11 it cannot
 * be told. */
static inline void compat_spare(struct ndpi_detection_module_struct *module)
{
#if NDPI_AT_LEAST(4, 11)
	static const char *const fingerprints[] = {"metadata.sha1_fingerprint",
		"metadata.ja3c_fingerprint", "metadata.ja3s_fingerprint",
		"metadata.ja4c_fingerprint"};

	for (size_t i = 0; i < sizeof(fingerprints) / sizeof(*fingerprints); i++)
		ndpi_set_config(module, "tls", fingerprints[i], "0");
#else
	(void)module;
#endif
}

static inline ndpi_protocol compat_packet(struct ndpi_detection_module_struct *module,
	struct ndpi_flow_struct *flow, const uint8_t *ip, uint16_t len, uint64_t time_ms)
{
#if NDPI_AT_LEAST(4, 6)
	return ndpi_detection_process_packet(module, flow, ip, len, time_ms, NULL);
#else
	return ndpi_detection_process_packet(module, flow, ip, len, time_ms);
#endif
}

static inline ndpi_protocol compat_giveup(
	struct ndpi_detection_module_struct *module, struct ndpi_flow_struct *flow)
{
	uint8_t guessed;

#if NDPI_AT_LEAST(4, 10)
	return ndpi_detection_giveup(module, flow, &guessed);
#else
	return ndpi_detection_giveup(module, flow, 1, &guessed);
#endif
}

static inline ndpi_protocol compat_label(uint16_t master, uint16_t app)
{
	ndpi_protocol label = NDPI_PROTOCOL_NULL;

	COMPAT_MASTER(label) = master;
	COMPAT_APP(label) = app;
	return label;
}

/* By port or address, nothing was found in the packets. */
static inline bool compat_is_guess(ndpi_confidence_t confidence)
{
#if NDPI_AT_LEAST(4, 6) && !NDPI_AT_LEAST(4, 8)
	return confidence == NDPI_CONFIDENCE_MATCH_BY_PORT; /* addresses are beside it */
#else
	return confidence == NDPI_CONFIDENCE_MATCH_BY_PORT ||
	       confidence == NDPI_CONFIDENCE_MATCH_BY_IP;
#endif
}

/* Texts why risks were raised, and one of them; NULL: none. Before 4.4 the library has none. */
static inline unsigned compat_risk_infos(const struct ndpi_flow_struct *flow)
{
#if NDPI_AT_LEAST(4, 4)
	return flow->num_risk_infos;
#else
	(void)flow;
	return 0;
#endif
}

static inline const char *compat_risk_info(
	const struct ndpi_flow_struct *flow, unsigned i, unsigned *risk)
{
#if NDPI_AT_LEAST(4, 4)
	*risk = (unsigned)flow->risk_infos[i].id;
	return flow->risk_infos[i].info;
#else
	(void)flow;
	*risk = i;
	return NULL;
#endif
}
