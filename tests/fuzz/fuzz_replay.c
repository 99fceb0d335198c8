/* A whole replay in one process: the input is a capture file, of any kind that replay reads. Its
 * packets go through a lane of each mode, with nDPI and exporters;
 * then all flows end. Whatever the bytes were, each packet is in one bucket of the ledger, the
 * flow events hold as many packets as were inspected, and so do the flow logs. */
#include "dataplane/capture/input.h"
#include "dataplane/pipeline/lane.h"
#include "inspect/record/encoder/encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "tests/fuzz/demand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_ROOM = 512 * 1024, INPUTS_A_LANE = 2000 };

/* What the records said, added up by the sink. */
struct said {
	uint64_t events, event_packets, log_packets;
	struct record *record;
	struct names names;
};

struct bench {
	struct settings settings;
	struct snapshot_slot slot;
	struct said said;
	struct lane *lane;
	uint32_t inputs; /* since the lane was made: making nDPI's module is most of the cost */
	uint64_t horizon_ns;
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	uint32_t n, n_bytes;
	uint8_t data[DATA_ROOM];
};

/* Adds the numbers of both sides' "packets"; every event has exactly these two. */
static uint64_t event_packets(const char *line)
{
	const char *client = strstr(line, "\"client\":{\"packets\":");
	const char *server = strstr(line, "\"server\":{\"packets\":");

	demand(client && server);
	return strtoull(client + strlen("\"client\":{\"packets\":"), NULL, 10) +
	       strtoull(server + strlen("\"server\":{\"packets\":"), NULL, 10);
}

/* The ninth of the fourteen fields of a record. */
static uint64_t log_packets(const char *line)
{
	for (int field = 0; field < 8; field++) {
		line = strchr(line, ' ');
		demand(line);
		line++;
	}
	return strtoull(line, NULL, 10);
}

static void said_line(struct said *said, enum record_kind kind, char *line, size_t len)
{
	demand(len > 0 && line[len - 1] == '\n');
	demand(!memchr(line, '\n', len - 1));
	line[len] = '\0';
	demand(strlen(line) == len);
	if (kind == RECORD_FLOW_LOG) {
		said->log_packets += log_packets(line);
	} else if (strncmp(line, "{\"event\":\"flow\",", 16) == 0) {
		said->events++;
		said->event_packets += event_packets(line);
	}
}

/* Makes lines of the record that was taken last, which is whole now. */
static void said_last(struct said *said)
{
	static char line[LINE_SIZE_MAX + 1];

	for (const struct encoder *e = encoders; said->record && e < encoders + ENCODERS; e++) {
		struct text t = text_make(line, LINE_SIZE_MAX);

		if (e->type != said->record->type)
			continue;
		e->encode(&t, said->record, &said->names);
		demand(!t.full);
		said_line(said, e->kind, line, (size_t)(t.at - line));
	}
	free(said->record);
	said->record = NULL;
}

/* Of just the size, so that AddressSanitizer sees what goes beyond. */
static struct record *said_take(void *ctx, enum record_type type, size_t len)
{
	struct said *said = ctx;

	said_last(said);
	demand(len <= RECORD_MAX);
	said->record = malloc(len);
	demand(said->record);
	*said->record = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return said->record;
}

static void bench_renew(struct bench *b, enum decap_mode mode)
{
	static const struct model no_model;
	const struct sink sink = {&b->said, said_take};
	struct snapshot *snapshot;
	struct error error;

	if (b->lane && ++b->inputs < INPUTS_A_LANE)
		return;
	lane_destroy(b->lane);
	settings_fini(&b->settings); /* all zero the first time: nothing to free */
	settings_init(&b->settings);
	demand(settings_set(&b->settings, "flow.capacity=4096", &error) == 0);
	demand(settings_set(&b->settings, "flow.idle_timeout=2s", &error) == 0);
	demand(settings_set(&b->settings, "flow.active_timeout=5s", &error) == 0);
	demand(settings_set(&b->settings, "flow.tcp_close_timeout=100ms", &error) == 0);
	snapshot = snapshot_create(&no_model, NULL, &b->settings, 1, 1, &error);
	demand(snapshot);
	snapshot_destroy(snapshot_publish(&b->slot, snapshot));
	b->lane = lane_create(&(struct lane_params){.settings = &b->settings,
				      .n_lanes = 1,
				      .mode = mode,
				      .sink = sink,
				      .slot = &b->slot},
		&error);
	demand(b->lane != NULL);
	labels_destroy(b->said.names.labels);
	b->said = (struct said){.names.labels = labels_create(b->lane->dpi)};
	demand(b->said.names.labels != NULL);
	b->inputs = 0;
}

/* As the replay reader sets it: the oldest time of what is sent, and back only with a word. */
static void bench_clock(struct bench *b)
{
	uint64_t oldest = UINT64_MAX;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->packets[i].time_ns < oldest)
			oldest = b->packets[i].time_ns;
	if (oldest + 1000000000 < b->horizon_ns) {
		flow_table_expire_all(b->lane->flows, b->horizon_ns);
		b->horizon_ns = oldest;
	} else if (oldest > b->horizon_ns) {
		b->horizon_ns = oldest;
	}
}

static void bench_flush(struct bench *b)
{
	if (b->n == 0)
		return;
	bench_clock(b);
	lane_close_windows(b->lane, b->horizon_ns);
	pipeline_packets(b->lane, b->packets, b->n, b->horizon_ns, b->why);
	flow_table_expire(b->lane->flows, b->horizon_ns, 64);
	b->lane->ledger.received += b->n;
	b->n = b->n_bytes = 0;
}

static void bench_take(struct bench *b, const struct input_packet *in)
{
	if (b->n == BURST_MAX || in->cap > DATA_ROOM - b->n_bytes)
		bench_flush(b);
	memcpy(b->data + b->n_bytes, in->data, in->cap);
	b->packets[b->n] = (struct packet){
		.data = b->data + b->n_bytes,
		.cap = in->cap,
		.wire = in->wire,
		.time_ns = in->time_ns,
		.number = b->lane->ledger.received + b->n + 1,
		.link = in->link,
	};
	b->n_bytes += in->cap;
	b->n++;
}

static void bench_judge(struct bench *b)
{
	uint64_t inspected;

	bench_flush(b);
	lane_end(b->lane, b->horizon_ns, FLOW_END_OF_INPUT);
	b->horizon_ns = 0;
	inspected = ledger_bucket(&b->lane->ledger, BUCKET_inspected);
	demand(ledger_closes(&b->lane->ledger));
	demand(b->lane->packets == b->lane->ledger.received);
	said_last(&b->said);
	demand(b->said.event_packets == inspected);
	demand(b->said.log_packets == inspected);
	demand(b->said.events == totals_flows(exporter_totals(b->lane->exporter)));
	demand(flow_table_stats(b->lane->flows)->live == 0);
	demand(flow_table_stats(b->lane->flows)->ended == b->said.events);
}

static void replay(const char *path, enum decap_mode mode)
{
	static struct bench benches[DECAP_PLAIN + 1];
	struct bench *b = &benches[mode];
	struct input_packet in;
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);

	demand(input);
	bench_renew(b, mode);
	while (input_next(input, &in))
		bench_take(b, &in);
	input_close(input);
	bench_judge(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[DEMAND_PATH];
	int fd = demand_file(data, size, path);

	replay(path, DECAP_MIRROR);
	replay(path, DECAP_AUTO);
	replay(path, DECAP_PLAIN);
	close(fd);
	return 0;
}
