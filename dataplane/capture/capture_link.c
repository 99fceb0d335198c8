#include "dataplane/capture/capture_link.h"

#include <stdio.h>

#include "config/log/error.h"
#include "dataplane/capture/capture_record.h"

const struct capture_link capture_links[CAPTURE_LINKS] = {
	{1, LINK_ETHERNET, 0}, {101, LINK_IP, 0}, {12, LINK_IP, 0},
	{14, LINK_IP, 0}, /* DLT_RAW of most systems, and of OpenBSD */
	{228, LINK_IP, 0}, {229, LINK_IP, 0}, {113, LINK_SLL, 0}, {276, LINK_SLL2, 0},
	{0, LINK_NULL, 0}, {108, LINK_NULL, 0}, {9, LINK_PPP, 0}, {50, LINK_PPP, 0},
	{104, LINK_PPP, 0}, {204, LINK_PPP, 1}, /* one byte, sent or received, then PPP */
	{166, LINK_PPP, 2}, /* that byte in place of ff 03's ff: PPP without HDLC */
};

const struct capture_link *capture_link_find(uint32_t number)
{
	for (unsigned i = 0; i < CAPTURE_LINKS; i++)
		if (capture_links[i].number == number)
			return &capture_links[i];
	return NULL;
}

/* An empty capture of that link type. Only libpcap knows which DLT_ it calls that, and it compiles
 * differently for a file and for an interface. `header` must outlive it. NULL: no memory. */
static pcap_t *empty_capture(struct pcap_file_header *header, uint32_t number)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file;
	pcap_t *pcap;

	*header = (struct pcap_file_header){
		.magic = 0xa1b2c3d4,
		.version_major = 2,
		.version_minor = 4,
		.snaplen = CAPTURE_CAP_MAX,
		.linktype = number,
	};
	file = fmemopen(header, sizeof(*header), "rb");
	pcap = file != NULL ? pcap_fopen_offline(file, error) : NULL;
	if (pcap == NULL && file != NULL)
		fclose(file);
	return pcap;
}

void capture_link_describe(uint32_t number, char *out, size_t size)
{
	struct pcap_file_header header;
	pcap_t *pcap = empty_capture(&header, number);
	int dlt = pcap != NULL ? pcap_datalink(pcap) : -1;
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *what = pcap_datalink_val_to_description(dlt);

	if (name == NULL)
		snprintf(out, size, "%u", number);
	else
		snprintf(out, size, "%s (%s)", name, what != NULL ? what : "?");
	if (pcap != NULL)
		pcap_close(pcap);
}

bool capture_link_compile(uint32_t number, const char *expression, struct bpf_program *program,
	struct error *error)
{
	struct pcap_file_header header;
	pcap_t *pcap = empty_capture(&header, number);
	bool is_good = pcap != NULL &&
		       pcap_compile(pcap, program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!is_good)
		error_set(error, "%s", pcap != NULL ? pcap_geterr(pcap) : "no memory");
	if (pcap != NULL)
		pcap_close(pcap);
	return is_good;
}
