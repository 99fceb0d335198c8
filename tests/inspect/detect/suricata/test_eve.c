/* Alerts of Suricata's: lines that Suricata 7.0.10 wrote, what is wrong with lines, every truncation of one. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/suricata/eve.h"
#include "inspect/flow/addr_text.h"

static const char http[] =
	"{\"timestamp\":\"2026-11-22T03:08:20.194516+0000\",\"flow_id\":1397212219028623,\"pcap_cnt\":69,"
	"\"event_type\":\"alert\",\"vlan\":[7,1002],\"src_ip\":\"10.1.0.10\",\"src_port\":57680,"
	"\"dest_ip\":\"10.2.0.10\",\"dest_port\":80,\"proto\":\"TCP\",\"pkt_src\":\"wire/pcap\",\"tx_id\":0,"
	"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":1000001,\"rev\":3,"
	"\"signature\":\"host green\",\"category\":\"Web Application Attack\",\"severity\":1},"
	"\"http\":{\"hostname\":\"shop.green.example\",\"url\":\"/\",\"http_user_agent\":\"curl/7.88.1\","
	"\"http_content_type\":\"text/html\",\"http_method\":\"GET\",\"protocol\":\"HTTP/1.1\",\"status\":200,"
	"\"length\":62},\"app_proto\":\"http\",\"direction\":\"to_server\"}";

static const char dns[] =
	"{\"timestamp\":\"2026-11-22T03:08:20.358926+0000\",\"flow_id\":1260102135622758,\"pcap_cnt\":293,"
	"\"event_type\":\"alert\",\"vlan\":[7,1002],\"src_ip\":\"10.1.0.10\",\"src_port\":40002,"
	"\"dest_ip\":\"10.2.0.10\",\"dest_port\":53,\"proto\":\"UDP\",\"pkt_src\":\"wire/pcap\",\"tx_id\":0,"
	"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":1000002,\"rev\":1,"
	"\"signature\":\"dns query green\",\"category\":\"\",\"severity\":2},\"dns\":{\"version\":2,"
	"\"query\":[{\"type\":\"query\",\"id\":47095,\"rrname\":\"shop.green.example\",\"rrtype\":\"A\","
	"\"tx_id\":0,\"opcode\":0}]},\"app_proto\":\"dns\",\"direction\":\"to_server\"}";

/* Of `http`. */
#define ENDS \
	"\"src_ip\":\"10.1.0.10\",\"src_port\":57680,\"dest_ip\":\"10.2.0.10\",\"dest_port\":80,\"proto\":\"TCP\","
#define TIME "2026-11-22T03:08:20.194516+0000"

static struct eve_alert alert;

static enum eve_kind read(const char *line)
{
	/* Exactly as long as it is: the sanitizer sees one byte too many. */
	size_t len = strlen(line);
	char *room = malloc(len > 0 ? len : 1);
	enum eve_kind kind;

	CU_ASSERT_PTR_NOT_NULL_FATAL(room);
	memcpy(room, line, len);
	eve_alert_free(&alert);
	kind = eve_read(&alert, room, len);
	free(room);
	return kind;
}

/* The HTTP alert with `from` replaced. */
static enum eve_kind read_changed(const char *from, const char *to)
{
	static char line[4096];
	const char *at = strstr(http, from);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - http), http, to, at + strlen(from));
	return read(line);
}

static void expect_ends(const char *src, const char *dst)
{
	char text[2 * IP_ADDR_TEXT + 4] = "", want[2 * IP_ADDR_TEXT + 4];
	struct text t = text_make(text, sizeof(text) - 1);

	text_addr(&t, &alert.is.src, alert.is.ip_version);
	text_cstr(&t, " > ");
	text_addr(&t, &alert.is.dst, alert.is.ip_version);
	snprintf(want, sizeof(want), "%s > %s", src, dst);
	CU_ASSERT_STRING_EQUAL(text, want);
}

