#include "inspect/support/record_stage.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/tls/tls_draft.h"

static struct record *keep(void *ctx, enum record_type type, size_t len)
{
	struct stage *stage = ctx;
	struct record *head = &stage->records[stage->n].head;

	CU_ASSERT_TRUE_FATAL(len <= RECORD_MAX);
	if (stage->refuse || stage->n == STAGE_RECORDS)
		return NULL;
	stage->n++;
	/* Whatever stood there before must not shine through. */
	memset(head, 0xa5, RECORD_MAX);
	*head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return head;
}

const char *stage_line(struct stage *stage, unsigned i)
{
	struct text t = text_make(stage->line, LINE_SIZE_MAX);
	const struct record *record = &stage->records[i].head;

	for (const struct encoder *e = encoders; e < encoders + ENCODERS; e++)
		if (e->type == record->type)
			e->encode(&t, record, &stage->names);
	CU_ASSERT_FALSE(t.full);
	*t.at = '\0';
	return stage->line;
}

void stage_exporter(struct stage *stage, struct exporter_params params)
{
	exporter_destroy(stage->exporter);
	params.sink = (struct sink){.ctx = stage, .take = keep};
	params.sessions = stage->sessions;
	stage->exporter = exporter_create(&params);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage->exporter);
	stage->n = 0;
}

struct stage *stage_make(const struct dpi *dpi)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	CU_ASSERT_PTR_NOT_NULL_FATAL(stage);
	if (dpi != NULL) {
		stage->names.labels = labels_create(dpi);
		CU_ASSERT_PTR_NOT_NULL_FATAL(stage->names.labels);
	}
	stage->sessions = session_table_create(16);
	stage_exporter(stage, (struct exporter_params){.flow_events = true,
				      .transactions = UINT32_MAX,
				      .window_s = 600,
				      .aggregates = 16});
	return stage;
}

void stage_free(struct stage *stage)
{
	exporter_destroy(stage->exporter);
	session_table_destroy(stage->sessions);
	labels_destroy(stage->names.labels);
	memory_sweep(&stage->taken);
	memory_trim(&stage->memory);
	free(stage);
}

struct details *stage_drafted(struct stage *stage)
{
	return draft_finish(&stage->draft, &stage->memory, &stage->taken);
}

struct details *stage_details(struct stage *stage, size_t len, size_t element)
{
	/* A record of each section, and EDNS. */
	static const uint8_t message[] = {0, 1, 0x80, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 0, 1,
		0, 0, 0, 1, 0, 4, 192, 0, 2, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1,
		0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0,
		4, 0, 10, 0, 0};
	static const struct tls_certificate certificate = {.is_whole = true};
	static char bytes[DETAILS_STRING_MAX + 1], lists[DETAILS_LIST_MAX][256];

	memset(bytes, 1, len);
	bytes[len] = '\0';
	memset(lists, 2, sizeof(lists));
	for (int i = 0; i < DETAILS_LIST_MAX; i++)
		lists[i][element] = '\0';
	draft_reset(&stage->draft);
	stage->draft.risks = (struct risk_set){UINT64_MAX, (1u << OWN_RISKS) - 1};
#define DETAIL_STRING(name) draft_text(&stage->draft, name, bytes);
#define DETAIL_NUMBER(name) draft_number(&stage->draft, name, INT64_MAX);
#define DETAIL_BOOL(name) draft_number(&stage->draft, name, 1);
#define DETAIL_USEC(name) draft_number(&stage->draft, name, INT64_MAX);
#define DETAIL_LIST(name) \
	draft_list(&stage->draft, name, lists[0], sizeof(lists[0]), DETAILS_LIST_MAX);
#define DETAIL_LEAF(name) draft_text(&stage->draft, name, bytes);
#define DETAIL_CERTIFICATES(name) \
	draft_tls_vouching(&stage->draft, &certificate); \
	CU_ASSERT_TRUE(stage->draft.have >> name & 1);
#define DETAIL_DNS_MESSAGE(name) \
	draft_message(&stage->draft, name, message, sizeof(message), sizeof(message));
#define DETAIL(object, field, kind, meaning) DETAIL_##kind(DETAIL_##object##_##field)
#include "inspect/proto/details.def"
	return stage_drafted(stage);
}

uint32_t stage_session(struct stage *stage, const char *outer, uint32_t vni)
{
	struct packet p = {.vni = vni, .outer_src = addr_of(outer), .flags = PACKET_HAS_VNI};

	CU_ASSERT_TRUE(session_table_packet(stage->sessions, &p, true));
	return p.session;
}

struct ip_addr addr_of(const char *text)
{
	struct ip_addr a;

	if (!ip_addr_parse(text, &a))
		CU_FAIL("bad address");
	return a;
}

struct flow sample_flow(void)
{
	struct flow flow = {
		.key = {.lo = addr_of("66.35.250.204"),
			.hi = addr_of("128.232.110.120"),
			.point = SESSION_NONE,
			.lo_port = 80,
			.hi_port = 34855,
			.protocol = 6,
			.ip_version = 4},
		.start_ns = 1071580904891921000,
		.last_ns = 1071580905891921999,
		.side = {{.packets = 4, .bytes = 400}, {.packets = 3, .bytes = 5000000000}},
		.tcp_flags = {27, 26},
	};

	flow.app_master = SAMPLE_TLS;
	flow.app = SAMPLE_GOOGLE;
	flow.category = SAMPLE_CATEGORY_WEB;
	return flow;
}
