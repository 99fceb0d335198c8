/* Flows over UDP, which keeps no order: the packet that says what one is comes behind others. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "inspect/dpi/dpi.h"
#include "inspect/proto/details_draft.h"
#include "inspect/support/open_dpi.h"
#include "inspect/support/quic_vectors.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"
#include "support/talk.h"

enum { HELLO = 1350, NAME_AT = 700, PORT = 4443 };

static void give(struct dpi *dpi, struct packet *p)
{
	p->flow->last_ns = p->time_ns;
	dpi_packet(dpi, p->flow, p);
}

static void say_hex(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[1400];

	give(dpi, talk_say(t, side, bytes, hex_read(hex, bytes, sizeof(bytes))));
}

/* What nobody knows: short headers of QUIC look like that. */
static void say_noise(struct dpi *dpi, struct talk *t, unsigned side, unsigned n)
{
	uint8_t bytes[60];

	for (unsigned i = 0; i < n; i++) {
		memset(bytes, 0x41 + (int)i, sizeof(bytes));
		give(dpi, talk_say(t, side, bytes, sizeof(bytes)));
	}
}

static void end(struct dpi *dpi, struct talk *t, const char *app, const char *name)
{
	char text[64];
	const char *found;
	size_t len = 0;

	dpi_conclude(dpi, &t->flow);
	dpi_app(dpi, t->flow.app_master, t->flow.app, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, app);
	if (strcmp(text, app) != 0)
		printf("\nwant %s, got %s", app, text);
	found = details_string(t->flow.details, DETAIL_tls_sni, &len);
	CU_ASSERT_EQUAL(found == NULL, name == NULL);
	CU_ASSERT_TRUE(!found || !name || (len == strlen(name) && !memcmp(found, name, len)));
	dpi_release(dpi, &t->flow);
	CU_ASSERT_PTR_NULL(t->flow.dpi);
	dpi_destroy(dpi);
}

/* The server's Initial, which nothing opens yet, and what nobody knows. */
static void quic_begins_behind_its_server(void)
{
	for (unsigned n = 0; n < 14; n++) {
		struct dpi *dpi = open_usual_dpi();
		struct talk t;

		talk_open(&t, 17, 1, 40000, 2, PORT);
		say_hex(dpi, &t, 1, rfc9001_server);
		say_noise(dpi, &t, 1, n);
		say_hex(dpi, &t, 0, rfc9001_client);
		say_noise(dpi, &t, 1, 2);
		end(dpi, &t, "QUIC", "example.com");
	}
}

/* A hello of `version`, behind `head`, with the tag of a server's name. */
static void say_google(struct dpi *dpi, struct talk *t, const char *head)
{
	static const char name[] = "www.example.com";
	uint8_t bytes[HELLO] = {0};
	size_t n = hex_read(head, bytes, sizeof(bytes));

	n += hex_read("a0 01 0400 43484c4f 0200 0000 50414400 bc020000 534e4900 cb020000",
		bytes + n, sizeof(bytes) - n);
	memcpy(bytes + n + NAME_AT, name, sizeof(name) - 1);
	give(dpi, talk_say(t, 0, bytes, sizeof(bytes)));
}

static void google_begins_behind_its_server(void)
{
	static const char *const heads[] = {
		"0d 0102030405060708 51303433 01 000000000000000000000000",
		"c3 51303436 50 0102030405060708 00000001 000000000000000000000000"};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct dpi *dpi = open_usual_dpi();
		struct talk t;

		talk_open(&t, 17, 1, 40000, 2, PORT);
		say_noise(dpi, &t, 1, 3);
		say_google(dpi, &t, heads[i]);
		end(dpi, &t, "QUIC", "www.example.com");
	}
}

/* nDPI gets no packet again where the client's is the first, nor of a flow that it knows. */
static void others_do_not_begin_anew(void)
{
	static const char *const stun[] = {
		"0001 0008 2112a442 000102030405060708090a0b 8022 0004 74657374",
		"0101 000c 2112a442 000102030405060708090a0b 0020 0008 0001 a147 e112a643"};
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, PORT);
	say_hex(dpi, &t, 0, rfc9001_client);
	say_hex(dpi, &t, 1, rfc9001_server);
	say_hex(dpi, &t, 0, rfc9001_client);
	CU_ASSERT_TRUE(dpi_stats(dpi).packets <= 3);
	end(dpi, &t, "QUIC", "example.com");

	dpi = open_usual_dpi();
	talk_open(&t, 17, 1, 40000, 2, PORT);
	for (unsigned i = 0; i < 6; i++)
		say_hex(dpi, &t, i & 1, stun[i & 1]);
	say_hex(dpi, &t, 0, rfc9001_client);
	end(dpi, &t, "STUN", NULL);
}

static void dtls_begins_behind_its_server(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 45443);
	say_noise(dpi, &t, 1, 12);
	for (unsigned i = 0; i < DTLS_CLIENT_N; i++)
		say_hex(dpi, &t, 0, dtls_client[i]);
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_TRUE(details_has(t.flow.details, DETAIL_tls_sni));
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

void suite_dpi_late(void);
void suite_dpi_late(void)
{
	CU_pSuite s = CU_add_suite("dpi_late", NULL, NULL);

	CU_ADD_TEST(s, quic_begins_behind_its_server);
	CU_ADD_TEST(s, google_begins_behind_its_server);
	CU_ADD_TEST(s, others_do_not_begin_anew);
	CU_ADD_TEST(s, dtls_begins_behind_its_server);
}
