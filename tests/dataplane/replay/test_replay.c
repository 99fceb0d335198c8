/* replay_run() in this process: what it returns, what it says, what it reports and what it leaves
 * on the disk. The results as such are judged by tests/system/. */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "dataplane/capture/block.h"
#include "dataplane/replay/replay.h"
#include "dataplane/support/hooks.h"
#include "dataplane/support/rig.h"
#include "dataplane/support/traffic.h"
#include "inspect/summary/summary_rows.h"
#include "support/capture_bytes.h"
#include "support/python.h"

enum { SAID = 4096, PACKETS = 9 * BLOCK_SLOTS + 5, PCAP_HEADER = 24 };

struct stage {
	struct rig rig; /* for its folder, settings and paths */
	struct traffic traffic;
	struct replay_params params;
	const char *captures[2];
	/* What came of it. */
	enum replay_status status;
	char said[SAID];
	uint32_t reports;
	struct ledger ledger;
	uint64_t events, recorded, flows;
	struct output_ledger recording;
	bool has_recording;
	bool deterministic;
	char input[16];
};

static uint32_t stop_after; /* calls; the callback has no context */

static bool stop(void)
{
	return stop_after > 0 && --stop_after == 0;
}

static void stage_begin(struct stage *stage, uint32_t n_packets, uint32_t n_workers)
{
	memset(stage, 0, sizeof(*stage));
	rig_begin(&stage->rig, n_workers);
	stage->traffic = traffic_make(n_packets);
	traffic_write(&stage->traffic, stage->rig.capture);
	stage->captures[0] = stage->rig.capture;
	stage->params = (struct replay_params){
		.settings = &stage->rig.settings,
		.captures = stage->captures,
		.n_captures = 1,
		.output_dir = stage->rig.dir,
		.packet_file = stage->rig.packet_path,
		.n_workers = n_workers,
		.input = DECAP_MIRROR,
		.version = "test",
		.stop = stop,
	};
	stop_after = 0;
}

/* The output of that name, which must be there. */
static struct output_ledger output_of(const struct summary *s, const char *name, bool *enabled)
{
	uint32_t i = 0;

	while (i < s->n_outputs && strcmp(s->outputs[i].name, name) != 0)
		i++;
	CU_ASSERT_TRUE_FATAL(i < s->n_outputs);
	*enabled = s->outputs[i].enabled;
	return s->outputs[i].ledger;
}

static void report(void *ctx, const struct summary *s)
{
	struct stage *stage = ctx;
	bool enabled;

	stage->reports++;
	stage->ledger = *s->ledger;
	stage->flows = s->counters.flow_table_stats.made;
	stage->events = output_of(s, "events", &enabled).written;
	stage->recorded = output_of(s, "packets", &enabled).written;
	stage->recording = output_of(s, "recording", &stage->has_recording);
	stage->deterministic = summary_deterministic(s);
	snprintf(stage->input, sizeof(stage->input), "%s", s->input ? s->input : "");
}

/* With stderr in a file meanwhile. */
static void stage_run(struct stage *stage)
{
	FILE *said = tmpfile();
	int old = dup(STDERR_FILENO);
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	fflush(stderr);
	dup2(fileno(said), STDERR_FILENO);
	stage->reports = 0;
	stage->status = replay_run(&stage->params, report, stage);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(said);
	n = fread(stage->said, 1, sizeof(stage->said) - 1, said);
	stage->said[n] = '\0';
	fclose(said);
}

static void stage_end(struct stage *stage)
{
	settings_fini(&stage->rig.settings);
	folder_remove(&stage->rig.folder);
	traffic_free(&stage->traffic);
}

