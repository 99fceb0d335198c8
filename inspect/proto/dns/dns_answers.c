#include "inspect/proto/dns/dns_answers.h"

#include "inspect/proto/dns/dns_inside.h"

enum {
	FLAG_RESPONSE = 0x8000,
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

bool dns_answers_begin(
	struct dns_answers *answers, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	struct cursor c = cursor_make(data, cap, wire);
	const uint8_t *h = cursor_take(&c, DNS_HEADER);
	const struct message m = {data, cap, wire, &answers->steps};

	answers->steps = 0;
	if (!h || !dns_is_header(h) || !(be16(h + 2) & FLAG_RESPONSE))
		return false;
	for (unsigned i = be16(h + 4); i > 0; i--)
		if (!name_skip(&m, &c) || !cursor_take(&c, QUESTION_TAIL))
			return false;
	answers->data = data;
	answers->at = c;
	answers->left = be16(h + 6) < DNS_ANSWERS_MAX ? be16(h + 6) : DNS_ANSWERS_MAX;
	answers->room = DNS_ANSWERS_BYTES;
	return true;
}

/* Bytes of the data before the name; -1: there is no name that leads anywhere. */
static int name_after(uint16_t type)
{
	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return 0;
	case TYPE_MX:
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return 2;
	case TYPE_SRV:
		return 6;
	default:
		return -1;
	}
}

static bool read_address(struct cursor *data, uint16_t type, struct dns_answer *answer)
{
	const uint8_t *bytes = cursor_take(data, type == TYPE_A ? 4 : 16);

	if (!bytes)
		return false;
	answer->address = type == TYPE_A ? ip_addr_v4(bytes) : ip_addr_v6(bytes);
	answer->is_address = true;
	return true;
}

static bool read_name(struct dns_answers *answers, const struct message *m, struct cursor *data,
	uint32_t before, struct dns_answer *answer)
{
	struct dns_text t = {answer->name, sizeof(answer->name), &answers->steps};

	answer->is_address = false;
	answer->name[0] = '\0';
	cursor_take(data, before);
	if (name_read(m, data, &t) != CURSOR_OK)
		return false;
	answer->len = (uint16_t)(t.at - answer->name);
	if (answer->len > answers->room)
		answers->left = answers->room = 0;
	else
		answers->room -= answer->len;
	return true;
}

bool dns_answers_next(struct dns_answers *answers, bool names, struct dns_answer *answer)
{
	while (answers->left > 0) {
		struct cursor *c = &answers->at, data;
		const uint32_t before = (uint32_t)(c->at - answers->data);
		const struct message m = {
			answers->data, before + c->cap, before + c->wire, &answers->steps};
		const uint8_t *h = record_head(&m, c, &data);
		const uint16_t type = h ? be16(h) : 0;
		const int after = h ? name_after(type) : -1;

		answers->left--;
		if (!h || !cursor_take(c, be16(h + 8)))
			answers->left = 0; /* what of this one's data came is looked at */
		if (!h)
			return false;
		if ((type == TYPE_A || type == TYPE_AAAA) && read_address(&data, type, answer))
			return true;
		if (names && after >= 0 &&
			read_name(answers, &m, &data, (uint32_t)after, answer))
			return true;
	}
	return false;
}
