#include <stdio.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/dns/dns.h"
#include "inspect/proto/dns/dns_pair.h"

_Static_assert((int)DNS_ANSWERS_BYTES == (int)DETAILS_LIST_BYTES, "what is read is kept");

/* A number without a name prints as `prefix` and the number. */
static void draft_name(struct draft *draft, enum detail detail, const char *name,
	const char *prefix, unsigned number)
{
	char text[20];

	if (!name) {
		snprintf(text, sizeof(text), "%s%u", prefix, number);
		name = text;
	}
	draft_text(draft, detail, name);
}

static void draft_question(struct draft *draft, const char *name, uint16_t type)
{
	draft_text(draft, DETAIL_dns_query, name);
	draft_name(draft, DETAIL_dns_type, dns_type_name(type), "TYPE", type);
}

static void draft_head(struct draft *draft, const struct dns_message *dns)
{
	draft_reset(draft);
	draft_number(draft, DETAIL_dns_id, dns->id);
	draft_number(draft, DETAIL_dns_questions, dns->question_count);
	if (dns->has_question)
		draft_question(draft, dns->query, dns->type);
	if (!dns->is_response)
		return;
	draft_name(draft, DETAIL_dns_rcode, dns_rcode_name(dns->rcode), "RCODE", dns->rcode);
	draft_number(draft, DETAIL_dns_answer_count, dns->answer_count);
	draft_number(draft, DETAIL_dns_authoritative, dns->authoritative);
	draft_number(draft, DETAIL_dns_truncated, dns->truncated);
}

void draft_dns(struct draft *draft, const struct dns_message *dns)
{
	draft_head(draft, dns);
	draft_list(draft, DETAIL_dns_answers, dns->answers[0], sizeof(dns->answers[0]),
		dns->n_answers);
}

void draft_dns_transaction(struct draft *draft, const struct dns_transaction *t)
{
	draft_reset(draft);
	if (t->answer) {
		draft_head(draft, t->answer->message);
		draft_message(draft, DETAIL_dns_message, t->answer->data, t->answer->cap,
			t->answer->wire);
	}
	if (!t->question)
		return;
	if (t->answer)
		draft_number(draft, DETAIL_dns_rtt_ms, t->rtt_ns / 1000);
	draft_number(draft, DETAIL_dns_id, t->question->id);
	draft_number(draft, DETAIL_dns_questions, t->question->question_count);
	if (t->question->has_question)
		draft_question(draft, t->question->name, t->question->type);
}