static uint32_t lines(const char *text)
{
	uint32_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static bool said(const struct stage *stage, const char *words)
{
	bool found = strstr(stage->said, words) != NULL;

	if (!found)
		printf("\n  said: %s\n", stage->said);
	return found;
}

/* The events on the disk: one a flow, their packets are those that were inspected; and
 * summary.json tells the same. Argument: directory|flows|inspected|received. */
static const char files_agree[] =
	"import json, sys\n"
	"path, flows, inspected, received = sys.argv[1].split('|')\n"
	"events = [json.loads(l) for l in open(path + '/events/flows.jsonl')]\n"
	"assert len(events) == int(flows), len(events)\n"
	"packets = sum(e['client']['packets'] + e['server']['packets'] for e in events)\n"
	"assert packets == int(inspected), packets\n"
	"s = json.load(open(path + '/summary.json'))\n"
	"assert s['received'] == int(received) and s['in_flight'] == 0, s\n"
	"assert s['ledger']['inspected'] == int(inspected), s\n"
	"assert s['flows'] == int(flows), s\n"
	"assert sum(w['packets'] if isinstance(w, dict) else w for w in s['workers']) == "
	"int(received), s\n";

/* The first `n` packets of the traffic, and no others, are in every result. */
static void check_results(struct stage *stage, uint32_t n)
{
	struct traffic part = {stage->traffic.packets, n};
	uint64_t inspected = traffic_count(&part, REASON_inspected);
	char argument[256];

	CU_ASSERT_EQUAL(stage->reports, 1);
	CU_ASSERT_EQUAL(stage->ledger.received, n);
	CU_ASSERT_EQUAL(stage->ledger.in_flight, 0);
	CU_ASSERT_TRUE(ledger_closes(&stage->ledger));
	for (int reason = 0; reason < REASON_COUNT; reason++)
		CU_ASSERT_EQUAL(stage->ledger.reasons[reason],
			traffic_count(&part, (enum reason)reason));
	CU_ASSERT_EQUAL(stage->flows, traffic_flows(&part));
	CU_ASSERT_EQUAL(stage->events, traffic_flows(&part));
	CU_ASSERT_TRUE(stage->deterministic);
	CU_ASSERT_STRING_EQUAL(stage->input, "mixed");
	if (stage->params.packet_file) {
		CU_ASSERT_EQUAL(
			stage->recorded, inspected + traffic_count(&part, REASON_inner_not_ip));
	}
	snprintf(argument, sizeof(argument), "%s|%u|%llu|%u", stage->rig.dir,
		traffic_flows(&part), (unsigned long long)inspected, n);
	CU_ASSERT_TRUE(python_agrees(files_agree, argument));
}

static void done(void)
{
	static const uint32_t workers[] = {1, 2, 5, WORKERS_MAX};

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		struct stage stage;

		stage_begin(&stage, PACKETS, workers[i]);
		stage_run(&stage);
		CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
		CU_ASSERT_STRING_EQUAL(stage.said, "");
		check_results(&stage, PACKETS);
		stage_end(&stage);
	}
}

/* Each packet by its look: what is no mirror traffic, and VXLAN without the I flag, is inspected as it
 * is; whatever it stands among, for any number of workers. */
static void each_by_its_look(void)
{
	static const uint32_t workers[] = {1, 2, 5};
	uint64_t events = 0;

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		struct stage stage;
		const uint64_t *got = stage.ledger.reasons;
		uint64_t plain;

		stage_begin(&stage, PACKETS, workers[i]);
		stage.params.input = DECAP_AUTO;
		stage_run(&stage);
		CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
		CU_ASSERT_STRING_EQUAL(stage.said, "");
		CU_ASSERT_STRING_EQUAL(stage.input, "mixed");
		plain = traffic_count(&stage.traffic, REASON_other_port) +
			traffic_count(&stage.traffic, REASON_vxlan_no_vni);
		CU_ASSERT_TRUE(plain > 0);
		CU_ASSERT_EQUAL(got[REASON_inspected],
			traffic_count(&stage.traffic, REASON_inspected) + plain);
		CU_ASSERT_EQUAL(
			got[REASON_outer_cut], traffic_count(&stage.traffic, REASON_outer_cut));
		CU_ASSERT_EQUAL(got[REASON_inner_not_ip],
			traffic_count(&stage.traffic, REASON_inner_not_ip));
		CU_ASSERT_EQUAL(stage.ledger.received, PACKETS);
		CU_ASSERT_TRUE(ledger_closes(&stage.ledger));
		CU_ASSERT_TRUE(stage.events > traffic_flows(&stage.traffic));
		CU_ASSERT_TRUE(i == 0 || stage.events == events);
		events = stage.events;
		CU_ASSERT_EQUAL(stage.recorded, PACKETS - got[REASON_outer_cut]);
		stage_end(&stage);
	}
}

/* What the settings let through is what there will be. */
static void no_more_workers_than_there_can_be(void)
{
	struct settings settings;
	char most[64], more[64];
	struct error error;

	snprintf(most, sizeof(most), "capture.workers=%d", WORKERS_MAX);
	snprintf(more, sizeof(more), "capture.workers=%d", WORKERS_MAX + 1);
	settings_init(&settings);
	CU_ASSERT_EQUAL(settings_set(&settings, most, &error), 0);
	CU_ASSERT_NOT_EQUAL(settings_set(&settings, more, &error), 0);
	settings_fini(&settings);
}

