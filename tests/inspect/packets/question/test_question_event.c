/* Events of several programs, as their documentation shows them, and others that are none. */
#include <CUnit/Basic.h>
#include <string.h>

#include "config/log/now.h"
#include "inspect/packets/question/question_event.h"

void suite_question_event(void);

struct row {
	const char *json, *expression; /* question_ends_print() of it */
	uint64_t from_ns, to_ns, flow_id;
};

#define TCP \
	"proto 6 and ((src host 10.0.0.1 and dst host 10.0.0.2 and tcp src port 1024 and tcp dst port 443) or " \
	"(src host 10.0.0.2 and dst host 10.0.0.1 and tcp src port 443 and tcp dst port 1024))"

static const struct row rows[] = {
	/* ours */
	{"{\"event\":\"flow\",\"flow_id\":\"9e84a152e782bcef\",\"start\":\"2026-11-22T03:08:16.285046618Z\","
	 "\"end\":\"2026-11-22T03:08:17.725447216Z\",\"vni\":7,\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\","
	 "\"src_port\":1024,\"dst_port\":443,\"protocol\":6}",
		"proto 6 and vni 7 and ((src host 10.0.0.1 and dst host 10.0.0.2 and tcp src port 1024 and "
		"tcp dst port 443) or (src host 10.0.0.2 and dst host 10.0.0.1 and tcp src port 443 and "
		"tcp dst port 1024))",
		UINT64_C(1795316896285046618), UINT64_C(1795316897725447216),
		UINT64_C(0x9e84a152e782bcef)},
	/* an alert of Suricata's: from the flow's start to the alert */
	{"{\"timestamp\":\"2026-11-22T03:08:20.194516+0000\",\"flow_id\":1234567890123456,\"event_type\":\"alert\","
	 "\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"10.0.0.2\",\"dest_port\":443,\"proto\":\"TCP\","
	 "\"flow\":{\"start\":\"2026-11-22T03:08:16.285046+0000\"}}",
		TCP, UINT64_C(1795316896285046000), UINT64_C(1795316900194516000), 0},
	/* its record of a flow is written long after the end */
	{"{\"timestamp\":\"2026-11-22T03:18:20.194516+0000\",\"event_type\":\"flow\","
	 "\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"10.0.0.2\",\"dest_port\":443,\"proto\":\"TCP\","
	 "\"flow\":{\"start\":\"2026-11-22T04:08:16.285046+0100\",\"end\":\"2026-11-22T03:08:17.725447+0000\"}}",
		TCP, UINT64_C(1795316896285046000), UINT64_C(1795316897725447000), 0},
	/* and so are those of its two directions */
	{"{\"timestamp\":\"2026-11-22T03:18:20.194516+0000\",\"event_type\":\"netflow\","
	 "\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"10.0.0.2\",\"dest_port\":443,\"proto\":\"TCP\","
	 "\"netflow\":{\"start\":\"2026-11-22T03:08:16.285046+0000\",\"end\":\"2026-11-22T03:08:17.725447+0000\"}}",
		TCP, UINT64_C(1795316896285046000), UINT64_C(1795316897725447000), 0},
	/* Zeek's conn.log, flat and as objects */
	{"{\"ts\":1795316896.285046,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1024,\"id.resp_h\":"
	 "\"10.0.0.2\",\"id.resp_p\":443,\"proto\":\"tcp\",\"duration\":1.440401}",
		TCP, UINT64_C(1795316896285046000), UINT64_C(1795316897725447000), 0},
	{"{\"ts\":\"2026-11-22T03:08:16Z\",\"id\":{\"orig_h\":\"10.0.0.1\",\"orig_p\":1024,\"resp_h\":\"10.0.0.2\","
	 "\"resp_p\":443},\"proto\":\"tcp\"}",
		TCP, UINT64_C(1795316896000000000), UINT64_C(1795316896000000000), 0},
	/* Elastic's common schema */
	{"{\"@timestamp\":\"2026-11-22T03:08:16.285Z\",\"source\":{\"ip\":\"10.0.0.1\",\"port\":1024},"
	 "\"destination\":{\"ip\":\"10.0.0.2\",\"port\":443},\"network\":{\"transport\":\"tcp\"}}",
		TCP, UINT64_C(1795316896285000000), UINT64_C(1795316896285000000), 0},
	/* ICMP in all its forms has no ports; of IPv6 Zeek calls it icmp, too */
	{"{\"ts\":1,\"id.orig_h\":\"2001:db8::1\",\"id.orig_p\":128,\"id.resp_h\":\"2001:db8::2\",\"id.resp_p\":129,"
	 "\"proto\":\"icmp\"}",
		"proto 58 and ((src host 2001:db8::1 and dst host 2001:db8::2) or (src host 2001:db8::2 and "
		"dst host 2001:db8::1))",
		NS_PER_S, NS_PER_S, 0},
	/* milliseconds; no protocol, no ports */
	{"{\"time\":1795316896285,\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\",\"src_port\":5}",
		"((src host 10.0.0.1 and dst host 10.0.0.2) or (src host 10.0.0.2 and dst host 10.0.0.1))",
		UINT64_C(1795316896285000000), UINT64_C(1795316896285000000), 0},
	/* null is as if it were not there */
	{"{\"start\":null,\"time\":5,\"end\":null,\"src_ip\":\"10.0.0.1\",\"dst_ip\":null,\"dest_ip\":\"10.0.0.2\",\"proto\":6,"
	 "\"src_port\":null,\"dst_port\":null}",
		"proto 6 and ((src host 10.0.0.1 and dst host 10.0.0.2) or (src host 10.0.0.2 and dst host 10.0.0.1))",
		5 * NS_PER_S, 5 * NS_PER_S, 0},
	/* of an unknown name no protocol is asked; a time that ends before it begins is one moment */
	{"{\"start\":5,\"end\":3,\"src_ip\":\"::1\",\"dst_ip\":\"::2\",\"proto\":\"unknown_transport\"}",
		"((src host ::1 and dst host ::2) or (src host ::2 and dst host ::1))",
		5 * NS_PER_S, 5 * NS_PER_S, 0},
};

