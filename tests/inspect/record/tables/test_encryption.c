#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/details_draft.h"
#include "inspect/record/tables/encryption.h"

static struct dpi *dpi;
static struct encryption_protocols protocols;
static struct draft draft;
static _Alignas(8) uint8_t room[DETAILS_MAX];

static uint16_t protocol_of(const char *name)
{
	for (uint16_t i = 0; i < dpi_protocols(dpi); i++)
		if (strcmp(dpi_protocol_name(dpi, i), name) == 0)
			return i;
	CU_FAIL_FATAL("nDPI has no such protocol");
	return 0;
}

/* With what is in the draft as the flow's details. */
static enum encryption of(uint16_t master, uint16_t app, uint16_t flags)
{
	struct flow flow = {.app_master = master, .app = app, .flags = flags};

	flow.key.protocol = IPPROTO_TCP;
	if (draft.have) {
		const struct details *details = draft_copy(&draft, room);

		memcpy(&flow.details, &details, sizeof(details)); /* read alone */
	}
	return encryption_of(&protocols, &flow);
}

static enum encryption of_tls(const char *version, int post_quantum)
{
	draft_reset(&draft);
	draft_text(&draft, DETAIL_tls_ja3, "0123456789abcdef0123456789abcdef");
	draft_text(&draft, DETAIL_tls_version, version);
	if (post_quantum >= 0)
		draft_number(&draft, DETAIL_tls_post_quantum, (uint64_t)post_quantum);
	return of(0, protocol_of("TLS"), 0);
}

static void by_handshake(void)
{
	CU_ASSERT_EQUAL(of_tls(NULL, -1), ENCRYPTION_TLS_UNKNOWN);
	CU_ASSERT_EQUAL(of_tls("SSLv3", -1), ENCRYPTION_TLS_BELOW_1_2);
	CU_ASSERT_EQUAL(of_tls("TLSv1", -1), ENCRYPTION_TLS_BELOW_1_2);
	CU_ASSERT_EQUAL(of_tls("TLSv1.1", 0), ENCRYPTION_TLS_BELOW_1_2);
	CU_ASSERT_EQUAL(of_tls("TLSv1.2", 0), ENCRYPTION_TLS_1_2);
	CU_ASSERT_EQUAL(of_tls("TLSv1.3", -1), ENCRYPTION_TLS_1_3);
	CU_ASSERT_EQUAL(of_tls("TLSv1.3", 0), ENCRYPTION_TLS_1_3);
	CU_ASSERT_EQUAL(of_tls("TLSv1.3 (draft)", 1), ENCRYPTION_TLS_1_3_POST_QUANTUM);
	CU_ASSERT_EQUAL(of_tls("DTLSv1.2", -1), ENCRYPTION_DTLS);
	CU_ASSERT_EQUAL(of_tls("Unknown (1234)", -1), ENCRYPTION_TLS_UNKNOWN);
	draft_reset(&draft);
	draft_text(&draft, DETAIL_ssh_server, "SSH-2.0-x");
	CU_ASSERT_EQUAL(of(0, protocol_of("SSH"), 0), ENCRYPTION_SSH);
	draft_reset(&draft);
	draft_text(&draft, DETAIL_quic_version, "v1");
	draft_text(&draft, DETAIL_tls_ja3, "x");
	CU_ASSERT_EQUAL(of(protocol_of("QUIC"), 0, 0), ENCRYPTION_QUIC);
	draft_number(&draft, DETAIL_tls_post_quantum, 1);
	CU_ASSERT_EQUAL(of(protocol_of("QUIC"), 0, 0), ENCRYPTION_QUIC_POST_QUANTUM);
}