static void a_wrong_call_does_nothing(void)
{
	struct stage stage;

	stage_begin(&stage, 10, 2);
	stage.params.bpf = "this is no expression";
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_USAGE);
	CU_ASSERT_EQUAL(stage.reports, 0);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_NOT_EQUAL(access(stage.rig.dir, F_OK), 0);
	CU_ASSERT_NOT_EQUAL(access(stage.rig.packet_path, F_OK), 0);
	stage_end(&stage);
}

static void nothing_readable(void)
{
	struct stage stage;

	stage_begin(&stage, 10, 2);
	stage.captures[0] = "/nonexistent/a.pcap";
	stage.captures[1] = "/nonexistent/b.pcap";
	stage.params.n_captures = 2;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(stage.reports, 0);
	CU_ASSERT_EQUAL(lines(stage.said), 2);
	CU_ASSERT_TRUE(said(&stage, "periscope: /nonexistent/b.pcap: "));
	CU_ASSERT_NOT_EQUAL(access(stage.rig.dir, F_OK), 0);
	stage_end(&stage);
}

static void one_of_two_is_missing(void)
{
	struct stage stage;

	stage_begin(&stage, PACKETS, 2);
	stage.captures[1] = "/nonexistent/b.pcap";
	stage.params.n_captures = 2;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, "periscope: /nonexistent/b.pcap: "));
	check_results(&stage, PACKETS);
	stage_end(&stage);
}

/* Cut within the packet after the first 100. */
static void a_capture_that_breaks_off(void)
{
	struct stage stage;
	off_t len = PCAP_HEADER;

	stage_begin(&stage, 200, 3);
	for (uint32_t i = 0; i < 100; i++)
		len += 16 + (off_t)stage.traffic.packets[i].len;
	CU_ASSERT_EQUAL_FATAL(truncate(stage.rig.capture, len + 30), 0);
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, "101"));
	check_results(&stage, 100);
	stage_end(&stage);
}

/* Three megabytes that the expression leaves out come before the first packet that it takes. */
static void an_expression_that_takes_little(void)
{
	enum { LEFT_OUT = 3000, LONG = 1000, ETHERNET = 1 };
	static const uint8_t zeros[LONG];
	struct stage stage;
	struct bytes b = {0};

	stage_begin(&stage, 100, 2);
	pcap_begin(&b, PCAP_NANO, 262144, ETHERNET);
	for (uint32_t i = 0; i < LEFT_OUT; i++)
		pcap_packet(&b, 1, 0, zeros, LONG, LONG);
	for (uint32_t i = 0; i < stage.traffic.n; i++) {
		const struct traffic_packet *p = &stage.traffic.packets[i];

		pcap_packet(&b, 1700000000, i, p->bytes, p->len, p->wire);
	}
	bytes_write(&b, stage.rig.capture);
	bytes_free(&b);
	stage.params.bpf = "less 300";
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
	check_results(&stage, 100);
	stage_end(&stage);
}

/* The stop is asked before each block; at the fourth time three blocks were read. */
static void a_stop_keeps_what_was_read(void)
{
	struct stage stage;

	stage_begin(&stage, PACKETS, 3);
	stop_after = 4;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, "periscope: interrupted"));
	check_results(&stage, 3 * BLOCK_SLOTS);
	stage_end(&stage);
}

static void a_stop_before_the_first_packet(void)
{
	struct stage stage;

	stage_begin(&stage, PACKETS, 2);
	stop_after = 1;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(stage.reports, 1);
	CU_ASSERT_EQUAL(stage.ledger.received, 0);
	CU_ASSERT_TRUE(ledger_closes(&stage.ledger));
	stage_end(&stage);
}

static void an_output_that_is_not_ours(void)
{
	struct stage stage;

	stage_begin(&stage, 100, 2);
	folder_put(&stage.rig.folder, "out/precious", "keep");
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(stage.reports, 0);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, stage.rig.dir));
	CU_ASSERT_NOT_EQUAL(access(stage.rig.packet_path, F_OK), 0);
	stage.params.force = true;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
	check_results(&stage, 100);
	stage_end(&stage);
}

