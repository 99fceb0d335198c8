#include "inspect/packets/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/addr_text.h"
#include "inspect/output/record_file.h"
#include "inspect/packets/pcapng_interfaces.h"

enum block {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option {
	OPTION_COMMENT = 1,
	OPTION_EPB_FLAGS = 2,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_ISB_START = 2,
	OPTION_ISB_END = 3,
	OPTION_ISB_RECEIVED = 4,
	OPTION_SHB_APPLICATION = 4,
};

enum { BLOCK_SIZE = 512, STATISTICS_SIZE = 64 };

_Static_assert((int)PCAPNG_SNAPLEN + 2 * (int)BLOCK_SIZE <= (int)RECORD_FILE_RECORD_MAX,
	"what a record_file takes");

struct pcapng {
	struct record_file *record_file;
	uint16_t link_type;
	struct pcapng_interfaces *interfaces;
	uint64_t failures; /* of the record file, when the section was begun */
};

/* A block being put together: small ones whole, of a packet what surrounds its bytes. */
struct block_body {
	uint8_t bytes[BLOCK_SIZE];
	size_t len;
};

static void put(struct block_body *p, const void *bytes, size_t len)
{
	memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

/* Without zeroing its room, of which a packet needs little. */
static void begin(struct block_body *p)
{
	p->len = 0;
}

static void put16(struct block_body *p, uint16_t n)
{
	put(p, (uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8)}, 2);
}

static void put32(struct block_body *p, uint32_t n)
{
	put(p,
		(uint8_t[]){
			(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)},
		4);
}

static void pad(struct block_body *p)
{
	static const uint8_t zeros[4];

	put(p, zeros, (4 - p->len % 4) % 4);
}

static void put_option(struct block_body *p, enum option code, const void *bytes, size_t len)
{
	put16(p, (uint16_t)code);
	put16(p, (uint16_t)len);
	put(p, bytes, len);
	pad(p);
}

/* Times are two halves, the high one first. */
static void put_time(struct block_body *p, uint64_t ns)
{
	put32(p, (uint32_t)(ns >> 32));
	put32(p, (uint32_t)ns);
}

static void put_time_option(struct block_body *p, enum option code, uint64_t ns)
{
	put16(p, (uint16_t)code);
	put16(p, 8);
	put_time(p, ns);
}

/* Appends a block whose body is `body`. */
static void write_block(struct pcapng *file, enum block type, const struct block_body *body)
{
	struct block_body around = {.len = 0};
	uint32_t total = (uint32_t)body->len + 12;

	put32(&around, type);
	put32(&around, total);
	record_file_add(file->record_file, around.bytes, 8);
	record_file_add(file->record_file, body->bytes, body->len);
	record_file_add(file->record_file, around.bytes + 4, 4);
}

static void write_section(struct pcapng *file)
{
	struct block_body body = {.len = 0};

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put32(&body, UINT32_MAX); /* length not said: readers walk the blocks */
	put32(&body, UINT32_MAX);
	put_option(&body, OPTION_SHB_APPLICATION, "periscope", strlen("periscope"));
	put32(&body, 0);
	write_block(file, BLOCK_SECTION, &body);
}

/* What was lost may have had the section's own head, or interfaces of it. */
static __attribute__((cold, noinline)) void begin_section(struct pcapng *file)
{
	file->failures = record_file_failures(file->record_file);
	if (file->link_type != LINKTYPE_ETHERNET)
		return;
	pcapng_interfaces_clear(file->interfaces);
	write_section(file);
}

static bool is_behind_gap(const struct pcapng *file)
{
	return record_file_failures(file->record_file) != file->failures;
}

static void put_name(struct block_body *body, const struct pcapng_session *session)
{
	const struct session_key *key = &session->key;
	char name[96];
	struct text t = text_make(name, sizeof(name));

	text_cstr(&t, "vni-");
	text_u64(&t, key->vni);
	if (key->network != NETWORK_NONE) {
		text_cstr(&t, " network-");
		text_u64(&t, network_id(key->network));
	}
	text_char(&t, ' ');
	text_addr(&t, &key->outer_src, ip_addr_is_v4(&key->outer_src) ? 4 : 6);
	put_option(body, OPTION_IF_NAME, name, (size_t)(t.at - name));
}

static void write_interface(struct pcapng *file, const struct pcapng_session *session)
{
	static const uint8_t nanoseconds = 9;
	struct block_body body = {.len = 0};

	put16(&body, file->link_type);
	put16(&body, 0);
	put32(&body, PCAPNG_SNAPLEN);
	if (session->has_vni)
		put_name(&body, session);
	put_option(&body, OPTION_IF_TSRESOL, &nanoseconds, 1);
	put32(&body, 0);
	write_block(file, BLOCK_INTERFACE, &body);
}

static void write_statistics(struct pcapng *file, uint32_t number)
{
	const struct pcapng_interface *interface =
		pcapng_interfaces_get(file->interfaces, number);
	struct block_body body = {.len = 0};

	put32(&body, number);
	put_time(&body, interface->last_ns);
	put_time_option(&body, OPTION_ISB_START, interface->first_ns);
	put_time_option(&body, OPTION_ISB_END, interface->last_ns);
	put16(&body, OPTION_ISB_RECEIVED);
	put16(&body, 8);
	put32(&body, (uint32_t)interface->packets);
	put32(&body, (uint32_t)(interface->packets >> 32));
	put32(&body, 0);
	write_block(file, BLOCK_STATISTICS, &body);
}

/* The interface of a session, made when it is new. false: no memory. */
static bool find_interface(
	struct pcapng *file, const struct pcapng_session *session, uint32_t *number)
{
	bool is_new;

