/* What events say of flows, found by application, risk and alert; and the table that holds it, beside a plain one. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/packets/question/flow_answers.h"
#include "inspect/packets/question/flow_labels.h"
#include "support/folder.h"
#include "support/random.h"

void suite_flow_labels(void);

static const char events[] =
	"{\"event\":\"flow\",\"flow_id\":\"0000000000000001\",\"app\":\"TLS.Google\",\"app_protocol\":\"TLS\",\"app_name\":\"Google\","
	"\"risks\":[{\"id\":4,\"name\":\"Weak \\\"TLS\\\"\",\"score\":50}],\"alerts\":[]}\n"
	"{\"event\":\"flow_update\",\"flow_id\":\"0000000000000002\",\"app\":\"DNS\",\"risks\":[],"
	"\"alerts\":[{\"alert_id\":\"00000000000000aa\",\"rule\":\"dns_tunnel\"}]}\n"
	"{\"event\":\"flow\",\"flow_id\":17,\"app\":\"DNS\"}\n" /* Suricata's ids are numbers */
	"no event, but it says DNS\n"
	"{\"event\":\"flow\",\"flow_id\":\"0000000000000004\",\"app\":\"DNS\"}"; /* still being written */
static const char alerts[] =
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000aa\",\"rule\":\"dns_tunnel\",\"flow_id\":\"0000000000000005\"}\n"
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000ab\",\"rule\":\"4\",\"flow_id\":null}\n";

static struct folder folder;

static int begin(void)
{
	char path[sizeof(folder.path) + 32];
	FILE *out;

	folder = folder_make();
	snprintf(path, sizeof(path), "%s/events", folder.path);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/events/flows.jsonl", folder.path);
	out = fopen(path, "w");
	if (!out || fputs(events, out) < 0 || fclose(out) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/alerts", folder.path);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/alerts/alerts.jsonl", folder.path);
	out = fopen(path, "w");
	return out && fputs(alerts, out) >= 0 && fclose(out) == 0 ? 0 : -1;
}

static int end(void)
{
	folder_remove(&folder);
	return 0;
}

static struct expression *parse(const char *text)
{
	const struct expression_params params = {
		.words = EXPRESSION_WORDS_PACKET | EXPRESSION_WORDS_LABEL, .user = "a test"};
	struct expression_error error;

	return expression_parse(text, &params, &error);
}

/* A bit for each of flows 1 to 5: what the only question is answered. */
static unsigned answered(const char *text, uint32_t flows_max, bool *more)
{
	struct flow_answers *answers = flow_answers_create();
	struct expression *expression = parse(text);
	struct flow_labels labels;
	struct error error;
	unsigned found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(expression);
	CU_ASSERT_TRUE(flow_labels_asked(expression));
	CU_ASSERT_TRUE(
		flow_labels_read(folder.path, expression, answers, flows_max, &labels, &error));
	CU_ASSERT_EQUAL(labels.flows, flow_answers_count(answers));
	*more = labels.more;
	for (uint64_t id = 1; id <= 5; id++)
		found |= (unsigned)(flow_answers_get(answers, id) & 1) << id;
	expression_destroy(expression);
	flow_answers_destroy(answers);
	return found;
}

static void are_found(void)
{
	static const struct {
		const char *text;
		unsigned flows;
	} rows[] = {
		{"app TLS.Google", 1 << 1}, {"app tls", 1 << 1}, {"app google", 1 << 1},
		{"app dns", 1 << 2}, {"app http", 0}, {"risk 4", 1 << 1},
		{"risk 'weak \"tls\"'", 1 << 1}, {"risk 5", 0},
		{"alert 00000000000000aa", 1 << 2 | 1 << 5},
		{"alert dns_tunnel", 1 << 2 | 1 << 5}, {"alert 4", 0}, /* of no flow */
	};
	bool more;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(answered(rows[i].text, 0, &more), rows[i].flows);
		CU_ASSERT_FALSE(more);
	}
	CU_ASSERT_EQUAL(answered("alert dns_tunnel", 1, &more), 1 << 2);
	CU_ASSERT_TRUE(more);
}

static void unreadable(void)
{
	struct flow_answers *answers = flow_answers_create();
	struct expression *expression = parse("app dns");
	struct flow_labels labels;
	struct error error;

	CU_ASSERT_TRUE(flow_labels_read(folder.path, expression, answers, 0, &labels, &error));
	CU_ASSERT_EQUAL(labels.unreadable, 2);
	CU_ASSERT_TRUE(flow_labels_read("/nowhere", expression, answers, 0, &labels, &error));
	CU_ASSERT_EQUAL(labels.events, 0);
	CU_ASSERT_FALSE(flow_labels_read("/dev/null", expression, answers, 0, &labels, &error));
	expression_destroy(expression);
	flow_answers_destroy(answers);
}

/* Many flows, some of them again and again, beside an array. */
static void many(void)
{
	enum { FLOWS = 20000, TIMES = 60000 };
	static uint64_t plain[FLOWS];
	struct flow_answers *answers = flow_answers_create();
	struct random random = random_seeded(7);
	uint32_t n = 0;

	memset(plain, 0, sizeof(plain));
	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t k = random_below(&random, FLOWS);
		uint64_t bits = UINT64_C(1) << random_below(&random, 64);

		n += plain[k] == 0;
		plain[k] |= bits;
		CU_ASSERT_TRUE(flow_answers_add(answers, (uint64_t)k << 20 | 1, bits));
	}
	CU_ASSERT_TRUE(flow_answers_add(answers, 0, 1));
	CU_ASSERT_EQUAL(flow_answers_get(answers, 0), 0);
	CU_ASSERT_EQUAL(flow_answers_count(answers), n);
	for (uint32_t k = 0; k < FLOWS; k++)
		CU_ASSERT_EQUAL(flow_answers_get(answers, (uint64_t)k << 20 | 1), plain[k]);
	flow_answers_destroy(answers);
}

void suite_flow_labels(void)
{
	CU_pSuite suite = CU_add_suite("flow_labels", begin, end);

	CU_add_test(suite, "applications, risks, alerts", are_found);
	CU_add_test(suite, "what cannot be read", unreadable);
	CU_add_test(suite, "many flows", many);
}
