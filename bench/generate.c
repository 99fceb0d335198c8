/* Writes a capture of a traffic mix: mirrored (--mirror FILE), the inner frames alone (--plain
 * FILE), or both, so that programs which take off no encapsulation can be compared. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/traffic/capture_out.h"
#include "bench/traffic/mix.h"

static const char usage[] =
	"usage: generate --mix MIX --packets N [--mirror FILE] [--plain FILE] [--seed N]\n"
	"                [--concurrent N] [--sessions N] [--data-size BYTES] [--data N]\n"
	"                [--rate PACKETS]\n"
	"mixes: datacentre, dpi, elephants, scan, dns\n";

enum { MIX, PACKETS, MIRROR, PLAIN, SEED, CONCURRENT, SESSIONS, DATA_SIZE, DATA, RATE };

static const struct option options[] = {
	{"mix", required_argument, NULL, MIX},
	{"packets", required_argument, NULL, PACKETS},
	{"mirror", required_argument, NULL, MIRROR},
	{"plain", required_argument, NULL, PLAIN},
	{"seed", required_argument, NULL, SEED},
	{"concurrent", required_argument, NULL, CONCURRENT},
	{"sessions", required_argument, NULL, SESSIONS},
	{"data-size", required_argument, NULL, DATA_SIZE},
	{"data", required_argument, NULL, DATA},
	{"rate", required_argument, NULL, RATE},
	{NULL, 0, NULL, 0},
};

struct job {
	struct mix_params mix;
	uint64_t packets;
	const char *mirror, *plain;
};

static bool set_mix(struct job *job, const char *name)
{
	for (unsigned kind = 0; mix_name(kind); kind++) {
		if (strcmp(mix_name(kind), name) == 0) {
			job->mix.kind = (enum mix_kind)kind;
			return true;
		}
	}
	return false;
}

static bool set(struct job *job, int option, const char *value)
{
	switch (option) {
	case MIX:
		return set_mix(job, value);
	case PACKETS:
		job->packets = strtoull(value, NULL, 10);
		return true;
	case MIRROR:
		job->mirror = value;
		return true;
	case PLAIN:
		job->plain = value;
		return true;
	case SEED:
		job->mix.seed = strtoull(value, NULL, 10);
		return true;
	case CONCURRENT:
		job->mix.concurrent = (uint32_t)strtoul(value, NULL, 10);
		return true;
	case SESSIONS:
		job->mix.sessions = (uint32_t)strtoul(value, NULL, 10);
		return job->mix.sessions > 0;
	case DATA_SIZE:
		job->mix.data_size = (uint32_t)strtoul(value, NULL, 10);
		return job->mix.data_size <= 8900;
	case DATA:
		job->mix.n_data = (uint32_t)strtoul(value, NULL, 10);
		return true;
	case RATE:
		job->mix.rate = (uint32_t)strtoul(value, NULL, 10);
		return true;
	default:
		return false;
	}
}

static bool open_outputs(const struct job *job, pcap_dumper_t **mirror, pcap_dumper_t **plain)
{
	*mirror = job->mirror ? capture_out_open(job->mirror) : NULL;
	*plain = job->plain ? capture_out_open(job->plain) : NULL;
	return (!job->mirror || *mirror) && (!job->plain || *plain);
}

static void write_all(
	const struct job *job, struct mix *mix, pcap_dumper_t *mirror, pcap_dumper_t *plain)
{
	struct mix_packet p;

	for (uint64_t i = 0; i < job->packets; i++) {
		mix_next(mix, &p);
		if (mirror)
			capture_out_write(mirror, p.time_ns, p.mirrored, p.mirrored_len);
		if (plain)
			capture_out_write(plain, p.time_ns, p.frame, p.frame_len);
	}
}

static int run(const struct job *job)
{
	struct mix *mix = mix_create(&job->mix);
	pcap_dumper_t *mirror, *plain;
	bool ok;

	if (!mix) {
		fputs("generate: no memory\n", stderr);
		return 1;
	}
	ok = open_outputs(job, &mirror, &plain);
	if (ok) {
		write_all(job, mix, mirror, plain);
		fprintf(stderr, "%llu packets, %llu conversations\n",
			(unsigned long long)job->packets,
			(unsigned long long)mix_conversations(mix));
	}
	ok = capture_out_close(mirror) && ok;
	ok = capture_out_close(plain) && ok;
	mix_destroy(mix);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct job job = {.mix = {.seed = 1, .sessions = 8}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set(&job, option, optarg))
			continue;
		fputs(usage, stderr);
		return 2;
	}
	if (job.packets == 0 || (!job.mirror && !job.plain) || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	return run(&job);
}
