#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/parse/report.h"
#include "config/parse/value.h"
#include "config/settings/settings.h"
#include "config/settings/settings_row.h"

static char path[] = "/tmp/periscope-settings-XXXXXX";

static int setup(void)
{
	int fd = mkstemp(path);

	return fd < 0 || close(fd) < 0;
}

static int teardown(void)
{
	return unlink(path);
}

static void file_write(const char *text, size_t len)
{
	FILE *out = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(text, 1, len, out), len);
	CU_ASSERT_EQUAL(fclose(out), 0);
}

/* Loads over the defaults; the caller ends the settings. */
static int text_load(struct settings *s, const char *text, struct error *error)
{
	file_write(text, strlen(text));
	settings_init(s);
	error->text[0] = '\0';
	return settings_load(s, path, error);
}

static char *dump(const struct settings *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	settings_dump(s, out);
	fclose(out);
	return text;
}

/* The text of one row as a file: line 2 for a member of a section, line 1 at the top. */
static unsigned row_text(
	const struct settings_row *row, const char *value, char *text, size_t size)
{
	const char *dot = strchr(row->key, '.');

	if (!dot)
		snprintf(text, size, "%s: %s\n", row->key, value);
	else
		snprintf(text, size, "%.*s:\n  %s: %s\n", (int)(dot - row->key), row->key,
			dot + 1, value);
	return dot ? 2 : 1;
}

static void row_accepts(const struct settings_row *row, const char *value)
{
	char text[6000];
	struct error error;
	struct settings s;

	row_text(row, value, text, sizeof(text));
	if (text_load(&s, text, &error) < 0)
		fprintf(stderr, "%s refused: %s\n", text, error.text);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	settings_fini(&s);
}

/* Refused, with a sentence that begins with file, line and key. */
static void row_refuses(const struct settings_row *row, const char *value)
{
	char text[6000], want[256];
	struct error error;
	struct settings s;
	unsigned line = row_text(row, value, text, sizeof(text));
	int status = text_load(&s, text, &error);

	snprintf(want, sizeof(want), "%s:%u: %s: ", path, line, row->key);
	if (status == 0 || strncmp(error.text, want, strlen(want)) != 0)
		fprintf(stderr, "%s gave: %s\n", text, error.text);
	CU_ASSERT_EQUAL(status, -1);
	CU_ASSERT_EQUAL(strncmp(error.text, want, strlen(want)), 0);
	CU_ASSERT_TRUE(strlen(error.text) > strlen(want));
	CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
	settings_fini(&s);
}

#define row_each(row) \
	for (const struct settings_row *row = settings_row_get(0); \
		row < settings_row_get(0) + settings_row_count(); row++)

static void every_default_is_accepted(void)
{
	row_each(row) row_accepts(row, row->preset);
}

static bool is_list(const struct settings_row *row)
{
	return row->type >= SETTING_PORTS;
}

static void every_wrong_yaml_type_is_refused(void)
{
	row_each(row)
	{
		row_refuses(row, "{a: 1}");
		row_refuses(row, is_list(row) ? "word" : "[1]");
		if (!is_list(row))
			row_refuses(row, "");
	}
}

static void every_trailing_junk_is_refused(void)
{
	row_each(row)
	{
		char value[1200];

		if (row->type == SETTING_PATH || row->type == SETTING_MODEL)
			continue; /* any text is a path */
		if (row->type == SETTING_PORTS)
			snprintf(value, sizeof(value), "[4789x]");
		else if (row->type == SETTING_TENANTS)
			snprintf(
				value, sizeof(value), "[{name: a, virtual_network_ids: [1x]}]");
		else if (row->type == SETTING_LISTS)
			snprintf(value, sizeof(value), "[{file: a, severity: 1x}]");
		else if (row->type == SETTING_SUPPRESSIONS)
			snprintf(value, sizeof(value), "[{address: 10.0.0.1x}]");
		else if (row->type == SETTING_SURICATA)
			snprintf(value, sizeof(value), "{rules: [[a]]}");
		else if (row->type == SETTING_FEEDS)
			snprintf(value, sizeof(value),
				"[{name: a, kind: pipe, path: /x, cut: 64x}]");
		else if (row->type == SETTING_STRINGS)
			snprintf(value, sizeof(value), "[a, [b]]");
		else if (row->type == SETTING_ADDRESSES)
			snprintf(value, sizeof(value), "[10.0.0.1/24 x]");
		else
			snprintf(value, sizeof(value), "%sx", row->preset);
		row_refuses(row, value);
		if (!is_list(row)) {
			snprintf(value, sizeof(value), "\"%s \"", row->preset);
			if (row->type != SETTING_FORMAT)
				row_refuses(row, value);
		}
	}
}

/* A number in the notation of the row. */
static void number_text(const struct settings_row *row, uint64_t n, char *text, size_t size)
{
	if (row->type == SETTING_DURATION)
		snprintf(text, size, "%" PRIu64 "ns", n);
	else if (row->type == SETTING_PORTS)
		snprintf(text, size, "[%" PRIu64 "]", n);
	else if (row->type == SETTING_TENANTS)
		snprintf(text, size, "[{name: a, virtual_network_ids: [%" PRIu64 "]}]", n);
	else
		snprintf(text, size, "%" PRIu64, n);
}

static bool is_number(const struct settings_row *row)
{
	return row->type == SETTING_U32 || row->type == SETTING_AUTO ||
	       row->type == SETTING_DURATION || row->type == SETTING_SIZE ||
	       row->type == SETTING_PORTS || row->type == SETTING_TENANTS;
}

