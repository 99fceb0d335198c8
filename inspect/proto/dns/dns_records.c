#include "inspect/proto/dns/dns_records.h"

#include <arpa/inet.h>
#include <string.h>

#include "inspect/proto/dns/dns_inside.h"

enum {
	OPTION_HEAD = 4, /* code, length */
	SUBNET_HEAD = 4, /* family, prefix of the source, of the scope */
	TYPE_OPT = 41,
	OPTION_CLIENT_SUBNET = 8,
	FLAG_DNSSEC_OK = 0x8000,
};

bool dns_records_begin(
	struct dns_records *records, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	struct cursor c = cursor_make(data, cap, wire);
	const uint8_t *h = cursor_take(&c, DNS_HEADER);

	if (!h || !dns_is_header(h))
		return false;
	records->data = data;
	records->at = c;
	for (unsigned i = 0; i < DNS_SECTIONS; i++)
		records->left[i] = be16(h + 4 + (size_t)2 * i);
	records->room = DNS_RECORDS_BYTES;
	records->steps = 0;
	records->name_at = 0;
	records->edns = (struct dns_edns){.is_there = false};
	return true;
}

/* RFC 7871, 6: an address without the bytes that its prefix does not reach. */
static void subnet_read(struct cursor *c, struct dns_edns *edns)
{
	uint8_t address[16] = {0};
	char text[INET6_ADDRSTRLEN];
	const uint8_t *h = cursor_take(c, SUBNET_HEAD), *bytes;
	uint16_t family = h ? be16(h) : 0;
	uint32_t len = c->wire;
	struct dns_text t = {edns->client_subnet, sizeof(edns->client_subnet), &(uint32_t){0}};

	if ((family != 1 && family != 2) || len > (family == 1 ? 4 : 16) ||
		h[2] > (family == 1 ? 32 : 128) || !(bytes = cursor_take(c, len)))
		return;
	if (len)
		memcpy(address, bytes, len);
	if (!inet_ntop(family == 1 ? AF_INET : AF_INET6, address, text, sizeof(text)))
		return;
	dns_add(&t, text);
	dns_byte(&t, '/');
	dns_number(&t, h[2]);
}

static void edns_read(const uint8_t *h, struct cursor options, struct dns_edns *edns)
{
	if (edns->is_there)
		return;
	edns->is_there = true;
	edns->udp_size = be16(h + 2);
	edns->rcode_high = h[4];
	edns->version = h[5];
	edns->dnssec_ok = be16(h + 6) & FLAG_DNSSEC_OK;
	while (options.wire && options.status == CURSOR_OK) {
		const uint8_t *o = cursor_take(&options, OPTION_HEAD);
		struct cursor value = options;

		if (!o)
			return;
		if (edns->n_options < DNS_OPTIONS_MAX)
			edns->options[edns->n_options++] = be16(o);
		cursor_claim(&value, be16(o + 2));
		if (be16(o) == OPTION_CLIENT_SUBNET && !*edns->client_subnet)
			subnet_read(&value, edns);
		cursor_take(&options, be16(o + 2));
	}
}

static bool record_read(struct dns_records *records, const struct message *m)
{
	struct dns_record *record = &records->record;
	struct cursor *c = &records->at, data;
	struct dns_text t = {record->data, sizeof(record->data), &records->steps};
	const uint8_t *h = cursor_take(c, RECORD_HEAD);

	if (!h)
		return false;
	data = *c;
	cursor_claim(&data, be16(h + 8));
	record->type = be16(h);
	record->class = be16(h + 2);
	record->ttl = be32(h + 4);
	if (record->type == TYPE_OPT)
		edns_read(h, data, &records->edns);
	return record_data(m, &data, record->type, &t) && cursor_take(c, be16(h + 8));
}

static bool question_read(struct dns_records *records)
{
	const uint8_t *tail = cursor_take(&records->at, QUESTION_TAIL);

	if (!tail)
		return false;
	records->record.type = be16(tail);
	records->record.class = be16(tail + 2);
	records->record.ttl = 0;
	return true;
}

/* Where the name at `c` stands: here, or where the pointer that it is leads to. */
static uint32_t name_place(struct cursor c, uint32_t here)
{
	const uint8_t *pointer = cursor_take(&c, 2);

	return pointer && pointer[0] >= POINTER ? be16(pointer) & 0x3fff : here;
}

/* Most records have the name of the question, or of the record before. */
static bool name_take(struct dns_records *records, const struct message *m, uint32_t here)
{
	struct dns_text t = {
		records->record.name, sizeof(records->record.name), &records->steps};
	uint32_t place = name_place(records->at, here);

	if (place && place == records->name_at)
		return cursor_take(&records->at, 2);
	records->record.name[0] = '\0';
	records->name_at = 0;
	if (name_read(m, &records->at, &t) != CURSOR_OK)
		return false;
	records->name_at = place;
	return true;
}

static bool next_read(struct dns_records *records, enum dns_section section)
{
	struct dns_record *record = &records->record;
	struct cursor *c = &records->at;
	uint32_t before = (uint32_t)(c->at - records->data);
	const struct message m = {
		records->data, before + c->cap, before + c->wire, &records->steps};
	size_t len;

	record->section = section;
	record->data[0] = '\0';
	records->steps++;
	if (!records->room || !name_take(records, &m, before))
		return false;
	if (section == DNS_QUESTION ? !question_read(records) : !record_read(records, &m))
		return false;
	len = strlen(record->name) + strlen(record->data);
	if (len > records->room)
		return false;
	records->room -= (uint32_t)len;
	return true;
}

bool dns_records_next(struct dns_records *records)
{
	unsigned section = DNS_QUESTION;

	while (section < DNS_SECTIONS && !records->left[section])
		section++;
	if (section == DNS_SECTIONS)
		return false;
	records->left[section]--;
	if (next_read(records, (enum dns_section)section))
		return true;
	memset(records->left, 0, sizeof(records->left));
	return false;
}
