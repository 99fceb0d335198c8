#include "bench/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/field.h"
#include "bench/rig_rules.h"
#include "config/log/error.h"
#include "config/model/model.h"
#include "dataplane/port/eal.h"

enum { LINE = 1024, EAL_MB = 512 };

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	struct rig *rig = ctx;

	rig->record.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &rig->record.head;
}

static void write_settings(FILE *file, const struct rig_params *p)
{
	fprintf(file, "sessions: {capacity: %u}\n", p->sessions < 65536 ? 65536 : p->sessions);
	if (p->capacity)
		fprintf(file, "flow: {capacity: %u}\n", p->capacity);
	fprintf(file, "dpi: {enabled: %s}\n", p->dpi ? "true" : "false");
	fprintf(file, "events: {flow: %s}\n", p->records ? "true" : "false");
	fprintf(file, "flow_logs: {enabled: %s}\n", p->records ? "true" : "false");
}

/* Rules that look at all fields and match nothing, and a last one that accepts all. */
static void write_rules(FILE *file, uint32_t rules, const char *direction)
{
	for (uint32_t i = 0; i + 1 < rules; i++)
		fprintf(file,
			"      - {rule_number: %u, traffic_direction: %s, rule_action: reject, "
			"protocol: 6, source_cidr_block: 172.%u.%u.0/24, "
			"destination_cidr_block: 10.%u.0.0/16, "
			"destination_port_range: {from_port: %u, to_port: %u}}\n",
			i + 1, direction, 16 + i / 256 % 16, i % 256, 200 + i % 50,
			1000 + i % 30000, 1100 + i % 30000);
	fprintf(file,
		"      - {rule_number: %u, traffic_direction: %s, rule_action: accept, "
		"protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: "
		"0.0.0.0/0}\n",
		rules, direction);
}

static void write_model(FILE *file, const struct rig_params *p)
{
	if (p->filters) {
		rig_rules_write(file, p->filters, p->rules);
	} else {
		fputs("traffic_mirror_filters:\n  - id: tmf-0\n    rules:\n", file);
		write_rules(file, p->rules, "ingress");
		write_rules(file, p->rules, "egress");
	}
	fputs("network_interfaces:\n", file);
	for (uint32_t s = 0; s < p->sessions; s++)
		fprintf(file,
			"  - {id: eni-%u, mac_address: \"02:00:0a:%02x:%02x:%02x\", "
			"private_ip_addresses: [10.253.%u.%u]}\n",
			s, 0x80 + (s >> 16), s >> 8 & 255, s & 255, s >> 8, s & 255);
	fputs("traffic_mirror_sessions:\n", file);
	for (uint32_t s = 0; s < p->sessions; s++)
		fprintf(file,
			"  - {id: tms-%u, session_number: 1, virtual_network_id: %u, "
			"network_interface_id: eni-%u, traffic_mirror_filter_id: tmf-%u}\n",
			s, FIELD_VNI + s, s, p->filters ? s % p->filters : 0);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The file alone is not counted: it is there when an appliance starts. */
static void load(struct rig *rig, const struct rig_params *params)
{
	char path[] = "/tmp/periscope-bench-XXXXXX", line[LINE];
	struct error error;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	struct report report = {.n_errors = 0};

	if (!file)
		fail(path, "cannot write");
	write_settings(file, params);
	if (params->rules)
		write_model(file, params);
	fclose(file);
	rig->load_s = now_s();
	settings_init(&rig->settings);
	if (settings_load(&rig->settings, path, &error))
		fail("settings", error.text);
	rig->model = model_load(path, &rig->settings, &report);
	if (!rig->model)
		fail("model", finding_print(report.errors, line, sizeof(line)));
	report_fini(&report);
	unlink(path);
}

struct rig *rig_create(const struct rig_params *params)
{
	static bool eal_runs;
	struct rig *rig = calloc(1, sizeof(*rig));
	struct sink sink = {rig, take};
	struct snapshot *snapshot;
	struct error error;

	if (!rig)
		fail("rig", "no memory");
	if (params->rules && !eal_runs && eal_start_offline(EAL_MB, &error))
		fail("EAL", error.text);
	eal_runs = eal_runs || params->rules;
	load(rig, params);
	snapshot = snapshot_create(rig->model, &rig->settings, 1, 1, &error);
	if (!snapshot)
		fail("snapshot", error.text);
	rig->load_s = now_s() - rig->load_s;
	snapshot_publish(&rig->slot, snapshot);
	rig->lane = lane_create(&(struct lane_params){.settings = &rig->settings,
					.n_lanes = 1,
					.sink = sink,
					.slot = &rig->slot},
		&error);
	if (!rig->lane)
		fail("lane", error.text);
	lane_refresh(rig->lane);
	return rig;
}

void rig_destroy(struct rig *rig)
{
	if (!rig)
		return;
	lane_destroy(rig->lane);
	snapshot_destroy(snapshot_publish(&rig->slot, NULL));
	model_destroy(rig->model);
	settings_fini(&rig->settings);
	free(rig);
}