static void every_range_is_kept(void)
{
	row_each(row)
	{
		char value[128];

		if (!is_number(row))
			continue;
		number_text(row, row->min, value, sizeof(value));
		row_accepts(row, value);
		number_text(row, row->max, value, sizeof(value));
		row_accepts(row, value);
		number_text(row, row->max + 1, value, sizeof(value));
		row_refuses(row, value);
		if (row->min > 0) {
			number_text(row, row->min - 1, value, sizeof(value));
			row_refuses(row, value);
		}
		row_refuses(row, is_list(row) ? "[-1]" : "-1");
		row_refuses(row,
			is_list(row) ? "[99999999999999999999999]" : "99999999999999999999999");
	}
}

static void every_text_has_a_bound(void)
{
	char value[5000];

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	row_each(row)
	{
		if (row->type == SETTING_PATH || row->type == SETTING_FORMAT ||
			row->type == SETTING_ENDPOINT || row->type == SETTING_ENUM ||
			row->type == SETTING_INTERFACE || row->type == SETTING_CHOICE)
			row_refuses(row, value);
		if (row->type == SETTING_STRINGS || row->type == SETTING_ADDRESSES) {
			char list[5004];

			snprintf(list, sizeof(list), "[%s]", value);
			row_refuses(row, list);
			row_refuses(row, "[\"\"]");
		}
	}
}

/* The design's own example, word for word but for its comments. */
static const char example[] =
	"capture: {ports: [\"net_af_packet0,iface=eth1\"], queues: auto, workers: auto, "
	"vxlan_ports: [4789], geneve_ports: [6081], max_depth: 4}\n"
	"sessions: {unknown: inspect, unknown_direction: accept}      # inspect|refuse\n"
	"tenants: [{name: blue, virtual_network_ids: [42, 43]}]\n"
	"flow: {capacity: 1048576, idle_timeout: 120s, active_timeout: 0, tcp_close_timeout: "
	"10s, "
	"max_ndpi_packets_tcp: 80, max_ndpi_packets_udp: 24}   # 0 = never\n"
	"dpi: {correlate: false}\n"
	"dedup: {mode: \"off\"}\n"
	"aws_import: [filters.json, sessions.json, network-interfaces.json, vpcs.json]\n"
	"traffic_mirror_filters:\n"
	"  - id: tmf-web\n"
	"    network_services: [amazon-dns]\n"
	"    rules:\n"
	"      - {rule_number: 100, traffic_direction: ingress, rule_action: accept, protocol: "
	"6, "
	"source_cidr_block: 0.0.0.0/0,\n"
	"         destination_cidr_block: 10.0.0.0/8, destination_port_range: {from_port: 443, "
	"to_port: 443}}\n"
	"traffic_mirror_sessions:\n"
	"  - {id: tms-1, session_number: 1, virtual_network_id: 42, network_interface_id: "
	"eni-1, "
	"traffic_mirror_filter_id: tmf-web, packet_length: 0}\n"
	"network_interfaces:\n"
	"  - {id: eni-1, mac_address: \"02:00:00:00:00:01\", private_ip_addresses: "
	"[10.0.1.10], "
	"ipv6_addresses: [], owner_id: \"123456789012\", instance_id: i-1, subnet_id: "
	"subnet-1, "
	"vpc_id: vpc-1}\n"
	"events: {flow: true}\n"
	"flow_logs: {enabled: true, format: default, max_aggregation_interval: 60}\n"
	"packets: {record: none}                                        # "
	"none|all|accepted|...\n"
	"control: {socket: periscope.sock, http: 127.0.0.1:9477, health_tcp: 4789}\n";

static void the_example_of_the_design_loads(void)
{
	struct error error;
	struct settings s;

	CU_ASSERT_EQUAL_FATAL(text_load(&s, example, &error), 0);
	CU_ASSERT_EQUAL_FATAL(s.capture.ports.count, 1);
	CU_ASSERT_STRING_EQUAL(s.capture.ports.text[0], "net_af_packet0,iface=eth1");
	CU_ASSERT_EQUAL_FATAL(s.n_tenants, 1);
	CU_ASSERT_STRING_EQUAL(s.tenants[0].name, "blue");
	CU_ASSERT_EQUAL_FATAL(s.tenants[0].n_own, 2);
	CU_ASSERT_EQUAL(s.tenants[0].own[1], 43);
	CU_ASSERT_EQUAL(s.aws_import.count, 4);
	settings_fini(&s);
}

static void defaults_are_those_of_the_design(void)
{
	struct settings s;

	settings_init(&s);
	CU_ASSERT_EQUAL(s.capture.workers, 0);
	CU_ASSERT_EQUAL(s.capture.vxlan_ports.count, 1);
	CU_ASSERT_EQUAL(s.capture.vxlan_ports.port[0], 4789);
	CU_ASSERT_EQUAL(s.capture.geneve_ports.port[0], 6081);
	CU_ASSERT_EQUAL(s.capture.max_depth, 4);
	CU_ASSERT_EQUAL(s.sessions.unknown, UNKNOWN_INSPECT);
	CU_ASSERT_EQUAL(s.sessions.unknown_direction, DIRECTION_ACCEPT);
	CU_ASSERT_EQUAL(s.flow.capacity, 1048576);
	CU_ASSERT_EQUAL(s.flow.idle_timeout, 120000000000);
	CU_ASSERT_EQUAL(s.flow.active_timeout, 0);
	CU_ASSERT_EQUAL(s.flow.tcp_close_timeout, 10000000000);
	CU_ASSERT_EQUAL(s.flow.max_ndpi_packets_tcp, 80);
	CU_ASSERT_EQUAL(s.flow.max_ndpi_packets_udp, 24);
	CU_ASSERT_TRUE(s.dpi.enabled);
	CU_ASSERT_FALSE(s.dpi.correlate);
	CU_ASSERT_EQUAL(s.dpi.memory_limit, 536870912);
	CU_ASSERT_EQUAL(s.dedup.mode, DEDUP_OFF);
	CU_ASSERT_TRUE(s.events.flow && s.flow_logs.enabled);
	CU_ASSERT_STRING_EQUAL(s.flow_logs.format, "default");
	CU_ASSERT_EQUAL(s.flow_logs.max_aggregation_interval, 60);
	CU_ASSERT_EQUAL(s.packets.record, RECORD_NONE);
	CU_ASSERT_STRING_EQUAL(s.control.socket, "periscope.sock");
	CU_ASSERT_STRING_EQUAL(s.control.http, "127.0.0.1:9477");
	CU_ASSERT_EQUAL(s.control.health_tcp, 4789);
	settings_fini(&s);
	settings_fini(&s);
}

