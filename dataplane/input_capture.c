#include "dataplane/input_capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_MAX = 262144 }; /* libpcap's own limit for the link types below */

static const struct link_row {
	int dlt;
	enum link link;
	uint32_t strip;
} links[] = {
	{DLT_EN10MB, LINK_ETHERNET, 0}, {DLT_RAW, LINK_IP, 0},
	{12, LINK_IP, 0}, /* DLT_RAW here and on most systems, 14 on OpenBSD: files have both */
	{14, LINK_IP, 0}, {101, LINK_IP, 0}, /* LINKTYPE_RAW */
	{DLT_IPV4, LINK_IP, 0}, {DLT_IPV6, LINK_IP, 0}, {DLT_LINUX_SLL, LINK_SLL, 0},
	{DLT_LINUX_SLL2, LINK_SLL2, 0}, {DLT_NULL, LINK_NULL, 0}, {DLT_LOOP, LINK_NULL, 0},
	{DLT_PPP, LINK_PPP, 0}, {DLT_PPP_SERIAL, LINK_PPP, 0}, {DLT_C_HDLC, LINK_PPP, 0},
	{DLT_PPP_WITH_DIR, LINK_PPP, 1}, /* one byte, sent or received, then PPP */
	{DLT_PPP_PPPD, LINK_PPP, 2}, /* that byte in place of ff 03's ff: PPP without HDLC */
};

static const char no_memory[] = "no memory for the error's text";

__attribute__((format(printf, 2, 3))) static void error_set(
	struct capture *c, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&c->error_text, format, arguments) < 0)
		c->error_text = NULL;
	va_end(arguments);
	c->error = c->error_text != NULL ? c->error_text : no_memory;
}

static void link_describe(int dlt, char *out, size_t size)
{
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *what = pcap_datalink_val_to_description(dlt);

	if (name == NULL)
		snprintf(out, size, "%d", dlt);
	else
		snprintf(out, size, "%s (%s)", name, what != NULL ? what : "?");
}

static enum capture_status link_set(struct capture *c)
{
	int dlt = pcap_datalink(c->pcap);
	char text[128];

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].dlt != dlt)
			continue;
		c->link = links[i].link;
		c->strip = links[i].strip;
		return CAPTURE_OK;
	}
	link_describe(dlt, text, sizeof(text));
	error_set(c,
		"%s: its link type is %s; what is read is Ethernet, raw IP, Linux cooked, BSD "
		"loopback, PPP and Cisco HDLC",
		c->name, text);
	return CAPTURE_BROKEN;
}

static enum capture_status filter_set(struct capture *c, const char *bpf)
{
	char link[128];

	if (bpf == NULL)
		return CAPTURE_OK;
	if (pcap_compile(c->pcap, &c->filter, bpf, 1, PCAP_NETMASK_UNKNOWN) == 0) {
		c->has_filter = true;
		return CAPTURE_OK;
	}
	link_describe(pcap_datalink(c->pcap), link, sizeof(link));
	error_set(c, "BPF expression '%s': %s (for %s, link type %s)", bpf,
		pcap_geterr(c->pcap), c->name, link);
	return CAPTURE_BAD_FILTER;
}

static bool is_cut(const char *libpcap_error)
{
	return strncmp(libpcap_error, "truncated ", strlen("truncated ")) == 0;
}

/* Why libpcap did not take the start of the file. */
static void header_refused(struct capture *c, const char *libpcap_error)
{
	const char *below = capture_stream_error(c->stream);
	uint8_t h[4] = {0};
	size_t n = capture_stream_head(c->stream, h);

	if (below != NULL)
		error_set(c, "%s: no packet was read: %s", c->name, below);
	else if (n == 0)
		error_set(c, "%s: nothing is in the compressed data", c->name);
	else if (strcmp(libpcap_error, "unknown file format") == 0)
		error_set(c,
			"%s: is not a pcap or pcapng capture (it begins with %02x %02x %02x "
			"%02x)",
			c->name, h[0], h[1], h[2], h[3]);
	else
		error_set(c, "%s: %s (libpcap: %s)", c->name,
			is_cut(libpcap_error) ? "breaks off before the first packet"
					      : "its header is damaged",
			libpcap_error);
}

/* libpcap has read the file's header; who reads on? */
static enum capture_status records_set(struct capture *c, size_t buffer)
{
	c->records = capture_records_create(c->stream, c->pcap, buffer);
	if (c->records != NULL || capture_stream_buffer(c->stream))
		return CAPTURE_OK;
	error_set(c, "%s: no memory", c->name);
	return CAPTURE_BROKEN;
}

/* Why there is no next packet; the file's end is no reason. */
static void record_refused(struct capture *c, bool is_cut_off)
{
	const char *below = capture_stream_error(c->stream);
	unsigned long long number = c->number + 1;

	if (below != NULL)
		error_set(c, "%s: breaks off at packet %llu: %s", c->name, number, below);
	else
		error_set(c, "%s: %s at packet %llu (%s)", c->name,
			is_cut_off ? "breaks off" : "cannot be read on", number,
			capture_records_wrong(c->records));
}

