#include "bench/traffic/capture_out.h"

#include <stdio.h>

#include "config/log/now.h"

enum { SNAPLEN = 262144 };

pcap_dumper_t *capture_out_open(const char *path)
{
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(
		DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *out = pcap ? pcap_dump_open(pcap, path) : NULL;

	if (!out)
		fprintf(stderr, "%s\n", pcap ? pcap_geterr(pcap) : "no memory");
	if (pcap)
		pcap_close(pcap);
	return out;
}

void capture_out_write(pcap_dumper_t *out, uint64_t time_ns, const uint8_t *bytes, uint32_t n)
{
	const struct pcap_pkthdr header = {
		.ts = {(time_t)(time_ns / NS_PER_S), (suseconds_t)(time_ns % NS_PER_S)},
		.caplen = n,
		.len = n};

	pcap_dump((u_char *)out, &header, bytes);
}

bool capture_out_close(pcap_dumper_t *out)
{
	bool ok;

	if (!out)
		return true;
	ok = !ferror(pcap_dump_file(out));
	ok = pcap_dump_flush(out) == 0 && ok;
	if (!ok)
		perror("a capture could not be written");
	pcap_dump_close(out);
	return ok;
}