static void values_are_read_in_their_units(void)
{
	struct error error;
	struct settings s;

	CU_ASSERT_EQUAL_FATAL(
		text_load(&s,
			"flow: {idle_timeout: 500ms, active_timeout: 2m}\n"
			"dpi: {memory_limit: 3GiB, enabled: no}\n"
			"capture:\n  workers: 7\n  vxlan_ports:\n  - 4789\n  - 8472\n"
			"sessions: {unknown: refuse}\n"
			"flow_logs: {max_aggregation_interval: 600,\n"
			"  format: '${version} ${vpc-id}'}\n"
			"control: {http: '[::1]:80', socket: off}\nevents:\n",
			&error),
		0);
	CU_ASSERT_EQUAL(s.flow.idle_timeout, 500000000);
	CU_ASSERT_EQUAL(s.flow.active_timeout, 120000000000);
	CU_ASSERT_EQUAL(s.dpi.memory_limit, 3221225472);
	CU_ASSERT_FALSE(s.dpi.enabled);
	CU_ASSERT_EQUAL(s.capture.workers, 7);
	CU_ASSERT_EQUAL(s.capture.vxlan_ports.count, 2);
	CU_ASSERT_EQUAL(s.capture.vxlan_ports.port[1], 8472);
	CU_ASSERT_EQUAL(s.sessions.unknown, UNKNOWN_REFUSE);
	CU_ASSERT_EQUAL(s.flow_logs.max_aggregation_interval, 600);
	CU_ASSERT_STRING_EQUAL(s.flow_logs.format, "${version} ${vpc-id}");
	CU_ASSERT_STRING_EQUAL(s.control.http, "[::1]:80");
	CU_ASSERT_STRING_EQUAL(s.control.socket, "");
	settings_fini(&s);
}

struct wrong {
	const char *text, *want; /* after `path:` */
};

