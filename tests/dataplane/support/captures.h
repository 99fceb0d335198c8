/* For the tests of dataplane/capture/input.h: captures in a folder of the suite's own, and everything that
 * reading them gave. */
#pragma once

#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/capture/input.h"
#include "support/capture_bytes.h"

enum { MOST = 256, ETHERNET = 1, FRAME_LEN = 43 };

/* Set-up and clean-up of a suite; the folder must be empty again at the end. */
int captures_begin(void);
int captures_end(void);
const char *captures_folder(void);

/* The path of a file in the folder; good until eight more were asked for. */
const char *file_path(const char *name);
/* Writes `b` there and frees it. */
const char *file_make(const char *name, struct bytes *b);

/* UDP 10.0.0.1:1000 > 10.0.0.2:53 with one byte of payload, below Ethernet. */
extern const uint8_t frame[FRAME_LEN];

/* Three packets of 30, 31 and 32 bytes, a second and a nanosecond apart. */
struct bytes small_pcap(void);

struct seen {
	struct input_packet packets[MOST];
	uint8_t first[MOST]; /* byte of each, as it was while it was good */
	unsigned n;
	uint64_t sum;   /* of all bytes */
	unsigned wrong; /* packets whose lengths are impossible */
	struct input_counters counters;
	char errors[4][400];
	unsigned errors_n;
	char refused[400]; /* input_open's own sentence */
};

/* At most MOST packets. */
struct seen read_all(const char *const *paths, unsigned n, const char *bpf);
/* Removes the file afterwards. */
struct seen read_one(const char *path, const char *bpf);

/* Whether `text` is `wanted`; after "(libpcap: " come libpcap's words, which differ between its
 * versions. */
bool is_sentence(const char *text, const char *wanted);
/* Asserts that the error is "FOLDER/NAME: REST". */
void error_is(const char *error, const char *name, const char *rest);