static void packet_refused(struct capture *c, const char *libpcap_error)
{
	const char *below = capture_stream_error(c->stream);
	unsigned long long number = c->number + 1;

	if (below != NULL)
		error_set(c, "%s: breaks off at packet %llu: %s", c->name, number, below);
	else
		error_set(c, "%s: %s at packet %llu (libpcap: %s)", c->name,
			is_cut(libpcap_error) ? "breaks off" : "cannot be read on", number,
			libpcap_error);
}

enum capture_status capture_open(struct capture *c, const char *path, size_t buffer,
	const char *bpf, struct capture_stream_progress *progress)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	enum capture_status status;

	c->stream = capture_stream_open(path, buffer, progress, reason, sizeof(reason));
	if (c->stream == NULL) {
		error_set(c, "%s: %s", c->name, reason);
		return CAPTURE_BROKEN;
	}
	c->pcap = pcap_fopen_offline_with_tstamp_precision(
		capture_stream_file(c->stream), PCAP_TSTAMP_PRECISION_NANO, reason);
	if (c->pcap == NULL) {
		header_refused(c, reason);
		fclose(capture_stream_file(c->stream));
		return CAPTURE_BROKEN;
	}
	status = link_set(c);
	if (status == CAPTURE_OK)
		status = records_set(c, buffer);
	return status == CAPTURE_OK ? filter_set(c, bpf) : status;
}

/* The seconds of a pcap file are unsigned 32 bits that libpcap reads as signed; those of a pcapng
 * file can be anything. */
static uint64_t time_of(const struct timeval *ts)
{
	int64_t seconds = ts->tv_sec, ns;

	if (seconds < 0 && seconds >= INT32_MIN)
		seconds += INT64_C(1) << 32;
	if (seconds < 0)
		return 0;
	if (__builtin_mul_overflow(seconds, INT64_C(1000000000), &ns) ||
		__builtin_add_overflow(ns, ts->tv_usec > 0 ? ts->tv_usec : 0, &ns))
		return INT64_MAX;
	return (uint64_t)ns;
}

static void head_set(struct capture *c, const struct pcap_pkthdr *header, const uint8_t *data)
{
	uint32_t cap = header->caplen < CAP_MAX ? header->caplen : CAP_MAX;
	uint32_t wire = header->len > header->caplen ? header->len : header->caplen;
	uint32_t strip = c->strip < cap ? c->strip : cap;

	c->head = (struct input_packet){
		.data = data + strip,
		.cap = cap - strip,
		.wire = wire - strip,
		.time_ns = c->time_ns,
		.number = c->number,
		.link = c->link,
		.capture = c->index,
	};
}

/* As pcap_next_ex(), but for the errors, which are kept already. */
static enum capture_status packet_read(
	struct capture *c, struct pcap_pkthdr *header, const uint8_t **data)
{
	enum records_status status = capture_records_next(c->records, header, data);

	if (status == RECORDS_OK)
		return CAPTURE_OK;
	if (status == RECORDS_FULL)
		return CAPTURE_FULL;
	if (status == RECORDS_ENDED && capture_stream_error(c->stream) == NULL)
		return CAPTURE_ENDED;
	record_refused(c, status == RECORDS_CUT);
	return CAPTURE_BROKEN;
}

static enum capture_status packet_read_libpcap(
	struct capture *c, struct pcap_pkthdr *header, const uint8_t **data)
{
	struct pcap_pkthdr *theirs;
	int result = pcap_next_ex(c->pcap, &theirs, data);

	if (result == 1) {
		*header = *theirs;
		return CAPTURE_OK;
	}
	if (result == PCAP_ERROR_BREAK && capture_stream_error(c->stream) == NULL)
		return CAPTURE_ENDED;
	packet_refused(c, pcap_geterr(c->pcap));
	return CAPTURE_BROKEN;
}

enum capture_status capture_next(struct capture *c)
{
	struct pcap_pkthdr header;
	enum capture_status status;
	const uint8_t *data;
	uint64_t before;

	for (;;) {
		status = c->records != NULL ? packet_read(c, &header, &data)
					    : packet_read_libpcap(c, &header, &data);
		if (status != CAPTURE_OK)
			return status;
		before = c->time_ns;
		c->time_ns = time_of(&header.ts);
		c->backwards += c->number > 0 && c->time_ns < before;
		c->number++;
		if (!c->has_filter || pcap_offline_filter(&c->filter, &header, data) != 0) {
			head_set(c, &header, data);
			return CAPTURE_OK;
		}
		c->excluded++;
		if (c->watch != NULL) {
			head_set(c, &header, data);
			c->watch->left_out(c->watch->ctx, &c->head);
		}
	}
}

void capture_close(struct capture *c)
{
	if (c->has_filter)
		pcap_freecode(&c->filter);
	c->has_filter = false;
	capture_records_destroy(c->records);
	c->records = NULL;
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	c->pcap = NULL;
	capture_stream_close(c->stream);
	c->stream = NULL;
}

void capture_fini(struct capture *c)
{
	capture_close(c);
	free(c->error_text);
	free(c->name);
}
