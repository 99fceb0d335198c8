#include "bench/capture_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_NS = 0xa1b23c4d, VERSION_MAJOR = 2, VERSION_MINOR = 4, SNAPLEN = 262144 };
enum { LINKTYPE_ETHERNET = 1, BUFFER = 1 << 20 };

struct capture_out {
	FILE *file;
	const char *path;
};

struct capture_out *capture_out_open(const char *path)
{
	const uint16_t version[2] = {VERSION_MAJOR, VERSION_MINOR};
	const uint32_t magic = MAGIC_NS, rest[4] = {0, 0, SNAPLEN, LINKTYPE_ETHERNET};
	struct capture_out *out = malloc(sizeof(*out));

	if (!out)
		return NULL;
	out->path = path;
	out->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
	if (!out->file) {
		fprintf(stderr, "%s: cannot write: %m\n", path);
		free(out);
		return NULL;
	}
	setvbuf(out->file, NULL, _IOFBF, BUFFER);
	fwrite(&magic, sizeof(magic), 1, out->file);
	fwrite(version, sizeof(version), 1, out->file);
	fwrite(rest, sizeof(rest), 1, out->file);
	return out;
}

void capture_out_write(
	struct capture_out *out, uint64_t time_ns, const uint8_t *bytes, uint32_t n)
{
	const uint32_t record[4] = {
		(uint32_t)(time_ns / 1000000000), (uint32_t)(time_ns % 1000000000), n, n};

	fwrite(record, sizeof(record), 1, out->file);
	fwrite(bytes, 1, n, out->file);
}

bool capture_out_close(struct capture_out *out)
{
	bool ok;

	if (!out)
		return true;
	ok = !ferror(out->file);
	ok = fclose(out->file) == 0 && ok;
	if (!ok)
		fprintf(stderr, "%s: could not be written\n", out->path);
	free(out);
	return ok;
}
