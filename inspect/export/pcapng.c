#include "inspect/export/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/export/spool.h"
#include "inspect/export/text.h"

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

enum { BLOCK_SIZE = 512, INTERFACES_FIRST = 16 };

_Static_assert((int)PCAPNG_SNAPLEN + 2 * (int)BLOCK_SIZE <= (int)SPOOL_RECORD_MAX,
	"what a spool takes");

struct interface {
	bool has_vni;
	uint32_t vni;
	struct ip_addr outer_src;
	uint64_t packets, first_ns, last_ns;
};

struct pcapng {
	struct spool *spool;
	uint16_t link_type;
	struct interface *interfaces; /* numbered in the order they came */
	uint32_t n_interfaces, room;
	uint32_t *slots; /* open addressing over 2 * room; index + 1, 0 = free */
	uint32_t last;   /* most packets come in runs of one session */
};

/* A block being put together: small ones whole, of a packet what surrounds its bytes. */
struct piece {
	uint8_t bytes[BLOCK_SIZE];
	size_t len;
};

static void put(struct piece *p, const void *bytes, size_t len)
{
	memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

static void put16(struct piece *p, uint16_t n)
{
	put(p, (uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8)}, 2);
}

static void put32(struct piece *p, uint32_t n)
{
	put16(p, (uint16_t)n);
	put16(p, (uint16_t)(n >> 16));
}

static void pad(struct piece *p)
{
	static const uint8_t zeros[4];

	put(p, zeros, (4 - p->len % 4) % 4);
}

static void put_option(struct piece *p, enum option code, const void *bytes, size_t len)
{
	put16(p, (uint16_t)code);
	put16(p, (uint16_t)len);
	put(p, bytes, len);
	pad(p);
}

/* Times are two halves, the high one first. */
static void put_time(struct piece *p, uint64_t ns)
{
	put32(p, (uint32_t)(ns >> 32));
	put32(p, (uint32_t)ns);
}

static void put_time_option(struct piece *p, enum option code, uint64_t ns)
{
	put16(p, (uint16_t)code);
	put16(p, 8);
	put_time(p, ns);
}

/* Appends a block whose body is `body`. */
static void write_block(struct pcapng *file, enum block type, const struct piece *body)
{
	struct piece around = {.len = 0};
	uint32_t total = (uint32_t)body->len + 12;

	put32(&around, type);
	put32(&around, total);
	spool_add(file->spool, around.bytes, 8);
	spool_add(file->spool, body->bytes, body->len);
	spool_add(file->spool, around.bytes + 4, 4);
}

static void write_section(struct pcapng *file)
{
	struct piece body = {.len = 0};

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put32(&body, UINT32_MAX); /* length not said: readers walk the blocks */
	put32(&body, UINT32_MAX);
	put_option(&body, OPTION_SHB_APPLICATION, "periscope", strlen("periscope"));
	put32(&body, 0);
	write_block(file, BLOCK_SECTION, &body);
}

static void put_name(struct piece *body, const struct interface *interface)
{
	char name[64];
	struct text t = text_make(name, sizeof(name));

	text_cstr(&t, "vni-");
	text_u64(&t, interface->vni);
	text_char(&t, ' ');
	text_addr(&t, &interface->outer_src, ip_addr_is_v4(&interface->outer_src) ? 4 : 6);
	put_option(body, OPTION_IF_NAME, name, (size_t)(t.at - name));
}

static void write_interface(struct pcapng *file, const struct interface *interface)
{
	static const uint8_t nanoseconds = 9;
	struct piece body = {.len = 0};

	put16(&body, file->link_type);
	put16(&body, 0);
	put32(&body, PCAPNG_SNAPLEN);
	if (interface->has_vni)
		put_name(&body, interface);
	put_option(&body, OPTION_IF_TSRESOL, &nanoseconds, 1);
	put32(&body, 0);
	write_block(file, BLOCK_INTERFACE, &body);
}

