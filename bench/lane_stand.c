#include "bench/lane_stand.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/traffic/field.h"
#include "bench/traffic/mixed_rules.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "config/model/model.h"
#include "dataplane/port/eal.h"

enum { LINE = 1024, EAL_MB = 512 };

static void write_settings(FILE *file, const struct lane_stand_params *p)
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

static void write_model(FILE *file, const struct lane_stand_params *p)
{
	if (p->filters) {
		mixed_rules_write(file, p->filters, p->rules);
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

static void write_file(char *path, const struct lane_stand_params *params)
{
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		bench_fail(path, "cannot write");
	write_settings(file, params);
	if (params->rules)
		write_model(file, params);
	fclose(file);
}

static void load(struct lane_stand *stand, const char *path)
{
	struct report report = {.n_errors = 0};
	struct error error;
	char line[LINE];

	settings_init(&stand->settings);
	if (settings_load(&stand->settings, path, &error))
		bench_fail("settings", error.text);
	stand->model = model_load(path, &stand->settings, &report);
	if (!stand->model)
		bench_fail("model", finding_print(report.errors, line, sizeof(line)));
	report_fini(&report);
	unlink(path);
}

struct lane_stand *lane_stand_create(const struct lane_stand_params *params)
{
	static bool eal_runs;
	struct lane_stand *stand = calloc(1, sizeof(*stand));
	char path[] = "/tmp/periscope-bench-XXXXXX";
	struct snapshot *snapshot;
	struct error error;
	uint64_t began;

	if (!stand)
		bench_fail("stand", "no memory");
	if (params->rules && !eal_runs && eal_start_offline(EAL_MB, &error))
		bench_fail("EAL", error.text);
	eal_runs = eal_runs || params->rules;
	write_file(path, params);
	began = now_monotonic();
	load(stand, path);
	snapshot = snapshot_create(stand->model, NULL, &stand->settings, 1, 1, &error);
	if (!snapshot)
		bench_fail("snapshot", error.text);
	stand->load_s = (double)(now_monotonic() - began) / 1e9;
	snapshot_publish(&stand->slot, snapshot);
	stand->lane = lane_create(&(struct lane_params){.settings = &stand->settings,
					  .n_lanes = 1,
					  .sink = drawer_sink(&stand->drawer),
					  .slot = &stand->slot},
		&error);
	if (!stand->lane)
		bench_fail("lane", error.text);
	lane_refresh(stand->lane);
	return stand;
}

void lane_stand_destroy(struct lane_stand *stand)
{
	if (!stand)
		return;
	lane_destroy(stand->lane);
	snapshot_destroy(snapshot_publish(&stand->slot, NULL));
	model_destroy(stand->model);
	settings_fini(&stand->settings);
	free(stand);
}