static const struct wrong wrongs[] = {
	{"flow: {idle_timeout: 70000x}", "1: flow.idle_timeout: '70000x' is not a duration "
					 "(such as 120s, 500ms, 2m, 0 = never)"},
	{"flow:\n  capacity: 10\n", "2: flow.capacity: '10' is out of range (64 to 268435456)"},
	{"flow:\n  idle_timeout: 366d\n",
		"2: flow.idle_timeout: '366d' is out of range (0 to 365d)"},
	{"\nflow:\n  idle_timout: 3s\n",
		"3: flow.idle_timout: no such setting, did you mean flow.idle_timeout?"},
	{"flaw: {}\n", "1: flaw: no such setting"},
	{"flow: 3\n", "1: flow: is a single value where a mapping of settings belongs"},
	{"- a\n", "1: the file is a list where a mapping of settings belongs"},
	{"dpi:\n  enabled: true\n  correlate: no\n  enabled: false\n",
		"4: dpi.enabled: is given twice (first in line 2)"},
	{"dpi: {}\nflow: {}\ndpi: {}\n", "3: dpi: is given twice (first in line 1)"},
	{"dedup: {mode: maybe}\n", "1: dedup.mode: 'maybe' is not one of off|on"},
	{"capture: {vxlan_ports: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n",
		"1: capture.vxlan_ports: holds more than 8 ports"},
	{"capture: {vxlan_ports: [53, 53]}\n", "1: capture.vxlan_ports: holds port 53 twice"},
	{"tenants:\n- {name: a, virtual_network_ids: [1]}\n- {name: b, virtual_network_ids: "
	 "[1]}\n",
		"3: tenants: VNI 1 is in tenant 'a' already"},
	{"tenants:\n- {name: a, virtual_network_ids: [1]}\n- {name: a, virtual_network_ids: "
	 "[2]}\n",
		"3: tenants: two tenants are called 'a'"},
	{"tenants:\n- {name: a, network_ids: [1]}\n- {name: b, virtual_network_ids: [1], "
	 "network_ids: [2, 1]}\n",
		"3: tenants: network 1 is in tenant 'a' already"},
	{"tenants: [{name: a, network_ids: [268435456]}]\n",
		"1: tenants: '268435456' is out of range (0 to 268435455)"},
	{"tenants: [{name: a, network_ids: []}]\n",
		"1: tenants: network_ids is empty where a list of networks belongs"},
	{"tenants:\n- name: a\n  vni: [1]\n", "3: tenants: a tenant has no key 'vni'"},
	{"tenants: [{name: a}]\n",
		"1: tenants: the tenant 'a' has neither virtual_network_ids nor network_ids"},
	{"detect:\n  suricata: [a.rules]\n",
		"2: detect.suricata: holds a list where {command, config, rules, timeout} or "
		"{attach} belongs"},
	{"detect:\n  suricata:\n    rule: a\n",
		"3: detect.suricata: Suricata has no key 'rule' here"},
	{"detect:\n  suricata:\n    rules: a.rules\n",
		"3: detect.suricata: rules is a single value where a list belongs"},
	{"detect:\n  suricata:\n    rules: [a, '']\n",
		"3: detect.suricata: rules holds what is no path of 1 to 4095 characters"},
	{"detect:\n  suricata:\n    rules: [a]\n    config: [b]\n",
		"4: detect.suricata: config is no path of 1 to 4095 characters"},
	{"detect:\n  suricata:\n    rules: [a]\n    timeout: 0\n",
		"4: detect.suricata: timeout is no duration from 1s to 1d"},
	{"detect:\n  suricata:\n    attach: /s\n    rules: [a]\n",
		"3: detect.suricata: a Suricata that is started otherwise has rules, config and "
		"command of its own"},
	{"detect:\n  suricata:\n    command: /x\n",
		"2: detect.suricata: Suricata needs rules, or a config that names some"},
	{"detect:\n  lists: [a.txt]\n",
		"2: detect.lists: holds a single value where {file, name, type, severity, action} "
		"belongs"},
	{"detect:\n  lists:\n  - type: ip\n",
		"3: detect.lists: an indicator list needs a file"},
	{"detect:\n  lists:\n  - file: ''\n",
		"3: detect.lists: an indicator list needs a file of 1 to 4095 characters"},
	{"detect:\n  lists:\n  - file: [a]\n",
		"3: detect.lists: an indicator list needs a file of 1 to 4095 characters"},
	{"detect:\n  lists:\n  - file: a\n    name: ''\n",
		"4: detect.lists: an indicator list needs a name of 1 to 63 characters"},
	{"detect:\n  lists:\n  - file: a\n    type: ips\n",
		"4: detect.lists: type 'ips' is not one of "
		"auto|ip|domain|url|ja3|ja4|hassh|certificate|asn"},
	{"detect:\n  lists:\n  - file: a\n    action: [drop]\n",
		"4: detect.lists: action is a list where one of alert|allow belongs"},
	{"detect:\n  lists:\n  - file: a\n    severity: 5\n",
		"4: detect.lists: '5' is out of range (1 to 4)"},
	{"detect:\n  lists:\n  - file: a\n    colour: red\n",
		"4: detect.lists: an indicator list has no key 'colour'"},
	{"detect:\n  lists:\n  - file: x/a.txt\n  - file: y/a.csv\n",
		"4: detect.lists: two indicator lists are called 'a'; give one another name"},
	{"feeds: [x]\n", "1: feeds: holds a single value where {name, kind, ...} belongs"},
	{"feeds:\n- kind: pipe\n", "2: feeds: a feed needs a name"},
	{"feeds:\n- name: a b\n", "2: feeds: 'a b' is no name of a feed: 1 to 31 letters"},
	{"feeds:\n- name: a\n  command: suricata\n", "3: feeds: a feed has no key 'command'"},
	{"feeds:\n- name: a\n",
		"2: feeds: a feed needs a kind, one of pipe|pcap_over_ip|interface"},
	{"feeds:\n- name: a\n  kind: fifo\n",
		"3: feeds: kind 'fifo' is not one of pipe|pcap_over_ip|interface"},
	{"feeds:\n- name: a\n  kind: pipe\n",
		"2: feeds: a feed of kind pipe needs the path of a named pipe"},
	{"feeds:\n- name: a\n  kind: pcap_over_ip\n",
		"2: feeds: a feed of kind pcap_over_ip needs an address, such as "
		"listen:127.0.0.1:57012"},
	{"feeds:\n- name: a\n  kind: interface\n",
		"2: feeds: a feed of kind interface needs the name of one as iface"},
	{"feeds:\n- name: a\n  kind: interface\n  iface: a/b\n",
		"4: feeds: 'a/b' is not an interface's name"},
	{"feeds:\n- name: a\n  kind: interface\n  iface: eth0\n  times: ns\n",
		"5: feeds: times is for feeds of kind pipe and pcap_over_ip"},
	{"feeds:\n- name: a\n  kind: pipe\n  path: /x\n  address: listen:127.0.0.1:1\n",
		"5: feeds: address is for feeds of kind pcap_over_ip"},
	{"feeds:\n- name: a\n  kind: pcap_over_ip\n  address: 127.0.0.1:57012\n",
		"4: feeds: '127.0.0.1:57012' is neither listen:ADDRESS:PORT nor "},
	{"feeds:\n- name: a\n  kind: pcap_over_ip\n  address: listen:localhost:57012\n",
		"4: feeds: 'listen:localhost:57012' is neither listen:ADDRESS:PORT nor "},
	{"feeds:\n- name: a\n  kind: pcap_over_ip\n  address: listen:[::1]:65536\n",
		"4: feeds: 'listen:[::1]:65536' is neither listen:ADDRESS:PORT nor "},
	{"feeds:\n- name: a\n  kind: pipe\n  path: /x\n  what: [tcp port 80]\n",
		"5: feeds: what is not all, accepted or an expression in quotes"},
	{"feeds:\n- name: a\n  kind: pipe\n  path: /x\n  cut: 63\n",
		"5: feeds: '63' is out of range (64 to 262144)"},
	{"feeds:\n- {name: a, kind: pipe, path: /x}\n- {name: a, kind: pipe, path: /y}\n",
		"3: feeds: two feeds are called 'a'"},
	{"flow: {capacity: \"a\\nb\"}\n", "1: flow.capacity: 'a?b' is not a number"},
	{"flow: {capacity: 4\n", "2: not valid YAML: "},
	{"flow: *x\n", "1: the alias *x has no anchor before it"},
	{"flow: &x [*x]\n", "1: the alias *x has no anchor before it"},
	{"flow: {}\n---\nflow: {}\n", "2: a second YAML document starts here"},
	{"flow: \"a\\0b\"\n", "1: a value holds a NUL character"},
	{"? [a]\n: b\n", "1: a key must be a plain word"},
	{"a:\n- {b: ::/0}\n",
		"2: not valid YAML: did not find expected node content, while parsing "
		"a flow node; an IPv6 address inside braces needs quotes"},
	{"flow:\n\tcapacity: 3\n", "2: the line begins with a tab; YAML indents with spaces"},
	{"flow: \xff\xfe\n", "1: not valid YAML: "},
};

