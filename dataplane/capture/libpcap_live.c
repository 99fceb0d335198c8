#include "dataplane/capture/libpcap_live.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "config/log/now.h"

enum { SNAPLEN = 262144, WAIT_MS = 100 };

struct libpcap_live {
	pcap_t *pcap;
	uint64_t number;
	enum link link;
	char name[64];
};

static bool map_link(int type, enum link *link)
{
	static const struct {
		int type;
		enum link link;
	} links[] = {
		{DLT_EN10MB, LINK_ETHERNET},
		{DLT_RAW, LINK_IP},
		{DLT_LINUX_SLL, LINK_SLL},
		{DLT_LINUX_SLL2, LINK_SLL2},
		{DLT_NULL, LINK_NULL},
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].type == type) {
			*link = links[i].link;
			return true;
		}
	}
	return false;
}

static int start(struct libpcap_live *listen)
{
	pcap_set_snaplen(listen->pcap, SNAPLEN);
	pcap_set_promisc(listen->pcap, 1);
	pcap_set_timeout(listen->pcap, WAIT_MS);
	pcap_set_tstamp_precision(listen->pcap, PCAP_TSTAMP_PRECISION_NANO);
	return pcap_activate(listen->pcap);
}

struct libpcap_live *libpcap_live_open(const char *interface, struct error *error)
{
	struct libpcap_live *listen = calloc(1, sizeof(*listen));
	char why[PCAP_ERRBUF_SIZE] = "not enough memory";
	int status;

	if (listen)
		listen->pcap = pcap_create(interface, why);
	if (!listen || !listen->pcap) {
		error_set(error, "%s: %s", interface, why);
		free(listen);
		return NULL;
	}
	snprintf(listen->name, sizeof(listen->name), "%s", interface);
	status = start(listen);
	if (status >= 0)
		status = pcap_setnonblock(listen->pcap, 1, why);
	if (status < 0)
		error_set(error, "%s: %s (%s)", interface, pcap_statustostr(status),
			pcap_geterr(listen->pcap));
	else if (!map_link(pcap_datalink(listen->pcap), &listen->link))
		error_set(error, "%s: link type %s is not known", interface,
			pcap_datalink_val_to_name(pcap_datalink(listen->pcap)));
	else
		return listen;
	libpcap_live_close(listen);
	return NULL;
}

void libpcap_live_close(struct libpcap_live *listen)
{
	if (!listen)
		return;
	pcap_close(listen->pcap);
	free(listen);
}

int libpcap_live_next(
	struct libpcap_live *listen, struct input_packet *out, struct error *error)
{
	bool nano = pcap_get_tstamp_precision(listen->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	struct pollfd ready = {.fd = pcap_get_selectable_fd(listen->pcap), .events = POLLIN};
	struct pcap_pkthdr *header;
	const u_char *data;
	int status = pcap_next_ex(listen->pcap, &header, &data);

	/* libpcap itself may wait for ever on a silent device, signals or not. */
	if (status == 0 && poll(&ready, 1, WAIT_MS) > 0)
		status = pcap_next_ex(listen->pcap, &header, &data);

	if (status < 0) {
		error_set(error, "%s: %s", listen->name, pcap_geterr(listen->pcap));
		return -1;
	}
	if (status == 0)
		return 0;
	*out = (struct input_packet){
		.data = data,
		.cap = header->caplen,
		.wire = header->len > header->caplen ? header->len : header->caplen,
		.time_ns = (uint64_t)header->ts.tv_sec * NS_PER_S +
			   (uint64_t)header->ts.tv_usec * (nano ? 1 : 1000),
		.number = ++listen->number,
		.link = listen->link,
	};
	return 1;
}
