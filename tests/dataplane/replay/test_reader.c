/* The reader and its workers over captures whose packets are known one by one: who got which, in
 * which order, with which clock, and what came back. A hook after each burst writes it down. */
#include <CUnit/Basic.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/log/error.h"
#include "dataplane/support/hooks.h"
#include "dataplane/support/mirror_frame.h"
#include "dataplane/support/rig.h"
#include "dataplane/support/traffic.h"
#include "decap/outer_defrag.h"
#include "support/capture_bytes.h"

enum { BLOCK = BLOCK_SLOTS, REWINDS_MAX = 16, LARGEST = 262144, ETHERNET = 1 };

#define SECOND UINT64_C(1000000000)

/* What one lane saw; written by its thread alone, but for `n`, which the watch reads. */
struct lane_log {
	uint64_t *numbers, *horizons;
	enum reason *why;
	_Atomic uint64_t n;
	uint64_t rewinds[REWINDS_MAX];
	uint32_t n_rewinds;
	_Atomic(const struct flow_table *) flows;
};

struct log {
	struct lane_log lanes[WORKERS_MAX];
	uint32_t n_lanes, room;
	uint32_t slow; /* lane that takes its time, or no lane's number */
	uint64_t bytes;
};

static void log_begin(struct log *log, uint32_t n_lanes, uint32_t room)
{
	memset(log, 0, sizeof(*log));
	log->n_lanes = n_lanes;
	log->room = room;
	log->slow = UINT32_MAX;
	for (uint32_t i = 0; i < n_lanes; i++) {
		log->lanes[i].numbers = calloc(room + 1, sizeof(uint64_t));
		log->lanes[i].horizons = calloc(room + 1, sizeof(uint64_t));
		log->lanes[i].why = calloc(room + 1, sizeof(enum reason));
	}
}

static void log_end(struct log *log)
{
	hooks_clear();
	for (uint32_t i = 0; i < log->n_lanes; i++) {
		free(log->lanes[i].numbers);
		free(log->lanes[i].horizons);
		free(log->lanes[i].why);
	}
}

static void log_burst(void *ctx, const struct lane *lane, const struct packet *packets,
	uint32_t n, uint64_t horizon_ns, const enum reason *why)
{
	struct log *log = ctx;
	struct lane_log *to = &log->lanes[lane->index];
	uint64_t at = atomic_load(&to->n);

	if (lane->index == log->slow)
		nanosleep(&(struct timespec){0, 1000 * 1000}, NULL);
	atomic_store(&to->flows, lane->flows);
	for (uint32_t i = 0; i < n && at < log->room; i++, at++) {
		to->numbers[at] = packets[i].number;
		to->horizons[at] = horizon_ns;
		to->why[at] = why[i];
	}
	atomic_store(&to->n, at);
}

static void log_rewind(void *ctx, const struct flow_table *table, uint64_t horizon_ns)
{
	struct log *log = ctx;

	for (uint32_t i = 0; i < log->n_lanes; i++) {
		struct lane_log *to = &log->lanes[i];

		/* A lane's table is known to its thread alone, from its first burst on. */
		if (atomic_load(&to->n) > 0 && atomic_load(&to->flows) == table &&
			to->n_rewinds < REWINDS_MAX)
			to->rewinds[to->n_rewinds++] = horizon_ns;
	}
}

static void log_install(struct log *log, bool with_rewinds)
{
	const struct hooks hooks = {
		.ctx = log, .burst = log_burst, .rewind = with_rewinds ? log_rewind : NULL};

	hooks_set(&hooks);
}

/* The lane that got each packet, by number; every packet must have been in exactly one. */
static uint32_t *owners_of(const struct log *log, uint32_t n)
{
	uint32_t *owner = malloc((n + 1) * sizeof(*owner));
	uint32_t twice = 0, missing = 0, back = 0;

	memset(owner, 0xff, (n + 1) * sizeof(*owner));
	for (uint32_t l = 0; l < log->n_lanes; l++) {
		const struct lane_log *lane = &log->lanes[l];

		for (uint64_t i = 0; i < lane->n; i++) {
			uint64_t number = lane->numbers[i];

			CU_ASSERT_TRUE_FATAL(number >= 1 && number <= n);
			twice += owner[number] != UINT32_MAX;
			back += i > 0 && number <= lane->numbers[i - 1];
			owner[number] = l;
		}
	}
	for (uint32_t number = 1; number <= n; number++)
		missing += owner[number] == UINT32_MAX;
	CU_ASSERT_EQUAL(twice, 0);
	CU_ASSERT_EQUAL(missing, 0);
	CU_ASSERT_EQUAL(back, 0); /* file order within a lane, so within a flow */
	return owner;
}

