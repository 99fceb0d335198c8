#include <stdio.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/dns.h"

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

void draft_dns(struct draft *draft, const struct dns_message *dns)
{
	draft_reset(draft);
	if (dns->has_question) {
		draft_text(draft, DETAIL_dns_query, dns->query);
		draft_name(draft, DETAIL_dns_type, dns_type_name(dns->type), "TYPE", dns->type);
	}
	if (!dns->is_response)
		return;
	draft_name(draft, DETAIL_dns_rcode, dns_rcode_name(dns->rcode), "RCODE", dns->rcode);
	draft_list(draft, DETAIL_dns_answers, dns->answers[0], sizeof(dns->answers[0]),
		dns->n_answers);
	draft_number(draft, DETAIL_dns_answer_count, dns->answer_count);
}
