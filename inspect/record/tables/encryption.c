#include "inspect/record/tables/encryption.h"

#include <netinet/in.h>
#include <string.h>

#include "inspect/proto/details.h"

static const struct {
	const char *name;
	size_t counter; /* where it is in encryption_stats */
} kinds[ENCRYPTIONS] = {
#define ENCRYPTION(id, name, counter) {name, offsetof(struct encryption_stats, counter)},
#include "inspect/record/tables/encryption.def"
};

static const struct {
	const char *name;
	enum encryption encryption;
} known[] = {
#define PROTOCOL(name, id) {name, ENCRYPTION_##id},
#include "inspect/record/tables/encryption.def"
};

const char *encryption_name(enum encryption encryption)
{
	return kinds[encryption].name;
}

bool encryption_is_post_quantum(enum encryption encryption)
{
	return encryption == ENCRYPTION_TLS_1_3_POST_QUANTUM ||
	       encryption == ENCRYPTION_QUIC_POST_QUANTUM;
}

void encryption_count(
	struct encryption_stats *stats, enum encryption encryption, uint64_t flows)
{
	uint64_t *counter = (uint64_t *)(void *)((char *)stats + kinds[encryption].counter);

	*counter += flows;
	stats->post_quantum += encryption_is_post_quantum(encryption) ? flows : 0;
}

void encryption_protocols_name(struct encryption_protocols *protocols, const struct dpi *dpi)
{
	uint32_t n = dpi ? dpi_protocols(dpi) : 0;

	memset(protocols, 0, sizeof(*protocols));
	for (uint32_t i = 0; i < n && i < sizeof(protocols->of); i++) {
		const char *name = dpi_protocol_name(dpi, (uint16_t)i);

		for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
			if (strcmp(name, known[k].name) == 0)
				protocols->of[i] = (uint8_t)known[k].encryption;
	}
}

static bool is_text(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(text, want, len) == 0;
}

static enum encryption of_tls(const struct details *details)
{
	size_t len;
	const char *version = details_string(details, DETAIL_tls_version, &len);

	if (version == NULL)
		return ENCRYPTION_TLS_UNKNOWN;
	if (len >= 4 && memcmp(version, "DTLS", 4) == 0)
		return ENCRYPTION_DTLS;
	if (is_text(version, len, "TLSv1.2"))
		return ENCRYPTION_TLS_1_2;
	if (len >= 7 && memcmp(version, "TLSv1.3", 7) == 0) /* and its drafts */
		return details_number(details, DETAIL_tls_post_quantum) == 1
			       ? ENCRYPTION_TLS_1_3_POST_QUANTUM
			       : ENCRYPTION_TLS_1_3;
	if (is_text(version, len, "SSLv3") || is_text(version, len, "TLSv1") ||
		is_text(version, len, "TLSv1.1"))
		return ENCRYPTION_TLS_BELOW_1_2;
	return ENCRYPTION_TLS_UNKNOWN;
}

/* A hello was seen. */
static bool has_tls(const struct details *details)
{
	size_t len;

	return details_string(details, DETAIL_tls_ja3, &len) != NULL ||
	       details_string(details, DETAIL_tls_version, &len) != NULL ||
	       details_string(details, DETAIL_tls_cipher, &len) != NULL;
}

static enum encryption of_details(const struct details *details)
{
	size_t len;

	if (details == NULL)
		return ENCRYPTION_UNKNOWN;
	if (details_string(details, DETAIL_quic_version, &len) != NULL)
		return details_number(details, DETAIL_tls_post_quantum) == 1
			       ? ENCRYPTION_QUIC_POST_QUANTUM
			       : ENCRYPTION_QUIC;
	if (details_string(details, DETAIL_ssh_client, &len) != NULL ||
		details_string(details, DETAIL_ssh_server, &len) != NULL)
		return ENCRYPTION_SSH;
	return has_tls(details) ? of_tls(details) : ENCRYPTION_UNKNOWN;
}

static enum encryption of_label(
	const struct encryption_protocols *protocols, const struct flow *flow)
{
	uint16_t protocol = flow->app_master != 0 ? flow->app_master : flow->app;

	if (flow->flags & FLOW_DPI_GUESSED || protocol >= sizeof(protocols->of))
		return ENCRYPTION_UNKNOWN;
	return (enum encryption)protocols->of[protocol];
}

enum encryption encryption_of(
	const struct encryption_protocols *protocols, const struct flow *flow)
{
	enum encryption label = of_label(protocols, flow);
	enum encryption details = of_details(flow->details);

	if (flow->key.protocol == IPPROTO_ESP)
		return ENCRYPTION_IPSEC;
	/* nDPI gives hellos of DTLS and of Google's QUIC, too. */
	if (label == ENCRYPTION_DTLS || (label == ENCRYPTION_QUIC && details < ENCRYPTION_QUIC))
		return label;
	return details != ENCRYPTION_UNKNOWN ? details : label;
}
