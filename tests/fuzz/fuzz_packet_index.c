/* An index that anybody may have made. The first byte chooses: the bytes behind it are an index, or the payload of
 * one, whose checksums and lengths are made right, so that what is behind them is reached. It is opened and asked in all
 * ways: answers ascend, lie within their part, and are bounded by what the part says; and equal questions have equal
 * answers. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/packets/index/index_format.h"
#include "inspect/packets/index/index_reader.h"
#include "tests/fuzz/demand.h"

enum { ROOM = 1 << 20 };

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *packet_file(void);

static void folder_remove(void)
{
	char path[128];

	demand(index_path(packet_file(), path, sizeof(path)));
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

/* In a folder in memory of its own; there is none of that name, only its index. */
static const char *packet_file(void)
{
	static char path[96];

	if (path[0])
		return path;
	snprintf(path, sizeof(path), "/dev/shm/fuzz-packet-index-XXXXXX");
	demand(mkdtemp(path) != NULL);
	strcat(path, "/capture");
	atexit(folder_remove);
	return path;
}

/* Lays the payload out as blocks; how many bytes. */
static size_t seal(const uint8_t *payload, size_t size, uint8_t *out)
{
	size_t len = 0;

	for (size_t at = 0, number = 0; at < size; at += INDEX_PAYLOAD, number++) {
		size_t n = size - at < INDEX_PAYLOAD ? size - at : INDEX_PAYLOAD;

		memcpy(out + len, payload + at, n);
		index_put(out + len + n, index_sum(number, payload + at, n), INDEX_SUM);
		len += n + INDEX_SUM;
	}
	return len;
}

static void put_file(const uint8_t *bytes, size_t size)
{
	char path[128];
	int fd;

	demand(index_path(packet_file(), path, sizeof(path)));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	demand(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

/* Makes a header of what is there, where there is room for one. */
static void header_repair(uint8_t *payload, size_t size)
{
	memcpy(payload, INDEX_MAGIC, sizeof(INDEX_MAGIC) - 1);
	index_put(payload + HEADER_VERSION, INDEX_VERSION, 4);
	index_put(payload + HEADER_BLOCK, INDEX_BLOCK, 4);
	index_put(payload + HEADER_SIZE, size, 8);
}

static bool wants_odd(void *ctx, const struct index_row *row)
{
	uint32_t *rows = ctx;

	++*rows;
	demand(row->first_ns <= row->last_ns);
	demand(row->flow.key.ip_version == 0 || row->flow.key.ip_version == 4 ||
		row->flow.key.ip_version == 6);
	return *rows % 2;
}

static void check(const struct index_part *part, const struct index_offsets *answer)
{
	demand(answer->n <= part->packets);
	for (size_t i = 0; i < answer->n; i++)
		demand(answer->at[i] >= part->first_offset &&
			answer->at[i] <= part->last_offset &&
			(i == 0 || answer->at[i] > answer->at[i - 1]));
}

static void ask(struct index_reader *reader, uint32_t part, const struct index_query *query)
{
	struct index_offsets answer = {0}, again = {0};
	enum index_status status, second;
	uint32_t rows = 0;
	struct index_query q = *query;
	struct error error;

	if (q.wants)
		q.ctx = &rows;
	status = index_find(reader, part, &q, &answer, &error);
	demand(status == INDEX_OK || status == INDEX_DAMAGED);
	if (status == INDEX_OK)
		check(index_part(reader, part), &answer);
	else
		demand(error.text[0] != '\0');
	rows = 0;
	second = index_find(reader, part, &q, &again, &error);
	demand(second == status && (status != INDEX_OK || answer.n == again.n));
	free(answer.at);
	free(again.at);
}

static void ask_all(struct index_reader *reader, const uint8_t *data, size_t size)
{
	const struct index_about *about = index_about(reader);
	const struct index_ports ports = {0, 1023};
	const uint8_t protocol = 6;
	struct index_prefix hosts[2] = {{.bits = 128}, {.bits = 100}};
	uint8_t digest[COMMUNITY_ID_DIGEST] = {0};
	uint64_t id = 0;
	const uint64_t *landmarks;
	struct error error;

	memcpy(&id, data, size < 8 ? size : 8);
	memcpy(hosts[0].address.byte, data, size < 16 ? size : 16);
	memcpy(hosts[1].address.byte, data, size < 16 ? size : 16);
	for (uint32_t part = 0; part < about->parts && part < 8; part++) {
		const struct index_part *p = index_part(reader, part);
		uint64_t middle = p->first_ns + (p->last_ns - p->first_ns) / 2;

		ask(reader, part, &(struct index_query){.n_ports = 0});
		ask(reader, part, &(struct index_query){.flow_ids = &id, .n_flow_ids = 1});
		ask(reader, part, &(struct index_query){.hosts = hosts, .n_hosts = 2});
		ask(reader, part,
			&(struct index_query){
				.ports = &ports, .n_ports = 1, .wants = wants_odd});
		ask(reader, part,
			&(struct index_query){.communities = (const uint8_t(*)[20])digest,
				.n_communities = 1,
				.protocols = &protocol,
				.n_protocols = 1});
		ask(reader, part,
			&(struct index_query){.to_ns = middle > 0 ? middle : 1, .from_ns = 1});
	}
	(void)index_landmarks(reader, &landmarks, &error);
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t payload[ROOM], file[ROOM + ROOM / 64];
	struct index_identity identity = {0};
	struct index_reader *reader;
	enum index_status status;
	struct error error;

	if (size < 2 || size > ROOM)
		return 0;
	size--;
	memcpy(payload, data + 1, size);
	if (data[0] & 1 && size >= INDEX_HEADER)
		header_repair(payload, size);
	if (size >= INDEX_HEADER)
		identity = (struct index_identity){index_get(payload + HEADER_LENGTH, 8),
			index_get32(payload + HEADER_HEAD), index_get32(payload + HEADER_TAIL)};
	if (data[0] & 1)
		put_file(file, seal(payload, size, file));
	else
		put_file(payload, size);
	reader = index_open(packet_file(), &identity, &status, &error);
	demand((reader != NULL) == (status == INDEX_OK));
	demand(reader || error.text[0] != '\0');
	if (reader)
		ask_all(reader, payload, size);
	index_close(reader);
	return 0;
}