static void packets_that_cannot_be_recorded(void)
{
	struct stage stage;

	stage_begin(&stage, 100, 2);
	stage.params.packet_file = "/nonexistent/out.pcap";
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(stage.reports, 0);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, "/nonexistent/out.pcap: "));
	stage_end(&stage);
}

/* The disk is full for the packets alone: all else is there, and reported. */
static void a_full_disk_for_packets(void)
{
	struct stage stage;
	char path[160];

	stage_begin(&stage, PACKETS, 2);
	folder_path(&stage.rig.folder, "full.pcap", path, sizeof(path));
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/full", path), 0);
	stage.params.packet_file = path;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_TRUE(said(&stage, path));
	CU_ASSERT_EQUAL(stage.recorded, 0);
	stage.params.packet_file = NULL;
	check_results(&stage, PACKETS);
	stage_end(&stage);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : 0;
}

/* The disk takes all packets, but not the statistics that end the file. */
static void a_disk_full_at_the_very_end(void)
{
	struct rlimit old, tight;
	struct stage stage;
	char path[160];

	stage_begin(&stage, PACKETS, 2);
	folder_path(&stage.rig.folder, "out.pcapng", path, sizeof(path));
	stage.params.packet_file = path;
	stage.params.force = true;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = (rlim_t)size_of(path) - 1;
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
	stage_run(&stage);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, path));
	check_results(&stage, PACKETS);
	stage_end(&stage);
}

static bool equal_files(const struct stage *stage, const char *one, const char *other)
{
	size_t len[2] = {0, 0};
	char *bytes[2] = {folder_get(&stage->rig.folder, one, &len[0]),
		folder_get(&stage->rig.folder, other, &len[1])};
	bool equal = bytes[0] && bytes[1] && len[0] == len[1] &&
		     memcmp(bytes[0], bytes[1], len[0]) == 0;

	free(bytes[0]);
	free(bytes[1]);
	return equal;
}

/* Beside -w, and the same as it; without the setting there is none. */
static void accepted_packets_are_recorded(void)
{
	static const uint32_t workers[] = {1, 2, 5};

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		struct stage stage;
		char path[160];

		stage_begin(&stage, PACKETS, workers[i]);
		rig_set(&stage.rig, "packets.record=accepted");
		stage.params.packet_file =
			folder_path(&stage.rig.folder, "w.pcapng", path, sizeof(path));
		stage_run(&stage);
		CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
		CU_ASSERT_STRING_EQUAL(stage.said, "");
		check_results(&stage, PACKETS);
		CU_ASSERT_TRUE(stage.has_recording);
		CU_ASSERT_EQUAL(stage.recording.written, stage.recorded);
		CU_ASSERT_TRUE(equal_files(&stage, "out/packets/packets.pcapng", "w.pcapng"));
		rig_set(&stage.rig, "packets.record=none");
		stage.params.force = true;
		stage_run(&stage);
		CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
		CU_ASSERT_FALSE(stage.has_recording);
		CU_ASSERT_EQUAL(stage.recording.offered, 0);
		CU_ASSERT_NOT_EQUAL(access(folder_path(&stage.rig.folder, "out/packets", path,
						   sizeof(path)),
					    F_OK),
			0);
		stage_end(&stage);
	}
}

/* No session is known, and all are refused: whatever was decapsulated is recorded all the same. */
static void refused_packets_are_recorded(void)
{
	struct stage stage;

	stage_begin(&stage, PACKETS, 3);
	rig_set(&stage.rig, "packets.record=all");
	rig_set(&stage.rig, "sessions.unknown=refuse");
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
	CU_ASSERT_EQUAL(stage.ledger.reasons[REASON_inspected], 0);
	CU_ASSERT_EQUAL(stage.recording.written,
		traffic_count(&stage.traffic, REASON_inspected) +
			traffic_count(&stage.traffic, REASON_inner_not_ip));
	CU_ASSERT_EQUAL(stage.recorded,
		stage.recording.written - ledger_bucket(&stage.ledger, BUCKET_session_unknown));
	stage_end(&stage);
}

static void a_recording_that_cannot_be_begun(void)
{
	struct stage stage;

	stage_begin(&stage, 100, 2);
	rig_set(&stage.rig, "packets.record=all");
	folder_put(&stage.rig.folder, "out/packets", "a file");
	stage.params.force = true;
	stage_run(&stage);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	CU_ASSERT_EQUAL(stage.reports, 0);
	CU_ASSERT_EQUAL(lines(stage.said), 1);
	CU_ASSERT_TRUE(said(&stage, "out/packets/packets.pcapng: cannot write there: "));
	stage_end(&stage);
}

