/* The recorder between workers that offer and the files that libpcap reads back. Each frame has its
 * worker and its number in its last bytes, so what was written, and in which order, shows. */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/thread/backoff.h"
#include "dataplane/output/recorder.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/port/port.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/hooks.h"
#include "support/folder.h"

enum {
	WORKERS = 2,
	FRAME = 60,
	QUEUE = 256,
	MBUFS = 4095,
	LARGE_BUFFER = 65535, /* with its headroom; the longest that an mbuf can have */
	NUMBERS = 100000,
};

#define SECOND_NS UINT64_C(1000000000)

struct scene {
	struct settings settings;
	struct folder folder;
	struct rte_mempool *pool;
	struct recorder *recorder;
	struct recorder_counts counts[WORKERS];
};

/* `more` is one more setting, or NULL. */
static void begin(struct scene *s, const char *record, uint16_t buffer)
{
	struct error error = {0};

	memset(s, 0, sizeof(*s));
	s->folder = folder_make();
	settings_init(&s->settings);
	CU_ASSERT_EQUAL(settings_set(&s->settings, record, &error), 0);
	CU_ASSERT_EQUAL(settings_set(&s->settings, "packets.queue=256", &error), 0);
	s->pool = rte_pktmbuf_pool_create(
		"recorded", buffer == LARGE_BUFFER ? 511 : MBUFS, 0, 0, buffer, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->pool);
	s->recorder = recorder_create(&s->settings, WORKERS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->recorder);
	CU_ASSERT_EQUAL(packet_queue_room(s->settings.packets.queue), QUEUE);
}

static void start(struct scene *s)
{
	struct error error = {0};

	CU_ASSERT_EQUAL(recorder_start(s->recorder, s->folder.path, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
}

static void end(struct scene *s)
{
	recorder_destroy(s->recorder);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(s->pool), 0); /* every mbuf came back */
	rte_mempool_free(s->pool);
	folder_remove(&s->folder);
	settings_fini(&s->settings);
}

struct burst {
	struct rte_mbuf *mbufs[BURST_MAX];
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
};

/* Packets `first` and so on of a worker, as the pipeline leaves them. */
static void fill(struct scene *s, struct burst *b, uint32_t worker, uint32_t first, uint32_t n)
{
	memset(b, 0, sizeof(*b));
	CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_alloc_bulk(s->pool, b->mbufs, n), 0);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *bytes = (uint8_t *)rte_pktmbuf_append(b->mbufs[i], FRAME);
		uint32_t mark[2] = {worker, first + i};

		memset(bytes, 0, FRAME);
		memcpy(bytes + FRAME - sizeof(mark), mark, sizeof(mark));
		b->packets[i] = (struct packet){
			.data = bytes,
			.frame = bytes,
			.frame_cap = FRAME,
			.frame_wire = FRAME + 7,
			.time_ns = first + i,
			.flags = PACKET_HAS_VNI,
			.vni = worker,
			.recorded = FRAME,
		};
	}
}

/* What the recorder does not keep goes back, as a worker gives it back. */
static uint64_t offer(
	struct scene *s, struct burst *b, uint32_t worker, uint64_t mask, bool shed)
{
	const struct packet_burst burst = {b->mbufs, b->packets, b->why, mask};
	uint64_t kept = recorder_offer(s->recorder, worker, &burst, shed, &s->counts[worker]);

	for (uint32_t i = 0; i < BURST_MAX; i++)
		if (b->mbufs[i] && !(kept >> i & 1))
			rte_pktmbuf_free(b->mbufs[i]);
	return kept;
}

static uint64_t offer_some(struct scene *s, uint32_t worker, uint32_t first, uint32_t n)
{
	struct burst b;

	fill(s, &b, worker, first, n);
	return offer(s, &b, worker, UINT64_MAX >> (64 - n), false);
}

/* What was written of each worker: how many, and whether in its order. */
struct seen {
	uint32_t n[WORKERS];
	bool in_order;
};

static void see_file(const char *path, struct seen *seen)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline(path, error);
	struct pcap_pkthdr *header;
	uint32_t mark[2], last[WORKERS] = {0};
	const u_char *bytes;

	CU_ASSERT_STRING_EQUAL(error, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
	while (pcap_next_ex(pcap, &header, &bytes) == 1) {
		CU_ASSERT_EQUAL_FATAL(header->caplen, FRAME);
		CU_ASSERT_EQUAL(header->len, FRAME + 7);
		memcpy(mark, bytes + FRAME - sizeof(mark), sizeof(mark));
		CU_ASSERT_FATAL(mark[0] < WORKERS);
		seen->n[mark[0]]++;
		seen->in_order = seen->in_order && mark[1] + 1 > last[mark[0]];
		last[mark[0]] = mark[1] + 1;
	}
	pcap_close(pcap);
}

