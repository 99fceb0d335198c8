#include "inspect/packets/classic_pcap.h"

#include <errno.h>
#include <stdlib.h>

#include "config/log/log.h"
#include "inspect/output/record_file.h"
#include "inspect/packets/pcap_format.h"

struct classic_pcap {
	struct record_file *record_file;
	bool late; /* said of a packet */
};

struct classic_pcap *classic_pcap_open(
	const char *path, int flags, bool is_ip, struct output_ledger *ledger)
{
	struct classic_pcap *file = calloc(1, sizeof(*file));
	uint8_t header[PCAP_HEADER];
	int cause;

	if (file == NULL)
		return NULL;
	file->record_file = record_file_open(path, flags, RECORD_FILE_ALONE, ledger);
	if (file->record_file == NULL) {
		cause = errno;
		free(file);
		errno = cause;
		return NULL;
	}
	pcap_header(header, is_ip ? LINKTYPE_RAW : LINKTYPE_ETHERNET, true);
	record_file_add(file->record_file, header, sizeof(header));
	record_file_set_head(file->record_file); /* records need nothing else before them */
	return file;
}

static void say_late(struct classic_pcap *file)
{
	if (!file->late)
		log_warning("packets after 2106-02-07 keep that time in classic pcap; pcapng "
			    "has room for it");
	file->late = true;
}

bool classic_pcap_write(
	struct classic_pcap *file, uint64_t time_ns, const struct packet_bytes *bytes)
{
	uint32_t room = PCAPNG_SNAPLEN - bytes->header_len;
	uint32_t cap = bytes->cap < room ? bytes->cap : room;
	uint8_t header[PCAP_RECORD_HEADER];

	if (!pcap_record_header(header, time_ns, true, bytes->header_len + cap,
		    bytes->header_len + bytes->wire))
		say_late(file);
	record_file_add(file->record_file, header, sizeof(header));
	record_file_add(file->record_file, bytes->header, bytes->header_len);
	record_file_add(file->record_file, bytes->payload, cap);
	record_file_end(file->record_file, 1);
	return true;
}

uint64_t classic_pcap_size(const struct classic_pcap *file)
{
	return record_file_size(file->record_file);
}

bool classic_pcap_flush(struct classic_pcap *file)
{
	return record_file_flush(file->record_file);
}

bool classic_pcap_close(struct classic_pcap *file)
{
	bool whole = record_file_close(file->record_file);

	free(file);
	return whole;
}
