#include "inspect/packets/packet_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "inspect/packets/classic_pcap.h"
#include "inspect/packets/ethernet.h"
#include "inspect/packets/pcapng.h"

enum part { PART_ETHERNET, PART_IP, PART_COUNT };

struct packet_file {
	struct output_ledger own, *ledger;
	int flags;
	bool is_pcapng;
	bool is_whole;            /* raw IP packets stand among the others */
	bool failed, said_failed; /* to make the raw IP part */
	bool said_memory;
	uint64_t ip_packets;
	struct pcapng *pcapng[PART_COUNT];
	struct classic_pcap *classic[PART_COUNT];
	char path[PATH_MAX]; /* of the Ethernet part */
};

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

/* FILE.pcap -> FILE-ip.pcap; a name without an ending gets .pcap. */
bool packet_file_ip_path(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(name, '.');
	int stem, n;

	if (dot == NULL || dot == name)
		dot = name + strlen(name);
	stem = (int)(dot - path);
	n = snprintf(out, size, "%.*s-ip%s", stem, path, *dot == '\0' ? ".pcap" : dot);
	return n > 0 && (size_t)n < size;
}

static bool open_part(struct packet_file *file, enum part part, const char *path)
{
	uint16_t type = part == PART_IP ? LINKTYPE_RAW : LINKTYPE_ETHERNET;

	if (file->is_pcapng) {
		file->pcapng[part] = pcapng_open(path, file->flags, type, file->ledger);
		return file->pcapng[part] != NULL;
	}
	file->classic[part] =
		classic_pcap_open(path, file->flags, part == PART_IP, file->ledger);
	return file->classic[part] != NULL;
}

static bool is_open(const struct packet_file *file, enum part part)
{
	return file->pcapng[part] != NULL || file->classic[part] != NULL;
}

static struct packet_file *begin(
	const char *path, bool is_pcapng, int flags, struct output_ledger *ledger)
{
	struct packet_file *file = calloc(1, sizeof(*file));
	size_t len = strlen(path);
	int cause = ENOMEM;

	if (file != NULL && len + sizeof("-ip.pcap") <= sizeof(file->path)) {
		memcpy(file->path, path, len + 1);
		file->ledger = ledger == NULL ? &file->own : ledger;
		file->flags = flags;
		file->is_pcapng = is_pcapng;
		if (open_part(file, PART_ETHERNET, path))
			return file;
		cause = errno;
	} else if (file != NULL) {
		cause = ENAMETOOLONG;
	}
	free(file);
	errno = cause;
	return NULL;
}

struct packet_file *packet_file_begin(const char *path, int flags, struct output_ledger *ledger)
{
	return begin(path, ends_with(path, ".pcapng"), flags, ledger);
}

static struct packet_file *opened(
	struct packet_file *file, const char *path, struct error *error)
{
	if (file == NULL)
		error_set(error, "%s: cannot write packets: %s", path,
			errno == ENOMEM ? "no memory" : strerror(errno));
	return file;
}

struct packet_file *packet_file_open(const char *path, struct error *error)
{
	return opened(packet_file_begin(path, 0, NULL), path, error);
}

struct packet_file *packet_file_open_retrieved(const char *path, struct error *error)
{
	struct packet_file *file = begin(path, !ends_with(path, ".pcap"), 0, NULL);

	if (file != NULL)
		file->is_whole = strcmp(path, "-") == 0;
	return opened(file, path, error);
}

/* The raw IP part is made by its first packet; that it cannot is said once. */
static bool need_part(struct packet_file *file, enum part part)
{
	char path[PATH_MAX];

	if (is_open(file, part))
		return true;
	if (file->failed)
		return false;
	errno = ENAMETOOLONG;
	if (strcmp(file->path, "-") == 0) {
		snprintf(path, sizeof(path), "standard output");
		errno = ENOTSUP;
	} else if (packet_file_ip_path(file->path, path, sizeof(path)) &&
		   open_part(file, part, path)) {
		return true;
	}
	if (!file->said_failed)
		log_error("%s: no file for raw IP packets: %s; they are counted as lost_disk",
			path, strerror(errno));
	file->failed = true;
	file->said_failed = true;
	return false;
}

static void flush_part(struct packet_file *file, enum part part)
{
	if (file->pcapng[part] != NULL)
		pcapng_flush(file->pcapng[part]);
	if (file->classic[part] != NULL)
		classic_pcap_flush(file->classic[part]);
}

static void lose(struct packet_file *file, bool for_memory)
{
	file->ledger->lost_disk++;
	if (for_memory && !file->said_memory)
		log_error(
			"%s: no memory for one more session; packets are counted as lost_disk",
			file->path);
	file->said_memory = file->said_memory || for_memory;
}

void packet_file_write(struct packet_file *file, const struct packet_record *record)
{
	enum part part = record->link == LINK_IP && !file->is_whole ? PART_IP : PART_ETHERNET;
	struct ethernet frame = {
		.payload = record->frame, .cap = record->cap, .wire = record->wire};
	struct packet_bytes bytes;
	bool taken = false, is_first = !is_open(file, part);

	file->ledger->offered++;
	if (part == PART_ETHERNET)
		ethernet_make(&frame, record->link, record->frame, record->cap, record->wire);
	bytes = (struct packet_bytes){
		frame.header, frame.header_len, frame.payload, frame.cap, frame.wire};
	if (need_part(file, part))
		taken = file->is_pcapng ? pcapng_write(file->pcapng[part], record, &bytes)
					: classic_pcap_write(
						  file->classic[part], record->time_ns, &bytes);
	file->ip_packets += taken && part == PART_IP;
	if (!taken)
		lose(file, is_open(file, part));
	else if (is_first) /* an empty file is none that readers take */
		flush_part(file, part);
}

bool packet_file_flush(struct packet_file *file)
{
	file->failed = false;
	for (int part = 0; part < PART_COUNT; part++)
		flush_part(file, (enum part)part);
	return file->ledger->lost_disk == 0;
}

uint64_t packet_file_size(const struct packet_file *file)
{
	uint64_t size = 0;

	for (int part = 0; part < PART_COUNT; part++) {
		if (file->pcapng[part] != NULL)
			size += pcapng_size(file->pcapng[part]);
		if (file->classic[part] != NULL)
			size += classic_pcap_size(file->classic[part]);
	}
	return size;
}

bool packet_file_discard(struct packet_file *file)
{
	bool whole = true;

	for (int part = 0; part < PART_COUNT; part++)
		if (file->pcapng[part] != NULL)
			whole = pcapng_discard(file->pcapng[part]) && whole;
	free(file);
	return whole;
}

bool packet_file_close(struct packet_file *file)
{
	bool whole = true;

	if (file == NULL)
		return true;
	for (int part = 0; part < PART_COUNT; part++) {
		if (file->pcapng[part] != NULL)
			whole = pcapng_close(file->pcapng[part]) && whole;
		if (file->classic[part] != NULL)
			whole = classic_pcap_close(file->classic[part]) && whole;
	}
	whole = whole && file->ledger->lost_disk == 0;
	free(file);
	return whole;
}

const struct output_ledger *packet_file_ledger(const struct packet_file *file)
{
	return file->ledger;
}

uint64_t packet_file_ip_packets(const struct packet_file *file)
{
	return file->ip_packets;
}