static struct seen see(const struct scene *s)
{
	struct seen seen = {.in_order = true};
	char folder[128], path[512];
	struct dirent *entry;
	DIR *dir;

	dir = opendir(folder_path(&s->folder, "packets", folder, sizeof(folder)));
	if (!dir) { /* nothing was written, so nothing is there */
		CU_ASSERT_EQUAL(errno, ENOENT);
		return seen;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		see_file(path, &seen);
	}
	closedir(dir);
	return seen;
}

/* --- rows of the decision --- */

static void what_is_wanted(void)
{
	static const struct {
		const char *reason;
		bool accepted, all;
	} rows[] = {
		{"inspected", true, true},
		{"inner_link", true, true},
		{"inner_cut", true, true},
		{"inner_not_ip", true, true},
		{"flow_table_full", true, true},
		{"session_unknown", false, true},
		{"rule_rejected", false, true},
		{"rule_none", false, true},
		{"dns_not_eligible", false, true},
		{"direction_unknown", false, true},
		{"duplicate", false, true},
		{"handoff_full", false, false},
		{"not_udp", false, false},
		{"vxlan_no_vni", false, false},
		{"outer_cut", false, false},
		{"outer_fragment", false, false},
		{"too_deep", false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int why = 0;

		while (why < REASON_COUNT &&
			strcmp(reason_name((enum reason)why), rows[i].reason) != 0)
			why++;
		CU_ASSERT_FATAL(why < REASON_COUNT);
		CU_ASSERT_EQUAL(
			record_wants(RECORD_ACCEPTED, (enum reason)why), rows[i].accepted);
		CU_ASSERT_EQUAL(record_wants(RECORD_ALL, (enum reason)why), rows[i].all);
		CU_ASSERT_FALSE(record_wants(RECORD_NONE, (enum reason)why));
	}
}

/* A TCP packet of 100 bytes, 14 + 20 + 20 of them headers, unless it is cut. */
static void what_rules_leave(void)
{
	static const struct {
		enum settings_record which;
		enum model_record record;
		uint32_t cap, snaplen;
		enum reason why;
		uint32_t keep;
	} rows[] = {
		{RECORD_ACCEPTED, MODEL_RECORD_UNSAID, 100, 0, REASON_inspected, 100},
		{RECORD_ACCEPTED, MODEL_RECORD_TRUE, 100, 0, REASON_inspected, 100},
		{RECORD_ACCEPTED, MODEL_RECORD_FALSE, 100, 0, REASON_inspected, RECORD_NOTHING},
		{RECORD_ACCEPTED, MODEL_RECORD_HEADERS, 100, 0, REASON_inspected, 54},
		{RECORD_ACCEPTED, MODEL_RECORD_HEADERS, 40, 0, REASON_inspected, 40},
		{RECORD_ACCEPTED, MODEL_RECORD_HEADERS, 100, 50, REASON_inspected, 50},
		{RECORD_ACCEPTED, MODEL_RECORD_UNSAID, 100, 60, REASON_inspected, 60},
		{RECORD_ACCEPTED, MODEL_RECORD_TRUE, 100, 0, REASON_rule_rejected,
			RECORD_NOT_OFFERED},
		{RECORD_ALL, MODEL_RECORD_TRUE, 100, 0, REASON_rule_rejected, 100},
		{RECORD_ALL, MODEL_RECORD_FALSE, 100, 0, REASON_rule_rejected, RECORD_NOTHING},
		/* No rule has judged it: what the packet says of one is another's. */
		{RECORD_ALL, MODEL_RECORD_FALSE, 100, 90, REASON_session_unknown, 90},
		{RECORD_ACCEPTED, MODEL_RECORD_FALSE, 100, 0, REASON_inner_not_ip, 100},
		{RECORD_SELECTED, MODEL_RECORD_UNSAID, 100, 0, REASON_inspected,
			RECORD_NOT_OFFERED},
		{RECORD_SELECTED, MODEL_RECORD_FALSE, 100, 0, REASON_inspected,
			RECORD_NOT_OFFERED},
		{RECORD_SELECTED, MODEL_RECORD_TRUE, 100, 0, REASON_inspected, 100},
		{RECORD_SELECTED, MODEL_RECORD_HEADERS, 100, 0, REASON_inspected, 54},
		{RECORD_SELECTED, MODEL_RECORD_TRUE, 100, 0, REASON_rule_rejected,
			RECORD_NOT_OFFERED},
		{RECORD_SELECTED, MODEL_RECORD_TRUE, 100, 0, REASON_inner_not_ip,
			RECORD_NOT_OFFERED},
		{RECORD_NONE, MODEL_RECORD_TRUE, 100, 0, REASON_inspected, RECORD_NOT_OFFERED},
	};
	static const uint8_t frame[100];
	struct model_rule rules[] = {{.number = 3, .record = MODEL_RECORD_TRUE}, {.number = 7},
		{.number = 9, .record = MODEL_RECORD_FALSE}};
	const struct model_filter filter = {
		.rules[MODEL_EGRESS] = {rules, 3}, .says_record = true};
	const struct model_session session = {.filter = &filter};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct record_bounds bounds = {.which = rows[i].which,
			.snaplen = rows[i].snaplen ? rows[i].snaplen : UINT32_MAX,
			.max_flow_packets = UINT64_MAX,
			.max_flow_bytes = UINT64_MAX};
		struct packet p = {.frame = frame,
			.frame_cap = rows[i].cap,
			.ip = frame + 14,
			.payload = 40,
			.config = &session,
			.direction = DIRECTION_EGRESS,
			.rule_number = 7};
		struct flow_recorded so_far = {0};

		rules[1].record = (uint8_t)rows[i].record;
		if (rows[i].why == REASON_inspected)
			p.recorded = record_keep(&bounds, &p, &so_far, false);
		CU_ASSERT_EQUAL(record_kept(&bounds, &p, rows[i].why), rows[i].keep);
	}
}

