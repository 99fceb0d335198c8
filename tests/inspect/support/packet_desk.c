#include "inspect/support/packet_desk.h"

#include <CUnit/Basic.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "support/pcapng_walk.h"

static uint64_t clock_of(void *ctx)
{
	return ((const struct packet_desk *)ctx)->now;
}

void packet_desk_open(struct packet_desk *desk, struct packet_files_params params)
{
	struct error error = {0};

	params.dir = desk->folder.path;
	params.now_ns = clock_of;
	params.ctx = desk;
	desk->files = packet_files_open(&params, &error);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->files);
}

struct packet_desk *packet_desk_make(void)
{
	struct packet_desk *desk = calloc(1, sizeof(*desk));

	CU_ASSERT_PTR_NOT_NULL_FATAL(desk);
	desk->folder = folder_make();
	desk->now = BEGUN;
	return desk;
}

struct packet_desk *packet_desk_begin(struct packet_files_params params)
{
	struct packet_desk *desk = packet_desk_make();

	packet_desk_open(desk, params);
	return desk;
}

void packet_desk_free(struct packet_desk *desk)
{
	folder_remove(&desk->folder);
	free(desk);
}

const struct packet_record *packet_desk_record(uint32_t number, enum link link, uint32_t cap)
{
	static const uint8_t outer[4] = {10, 0, 0, 1};
	static uint8_t frame[300000];
	static struct packet_record record;

	memset(frame, 'x', FRAME);
	memcpy(frame + 14, &number, sizeof(number));
	record = (struct packet_record){
		.frame = frame,
		.cap = cap,
		.wire = cap,
		.time_ns = BEGUN + number,
		.link = link,
		.has_vni = true,
		.vni = 42,
		.outer_src = ip_addr_v4(outer),
		.rule_number = 100,
		.flow_id = 0,
	};
	return &record;
}

void packet_desk_put(struct packet_desk *desk, unsigned n, enum link link)
{
	for (unsigned i = 0; i < n; i++)
		packet_files_write(
			desk->files, packet_desk_record(desk->packets++, link, FRAME));
}

void packet_desk_put_mixed(struct packet_desk *desk, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		packet_desk_put(desk, 1, desk->packets % 3 == 2 ? LINK_IP : LINK_ETHERNET);
}

void packet_desk_list(struct packet_desk *desk)
{
	desk->n_names = folder_list(&desk->folder, "packets", desk->names, FILES_MAX);
}

bool packet_desk_has_name(const struct packet_desk *desk, const char *name)
{
	for (unsigned i = 0; i < desk->n_names; i++)
		if (strcmp(desk->names[i], name) == 0)
			return true;
	return false;
}

static void find_packet(void *ctx, const struct pcapng_walked *packet)
{
	struct packet_desk *desk = ctx;
	uint32_t number;

	memcpy(&number, packet->frame + 14, sizeof(number));
	if (number >= PACKETS_MAX)
		return;
	desk->sorted = desk->sorted && number >= desk->next;
	desk->next = number + 1;
	desk->times[number]++;
	desk->found++;
}

int libpcap_count(const char *path, int link)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int n = 0, status;

	if (pcap == NULL || pcap_datalink(pcap) != link) {
		printf("%s: %s\n", path, error);
		return -1;
	}
	while ((status = pcap_next_ex(pcap, &header, &bytes)) == 1)
		n++;
	if (status != PCAP_ERROR_BREAK)
		printf("%s: %s\n", path, pcap_geterr(pcap));
	pcap_close(pcap);
	return status == PCAP_ERROR_BREAK ? n : -1;
}

static bool is_ip_name(const char *name)
{
	return strstr(name, "-ip.pcapng") != NULL;
}

static bool read_file(struct packet_desk *desk, const char *name, uint64_t *size)
{
	bool is_ip = is_ip_name(name);
	char path[PATH_MAX], full[PATH_MAX];
	struct pcapng_seen seen;
	size_t len = 0;
	char *bytes;

	snprintf(path, sizeof(path), "packets/%s", name);
	bytes = folder_get(&desk->folder, path, &len);
	desk->next = 0;
	seen = pcapng_walk(bytes, len, find_packet, desk);
	free(bytes);
	*size = len;
	folder_path(&desk->folder, path, full, sizeof(full));
	if (seen.whole && seen.link == (is_ip ? 101 : 1) &&
		libpcap_count(full, is_ip ? DLT_RAW : DLT_EN10MB) == (int)seen.packets)
		return true;
	printf("%s: %u packets of link type %u, %s\n", path, seen.packets, seen.link,
		seen.whole ? "whole" : "damaged");
	return false;
}

/* Reads all that is there. A companion sorts directly before its file. */
bool packet_desk_read(struct packet_desk *desk)
{
	uint64_t together = 0, size;
	bool good = true;

	memset(desk->times, 0, sizeof(desk->times));
	desk->found = 0;
	desk->bytes = desk->longest = 0;
	desk->sorted = true;
	packet_desk_list(desk);
	for (unsigned i = 0; i < desk->n_names; i++) {
		good = read_file(desk, desk->names[i], &size) && good;
		desk->bytes += size;
		together += size;
		if (together > desk->longest)
			desk->longest = together;
		if (!is_ip_name(desk->names[i]))
			together = 0;
	}
	return good && desk->sorted;
}

bool packet_desk_has_all(struct packet_desk *desk, uint32_t from)
{
	if (!packet_desk_read(desk))
		return false;
	for (uint32_t i = 0; i < desk->packets; i++)
		if (desk->times[i] != (i >= from))
			return false;
	return desk->found == desk->packets - from;
}

bool packet_desk_closes(const struct packet_desk *desk)
{
	const struct output_ledger *l = packet_files_ledger(desk->files);

	return l->offered == desk->packets && l->by_policy == 0 && l->lost_queue == 0 &&
	       l->offered == l->written + l->lost_disk;
}