static void what_is_wrong_is_said_in_one_sentence(void)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		char want[ERROR_TEXT];
		struct error error;
		struct settings s;
		int status = text_load(&s, wrongs[i].text, &error);

		snprintf(want, sizeof(want), "%s:%s", path, wrongs[i].want);
		if (strncmp(error.text, want, strlen(want)) != 0)
			fprintf(stderr, "got:  %s\nwant: %s\n", error.text, want);
		CU_ASSERT_EQUAL(status, -1);
		CU_ASSERT_EQUAL(strncmp(error.text, want, strlen(want)), 0);
		settings_fini(&s);
	}
}

static void a_file_that_is_not_there_is_named(void)
{
	struct error error;
	struct settings s;

	settings_init(&s);
	CU_ASSERT_EQUAL(settings_load(&s, "/nowhere/p.yaml", &error), -1);
	CU_ASSERT_STRING_EQUAL(
		error.text, "/nowhere/p.yaml: cannot open: No such file or directory");
	CU_ASSERT_EQUAL(settings_load(&s, "/tmp", &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text, "/tmp: cannot read: Is a directory");
	settings_fini(&s);
}

static void set_takes_every_scalar_and_simple_lists(void)
{
	static const char *const good[] = {"flow.idle_timeout=30s", "capture.workers=auto",
		"capture.vxlan_ports=[4789, 8472]", "capture.vxlan_ports=4790,8473",
		"capture.ports=net_af_packet0,iface=eth1", "capture.ports=[a, \"b,c\"]",
		"tenants=[{name: t, virtual_network_ids: [1]}]", "aws_import=x.json",
		"flow_logs.format=${version} ${srcaddr}", "capture.geneve_ports=[]"};
	static const char *const bad[] = {"flow.idle_timeout", "=3",
		"flow.idle_timeout=", "flow=3", "traffic_mirror_filters=[]",
		"capture.vxlan_ports=a", "capture.vxlan_ports=[1",
		"tenants=", "dpi.enabled=maybe"};
	struct error error;
	struct settings s;

	settings_init(&s);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CU_ASSERT_EQUAL(settings_set(&s, good[i], &error), 0);
	CU_ASSERT_EQUAL(s.flow.idle_timeout, 30000000000);
	CU_ASSERT_EQUAL(s.capture.vxlan_ports.port[1], 8473);
	CU_ASSERT_EQUAL(s.capture.geneve_ports.count, 0);
	CU_ASSERT_EQUAL_FATAL(s.capture.ports.count, 2);
	CU_ASSERT_STRING_EQUAL(s.capture.ports.text[1], "b,c");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CU_ASSERT_EQUAL(settings_set(&s, bad[i], &error), -1);
		CU_ASSERT_EQUAL(strncmp(error.text, "--set: ", 7), 0);
	}
	CU_ASSERT_EQUAL(settings_set(&s, "events=dns", &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text,
		"--set: events: is a group of settings: name one, as in events.KEY=VALUE");
	CU_ASSERT_EQUAL(settings_set(&s, "flow.idle_timeout=9x", &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text, "--set: flow.idle_timeout: '9x' is not a duration "
					   "(such as 120s, 500ms, 2m, 0 = never)");
	settings_fini(&s);
}

static void a_list_without_a_name_is_called_as_its_file(void)
{
	static const char *const rows[][2] = {{"a.txt", "a"}, {"/x/b.c.txt", "b.c"},
		{"x/d", "d"}, {"x/.e", ".e"}, {"x.y/f", "f"}};
	struct error error;
	struct settings s;

	settings_init(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[64];

		snprintf(text, sizeof(text), "detect.lists=[{file: %s}]", rows[i][0]);
		CU_ASSERT_EQUAL_FATAL(settings_set(&s, text, &error), 0);
		CU_ASSERT_STRING_EQUAL(s.detect.lists.list[0].name, rows[i][1]);
		CU_ASSERT_EQUAL(s.detect.lists.list[0].severity, LIST_SEVERITY);
		CU_ASSERT_EQUAL(s.detect.lists.list[0].type, LIST_AUTO);
		CU_ASSERT_EQUAL(s.detect.lists.list[0].action, LIST_ALERT);
	}
	settings_fini(&s);
}

static void which_suppressions_are_refused(void)
{
	static const char *const rows[][2] = {
		{"[{}]", "needs one of engine, rule, title, address, session and tenant"},
		{"[{until: 2026-12-31}]", "needs one of engine"},
		{"[rule]", "holds a single value where {rule, address,"},
		{"[{rule: []}]", "rule is not a text of 1 to 256 characters"},
		{"[{rule: \"\"}]", "rule is not a text"},
		{"[{rules: x}]", "a suppression has no key 'rules'"},
		{"[{engine: nDPI}]",
			"engine 'nDPI' is not one of periscope|ndpi|list|suricata"},
		{"[{address: 10.0.0.0/33}]", "'10.0.0.0/33' is no IP address or CIDR block"},
		{"[{address: 10.0.0.1/8}]", "'10.0.0.1/8' has bits set beyond its length"},
		{"[{rule: x, until: tomorrow}]", "'tomorrow' is no time of UTC"},
		{"[{rule: x, until: 2026-02-29}]", "'2026-02-29' is no time of UTC"},
	};
	struct error error;
	struct settings s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[128];

		settings_init(&s);
		snprintf(text, sizeof(text), "detect.suppress=%s", rows[i][0]);
		CU_ASSERT_EQUAL_FATAL(settings_set(&s, text, &error), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, rows[i][1]));
		if (!strstr(error.text, rows[i][1]))
			fprintf(stderr, "%s gave %s\n", rows[i][0], error.text);
		settings_fini(&s);
	}
}