static void the_first_of_a_flow(void)
{
	const struct record_bounds bounds = {
		RECORD_ACCEPTED, .snaplen = 60, .max_flow_packets = 4, .max_flow_bytes = 150};
	static const struct {
		uint32_t cap, keep;
		uint64_t time_ns;
	} rows[] = {{50, 50, 1000}, {90, 60, 900}, {90, 60, 3000}, {20, RECORD_NOTHING, 4000}};
	struct flow_recorded so_far = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct packet p = {.frame_cap = rows[i].cap, .time_ns = rows[i].time_ns};

		CU_ASSERT_EQUAL(record_keep(&bounds, &p, &so_far, false), rows[i].keep);
	}
	CU_ASSERT_TRUE(so_far.packets == 3 && so_far.bytes == 170);
	CU_ASSERT_TRUE(so_far.first_ns == 1000 && so_far.last_ns == 3000);
	so_far = (struct flow_recorded){.packets = 4, .bytes = 10};
	CU_ASSERT_EQUAL(record_keep(&bounds, &(struct packet){.frame_cap = 60}, &so_far, false),
		RECORD_NOTHING);
}

static void what_a_record_says(void)
{
	const struct packet p = {
		.flags = PACKET_HAS_VNI,
		.vni = 7,
		.rule_number = 100,
		.direction = DIRECTION_EGRESS,
		.flow_id = 9,
	};
	struct packet_record r = record_of(&p, REASON_inspected);

	CU_ASSERT_TRUE(r.vni == 7 && r.rule_number == 100 && r.flow_id == 9);
	CU_ASSERT_EQUAL(r.direction, DIRECTION_EGRESS);
	CU_ASSERT_PTR_NULL(r.refused);
	r = record_of(&p, REASON_rule_rejected);
	CU_ASSERT_TRUE(r.rule_number == 100 && r.flow_id == 0);
	CU_ASSERT_STRING_EQUAL(r.refused, "rule_rejected");
	/* Nobody has judged it: what the fields hold is an earlier packet's. */
	r = record_of(&p, REASON_session_unknown);
	CU_ASSERT_TRUE(r.rule_number == 0 && r.flow_id == 0);
	CU_ASSERT_EQUAL(r.direction, DIRECTION_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(r.refused, "session_unknown");
	r = record_of(&p, REASON_inner_cut);
	CU_ASSERT_TRUE(r.rule_number == 0 && r.flow_id == 0 && !r.refused);
}

/* --- the rings --- */

struct offering {
	struct scene *scene;
	uint32_t worker;
};

static void *offer_all(void *arg)
{
	const struct offering *o = arg;
	struct backoff backoff = {0};

	for (uint32_t at = 0; at < NUMBERS;) {
		uint32_t n = 1 + at % BURST_MAX, size;

		n = n < NUMBERS - at ? n : NUMBERS - at;
		while (recorder_queue(o->scene->recorder, &size) > QUEUE - BURST_MAX)
			backoff_wait(&backoff);
		offer_some(o->scene, o->worker, at, n);
		at += n;
	}
	return NULL;
}

static void all_are_written_in_order(void)
{
	struct scene s;
	struct offering offerings[WORKERS];
	pthread_t threads[WORKERS];
	struct output_ledger ledger;
	struct seen seen;
	uint32_t size;

	begin(&s, "packets.record=accepted", 2048);
	start(&s);
	for (uint32_t w = 0; w < WORKERS; w++) {
		offerings[w] = (struct offering){&s, w};
		pthread_create(&threads[w], NULL, offer_all, &offerings[w]);
	}
	for (uint32_t w = 0; w < WORKERS; w++)
		pthread_join(threads[w], NULL);
	CU_ASSERT_TRUE(recorder_stop(s.recorder, 10 * SECOND_NS));
	CU_ASSERT_TRUE(recorder_stop(s.recorder, 0)); /* twice is legal */
	ledger = recorder_ledger(s.recorder);
	seen = see(&s);
	CU_ASSERT_TRUE(seen.in_order);
	for (uint32_t w = 0; w < WORKERS; w++) {
		CU_ASSERT_EQUAL(s.counts[w].offered, NUMBERS);
		CU_ASSERT_EQUAL(s.counts[w].shed, 0);
		CU_ASSERT_EQUAL(seen.n[w], NUMBERS - s.counts[w].lost);
	}
	CU_ASSERT_EQUAL(ledger.written, seen.n[0] + seen.n[1]);
	CU_ASSERT_TRUE(ledger.lost_disk == 0 && ledger.lost_queue == 0);
	CU_ASSERT_EQUAL(recorder_queue(s.recorder, &size), 0);
	CU_ASSERT_EQUAL(size, WORKERS * QUEUE);
	end(&s);
}

/* Nobody takes packets out yet. */
static void a_full_ring_loses(void)
{
	struct scene s;
	struct seen seen;
	uint32_t size;

	begin(&s, "packets.record=all", 2048);
	for (uint32_t at = 0; at < 240; at += 60)
		CU_ASSERT_EQUAL(offer_some(&s, 1, at, 60), UINT64_MAX >> 4);
	CU_ASSERT_EQUAL(offer_some(&s, 1, 240, 64), 0xffff); /* the first of a burst */
	CU_ASSERT_EQUAL(offer_some(&s, 1, 304, 1), 0);
	CU_ASSERT_EQUAL(recorder_queue(s.recorder, &size), QUEUE);
	CU_ASSERT_EQUAL(offer_some(&s, 0, 0, 1), 1); /* the other one's has room */
	CU_ASSERT_EQUAL(s.counts[1].offered, 305);
	CU_ASSERT_EQUAL(s.counts[1].lost, 305 - QUEUE);
	start(&s);
	CU_ASSERT_TRUE(recorder_stop(s.recorder, 10 * SECOND_NS));
	seen = see(&s);
	CU_ASSERT_TRUE(seen.in_order && seen.n[0] == 1 && seen.n[1] == QUEUE);
	end(&s);
}

static void a_burst_is_chosen_from(void)
{
	struct scene s;
	struct burst b;
	struct seen seen;

	begin(&s, "packets.record=accepted", 2048);
	start(&s);
	fill(&s, &b, 0, 0, 64);
	for (uint32_t i = 0; i < 64; i += 2)
		b.why[i] = i % 4 ? REASON_rule_rejected : REASON_not_udp;
	/* Of 0 to 63 the odd ones are wanted; 60 to 63 are not in the caller's hands. */
	CU_ASSERT_EQUAL(offer(&s, &b, 0, UINT64_MAX >> 4, false), UINT64_C(0x0aaaaaaaaaaaaaaa));
	CU_ASSERT_EQUAL(s.counts[0].offered, 30);
	fill(&s, &b, 0, 64, 10);
	CU_ASSERT_EQUAL(offer(&s, &b, 0, 0x3ff, true), 0);
	CU_ASSERT_EQUAL(s.counts[0].offered, 40);
	CU_ASSERT_EQUAL(s.counts[0].shed, 10);
	CU_ASSERT_EQUAL(s.counts[0].left_out, 0);
	fill(&s, &b, 0, 74, 10);
	for (uint32_t i = 0; i < 10; i += 3)
		b.packets[i].recorded = RECORD_NOTHING;
	CU_ASSERT_EQUAL(offer(&s, &b, 0, 0x3ff, false), 0x1b6);
	CU_ASSERT_EQUAL(s.counts[0].offered, 50);
	CU_ASSERT_EQUAL(s.counts[0].left_out, 4);
	CU_ASSERT_EQUAL(s.counts[0].lost, 0);
	CU_ASSERT_TRUE(recorder_stop(s.recorder, 10 * SECOND_NS));
	seen = see(&s);
	CU_ASSERT_EQUAL(seen.n[0], 36);
	end(&s);
}

/* A port has few of them, and needs them back. */
static void few_large_buffers_wait(void)
{
	struct scene s;
	uint32_t each = PACKET_QUEUE_LARGE / WORKERS;

	begin(&s, "packets.record=accepted", LARGE_BUFFER);
	for (uint32_t at = 0; at < each; at += 64)
		CU_ASSERT_EQUAL(offer_some(&s, 0, at, 64), UINT64_MAX);
	CU_ASSERT_EQUAL(offer_some(&s, 0, each, 3), 0);
	CU_ASSERT_EQUAL(s.counts[0].lost, 3);
	CU_ASSERT_EQUAL(offer_some(&s, 1, 0, 2), 3);
	start(&s);
	for (int i = 0; i < 1000 && rte_mempool_in_use_count(s.pool) > 0; i++)
		rte_delay_us_sleep(5000);
	CU_ASSERT_EQUAL(offer_some(&s, 0, each + 3, 2), 3); /* there is room again */
	CU_ASSERT_TRUE(recorder_stop(s.recorder, 10 * SECOND_NS));
	CU_ASSERT_EQUAL(recorder_ledger(s.recorder).written, each + 4);
	end(&s);
}

static void take_3_ms(void *ctx)
{
	(void)ctx;
	rte_delay_us_sleep(3000);
}

/* What a slow disk does not take in time is counted, and its buffers come back. */
static void the_end_does_not_wait_for_ever(void)
{
	const struct hooks slow = {.packet = take_3_ms};
	struct scene s;
	struct output_ledger ledger;
	struct seen seen;

	hooks_set(&slow);
	begin(&s, "packets.record=accepted", 2048);
	for (uint32_t at = 0; at < QUEUE; at += 64)
		offer_some(&s, 0, at, 64);
	start(&s);
	CU_ASSERT_FALSE(recorder_stop(s.recorder, 1));
	ledger = recorder_ledger(s.recorder);
	seen = see(&s);
	CU_ASSERT_TRUE(ledger.lost_queue >= QUEUE - 64);
	CU_ASSERT_EQUAL(ledger.written, seen.n[0]);
	CU_ASSERT_EQUAL(ledger.written + ledger.lost_queue, QUEUE);
	end(&s);
	hooks_clear();
}

static void a_file_that_cannot_be_opened(void)
{
	struct scene s;
	struct error error = {0};

	begin(&s, "packets.record=accepted", 2048);
	folder_put(&s.folder, "packets", "a file, not a folder");
	CU_ASSERT_EQUAL(recorder_start(s.recorder, s.folder.path, &error), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, s.folder.path));
	CU_ASSERT_EQUAL(offer_some(&s, 0, 0, 5), 31);
	CU_ASSERT_FALSE(recorder_stop(s.recorder, 0));
	CU_ASSERT_EQUAL(recorder_ledger(s.recorder).lost_queue, 5);
	end(&s);
}

void suite_recorder(void);
void suite_recorder(void)
{
	CU_pSuite suite = CU_add_suite("recorder", eal_once, NULL);

	CU_ADD_TEST(suite, what_is_wanted);
	CU_ADD_TEST(suite, what_rules_leave);
	CU_ADD_TEST(suite, the_first_of_a_flow);
	CU_ADD_TEST(suite, what_a_record_says);
	CU_ADD_TEST(suite, all_are_written_in_order);
	CU_ADD_TEST(suite, a_full_ring_loses);
	CU_ADD_TEST(suite, a_burst_is_chosen_from);
	CU_ADD_TEST(suite, few_large_buffers_wait);
	CU_ADD_TEST(suite, the_end_does_not_wait_for_ever);
	CU_ADD_TEST(suite, a_file_that_cannot_be_opened);
}