static void write_statistics(struct pcapng *file, uint32_t number)
{
	const struct interface *interface = &file->interfaces[number];
	struct piece body = {.len = 0};

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

static bool is_session(const struct interface *interface, const struct packet_record *record)
{
	if (interface->has_vni != record->has_vni)
		return false;
	return !record->has_vni ||
	       (interface->vni == record->vni &&
		       ip_addr_equal(&interface->outer_src, &record->outer_src));
}

static uint32_t hash_of(bool has_vni, uint32_t vni, const struct ip_addr *outer_src)
{
	uint64_t half[2] = {0, 0};

	if (!has_vni)
		return 0;
	memcpy(half, outer_src->byte, sizeof(half));
	half[0] = (half[0] * 31 ^ half[1] ^ vni) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(half[0] >> 32);
}

static bool grow(struct pcapng *file)
{
	uint32_t room = file->room == 0 ? INTERFACES_FIRST : 2 * file->room;
	struct interface *interfaces =
		realloc(file->interfaces, room * sizeof(*file->interfaces));
	uint32_t *slots = calloc(2ull * room, sizeof(*slots));

	if (interfaces != NULL)
		file->interfaces = interfaces;
	if (interfaces == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	for (uint32_t i = 0; i < file->n_interfaces; i++) {
		const struct interface *in = &interfaces[i];
		uint32_t at = hash_of(in->has_vni, in->vni, &in->outer_src) & (2 * room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (2 * room - 1);
		slots[at] = i + 1;
	}
	free(file->slots);
	file->slots = slots;
	file->room = room;
	return true;
}

static struct interface *interface_new(
	struct pcapng *file, const struct packet_record *record, uint32_t at)
{
	struct interface *interface = &file->interfaces[file->n_interfaces];

	file->last = file->n_interfaces++;
	file->slots[at] = file->n_interfaces;
	*interface = (struct interface){.has_vni = record->has_vni,
		.vni = record->vni,
		.outer_src = record->outer_src,
		.first_ns = record->time_ns,
		.last_ns = record->time_ns};
	write_interface(file, interface);
	return interface;
}

/* The interface of the record's session, made when it is new; file->last is its number. */
static struct interface *interface_of(struct pcapng *file, const struct packet_record *record)
{
	uint32_t mask, at;

	if (file->n_interfaces > 0 && is_session(&file->interfaces[file->last], record))
		return &file->interfaces[file->last];
	if (file->n_interfaces == file->room && !grow(file))
		return NULL;
	mask = 2 * file->room - 1;
	at = hash_of(record->has_vni, record->vni, &record->outer_src) & mask;
	for (; file->slots[at] != 0; at = (at + 1) & mask) {
		file->last = file->slots[at] - 1;
		if (is_session(&file->interfaces[file->last], record))
			return &file->interfaces[file->last];
	}
	return interface_new(file, record, at);
}

struct pcapng *pcapng_open(const char *path, uint16_t link_type, struct output_ledger *ledger)
{
	struct pcapng *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return NULL;
	file->link_type = link_type;
	file->spool = spool_open(path, 0, SPOOL_STOP, ledger);
	if (file->spool == NULL) {
		int cause = errno;

		free(file);
		errno = cause;
		return NULL;
	}
	write_section(file);
	return file;
}

static void put_comment(struct piece *after, const struct packet_record *record)
{
	char comment[160];
	struct text t = text_make(comment, sizeof(comment));

	if (record->has_vni) {
		text_cstr(&t, " vni=");
		text_u64(&t, record->vni);
		text_cstr(&t, " outer_src=");
		text_addr(&t, &record->outer_src, ip_addr_is_v4(&record->outer_src) ? 4 : 6);
	}
	if (record->rule_number != 0) {
		text_cstr(&t, " rule=");
		text_u64(&t, record->rule_number);
	}
	if (record->flow_id != 0) {
		text_cstr(&t, " flow=");
		text_hex(&t, record->flow_id, 16);
	}
	if (t.at > comment)
		put_option(after, OPTION_COMMENT, comment + 1, (size_t)(t.at - comment - 1));
}

static void put_direction(struct piece *after, enum direction direction)
{
	uint8_t flags[4] = {direction == DIRECTION_INGRESS ? 1 : 2};

	if (direction != DIRECTION_UNKNOWN)
		put_option(after, OPTION_EPB_FLAGS, flags, sizeof(flags));
}

static void put_options(struct piece *after, const struct packet_record *record)
{
	size_t without = after->len;

	put_direction(after, record->direction);
	put_comment(after, record);
	if (after->len > without)
		put32(after, 0);
}

static void interface_count(struct interface *interface, uint64_t time_ns)
{
	interface->packets++;
	if (time_ns < interface->first_ns)
		interface->first_ns = time_ns;
	if (time_ns > interface->last_ns)
		interface->last_ns = time_ns;
}

bool pcapng_write(struct pcapng *file, const struct packet_record *record,
	const struct packet_bytes *bytes)
{
	static const uint8_t zeros[4];
	struct interface *interface = interface_of(file, record);
	uint32_t room = PCAPNG_SNAPLEN - bytes->header_len;
	uint32_t cap = bytes->cap < room ? bytes->cap : room;
	uint32_t len = bytes->header_len + cap, padding = (4 - len % 4) % 4;
	struct piece before = {.len = 0}, after = {.len = 0};
	uint32_t total;

	if (interface == NULL)
		return false;
	interface_count(interface, record->time_ns);
	put_options(&after, record);
	total = 32 + len + padding + (uint32_t)after.len;
	put32(&after, total);
	put32(&before, BLOCK_PACKET);
	put32(&before, total);
	put32(&before, file->last);
	put_time(&before, record->time_ns);
	put32(&before, len);
	put32(&before, bytes->header_len + bytes->wire);
	spool_add(file->spool, before.bytes, before.len);
	spool_add(file->spool, bytes->header, bytes->header_len);
	spool_add(file->spool, bytes->payload, cap);
	spool_add(file->spool, zeros, padding);
	spool_add(file->spool, after.bytes, after.len);
	spool_end(file->spool, 1);
	return true;
}

bool pcapng_flush(struct pcapng *file)
{
	return spool_flush(file->spool);
}

bool pcapng_close(struct pcapng *file)
{
	static const struct interface nameless;
	bool whole;

	/* libpcap refuses a file without an interface, even an empty one. */
	if (file->n_interfaces == 0)
		write_interface(file, &nameless);
	for (uint32_t i = 0; i < file->n_interfaces; i++) {
		write_statistics(file, i);
		spool_end(file->spool, 0);
	}
	whole = spool_close(file->spool);
	free(file->interfaces);
	free(file->slots);
	free(file);
	return whole;
}