/* All packets of a flow, fragments included, are one lane's; and more than one lane works. */
static void check_owners(const struct log *log, const struct traffic *traffic)
{
	uint32_t flow_owner[TRAFFIC_SOURCES * TRAFFIC_PAIRS], split = 0, used = 0;
	uint32_t *owner = owners_of(log, traffic->n);

	memset(flow_owner, 0xff, sizeof(flow_owner));
	for (uint32_t i = 0; i < traffic->n; i++) {
		uint32_t flow = traffic->packets[i].flow;

		if (flow == TRAFFIC_NO_FLOW)
			continue;
		split += flow_owner[flow] != UINT32_MAX && flow_owner[flow] != owner[i + 1];
		flow_owner[flow] = owner[i + 1];
	}
	CU_ASSERT_EQUAL(split, 0);
	for (uint32_t l = 0; l < log->n_lanes; l++)
		used += log->lanes[l].n > 0;
	CU_ASSERT_TRUE(log->n_lanes < 2 || used >= 2);
	free(owner);
}

static void check_reasons(const struct log *log, const struct traffic *traffic)
{
	uint32_t wrong = 0;

	for (uint32_t l = 0; l < log->n_lanes; l++)
		for (uint64_t i = 0; i < log->lanes[l].n; i++)
			wrong += log->lanes[l].why[i] !=
				 traffic->packets[log->lanes[l].numbers[i] - 1].reason;
	CU_ASSERT_EQUAL(wrong, 0);
}

/* ---- a run with a watch that checks the counters ---- */

struct inspection {
	const struct rig *rig;
	const struct log *log;
	uint64_t last, calls, wrong, stop_at;
};

static uint64_t received(const struct reader *reader)
{
	struct ledger ledger = {0};

	reader_ledger(reader, &ledger);
	return ledger.received;
}

/* What was given back was worked on; what is in flight fits in the blocks; reading advances by
 * whole blocks. */
static bool inspect(void *ctx, uint64_t packets)
{
	struct inspection *in = ctx;
	uint64_t flying = reader_in_flight(in->rig->reader), worked = 0;

	for (uint32_t l = 0; l < in->log->n_lanes; l++)
		worked += atomic_load(&in->log->lanes[l].n);
	in->wrong += packets != received(in->rig->reader);
	in->wrong += flying > packets || packets - flying > worked;
	in->wrong += flying > (uint64_t)reader_max_blocks(in->rig->reader) * BLOCK;
	in->wrong += packets < in->last || packets - in->last > BLOCK;
	in->last = packets;
	in->calls++;
	return packets < in->stop_at;
}

static void run_inspected(struct rig *rig, const struct log *log, uint64_t total, uint64_t stop)
{
	struct inspection in = {.rig = rig, .log = log, .stop_at = stop};
	struct fragments_stats overflow = {0};

	rig_start(rig);
	rig_run(rig, (struct reader_watch){&in, inspect});
	CU_ASSERT_EQUAL(in.wrong, 0);
	CU_ASSERT_TRUE(in.calls > 0);
	CU_ASSERT_EQUAL(received(rig->reader), total);
	CU_ASSERT_EQUAL(reader_in_flight(rig->reader), 0);
	reader_overflow(rig->reader, &overflow);
	CU_ASSERT_TRUE(
		overflow.fragments_overflow == 0 && overflow.outer_fragments_overflow == 0);
}

/* What was recorded, read back by libpcap: the inner frames of all packets that have one, in the
 * order of the capture. */
