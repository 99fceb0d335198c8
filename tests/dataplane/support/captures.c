#include "dataplane/support/captures.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"

static char folder[48];

int captures_begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/periscope-input-XXXXXX");
	return mkdtemp(folder) == NULL;
}

int captures_end(void)
{
	return rmdir(folder);
}

const char *captures_folder(void)
{
	return folder;
}

const char *file_path(const char *name)
{
	static char paths[8][96];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

const char *file_make(const char *name, struct bytes *b)
{
	const char *path = file_path(name);

	bytes_write(b, path);
	bytes_free(b);
	return path;
}

const uint8_t frame[FRAME_LEN] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 29, 0,
	0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0, 53, 0, 9, 0, 0, 'x'};

struct bytes small_pcap(void)
{
	struct bytes b = {0};

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 3; i++)
		pcap_packet(&b, 100 + i, i, frame, 30 + i, FRAME_LEN);
	return b;
}

struct seen read_all(const char *const *paths, unsigned n, const char *bpf)
{
	struct seen s = {0};
	struct input_packet packet;
	struct error error = {0};
	struct input *input = input_open(paths, n, bpf, &error);

	snprintf(s.refused, sizeof(s.refused), "%.399s", error.text);
	snprintf(s.refused, sizeof(s.refused), "%.255s", error.text);
	if (input == NULL)
		return s;
	while (input_next(input, &packet) == 1 && s.n < MOST) {
		s.wrong += packet.cap > packet.wire || packet.cap > 262144;
		for (uint32_t i = 0; i < packet.cap; i++)
			s.sum += packet.data[i]; /* AddressSanitizer judges */
		s.first[s.n] = packet.cap > 0 ? packet.data[0] : 0;
		s.packets[s.n++] = packet;
	}
	CU_ASSERT_EQUAL(input_next(input, &packet), 0);
	input_counters(input, &s.counters);
	s.errors_n = input_error_count(input);
	for (unsigned i = 0; i < s.errors_n && i < 4; i++)
		snprintf(s.errors[i], sizeof(s.errors[i]), "%s", input_error(input, i));
	CU_ASSERT_EQUAL(s.counters.delivered, s.n);
	CU_ASSERT_EQUAL(s.wrong, 0);
	input_close(input);
	return s;
}

struct seen read_one(const char *path, const char *bpf)
{
	struct seen s = read_all(&path, 1, bpf);

	if (strcmp(path, "-") != 0)
		unlink(path);
	return s;
}

bool is_sentence(const char *text, const char *wanted)
{
	const char *theirs = strstr(wanted, "(libpcap: ");

	if (theirs == NULL)
		return strcmp(text, wanted) == 0;
	return strncmp(text, wanted, strlen(wanted)) == 0 && text[strlen(text) - 1] == ')';
}

void error_is(const char *error, const char *name, const char *rest)
{
	char wanted[400];

	snprintf(wanted, sizeof(wanted), "%s/%s: %s", folder, name, rest);
	CU_ASSERT_TRUE(is_sentence(error, wanted));
	if (!is_sentence(error, wanted))
		printf("\n got  %s\n want %s\n", error, wanted);
}