/* TLS that begins in a protocol in clear protects it; a label that was guessed says nothing. */
static void by_label(void)
{
	uint16_t smtp = protocol_of("SMTP");

	CU_ASSERT_EQUAL(of_tls("TLSv1.2", -1), ENCRYPTION_TLS_1_2);
	CU_ASSERT_EQUAL(of(smtp, 0, 0), ENCRYPTION_TLS_1_2);
	draft_reset(&draft);
	CU_ASSERT_EQUAL(of(0, smtp, 0), ENCRYPTION_CLEARTEXT);
	CU_ASSERT_EQUAL(
		of(protocol_of("HTTP"), protocol_of("Google"), 0), ENCRYPTION_CLEARTEXT);
	CU_ASSERT_EQUAL(
		of(protocol_of("TLS"), protocol_of("Google"), 0), ENCRYPTION_TLS_UNKNOWN);
	CU_ASSERT_EQUAL(of(0, protocol_of("Google"), 0), ENCRYPTION_UNKNOWN);
	CU_ASSERT_EQUAL(of(0, protocol_of("DNS"), FLOW_DPI_GUESSED), ENCRYPTION_UNKNOWN);
	CU_ASSERT_EQUAL(of(0, protocol_of("WireGuard"), 0), ENCRYPTION_WIREGUARD);
	CU_ASSERT_EQUAL(of(0, protocol_of("OpenVPN"), 0), ENCRYPTION_OPENVPN);
	CU_ASSERT_EQUAL(of(0, protocol_of("RDP"), 0), ENCRYPTION_UNKNOWN);
	CU_ASSERT_EQUAL(of(0, 0, 0), ENCRYPTION_UNKNOWN);
	CU_ASSERT_EQUAL(of(UINT16_MAX, 0, 0), ENCRYPTION_UNKNOWN);
	draft_text(&draft, DETAIL_tls_ja3, "x");
	draft_text(&draft, DETAIL_tls_version, "TLSv1.2");
	CU_ASSERT_EQUAL(of(0, protocol_of("DTLS"), 0), ENCRYPTION_DTLS);
}

/* Most of the names in the list are nDPI's: a version that spells all otherwise would be seen. */
static void names_are_those_of_ndpi(void)
{
	unsigned known = 0;

	for (size_t i = 0; i < sizeof(protocols.of); i++)
		known += protocols.of[i] != ENCRYPTION_UNKNOWN;
	CU_ASSERT_TRUE(known > 50);
}

static void each_is_counted_once(void)
{
	struct encryption_stats stats = {0};
	uint64_t sum = 0;

	for (unsigned i = 0; i < ENCRYPTIONS; i++) {
		encryption_count(&stats, (enum encryption)i, 10 + i);
		sum += 10 + i;
	}
	counters_each (c, COUNTERS_encryption_stats)
		sum -= counter_value(c, &stats);
	CU_ASSERT_EQUAL(sum + stats.post_quantum, 0);
	CU_ASSERT_EQUAL(stats.post_quantum,
		20 + ENCRYPTION_TLS_1_3_POST_QUANTUM + ENCRYPTION_QUIC_POST_QUANTUM);
	CU_ASSERT_EQUAL(stats.cleartext, 10 + ENCRYPTION_CLEARTEXT);
	CU_ASSERT_PTR_NULL(encryption_name(ENCRYPTION_UNKNOWN));
	CU_ASSERT_STRING_EQUAL(encryption_name(ENCRYPTION_TLS_1_3_POST_QUANTUM), "tls");
}

static int begin(void)
{
	const struct dpi_params params = {.memory_limit = 1 << 20};
	struct error error;

	dpi = dpi_create(&params, &error);
	if (!dpi)
		return 1;
	encryption_protocols_name(&protocols, dpi);
	return 0;
}

static int end(void)
{
	dpi_destroy(dpi);
	return 0;
}

void suite_encryption(void);
void suite_encryption(void)
{
	CU_pSuite s = CU_add_suite("encryption", begin, end);

	CU_ADD_TEST(s, by_handshake);
	CU_ADD_TEST(s, by_label);
	CU_ADD_TEST(s, names_are_those_of_ndpi);
	CU_ADD_TEST(s, each_is_counted_once);
}