static void an_alert_in_full(void)
{
	CU_ASSERT_EQUAL_FATAL(read(http), EVE_ALERT);
	/* date -u -d 2026-11-22T03:08:20 +%s */
	CU_ASSERT_EQUAL(alert.time_ns, UINT64_C(1795316900194516000));
	CU_ASSERT_EQUAL(alert.packet, 69);
	CU_ASSERT_EQUAL(alert.n_vlans, 2);
	CU_ASSERT_EQUAL(alert.vlan[0], 7);
	CU_ASSERT_EQUAL(alert.vlan[1], 1002);
	expect_ends("10.1.0.10", "10.2.0.10");
	CU_ASSERT_EQUAL(alert.is.ip_version, 4);
	CU_ASSERT_EQUAL(alert.is.protocol, 6);
	CU_ASSERT_EQUAL(alert.is.src_port, 57680);
	CU_ASSERT_EQUAL(alert.is.dst_port, 80);
	CU_ASSERT_EQUAL(alert.gid, 1);
	CU_ASSERT_EQUAL(alert.sid, 1000001);
	CU_ASSERT_EQUAL(alert.revision, 3);
	CU_ASSERT_EQUAL(alert.severity, 1);
	CU_ASSERT_STRING_EQUAL(alert.signature, "host green");
	CU_ASSERT_STRING_EQUAL(alert.category, "Web Application Attack");
	CU_ASSERT_STRING_EQUAL(alert.field, "http.host");
	CU_ASSERT_STRING_EQUAL(alert.value, "shop.green.example");
	CU_ASSERT_STRING_EQUAL(alert.app_protocol, "http");
	CU_ASSERT_TRUE(alert.to_server && !alert.to_client);
}

static void what_shows_it(void)
{
	CU_ASSERT_EQUAL_FATAL(read(dns), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.is.protocol, 17);
	CU_ASSERT_STRING_EQUAL(alert.field, "dns.query");
	CU_ASSERT_STRING_EQUAL(alert.value, "shop.green.example");
	CU_ASSERT_EQUAL_FATAL(
		read_changed("\"http\":{\"hostname\":", "\"tls\":{\"sni\":"), EVE_ALERT);
	CU_ASSERT_STRING_EQUAL(alert.field, "tls.sni");
	CU_ASSERT_EQUAL_FATAL(
		read_changed("\"http\":{\"hostname\"", "\"http\":{\"host\""), EVE_ALERT);
	CU_ASSERT_PTR_NULL(alert.field);
	CU_ASSERT_PTR_NULL(alert.value);
	CU_ASSERT_EQUAL_FATAL(read_changed("to_server", "to_client"), EVE_ALERT);
	CU_ASSERT_TRUE(alert.to_client && !alert.to_server);
}

static void packets_of_other_kinds(void)
{
	CU_ASSERT_EQUAL_FATAL(
		read_changed(ENDS,
			"\"src_ip\":\"fd00:1::10\",\"dest_ip\":\"fd00:2::10\","
			"\"proto\":\"IPv6-ICMP\",\"icmp_type\":128,\"icmp_code\":7,"),
		EVE_ALERT);
	expect_ends("fd00:1::10", "fd00:2::10");
	CU_ASSERT_EQUAL(alert.is.ip_version, 6);
	CU_ASSERT_EQUAL(alert.is.protocol, 58);
	CU_ASSERT_EQUAL(alert.is.icmp_type, 128);
	CU_ASSERT_EQUAL(alert.is.icmp_code, 7);
	CU_ASSERT_EQUAL(alert.is.src_port, 0);
	CU_ASSERT_EQUAL_FATAL(
		read_changed("\"proto\":\"TCP\"", "\"proto\":\"089\""), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.is.protocol, 89);
	CU_ASSERT_EQUAL_FATAL(
		read_changed("\"proto\":\"TCP\"", "\"proto\":\"IPv6-Frag\""), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.is.protocol, 44);
	CU_ASSERT_EQUAL_FATAL(read_changed("\"vlan\":[7,1002],", ""), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.n_vlans, 0);
	CU_ASSERT_EQUAL_FATAL(read_changed("[7,1002]", "[7,1002,4095]"), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.n_vlans, 3);
	CU_ASSERT_EQUAL(alert.vlan[2], 4095);
	/* Of a rule that looks at no IP packet. */
	CU_ASSERT_EQUAL_FATAL(read_changed(ENDS, ""), EVE_ALERT);
	CU_ASSERT_EQUAL(alert.is.ip_version, 0);
}