static void are_read(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question_ends ends;
		struct error error = {.text = ""};
		char text[QUESTION_TEXT];

		CU_ASSERT_TRUE_FATAL(
			question_event_read(rows[i].json, strlen(rows[i].json), &ends, &error));
		CU_ASSERT_STRING_EQUAL(question_ends_print(&ends, text), rows[i].expression);
		CU_ASSERT_EQUAL(ends.from_ns, rows[i].from_ns);
		CU_ASSERT_EQUAL(ends.to_ns, rows[i].to_ns);
		CU_ASSERT_EQUAL(ends.flow_id, rows[i].flow_id);
	}
}

static void others_are_refused(void)
{
	static const struct {
		const char *json, *sentence; /* how it begins */
	} bad[] = {
		{"", "there is no event"},
		{"10.0.0.1", "the event is not valid JSON"},
		{"[1]", "the event is a list, and no object"},
		{"{} {}", "these are 2 events"},
		{"{\"src_ip\":\"10.0.0.1\"", "the event is not valid JSON"},
		{"{\"src_ip\":\"10.0.0.1\",\"time\":1}",
			"the event has no destination address"},
		{"{\"dst_ip\":\"10.0.0.1\",\"time\":1}", "the event has no source address"},
		{"{\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"::1\",\"time\":1}",
			"the event's '10.0.0.1' and '::1' are no two addresses"},
		{"{\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"a.example\",\"time\":1}",
			"the event's '10.0.0.1' and 'a.example' are no two addresses"},
		{"{\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\"}", "the event has no time"},
		{"{\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\",\"time\":\"soon\"}",
			"the event's time 'soon' is none"},
		{"{\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\",\"time\":1,\"proto\":6,\"src_port\":1,"
		 "\"dst_port\":65536}",
			"the event's ports '1' and '65536' are none"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct question_ends ends;
		struct error error = {.text = ""};

		CU_ASSERT_FALSE(
			question_event_read(bad[i].json, strlen(bad[i].json), &ends, &error));
		CU_ASSERT_NSTRING_EQUAL(error.text, bad[i].sentence, strlen(bad[i].sentence));
	}
}

/* Each beginning of an event is an event, or refused with a sentence. */
static void cut_anywhere(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t len = 0; len < strlen(rows[i].json); len++) {
			struct question_ends ends;
			struct error error = {.text = ""};

			CU_ASSERT_FALSE(question_event_read(rows[i].json, len, &ends, &error));
			CU_ASSERT_NOT_EQUAL(error.text[0], '\0');
		}
}

void suite_question_event(void)
{
	CU_pSuite suite = CU_add_suite("question_event", NULL, NULL);

	CU_add_test(suite, "events of several programs", are_read);
	CU_add_test(suite, "what is no event", others_are_refused);
	CU_add_test(suite, "events that are cut", cut_anywhere);
}