static void check_packet_file(const struct rig *rig, const struct traffic *traffic)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline_with_tstamp_precision(
		rig->packet_path, PCAP_TSTAMP_PRECISION_NANO, error);
	uint32_t wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (uint32_t i = 0; i < traffic->n; i++) {
		const struct traffic_packet *p = &traffic->packets[i];
		struct pcap_pkthdr *header;
		const u_char *data;

		if (p->reason != REASON_inspected && p->reason != REASON_inner_not_ip)
			continue;
		CU_ASSERT_EQUAL_FATAL(pcap_next_ex(file, &header, &data), 1);
		wrong += (uint64_t)header->ts.tv_sec * SECOND + (uint64_t)header->ts.tv_usec !=
			 p->time_ns;
		wrong += header->caplen != p->len - FRAME_MIRROR ||
			 memcmp(data, p->bytes + FRAME_MIRROR, header->caplen) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	pcap_close(file);
}

static uint64_t flows_made(const struct rig *rig)
{
	uint64_t made = 0;

	for (uint32_t i = 0; i < rig->n_workers; i++) {
		const struct flow_table_stats *stats = flow_table_stats(rig->lanes[i]->flows);

		made += stats->made;
		CU_ASSERT_EQUAL(stats->live, 0);
	}
	return made;
}

static void run_traffic(uint32_t n_workers, uint32_t n_packets, uint32_t slow)
{
	struct traffic traffic = traffic_make(n_packets);
	struct rig rig;
	struct log log;

	rig_begin(&rig, n_workers);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, true);
	log_begin(&log, n_workers, n_packets);
	log.slow = slow;
	log_install(&log, false);
	run_inspected(&rig, &log, n_packets, UINT64_MAX);
	check_owners(&log, &traffic);
	check_reasons(&log, &traffic);
	check_packet_file(&rig, &traffic);
	CU_ASSERT_EQUAL(flows_made(&rig), traffic_flows(&traffic));
	CU_ASSERT_EQUAL(
		output_ledger(rig.output, RECORD_EVENT)->written, traffic_flows(&traffic));
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

static void every_packet_once_for_any_number_of_workers(void)
{
	for (uint32_t n = 1; n <= 8; n++)
		run_traffic(n, 5 * BLOCK + 100, UINT32_MAX);
}

/* The others run ahead; blocks wait for the slow one, and records for their turn. */
static void a_slow_worker_changes_nothing(void)
{
	run_traffic(3, 20 * BLOCK, 1);
	run_traffic(2, 20 * BLOCK, 0);
}

/* Sessions enough to fill a table of their own, all of known tenants, before the others come. The
 * fragments of a datagram have one. */
static void more_sessions_than_there_is_room_for(void)
{
	struct traffic traffic = traffic_make(4 * BLOCK);
	struct rig rig;
	struct log log;

	for (uint32_t i = 0; i < 512; i++)
		traffic.packets[i].bytes[29] = (uint8_t)(10 + (i % 16 == 5 ? i / 64 : i) % 200);
	rig_begin(&rig, 4);
	rig_set(&rig, "sessions.capacity=16");
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, false);
	log_begin(&log, 4, traffic.n);
	log_install(&log, false);
	run_inspected(&rig, &log, traffic.n, UINT64_MAX);
	check_owners(&log, &traffic);
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

/* Two VNIs of one tenant, as two sources with one VNI: the same conversation at both points is two
 * flows that one worker owns. */