/* Those whose time is over are said, with the line of each. */
static void ended_suppressions_are_warned_of(void)
{
	static const char text[] = "detect:\n  suppress:\n  - {rule: a, until: 2020-01-01}\n"
				   "  - {rule: b}\n  - {rule: c, until: 2500-01-01}\n"
				   "  - rule: d\n    until: 1999-12-31T23:59:59Z\n";
	static const char *const want[] = {
		":3: detect.suppress[0]: has ended at 2020-01-01T00:00:00Z: ",
		":6: detect.suppress[3]: has ended at 1999-12-31T23:59:59Z: "};
	struct report report = {0};
	char line[512];
	struct settings s;
	unsigned n = 0;

	file_write(text, strlen(text));
	settings_init(&s);
	CU_ASSERT_EQUAL(settings_load_report(&s, path, &report), SETTINGS_READ);
	settings_check(&s, path, &report);
	for (const struct finding *f = report.warnings; f; f = f->next, n++) {
		CU_ASSERT_EQUAL(f->code, FINDING_suppress_ended);
		CU_ASSERT_PTR_NOT_NULL(
			n < 2 ? strstr(finding_print(f, line, sizeof(line)), want[n]) : NULL);
	}
	CU_ASSERT_EQUAL(n, 2);
	settings_fini(&s);
	report_fini(&report);
}

/* Dumps, loads over the defaults, dumps again. */
static void dump_loads_back(const struct settings *s)
{
	char *first = dump(s);
	struct error error;
	struct settings again;

	if (text_load(&again, first, &error) < 0) {
		CU_FAIL("the dump does not load");
		fprintf(stderr, "%s\n%s", error.text, first);
	} else {
		char *second = dump(&again);

		CU_ASSERT_STRING_EQUAL(first, second);
		free(second);
	}
	settings_fini(&again);
	free(first);
}

static const char *const changes[] = {"capture.ports=[\"a,b\", 'c\\ \"d\"']",
	"capture.queues=3", "capture.workers=2", "capture.vxlan_ports=[]",
	"capture.geneve_ports=1,2,3", "capture.max_depth=2", "capture.outer_length=cut",
	"capture.removed=end", "capture.idle=poll", "capture.device_times=false",
	"capture.memory=64MiB", "capture.eal=[\"--iova-mode=va\"]", "exception.mode=on",
	"exception.interface=ps1", "exception.addresses=10.0.1.10/24", "exception.rate=0",
	"exception.burst=7", "sessions.unknown=refuse", "sessions.unknown_direction=reject",
	"sessions.capacity=5", "sessions.silent_after=0", "sessions.loss_share=5",
	"sessions.duplicates_share=7", "sessions.loss_window=2s", "mirroring.on_reject=stop",
	"mirroring.ntp=all", "mirroring.neighbor_discovery=never",
	"mirroring.mtu_overhead=headers", "mirroring.oversize=drop",
	"tenants=[{name: \"x y\", virtual_network_ids: [1], network_ids: [0, 7]}]",
	"flow.capacity=65", "flow.use_vlan=false", "flow.idle_timeout=61s",
	"flow.active_timeout=1500us", "flow.tcp_close_timeout=0", "flow.guard_time=90m",
	"flow.max_ndpi_packets_tcp=0", "flow.max_ndpi_packets_udp=1",
	"flow.max_parsed_packets=7", "dpi.enabled=false", "dpi.correlate=true",
	"dpi.memory_limit=1025KiB", "dpi.fragment_limit=1MiB", "dpi.reorder_limit=0",
	"shares.sessions=20", "shares.unknown=1", "dedup.mode=on",
	"aws_import=[\"a\\tb.json\"]", "summary.conversations=false", "summary.names=false",
	"summary.failures=false", "summary.encryption=false", "detect.alerts=false",
	"detect.risk_score=50", "detect.open_alerts=16", "detect.idle_timeout=1h",
	"detect.scan_hosts=0", "detect.scan_ports=7", "detect.scan_window=5m",
	"detect.slow_scan_hosts=1000", "detect.slow_scan_ports=0", "detect.slow_scan_window=1d",
	"detect.syn_flood=100", "detect.listener_learning=2h", "detect.beacon_calls=7",
	"detect.beacon_jitter=30", "detect.beacon_interval=1h", "detect.dns_tunnel_names=7",
	"detect.dns_tunnel_length=30", "detect.dns_tunnel_window=1h", "detect.scan_sources=64",
	("detect.lists=[{file: \"a b\\t.txt\", name: n, type: ip, severity: 1, action: allow}, "
	 "{file: /x/c.d.txt}]"),
	("detect.suppress=[{engine: ndpi, rule: \"4\", address: 10.0.0.0/8, until: 2026-12-31}, "
	 "{title: \"a \\\" b\", session: tms-1, tenant: blue}, {address: 2001:db8::1}]"),
	"detect.geoip=[\"a b.mmdb\"]",
	("detect.suricata={command: /x/y, config: \"a b.yaml\", rules: [\"c\\t*.rules\", d], "
	 "timeout: 2m}"),
	"events.flow=false", "events.flow_start=true", "events.dns=false", "events.http=false",
	"events.tls=false", "events.quic=false", "events.ssh=false",
	"events.transactions_per_flow=0", "events.transactions_per_second=7",
	"events.file=false", "events.stdout=true", "events.socket=/run/collector.sock",
	"events.syslog=local7", "events.queue=1MiB", "events.max_file_size=0",
	"events.max_file_age=5m", "events.max_files=0", "events.max_total_size=1GiB",
	"flow_logs.max_files=12", "flow_logs.max_total_size=0", "flow_logs.enabled=false",
	"flow_logs.format=${version}", "flow_logs.max_aggregation_interval=600",
	"flow_logs.capacity=4096", "packets.record=selected", "packets.snaplen=96",
	"packets.max_flow_packets=20", "packets.max_flow_bytes=16KiB", "packets.queue=100",
	"packets.max_file_size=1MiB", "packets.max_file_age=0", "packets.max_files=3",
	"packets.max_total_size=5GiB",
	("feeds=[{name: ids, kind: pipe, path: \"/x y\", what: all, tag: qinq, times: ns, cut: "
	 "128}, {name: tcp, kind: pcap_over_ip, address: \"connect:[::1]:57012\"}, {name: tap, "
	 "what: 'tcp port 80 and session \"tms-1\"', "
	 "kind: interface, iface: feed0}]"),
	"control.socket=off", "control.http=[::1]:1", "control.health_tcp=0",
	"control.telemetry=true", "control.check_interval=1s", "control.worker_stall=2s",
	"control.ring_mark=50", "control.ring_hold=0", "control.loss_hold=1m",
	"control.disk_free_min=0", "rights.user=nobody", "rights.seccomp=log",
	"rights.core_dumps=true", "events.stats_interval=0", "overload.shed_dpi=false",
	"overload.shed_recording=false", "overload.next=1s", "overload.queue_high=60",
	"overload.queue_low=5", "overload.busy_high=90", "overload.busy_low=50",
	"overload.memory_high=80", "overload.memory_low=40", "overload.enter=0",
	"overload.leave=1s", "log.format=json", "log.level=warning"};