/* Events have room, packets have not: what is lost is counted, and the rest is there. */
static void a_full_disk_for_the_recording(void)
{
	struct rlimit old, tight;
	struct stage stage;

	stage_begin(&stage, PACKETS, 2);
	rig_set(&stage.rig, "packets.record=all");
	stage.params.packet_file = NULL;
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 600000;
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
	stage_run(&stage);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
	/* A later, smaller piece may fit, which is said once, too. */
	CU_ASSERT_TRUE(lines(stage.said) == 1 ||
		       (lines(stage.said) == 2 && said(&stage, "records are written again")));
	CU_ASSERT_TRUE(said(&stage, "out/packets/packets.pcapng: File too large"));
	CU_ASSERT_TRUE(stage.recording.written > 100 && stage.recording.lost_disk > 100);
	CU_ASSERT_EQUAL(
		stage.recording.offered, stage.recording.written + stage.recording.lost_disk);
	check_results(&stage, PACKETS);
	stage_end(&stage);
}

/* No thread, then one fewer than asked for: what runs is ended, and nothing is reported. */
static void threads_that_do_not_start(void)
{
	for (unsigned nth = 1; nth <= 4; nth++) {
		struct stage stage;

		stage_begin(&stage, PACKETS, 3);
		hooks_fail_thread(nth);
		stage_run(&stage);
		CU_ASSERT_EQUAL(stage.status, REPLAY_FAILED);
		CU_ASSERT_EQUAL(stage.reports, 0);
		CU_ASSERT_EQUAL(lines(stage.said), 1);
		stage_end(&stage);
	}
}

/* Each allocation of this thread fails in turn. It may do without (a block more), or fail and say
 * so; it may not crash, leak, hang, or claim to be done with less than everything. */
static void without_memory(void)
{
	struct stage stage;
	unsigned nth = 0, failures = 0;
	bool failed = true;

	stage_begin(&stage, 1500, 2);
	rig_set(&stage.rig, "packets.record=all");
	stage.params.force = true;
	while (failed && nth < 1000) {
		hooks_fail_allocation(++nth);
		stage_run(&stage);
		failed = hooks_allocation_failed();
		hooks_fail_allocation(0);
		failures += stage.status != REPLAY_DONE;
		CU_ASSERT_EQUAL(lines(stage.said) > 0, stage.status != REPLAY_DONE);
		if (stage.status == REPLAY_DONE) {
			CU_ASSERT_EQUAL(stage.ledger.received, 1500);
			CU_ASSERT_STRING_EQUAL(stage.input, "mixed");
			CU_ASSERT_EQUAL(stage.events, traffic_flows(&stage.traffic));
		}
	}
	CU_ASSERT_EQUAL(stage.status, REPLAY_DONE);
	CU_ASSERT_TRUE(failures > 20);
	check_results(&stage, 1500);
	stage_end(&stage);
}

void suite_replay(void);
void suite_replay(void)
{
	CU_pSuite s = CU_add_suite("replay", NULL, NULL);

	CU_ADD_TEST(s, done);
	CU_ADD_TEST(s, each_by_its_look);
	CU_ADD_TEST(s, no_more_workers_than_there_can_be);
	CU_ADD_TEST(s, a_wrong_call_does_nothing);
	CU_ADD_TEST(s, nothing_readable);
	CU_ADD_TEST(s, one_of_two_is_missing);
	CU_ADD_TEST(s, a_capture_that_breaks_off);
	CU_ADD_TEST(s, an_expression_that_takes_little);
	CU_ADD_TEST(s, a_stop_keeps_what_was_read);
	CU_ADD_TEST(s, a_stop_before_the_first_packet);
	CU_ADD_TEST(s, an_output_that_is_not_ours);
	CU_ADD_TEST(s, packets_that_cannot_be_recorded);
	CU_ADD_TEST(s, a_full_disk_for_packets);
	CU_ADD_TEST(s, a_disk_full_at_the_very_end);
	CU_ADD_TEST(s, accepted_packets_are_recorded);
	CU_ADD_TEST(s, refused_packets_are_recorded);
	CU_ADD_TEST(s, a_recording_that_cannot_be_begun);
	CU_ADD_TEST(s, a_full_disk_for_the_recording);
	CU_ADD_TEST(s, threads_that_do_not_start);
	CU_ADD_TEST(s, without_memory);
}
