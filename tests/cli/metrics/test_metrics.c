#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/metrics/metrics.h"
#include "cli/support/puppet.h"
#include "config/parse/node.h"
#include "support/folder.h"
#include "support/python.h"

#define STRICT "tests/system/judge/prometheus_strict.py"
#define DOC SOURCE_DIR "/docs/METRICS.md"

/* The metrics of the made-up puppet; freed by the caller. */
static char *metrics_of(struct puppet *a)
{
	struct health_result result = {0};
	struct status status;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	status_init(&status, METRICS_PARTS);
	puppet_status(a, &status);
	metrics_write(&status, &result, out);
	fclose(out);
	status_fini(&status);
	return text;
}

static bool strict_takes(const char *text)
{
	struct folder folder = folder_make();
	char path[128];
	bool agrees;

	folder_put(&folder, "metrics", text);
	agrees = python_script_agrees(
		STRICT, folder_path(&folder, "metrics", path, sizeof(path)), DOC);
	folder_remove(&folder);
	return agrees;
}

static void a_strict_reader_takes_them_all(void)
{
	struct puppet a;
	char *text;

	puppet_begin(&a);
	text = metrics_of(&a);
	CU_ASSERT_TRUE(strict_takes(text));
	free(text);
	puppet_end(&a);
}

/* The reader itself must refuse what is wrong: else the test above cannot fail. */
static void the_strict_reader_is_strict(void)
{
	static const char *const rows[] = {
		"a 1\n",
		"# HELP a_total x\n# TYPE a_total counter\na_total -1\n",
		"# HELP a x\n# TYPE a counter\na 1\n",
		"# HELP a x\n# TYPE a gauge\na 1",
		"# HELP a x\n# TYPE a gauge\na 1\na 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c\nd\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"\\t\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"x\",b=\"y\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"x\"} one\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"\xff\"} 1\n",
		"# HELP a x\n# TYPE a gauge\n# HELP b x\n# TYPE b gauge\na 1\nb 1\n",
		"# HELP periscope_flows x\n# TYPE periscope_flows gauge\nperiscope_flows 1\n",
	};
	struct folder folder = folder_make();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char script[512], path[128];

		folder_put(&folder, "metrics", rows[i]);
		folder_path(&folder, "metrics", path, sizeof(path));
		snprintf(script, sizeof(script),
			"import subprocess, sys\nr = subprocess.run([sys.executable, '%s/%s', "
			"sys.argv[1], '%s'], capture_output=True)\n"
			"sys.exit(0 if r.returncode == 1 and b'Traceback' not in r.stderr or "
			"b'UnicodeDecodeError' in r.stderr else 1)",
			SOURCE_DIR, STRICT, DOC);
		CU_ASSERT_TRUE(python_agrees(script, path));
	}
	folder_remove(&folder);
}

static void has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fprintf(stderr, "not there: %s", line);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
}