static void a_dump_loads_back_equal(void)
{
	char *defaults, *changed;
	struct error error;
	struct settings s;
	uint32_t rows = 0;

	settings_init(&s);
	defaults = dump(&s);
	dump_loads_back(&s);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		changed = dump(&s);
		CU_ASSERT_EQUAL(settings_set(&s, changes[i], &error), 0);
		free(defaults);
		defaults = dump(&s);
		CU_ASSERT_STRING_NOT_EQUAL(defaults, changed);
		free(changed);
		dump_loads_back(&s);
	}
	row_each(row) rows += row->type != SETTING_MODEL;
	CU_ASSERT_EQUAL(rows, sizeof(changes) / sizeof(*changes));
	/* Which excludes the others. */
	CU_ASSERT_EQUAL(settings_set(&s, "detect.suricata={attach: \"/run/a b\"}", &error), 0);
	CU_ASSERT_STRING_EQUAL(s.detect.suricata.attach, "/run/a b");
	dump_loads_back(&s);
	free(defaults);
	settings_fini(&s);
}

static char *file_text(const char *name, size_t *len)
{
	struct node_error error;
	char *text = node_file(name, len, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static const char example_file[] = SOURCE_DIR "/config/periscope.yaml";

static void the_example_file_holds_the_defaults(void)
{
	char *loaded, *preset, *text;
	struct error error;
	struct settings s, defaults;
	size_t len;

	settings_init(&s);
	settings_init(&defaults);
	CU_ASSERT_EQUAL_FATAL(settings_load(&s, example_file, &error), 0);
	loaded = dump(&s);
	preset = dump(&defaults);
	CU_ASSERT_STRING_EQUAL(loaded, preset);
	text = file_text(example_file, &len);
	row_each(row)
	{
		const char *dot = strrchr(row->key, '.');
		char word[80];

		snprintf(word, sizeof(word), "\n%s%s:", dot ? "  " : "",
			dot ? dot + 1 : row->key);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
	}
	free(text);
	free(loaded);
	free(preset);
	settings_fini(&s);
	settings_fini(&defaults);
}

/* Every truncation of a file loads or is refused with one sentence; ASan is the judge of the rest. */
static void truncations(const char *text, size_t len, const char *skip)
{
	for (size_t cut = 0; cut <= len; cut++) {
		struct error error = {0};
		struct settings s;
		int status;

		/* Cutting inside a comment changes nothing. */
		if (skip && cut > 0 && cut < len && text[cut] == skip[0])
			continue;
		file_write(text, cut);
		settings_init(&s);
		status = settings_load(&s, path, &error);
		CU_ASSERT_TRUE(status == 0 || (status == -1 && strchr(error.text, ':')));
		CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
		settings_fini(&s);
	}
}

static void every_truncation_is_survived(void)
{
	size_t len;
	char *text = file_text(example_file, &len);

	truncations(text, len, "#");
	free(text);
	truncations(example, strlen(example), NULL);
}

/* Compares what stands between two marks of docs/CONFIG.md with what `print` writes. */
static void table_is_fresh(const char *begin, const char *end, void (*print)(FILE *))
{
	static const char file[] = SOURCE_DIR "/docs/CONFIG.md";
	size_t len, table_len;
	char *doc = file_text(file, &len), *table = NULL;
	char *from = strstr(doc, begin), *to = strstr(doc, end);
	FILE *out = open_memstream(&table, &table_len);
	bool fresh;

	print(out);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	from += strlen(begin);
	fresh = (size_t)(to - from) == table_len && memcmp(from, table, table_len) == 0;
	if (!fresh && getenv("PERISCOPE_UPDATE_DOCS")) {
		out = fopen(file, "we");
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fprintf(out, "%.*s%s%s", (int)(from - doc), doc, table, to);
		fclose(out);
	}
	if (!fresh)
		fprintf(stderr, "docs/CONFIG.md is stale: run with PERISCOPE_UPDATE_DOCS=1\n");
	CU_ASSERT_TRUE(fresh);
	free(doc);
	free(table);
}

static void the_tables_in_the_docs_are_fresh(void)
{
	table_is_fresh(
		"<!-- settings: begin -->\n", "<!-- settings: end -->", settings_reference);
	table_is_fresh(
		"<!-- findings: begin -->\n", "<!-- findings: end -->", finding_reference);
}

struct idle {
	const char *text, *want; /* "key:line ..." */
};

static const struct idle idles[] = {
	{"", ""},
	{"dedup: {mode: on}\n", "dedup.mode:1"},
	{"flow_logs:\n  format: '${version}'\n", "flow_logs.format:2"},
	/* Unchanged ones are not worth a word, nor those that have an effect. */
	{"packets: {record: none, queue: 8192}\n", ""},
	{"packets: {record: none, queue: 100, max_files: 5}\n",
		"packets.queue:1 packets.max_files:1"},
	{"packets: {record: all, queue: 100}\n", ""},
	{"flow_logs: {enabled: false}\n", ""},
	{"flow_logs:\n  enabled: false\n  max_files: 5\n", "flow_logs.max_files:3"},
	{"exception: {mode: off}\n", ""},
	{"exception: {mode: off, rate: 5}\n", "exception.rate:1"},
	{"dpi: {enabled: false}\nevents: {quic: false, ssh: true, transactions_per_flow: 3}\n",
		"events.quic:2 events.transactions_per_flow:2"},
	{"dpi: {enabled: false}\nevents: {transactions_per_second: 3}\n",
		"events.transactions_per_second:2"},
	{"dpi: {enabled: false}\nevents: {transactions_per_second: 3, flow_start: true}\n", ""},
	{"events: {file: false, transactions_per_second: 3, max_files: 5}\n",
		"events.max_files:1"},
	{"dpi: {enabled: false, correlate: true}\nflow: {max_ndpi_packets_tcp: 3}\n",
		"flow.max_ndpi_packets_tcp:2 dpi.correlate:1"},
	{"events: {file: false, max_files: 3, queue: 1MiB}\n", "events.max_files:1"},
};

static void settings_without_effect_are_told(void)
{
	for (size_t i = 0; i < sizeof(idles) / sizeof(*idles); i++) {
		char *got = NULL;
		struct error error;
		struct report report = {0};
		struct settings s;
		size_t len;
		FILE *out = open_memstream(&got, &len);

		CU_ASSERT_EQUAL_FATAL(text_load(&s, idles[i].text, &error), 0);
		settings_check(&s, path, &report);
		for (const struct finding *f = report.warnings; f; f = f->next) {
			fprintf(out, "%s%s:%u", f == report.warnings ? "" : " ", f->key,
				f->line);
			CU_ASSERT_EQUAL(f->code, FINDING_no_effect);
		}
		fclose(out);
		if (strcmp(got, idles[i].want) != 0)
			fprintf(stderr, "%sgot %s\n", idles[i].text, got);
		CU_ASSERT_STRING_EQUAL(got, idles[i].want);
		free(got);
		settings_fini(&s);
		report_fini(&report);
	}
}

/* One that --set gave stands in no line. */
static void a_setting_from_outside_has_no_line(void)
{
	struct error error;
	struct report report = {0};
	struct settings s;

	CU_ASSERT_EQUAL_FATAL(text_load(&s, "events:\n", &error), 0);
	CU_ASSERT_EQUAL(settings_set(&s, "dedup.mode=on", &error), 0);
	settings_check(&s, path, &report);
	CU_ASSERT_EQUAL_FATAL(report.n_warnings, 1);
	CU_ASSERT_STRING_EQUAL(report.warnings->file, "--set");
	CU_ASSERT_EQUAL(report.warnings->line, 0);
	settings_fini(&s);
	report_fini(&report);
}

void suite_settings(void);
void suite_settings(void)
{
	CU_pSuite s = CU_add_suite("settings", setup, teardown);

	CU_ADD_TEST(s, every_default_is_accepted);
	CU_ADD_TEST(s, every_wrong_yaml_type_is_refused);
	CU_ADD_TEST(s, every_trailing_junk_is_refused);
	CU_ADD_TEST(s, every_range_is_kept);
	CU_ADD_TEST(s, every_text_has_a_bound);
	CU_ADD_TEST(s, the_example_of_the_design_loads);
	CU_ADD_TEST(s, defaults_are_those_of_the_design);
	CU_ADD_TEST(s, values_are_read_in_their_units);
	CU_ADD_TEST(s, what_is_wrong_is_said_in_one_sentence);
	CU_ADD_TEST(s, a_file_that_is_not_there_is_named);
	CU_ADD_TEST(s, set_takes_every_scalar_and_simple_lists);
	CU_ADD_TEST(s, a_list_without_a_name_is_called_as_its_file);
	CU_ADD_TEST(s, which_suppressions_are_refused);
	CU_ADD_TEST(s, ended_suppressions_are_warned_of);
	CU_ADD_TEST(s, a_dump_loads_back_equal);
	CU_ADD_TEST(s, settings_without_effect_are_told);
	CU_ADD_TEST(s, a_setting_from_outside_has_no_line);
	CU_ADD_TEST(s, the_example_file_holds_the_defaults);
	CU_ADD_TEST(s, every_truncation_is_survived);
	CU_ADD_TEST(s, the_tables_in_the_docs_are_fresh);
}