	if (!pcapng_interfaces_find(file->interfaces, session, number, &is_new))
		return false;
	if (is_new)
		write_interface(
			file, &pcapng_interfaces_get(file->interfaces, *number)->session);
	return true;
}

/* libpcap refuses a file without an interface, even an empty one. */
static void need_interface(struct pcapng *file)
{
	static const struct pcapng_session nameless;
	uint32_t number;

	if (pcapng_interfaces_count(file->interfaces) == 0)
		(void)find_interface(file, &nameless, &number);
}

struct pcapng *pcapng_open(
	const char *path, int flags, uint16_t link_type, struct output_ledger *ledger)
{
	struct pcapng *file = calloc(1, sizeof(*file));
	int cause = ENOMEM;

	if (file != NULL && (file->interfaces = pcapng_interfaces_create()) != NULL) {
		file->link_type = link_type;
		file->record_file = record_file_open(path, flags,
			link_type == LINKTYPE_ETHERNET ? RECORD_FILE_SECTION
						       : RECORD_FILE_ALONE,
			ledger);
		cause = errno;
	}
	if (file != NULL && file->record_file != NULL) {
		write_section(file);
		if (link_type != LINKTYPE_ETHERNET) {
			need_interface(file);
			record_file_set_head(file->record_file);
		}
		return file;
	}
	if (file != NULL)
		pcapng_interfaces_destroy(file->interfaces);
	free(file);
	errno = cause;
	return NULL;
}

/* The words that all packets of the interface share; one of many sessions' has none of its own. */
static void put_words(struct text *t, const struct pcapng_interface *interface,
	const struct packet_record *record)
{
	const struct pcapng_session session = {record->has_vni, record->key};
	char words[PCAPNG_WORDS];

	text_char(t, ' ');
	if (interface->n_words > 0)
		text_bytes(t, interface->words, interface->n_words);
	else
		text_bytes(t, words, pcapng_words(&session, words));
}

static void put_comment(struct block_body *after, const struct pcapng_interface *interface,
	const struct packet_record *record)
{
	char comment[160];
	struct text t = text_make(comment, sizeof(comment));

	if (record->has_vni)
		put_words(&t, interface, record);
	if (record->rule_number != 0) {
		text_cstr(&t, " rule=");
		text_u64(&t, record->rule_number);
	}
	if (record->flow_id != 0) {
		text_cstr(&t, " flow=");
		text_hex(&t, record->flow_id, 16);
	}
	if (record->refused != NULL) {
		text_cstr(&t, " refused=");
		text_cstr(&t, record->refused);
	}
	if (t.at > comment)
		put_option(after, OPTION_COMMENT, comment + 1, (size_t)(t.at - comment - 1));
}

static void put_direction(struct block_body *after, enum direction direction)
{
	uint8_t flags[4] = {direction == DIRECTION_INGRESS ? 1 : 2};

	if (direction != DIRECTION_UNKNOWN)
		put_option(after, OPTION_EPB_FLAGS, flags, sizeof(flags));
}

static void put_options(struct block_body *after, const struct pcapng_interface *interface,
	const struct packet_record *record)
{
	size_t without = after->len;

	put_direction(after, record->direction);
	put_comment(after, interface, record);
	if (after->len > without)
		put32(after, 0);
}

static void interface_count(struct pcapng_interface *interface, uint64_t time_ns)
{
	if (interface->packets++ == 0) {
		interface->first_ns = time_ns;
		interface->last_ns = time_ns;
	}
	if (time_ns < interface->first_ns)
		interface->first_ns = time_ns;
	if (time_ns > interface->last_ns)
		interface->last_ns = time_ns;
}

bool pcapng_write(struct pcapng *file, const struct packet_record *record,
	const struct packet_bytes *bytes)
{
	static const uint8_t zeros[4];
	const struct pcapng_session session = {
		record->has_vni && file->link_type == LINKTYPE_ETHERNET, record->key};
	uint32_t room = PCAPNG_SNAPLEN - bytes->header_len;
	uint32_t cap = bytes->cap < room ? bytes->cap : room;
	uint32_t len = bytes->header_len + cap, padding = (4 - len % 4) % 4;
	struct pcapng_interface *interface;
	struct block_body before, after;
	uint32_t number, total;

	if (is_behind_gap(file))
		begin_section(file);
	if (!find_interface(file, &session, &number))
		return false;
	interface = pcapng_interfaces_get(file->interfaces, number);
	interface_count(interface, record->time_ns);
	begin(&before);
	begin(&after);
	put_options(&after, interface, record);
	total = 32 + len + padding + (uint32_t)after.len;
	put32(&after, total);
	put32(&before, BLOCK_PACKET);
	put32(&before, total);
	put32(&before, number);
	put_time(&before, record->time_ns);
	put32(&before, len);
	put32(&before, bytes->header_len + bytes->wire);
	record_file_add(file->record_file, before.bytes, before.len);
	record_file_add(file->record_file, bytes->header, bytes->header_len);
	record_file_add(file->record_file, bytes->payload, cap);
	record_file_add(file->record_file, zeros, padding);
	record_file_add(file->record_file, after.bytes, after.len);
	record_file_end(file->record_file, 1);
	return true;
}

uint64_t pcapng_size(const struct pcapng *file)
{
	return record_file_size(file->record_file) +
	       (uint64_t)STATISTICS_SIZE * pcapng_interfaces_count(file->interfaces);
}

bool pcapng_flush(struct pcapng *file)
{
	if (is_behind_gap(file))
		begin_section(file);
	need_interface(file);
	return record_file_flush(file->record_file);
}

bool pcapng_close(struct pcapng *file)
{
	uint32_t n;
	bool whole;

	if (is_behind_gap(file))
		begin_section(file);
	need_interface(file);
	n = pcapng_interfaces_count(file->interfaces);
	for (uint32_t i = 0; i < n && !is_behind_gap(file); i++) {
		if (pcapng_interfaces_get(file->interfaces, i)->packets > 0)
			write_statistics(file, i);
		record_file_end(file->record_file, 0);
	}
	whole = record_file_close(file->record_file);
	pcapng_interfaces_destroy(file->interfaces);
	free(file);
	return whole;
}

bool pcapng_discard(struct pcapng *file)
{
	bool whole = record_file_discard(file->record_file);

	pcapng_interfaces_destroy(file->interfaces);
	free(file);
	return whole;
}