static void values_are_those_of_the_status(void)
{
	struct puppet a;
	char *text;

	puppet_begin(&a);
	text = metrics_of(&a);
	has(text, "\nperiscope_uptime_seconds 3723.000000001\n");
	has(text, "\nperiscope_received_packets_total 130\n");
	has(text, "\nperiscope_ledger_packets_total{bucket=\"not_mirror\",reason=\"not_udp\"} "
		  "9\n");
	has(text, "\nperiscope_worker_busy_seconds_total{worker=\"0\"} 1.500000000\n");
	has(text, "\nperiscope_worker_busy_ratio{worker=\"0\"} 0.25\n");
	has(text, "\nperiscope_handoff_full_packets_total{from=\"0\",to=\"1\"} 1\n");
	has(text,
		"\nperiscope_port_missed_packets_total{port=\"eth1\",interface=\"ens5\"} 11\n");
	has(text, "\nperiscope_worker_device_time_packets_total{worker=\"0\"} 60\n");
	has(text, "\nperiscope_port_queue_received_bytes_total{port=\"eth1\",interface="
		  "\"ens5\",queue=\"1\"} "
		  "4000\n");
	has(text, "\nperiscope_port_queue_missed_packets_total{port=\"eth1\",interface="
		  "\"ens5\",queue=\"0\"} 8\n");
	CU_ASSERT_PTR_NULL(strstr(text, "periscope_port_queue_missed_packets_total{port="
					"\"eth1\",interface=\"ens5\",queue=\"1\"}"));
	has(text, "\nperiscope_exception_to_kernel_packets_total{port=\"eth1\","
		  "interface=\"pscope0\"} 14\n");
	has(text, "\nperiscope_exception_sent_bytes_total{port=\"eth1\","
		  "interface=\"pscope0\"} 1300\n");
	has(text, "\nperiscope_exception_lost_packets_total{port=\"eth1\","
		  "interface=\"pscope0\",cause=\"tap\"} 4\n");
	has(text, "\nperiscope_port_xstat{port=\"eth1\",interface=\"ens5\",name=\"rx_q0_bad_"
		  "csum\"} 4\n");
	has(text,
		"\nperiscope_output_lost_records_total{output=\"events\",cause=\"queue\"} 9\n");
	has(text, "\nperiscope_output_removed_files_total{output=\"events\"} 3\n");
	has(text, "\nperiscope_output_removed_bytes_total{output=\"events\"} 4096\n");
	has(text, "\nperiscope_rule_bytes_total{filter=\"tmf-web\",direction=\"egress\","
		  "rule_number=\"100\",action=\"reject\",rule_id=\"\"} 1000\n");
	has(text, "\nperiscope_flows 10\n");
	has(text, "\nperiscope_shed_total{step=\"dpi\"} 33\n");
	has(text, "\nperiscope_disk_free_bytes{path=\"/var/lib/periscope\"} 5000000000\n");
	free(text);
	puppet_end(&a);
}

static void labels_are_escaped(void)
{
	static const char tenant[] = "tenant=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa9\"";
	struct puppet a;
	char *text;

	puppet_begin(&a);
	text = metrics_of(&a);
	has(text, tenant);
	free(text);
	puppet_end(&a);
}

static void learned_sessions_are_bounded(void)
{
	struct puppet a;
	char *text;
	unsigned n = 0;

	puppet_begin(&a);
	a.n_learned = 1000;
	text = metrics_of(&a);
	for (const char *at = text; (at = strstr(at, "\nperiscope_session_bytes_total{")); at++)
		n++;
	CU_ASSERT_EQUAL(n, 1 + METRICS_LEARNED_MAX);
	has(text, "\nperiscope_sessions{configured=\"true\"} 1\n");
	has(text, "\nperiscope_sessions{configured=\"false\"} 1001\n");
	has(text, "\nperiscope_sessions_not_listed 745\n");
	CU_ASSERT_TRUE(strict_takes(text));
	free(text);
	puppet_end(&a);
}

static void the_table_in_the_docs_is_fresh(void)
{
	static const char begin[] = "<!-- metrics: begin -->\n",
			  end[] = "<!-- metrics: end -->";
	struct node_error error;
	size_t size, len;
	char *doc = node_file(DOC, &len, &error), *table = NULL, *from, *to;
	FILE *out = open_memstream(&table, &size);
	bool fresh;

	metrics_reference(out);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	from = strstr(doc, begin);
	to = strstr(doc, end);
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	from += strlen(begin);
	fresh = (size_t)(to - from) == size && memcmp(from, table, size) == 0;
	if (!fresh && getenv("PERISCOPE_UPDATE_DOCS") != NULL) {
		out = fopen(DOC, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fprintf(out, "%.*s%s%s", (int)(from - doc), doc, table, to);
		fclose(out);
	}
	if (!fresh)
		fprintf(stderr, "docs/METRICS.md is stale: run with PERISCOPE_UPDATE_DOCS=1\n");
	CU_ASSERT_TRUE(fresh);
	free(table);
	free(doc);
}

void suite_metrics(void);
void suite_metrics(void)
{
	CU_pSuite s = CU_add_suite("metrics", NULL, NULL);

	CU_ADD_TEST(s, a_strict_reader_takes_them_all);
	CU_ADD_TEST(s, the_strict_reader_is_strict);
	CU_ADD_TEST(s, values_are_those_of_the_status);
	CU_ADD_TEST(s, labels_are_escaped);
	CU_ADD_TEST(s, learned_sessions_are_bounded);
	CU_ADD_TEST(s, the_table_in_the_docs_is_fresh);
}
