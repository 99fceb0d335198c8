#include "inspect/packets/classic_pcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "inspect/output/record_file.h"

struct classic_pcap {
	struct record_file *record_file;
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* owns a stream that leads to the record file */
	bool late;
	uint8_t frame[PCAPNG_SNAPLEN]; /* libpcap takes a packet in one piece */
};

static ssize_t stream_write(void *cookie, const char *bytes, size_t len)
{
	struct classic_pcap *file = cookie;

	record_file_add(file->record_file, bytes, len);
	return (ssize_t)len;
}

static bool start(struct classic_pcap *file, bool is_ip)
{
	cookie_io_functions_t functions = {.write = stream_write};
	FILE *stream;

	file->pcap = pcap_open_dead_with_tstamp_precision(
		is_ip ? DLT_RAW : DLT_EN10MB, PCAPNG_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	if (file->pcap == NULL)
		return false;
	stream = fopencookie(file, "w", functions);
	if (stream == NULL)
		return false;
	/* The record file buffers; a second buffer would blur where a record ends. */
	setvbuf(stream, NULL, _IONBF, 0);
	file->dumper = pcap_dump_fopen(file->pcap, stream);
	if (file->dumper == NULL)
		fclose(stream);
	return file->dumper != NULL;
}

struct classic_pcap *classic_pcap_open(
	const char *path, int flags, bool is_ip, struct output_ledger *ledger)
{
	struct classic_pcap *file = calloc(1, sizeof(*file));
	int cause;

	if (file == NULL)
		return NULL;
	file->record_file = record_file_open(path, flags, RECORD_FILE_ALONE, ledger);
	if (file->record_file != NULL && start(file, is_ip)) {
		record_file_set_head(
			file->record_file); /* records need nothing else before them */
		return file;
	}
	cause = file->record_file == NULL ? errno : ENOMEM;
	classic_pcap_close(file);
	errno = cause;
	return NULL;
}

static void clamp(struct classic_pcap *file, uint64_t *seconds)
{
	if (*seconds <= UINT32_MAX)
		return;
	*seconds = UINT32_MAX;
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
	uint64_t seconds = time_ns / NS_PER_S;
	struct pcap_pkthdr header = {
		.caplen = bytes->header_len + cap, .len = bytes->header_len + bytes->wire};
	const uint8_t *frame = bytes->payload;

	if (bytes->header_len > 0) {
		memcpy(file->frame, bytes->header, bytes->header_len);
		memcpy(file->frame + bytes->header_len, bytes->payload, cap);
		frame = file->frame;
	}
	clamp(file, &seconds);
	header.ts.tv_sec = (time_t)seconds;
	header.ts.tv_usec = (suseconds_t)(time_ns % NS_PER_S);
	pcap_dump((u_char *)file->dumper, &header, frame);
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
	bool whole;

	if (file->dumper != NULL)
		pcap_dump_close(file->dumper);
	if (file->pcap != NULL)
		pcap_close(file->pcap);
	whole = record_file_close(file->record_file);
	free(file);
	return whole;
}
