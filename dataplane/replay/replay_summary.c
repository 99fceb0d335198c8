#include "config/log/error.h"
#include "config/log/log.h"
#include "dataplane/output/run_totals.h"
#include "dataplane/output/suricata.h"
#include "dataplane/replay/replay_inside.h"

static double seconds_since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) +
	       (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static struct summary_replay describe(const struct replay *replay, const struct run_totals *g)
{
	const struct replay_params *p = replay->params;
	uint64_t received = g->ledger.received;
	uint64_t plain =
		reader_plain(replay->reader) + ledger_bucket(&g->ledger, BUCKET_not_mirror);

	if (p->input == DECAP_PLAIN)
		plain = received;
	return (struct summary_replay){
		.mode = p->input,
		.bpf = p->bpf,
		.inner = p->inner,
		.has_sessions = p->model && p->model->n_sessions > 0,
		.mirrored = received - plain,
		.plain = plain,
		.left_out_mirror = reader_left_out_mirror(replay->reader),
		.other_encap = g->other_encap,
		.files = {{p->packet_file, replay->packets
						   ? packet_file_ip_packets(replay->packets)
						   : 0},
			{"packets/packets.pcapng",
				replay->recording ? packet_files_ip_packets(replay->recording)
						  : 0}},
	};
}

/* What the captures hold, as far as it was looked at and left out ones included; NULL: nothing. */
static const char *name_input(const struct summary_replay *r, uint64_t left_out)
{
	bool mirror = r->mirrored + r->left_out_mirror > 0;
	bool plain = r->plain + (left_out - r->left_out_mirror) > 0;

	if (mirror && plain)
		return "mixed";
	return mirror ? "mirror" : plain ? "plain" : NULL;
}

static struct summary summarize(const struct replay *replay, const struct run_totals *g,
	const struct summary_replay *what)
{
	const struct packet_file *packets = replay->packets;
	const struct packet_files *recording = replay->recording;
	struct input_counters input;
	struct summary s = run_totals_summary(
		g, replay->params->settings, replay->lanes, replay->n_workers);

	input_counters(replay->input, &input);
	s.input = name_input(what, input.bpf_excluded);
	s.replay = what;
	s.bpf_excluded = input.bpf_excluded;
	s.link_excluded = input.link_excluded;
	s.time_backwards = input.time_backwards;
	s.time_strays = reader_strays(replay->reader);
	s.captures = replay->params->n_captures;
	s.duration_s = seconds_since(&replay->began);
	s.version = replay->params->version;
	summary_add_output(
		&s, "packets", packets, packets ? packet_file_ledger(packets) : NULL);
	summary_add_output(
		&s, "recording", recording, recording ? packet_files_ledger(recording) : NULL);
	for (uint32_t i = 0; i < replay_feeds_count(replay->feeds); i++) {
		const struct feed *feed = replay_feeds_get(replay->feeds, i);

		summary_add_feed(&s, feed_output(feed), feed_ledger(feed), feed_stats(feed));
	}
	return s;
}

enum replay_status replay_summarize(const struct replay *replay,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	const struct run_totals_params all = {
		.settings = replay->params->settings,
		.lanes = replay->lanes,
		.n_lanes = replay->n_workers,
		.output = replay->output,
		.correlator = replay->correlator,
	};
	struct run_totals g;
	struct summary summary;
	struct summary_replay what;
	struct error error;
	const char *open_sum;
	enum replay_status result = replay->lost ? REPLAY_FAILED : REPLAY_DONE;

	if (!run_totals_gather(&g, &all)) {
		log_error("not enough memory for the summary");
		result = REPLAY_FAILED;
	} else {
		reader_ledger(replay->reader, &g.ledger);
		reader_overflow(replay->reader, &g.counters.fragments_stats);
		g.counters.suricata_stats = suricata_stats(replay->params->suricata);
		g.counters.alerts_stats.unheard += suricata_unheard(replay->params->suricata);
		what = describe(replay, &g);
		summary = summarize(replay, &g, &what);
		if (replay->params->output_dir &&
			!summary_write(&summary, output_dir(replay->output), &error)) {
			log_error("%s", error.text);
			result = REPLAY_FAILED;
		}
		report(ctx, &summary);
		open_sum = summary_open_sum(&summary);
		if (open_sum) {
			log_error("%s", open_sum);
			result = REPLAY_FAILED;
		}
	}
	run_totals_free(&g);
	return result;
}
