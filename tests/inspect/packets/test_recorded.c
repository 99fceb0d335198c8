/* What our own packet files tell: comments as the writer makes them, and others. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "decap/addr.h"
#include "decap/ledger.h"
#include "inspect/packets/packet_file.h"
#include "inspect/packets/recorded.h"
#include "support/capture_bytes.h"
#include "support/folder.h"
#include "support/pcapng_walk.h"

void suite_recorded(void);

static struct packet_record record_make(
	const char *outer_src, uint32_t network, uint64_t flow_id)
{
	static const uint8_t frame[60];
	struct packet_record r;

	memset(&r, 0, sizeof(r));
	r.frame = frame;
	r.cap = r.wire = sizeof(frame);
	r.has_vni = outer_src != NULL;
	if (outer_src) {
		CU_ASSERT_TRUE(ip_addr_parse(outer_src, &r.outer_src));
		session_key_name(&r.key, 0xabcdef, network);
	}
	r.rule_number = 100;
	r.flow_id = flow_id;
	r.refused = flow_id == 0 ? bucket_name(BUCKET_rule_rejected) : NULL;
	return r;
}

struct seen {
	const struct packet_record *records;
	uint32_t n;
};

static void compare(void *ctx, const struct pcapng_walked *packet)
{
	struct seen *seen = ctx;
	const struct packet_record *r = &seen->records[seen->n++];
	struct recorded recorded = recorded_read(packet->comment, strlen(packet->comment));

	CU_ASSERT_EQUAL(recorded.has_vni, r->has_vni);
	CU_ASSERT_TRUE(session_key_equal(&recorded.key, &r->key));
	CU_ASSERT_EQUAL(recorded.flow_id, r->flow_id);
	CU_ASSERT_EQUAL(recorded.rule_number, r->rule_number);
	CU_ASSERT_PTR_EQUAL(recorded.refused, r->refused);
}

/* What packet_file.h writes is read back as it was. */
static void round_trip(void)
{
	const struct packet_record records[] = {
		record_make("10.0.0.1", NETWORK_NONE, 0x0123456789abcdef),
		record_make("2001:db8::ffff:7", NETWORK_NONE, 0xf),
		record_make("10.0.0.2", NETWORK_NAMED, UINT64_MAX),
		record_make("10.0.0.2", NETWORK_NAMED + NETWORK_ID_MAX, 1),
		record_make(NULL, 0, 5),
		record_make("10.0.0.1", NETWORK_NONE, 0),
	};
	struct seen seen = {.records = records};
	struct folder folder = folder_make();
	struct packet_file *file;
	struct error error;
	char path[128];
	size_t len;
	char *bytes;

	folder_path(&folder, "w.pcapng", path, sizeof(path));
	file = packet_file_open(path, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		packet_file_write(file, &records[i]);
	CU_ASSERT_TRUE(packet_file_close(file));
	bytes = folder_get(&folder, "w.pcapng", &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT_TRUE(pcapng_walk(bytes, len, compare, &seen).whole);
	CU_ASSERT_EQUAL(seen.n, sizeof(records) / sizeof(records[0]));
	CU_ASSERT_TRUE(recorded_is((const uint8_t *)bytes, len));
	CU_ASSERT_TRUE(recorded_is((const uint8_t *)bytes, RECORDED_LOOK));
	for (size_t n = 0; n < 37; n++) { /* without the last letter of its name */
		uint8_t *exact = malloc(n + 1);

		memcpy(exact, bytes, n);
		CU_ASSERT_EQUAL(recorded_is(exact, n), false);
		free(exact);
	}
	free(bytes);
	folder_remove(&folder);
}

static void others(void)
{
	struct bytes b = {0};

	pcapng_begin(&b);
	CU_ASSERT_FALSE(recorded_is(b.at, b.len));
	bytes_free(&b);
	pcap_begin(&b, PCAP_NANO, 65535, 1);
	CU_ASSERT_FALSE(recorded_is(b.at, b.len));
	bytes_free(&b);
}

static struct recorded read_text(const char *text)
{
	size_t len = strlen(text);
	char *exact = malloc(len + 1);
	struct recorded r;

	memcpy(exact, text, len); /* without an end */
	r = recorded_read(exact, len);
	free(exact);
	return r;
}

/* Words that nobody wrote are as if they were not there. */
static void odd_words(void)
{
	static const char *const none[] = {"", " ", "vni=", "vni=16777216", "vni=-1", "vni= 1",
		"vni=1x", "flow=", "flow=123", "flow=00112233445566778",
		"flow=+011223344556677", "flow=0011223344 56677", "outer_src=10.0.0.1",
		"network=5", "hello world", "xvni=1", "VNI=1"};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct recorded r = read_text(none[i]);
		struct session_key empty;

		memset(&empty, 0, sizeof(empty));
		CU_ASSERT_FALSE(r.has_vni);
		CU_ASSERT_EQUAL(r.flow_id, 0);
		CU_ASSERT_TRUE(session_key_equal(&r.key, &empty));
	}
	CU_ASSERT_EQUAL(read_text("x  flow=00000000000000ff refused=rule_none").flow_id, 255);
	CU_ASSERT_EQUAL(read_text("vni=0 outer_src=nobody").key.vni, 0);
	CU_ASSERT_TRUE(read_text("vni=0 outer_src=nobody").has_vni);
}

/* At every length: no more bytes are read than there are. */
static void every_length(void)
{
	static const char text[] =
		"vni=42 network=7 outer_src=2001:db8::1 rule=100 flow=00112233aabbccdd refused=x";

	for (size_t n = 0; n < sizeof(text); n++) {
		char *exact = malloc(n + 1);
		struct recorded r;

		memcpy(exact, text, n);
		r = recorded_read(exact, n);
		CU_ASSERT_EQUAL(r.flow_id != 0, n >= 69);
		free(exact);
	}
}

void suite_recorded(void)
{
	CU_pSuite suite = CU_add_suite("recorded", NULL, NULL);

	CU_add_test(suite, "what was written is read", round_trip);
	CU_add_test(suite, "files of others", others);
	CU_add_test(suite, "words of others", odd_words);
	CU_add_test(suite, "every length", every_length);
}