static void times(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"1970-01-01T00:00:00.000000+0000", 0},
		{"2003-12-16T13:21:45.000001+0000", UINT64_C(1071580905000001000)},
		{"2003-12-16T15:21:45.999999+0200", UINT64_C(1071580905999999000)},
		{"2003-12-16T07:51:45.000000-0530", UINT64_C(1071580905000000000)},
		{"2000-02-29T23:59:59.000000+0000", UINT64_C(951868799000000000)},
	};
	static const char *const bad[] = {"2026-11-22T03:08:20.194516",
		"2026-11-22 03:08:20.194516+0000", "2026-13-22T03:08:20.194516+0000",
		"2026-11-22T03:08:20.194516+00:00", "1969-12-31T23:59:59.0+0000",
		"1969-12-31T23:59:59.000000+0000", "2026-11-22T03:08:20.194516+2460", "",
		"2026-11-22T03:08:20.19451", "2026-11-22T03:08:20.194516Z"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		CU_ASSERT_EQUAL(read_changed(TIME, good[i].text), EVE_ALERT);
		CU_ASSERT_EQUAL(alert.time_ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_EQUAL(read_changed(TIME, bad[i]), EVE_UNREADABLE);
}

static void what_is_no_alert(void)
{
	static const char *const unreadable[] = {"", "{}", "[]", "null", "alert",
		"{\"event_type\":\"alert\"}", "{\"event_type\":[]}",
		"{\"event_type\":\"alert\"} {}"};
	static const struct {
		const char *from, *to;
	} changes[] = {{"\"gid\":1,", ""}, {"\"gid\":1,", "\"gid\":0,"},
		{"\"signature_id\":1000001", "\"signature_id\":-1"},
		{"\"signature_id\":1000001", "\"signature_id\":4294967296"},
		{"\"severity\":1", "\"severity\":\"high\""}, {"10.1.0.10", "10.1.0"},
		{"\"10.1.0.10\"", "\"fd00::1\""}, {"\"src_ip\":\"10.1.0.10\",", ""},
		{"\"dest_ip\":\"10.2.0.10\",", ""}, {"[7,1002]", "[7,4096]"},
		{"[7,1002]", "[1,2,3,4]"}, {"[7,1002]", "[[7]]"}, {"[7,1002]", "7"},
		{"\"alert\":{", "\"alarm\":{"}};

	for (size_t i = 0; i < sizeof(unreadable) / sizeof(*unreadable); i++)
		CU_ASSERT_EQUAL(read(unreadable[i]), EVE_UNREADABLE);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		CU_ASSERT_EQUAL(read_changed(changes[i].from, changes[i].to), EVE_UNREADABLE);
	CU_ASSERT_EQUAL(read("{\"event_type\":\"stats\",\"stats\":{}}"), EVE_OTHER);
	CU_ASSERT_EQUAL(
		read_changed("\"event_type\":\"alert\"", "\"event_type\":\"drop\""), EVE_OTHER);
}

static void every_truncation(void)
{
	char line[sizeof(http)];

	for (size_t len = 0; len < sizeof(http) - 1; len++) {
		memcpy(line, http, len);
		line[len] = '\0';
		CU_ASSERT_EQUAL(read(line), EVE_UNREADABLE);
	}
}

/* A host name may be long. */
static void long_lines(void)
{
	char *line = malloc(EVE_LINE + 2), *at;
	size_t head = (size_t)(strstr(http, "shop.green") - http), tail = strlen(http + head);

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	memset(line, 'a', EVE_LINE + 2);
	memcpy(line, http, head);
	at = line + EVE_LINE - tail;
	memcpy(at, http + head, tail);
	eve_alert_free(&alert);
	CU_ASSERT_EQUAL(eve_read(&alert, line, EVE_LINE), EVE_ALERT);
	CU_ASSERT_TRUE(alert.value != NULL && strlen(alert.value) > EVE_LINE - sizeof(http));
	eve_alert_free(&alert);
	memmove(at + 1, at, tail);
	CU_ASSERT_EQUAL(eve_read(&alert, line, EVE_LINE + 1), EVE_UNREADABLE);
	free(line);
}

static int forget(void)
{
	eve_alert_free(&alert);
	return 0;
}

void suite_eve(void);
void suite_eve(void)
{
	CU_pSuite s = CU_add_suite("eve", NULL, forget);

	CU_ADD_TEST(s, an_alert_in_full);
	CU_ADD_TEST(s, what_shows_it);
	CU_ADD_TEST(s, packets_of_other_kinds);
	CU_ADD_TEST(s, times);
	CU_ADD_TEST(s, what_is_no_alert);
	CU_ADD_TEST(s, every_truncation);
	CU_ADD_TEST(s, long_lines);
}