static void tenants_of_the_settings(void)
{
	struct traffic traffic = traffic_make(2 * BLOCK);
	struct rig rig;
	struct log log;

	uint32_t flows;

	rig_begin(&rig, 4);
	rig_set(&rig, "tenants=[{name: blue, virtual_network_ids: [40, 41]}]");
	traffic_write(&traffic, rig.capture);
	flows = traffic_flows(&traffic);
	for (uint32_t i = 0; i < traffic.n; i++)
		if (traffic.packets[i].flow != TRAFFIC_NO_FLOW &&
			traffic.packets[i].flow / TRAFFIC_PAIRS % 2 == 1)
			traffic.packets[i].flow -= TRAFFIC_PAIRS;
	rig_open(&rig, false);
	log_begin(&log, 4, traffic.n);
	log_install(&log, false);
	run_inspected(&rig, &log, traffic.n, UINT64_MAX);
	check_owners(&log, &traffic);
	CU_ASSERT_EQUAL(flows_made(&rig), flows);
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

static void whole_blocks_and_one_more(void)
{
	run_traffic(2, BLOCK, UINT32_MAX);
	run_traffic(2, BLOCK + 1, UINT32_MAX);
	run_traffic(2, 2 * BLOCK - 1, UINT32_MAX);
}

static void more_workers_than_packets(void)
{
	struct traffic traffic = traffic_make(5);
	struct rig rig;
	struct log log;

	rig_begin(&rig, WORKERS_MAX);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, true);
	log_begin(&log, WORKERS_MAX, 5);
	log_install(&log, false);
	run_inspected(&rig, &log, 5, UINT64_MAX);
	free(owners_of(&log, 5));
	check_reasons(&log, &traffic);
	check_packet_file(&rig, &traffic);
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

static void no_packets(void)
{
	struct traffic traffic = traffic_make(0);
	struct rig rig;
	struct log log;

	rig_begin(&rig, 3);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, false);
	log_begin(&log, 3, 1);
	log_install(&log, false);
	rig_start(&rig);
	rig_run(&rig, rig_patience());
	CU_ASSERT_EQUAL(received(rig.reader), 0);
	CU_ASSERT_EQUAL(reader_in_flight(rig.reader), 0);
	for (uint32_t l = 0; l < 3; l++)
		CU_ASSERT_EQUAL(log.lanes[l].n, 0);
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

/* What was read before is still worked on, and recorded. */
static void a_stop_ends_in_order(void)
{
	struct traffic traffic = traffic_make(20 * BLOCK);
	struct rig rig;
	struct log log;

	rig_begin(&rig, 3);
	traffic_write(&traffic, rig.capture);
	traffic.n = 7 * BLOCK;
	rig_open(&rig, true);
	log_begin(&log, 3, 20 * BLOCK);
	log_install(&log, false);
	run_inspected(&rig, &log, traffic.n, traffic.n);
	check_owners(&log, &traffic);
	check_packet_file(&rig, &traffic);
	CU_ASSERT_EQUAL(flows_made(&rig), traffic_flows(&traffic));
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

/* ---- outer fragments ---- */

/* The beginnings of `n` outer datagrams whose other fragments never come. */
static void write_beginnings(const char *path, uint32_t n)
{
	/* 64 bytes of UDP: all but the last fragment are multiples of 8 bytes. */
	const struct mirror_frame spec = {.outer_src = "10.0.0.1",
		.vni = 5,
		.src = "10.1.0.1",
		.dst = "10.1.0.2",
		.protocol = 17,
		.src_port = 40000,
		.dst_port = 53,
		.payload = 6};
	uint8_t bytes[MIRROR_FRAME_ROOM];
	uint32_t len = mirror_frame_write(&spec, bytes);
	struct bytes b = {0};

	CU_ASSERT_EQUAL_FATAL(len, 14 + 20 + 64);
	bytes[14 + 6] = 0x20; /* more fragments */
	pcap_begin(&b, PCAP_NANO, LARGEST, ETHERNET);
	for (uint32_t i = 0; i < n; i++) {
		bytes[14 + 5] = (uint8_t)i;
		pcap_packet(&b, 1000, i, bytes, len, len);
	}
	bytes_write(&b, path);
	bytes_free(&b);
}

/* The ledger has them all, and how many gave way to others is counted. */
static void more_outer_datagrams_than_there_is_room_for(void)
{
	for (uint32_t n = DEFRAG_DATAGRAMS; n <= DEFRAG_DATAGRAMS + 1; n++) {
		struct fragments_stats overflow = {0};
		struct ledger ledger = {0};
		struct rig rig;

		rig_begin(&rig, 2);
		write_beginnings(rig.capture, n);
		rig_open(&rig, false);
		rig_start(&rig);
		rig_run(&rig, rig_patience());
		reader_ledger(rig.reader, &ledger);
		CU_ASSERT_EQUAL(ledger.received, n);
		CU_ASSERT_EQUAL(ledger.reasons[REASON_outer_fragment], n);
		CU_ASSERT_TRUE(ledger_closes(&ledger));
		reader_overflow(rig.reader, &overflow);
		CU_ASSERT_EQUAL(overflow.outer_fragments_overflow, n - DEFRAG_DATAGRAMS);
		rig_end(&rig);
	}
}

/* ---- large packets ---- */

/* Packets of plain Ethernet as long as a capture can hold them: a block each. */
static void write_large(const char *path, uint32_t n)
{
	struct bytes b = {0};
	uint8_t *data = calloc(1, LARGEST);

	data[12] = 0x88;
	data[13] = 0xb5; /* IEEE 802 local experimental: not IP */
	pcap_begin(&b, PCAP_NANO, LARGEST, ETHERNET);
	for (uint32_t i = 0; i < n; i++)
		pcap_packet(&b, 1000 + i, 0, data, LARGEST, LARGEST);
	bytes_write(&b, path);
	bytes_free(&b);
	free(data);
}

static void run_large(uint32_t n)
{
	struct rig rig;
	struct log log;
	uint32_t wrong = 0;

	rig_begin(&rig, 3);
	rig.mode = DECAP_PLAIN;
	write_large(rig.capture, n);
	rig_open(&rig, false);
	log_begin(&log, 3, n);
	log_install(&log, false);
	rig_start(&rig);
	rig_run(&rig, rig_patience());
	free(owners_of(&log, n));
	for (uint32_t l = 0; l < 3; l++)
		for (uint64_t i = 0; i < log.lanes[l].n; i++)
			wrong += log.lanes[l].why[i] != REASON_inner_not_ip;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(received(rig.reader), n);
	CU_ASSERT_EQUAL(reader_in_flight(rig.reader), 0);
	log_end(&log);
	rig_end(&rig);
}

/* More blocks than may be on their way at once (12 with three workers). */
static void the_largest_packets(void)
{
	run_large(1);
	run_large(40);
}

/* ---- the clock ---- */

/* One block a time: in each all packets have the same time. */
struct era {
	uint64_t time_ns, horizon_ns, rewind_ns; /* rewind 0: none */
};

static void run_eras(const struct era *eras, uint32_t n, uint32_t n_workers)
{
	struct traffic traffic = traffic_make(n * BLOCK);
	uint32_t wrong = 0;
	struct rig rig;
	struct log log;

	for (uint32_t i = 0; i < traffic.n; i++)
		traffic.packets[i].time_ns = eras[i / BLOCK].time_ns;
	rig_begin(&rig, n_workers);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, false);
	log_begin(&log, n_workers, traffic.n);
	log_install(&log, true);
	rig_start(&rig);
	rig_run(&rig, rig_patience());
	for (uint32_t l = 0; l < n_workers; l++) {
		const struct lane_log *lane = &log.lanes[l];
		uint32_t rewinds = 0;

		for (uint64_t i = 0; i < lane->n; i++)
			wrong += lane->horizons[i] !=
				 eras[(lane->numbers[i] - 1) / BLOCK].horizon_ns;
		for (uint32_t e = 0; e < n; e++)
			if (eras[e].rewind_ns)
				wrong += lane->rewinds[rewinds++] != eras[e].rewind_ns;
		CU_ASSERT_EQUAL(lane->n_rewinds, rewinds);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	log_end(&log);
	rig_end(&rig);
	traffic_free(&traffic);
}

#define T(s, ns) ((s)*SECOND + (ns))

static void the_clock_forgives_a_second(void)
{
	static const struct era eras[] = {
		{T(1000, 5), T(1000, 5), 0},
		{T(1001, 0), T(1001, 0), 0},
		{T(1000, 1), T(1001, 0), 0},                        /* 0.999999999 s back */
		{T(1000, 0), T(1001, 0), 0},                        /* a second */
		{T(999, 999999999), T(999, 999999999), T(1001, 0)}, /* and a nanosecond */
		{T(999, 0), T(999, 999999999), 0},
		{T(2000, 0), T(2000, 0), 0},
		{T(0, 1), T(0, 1), T(2000, 0)},
		{T(0, 0), T(0, 1), 0},
	};

	run_eras(eras, sizeof(eras) / sizeof(eras[0]), 1);
	run_eras(eras, sizeof(eras) / sizeof(eras[0]), 3);
}

static void the_clock_goes_back_and_forth(void)
{
	static const struct era eras[] = {
		{T(5000, 0), T(5000, 0), 0},
		{T(10, 0), T(10, 0), T(5000, 0)},
		{T(5000, 0), T(5000, 0), 0},
		{T(10, 0), T(10, 0), T(5000, 0)},
		{T(4294967295, 999999999), T(4294967295, 999999999), 0},
		{T(10, 0), T(10, 0), T(4294967295, 999999999)},
		{T(11, 0), T(11, 0), 0},
	};

	run_eras(eras, sizeof(eras) / sizeof(eras[0]), 2);
}

/* ---- what cannot be made ---- */

static void without_memory(void)
{
	struct traffic traffic = traffic_make(10);
	struct reader_params params;
	struct reader *reader;
	unsigned nth = 0, refused = 0;
	struct rig rig;

	rig_begin(&rig, 2);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, false);
	params = (struct reader_params){
		.settings = &rig.settings, .input = rig.input, .n_workers = 2};
	do {
		hooks_fail_allocation(++nth);
		reader = reader_create(&params);
		/* It does without some. */
		CU_ASSERT_TRUE(reader || hooks_allocation_failed());
		refused += !reader;
		reader_destroy(reader);
	} while (hooks_allocation_failed() && nth < 100);
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(refused > 5 && nth < 100);
	reader_destroy(NULL);
	rig_end(&rig);
	traffic_free(&traffic);
}

/* While it runs the reader gets by with the blocks that it has, be it one. */
static void runs_without_another_block(void)
{
	for (unsigned nth = 1; nth <= 8; nth++) {
		struct traffic traffic = traffic_make(10 * BLOCK);
		struct rig rig;
		struct log log;

		rig_begin(&rig, 2);
		traffic_write(&traffic, rig.capture);
		rig_open(&rig, false);
		log_begin(&log, 2, traffic.n);
		log_install(&log, false);
		rig_start(&rig);
		hooks_fail_allocation(nth);
		rig_run(&rig, rig_patience());
		CU_ASSERT_TRUE(hooks_allocation_failed());
		hooks_fail_allocation(0);
		check_owners(&log, &traffic);
		log_end(&log);
		rig_end(&rig);
		traffic_free(&traffic);
	}
}

static void a_worker_that_does_not_start(void)
{
	struct traffic traffic = traffic_make(10);
	struct worker *worker = NULL;
	struct error error = {0};
	unsigned nth = 0;
	struct rig rig;

	rig_begin(&rig, 1);
	traffic_write(&traffic, rig.capture);
	rig_open(&rig, false);
	rig_start(&rig);
	while (!worker && nth < 100) {
		hooks_fail_allocation(++nth);
		worker = worker_start(rig.lanes[0], 0, rig.writer, NULL, 8, &error);
		CU_ASSERT_EQUAL(worker == NULL, hooks_allocation_failed());
		CU_ASSERT_TRUE(worker || error.text[0]);
	}
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(nth > 2);
	reader_abandon(rig.reader, &worker, 1);
	worker_stop(worker);
	hooks_fail_thread(1);
	CU_ASSERT_PTR_NULL(worker_start(rig.lanes[0], 0, rig.writer, NULL, 8, &error));
	rig_run(&rig, rig_patience());
	CU_ASSERT_EQUAL(received(rig.reader), 10);
	rig_end(&rig);
	traffic_free(&traffic);
}

void suite_reader(void);
void suite_reader(void)
{
	CU_pSuite s = CU_add_suite("reader", NULL, NULL);

	CU_ADD_TEST(s, every_packet_once_for_any_number_of_workers);
	CU_ADD_TEST(s, a_slow_worker_changes_nothing);
	CU_ADD_TEST(s, more_sessions_than_there_is_room_for);
	CU_ADD_TEST(s, tenants_of_the_settings);
	CU_ADD_TEST(s, whole_blocks_and_one_more);
	CU_ADD_TEST(s, more_workers_than_packets);
	CU_ADD_TEST(s, no_packets);
	CU_ADD_TEST(s, a_stop_ends_in_order);
	CU_ADD_TEST(s, more_outer_datagrams_than_there_is_room_for);
	CU_ADD_TEST(s, the_largest_packets);
	CU_ADD_TEST(s, the_clock_forgives_a_second);
	CU_ADD_TEST(s, the_clock_goes_back_and_forth);
	CU_ADD_TEST(s, without_memory);
	CU_ADD_TEST(s, runs_without_another_block);
	CU_ADD_TEST(s, a_worker_that_does_not_start);
}
