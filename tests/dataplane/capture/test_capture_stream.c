#include <CUnit/Basic.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "config/log/error.h"
#include "dataplane/capture/capture_stream.h"
#include "support/capture_bytes.h"

static char path[] = "/tmp/periscope-stream-XXXXXX";

static int make_file(void)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void)
{
	return unlink(path);
}

/* Text that compresses, yet differs all along. */
static void text_make(struct bytes *out, size_t lines)
{
	char line[64];

	for (size_t i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "%zu packets went to %zx\n", i, i * 2654435761u);
		bytes_add(out, line, strlen(line));
	}
}

static void gzip_add(struct bytes *out, const void *data, size_t len)
{
	uint8_t room[4096];
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len};
	int result;

	CU_ASSERT_EQUAL_FATAL(
		deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	do {
		z.next_out = room;
		z.avail_out = sizeof(room);
		result = deflate(&z, Z_FINISH);
		bytes_add(out, room, sizeof(room) - z.avail_out);
	} while (result == Z_OK);
	deflateEnd(&z);
}

static void zstd_add(struct bytes *out, const void *data, size_t len)
{
	size_t room = ZSTD_compressBound(len), done;
	void *packed = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	done = ZSTD_compress2(context, packed, room, data, len);
	CU_ASSERT_FALSE_FATAL(ZSTD_isError(done));
	bytes_add(out, packed, done);
	ZSTD_freeCCtx(context);
	free(packed);
}

struct result {
	struct bytes data;
	char error[200]; /* empty: none */
	uint64_t progress, size;
	const char *compression; /* a static string, or NULL */
};

static struct result read_path(const char *from, size_t buffer, size_t step)
{
	struct capture_stream_progress progress = {0};
	struct result r = {0};
	struct error error = {0};
	struct capture_stream *s = capture_stream_open(from, buffer, &progress, &error);
	uint8_t room[8192];
	ssize_t n;

	snprintf(r.error, sizeof(r.error), "%.199s", error.text);
	if (s == NULL)
		return r;
	while ((n = capture_stream_read(s, room, step)) > 0)
		bytes_add(&r.data, room, (size_t)n);
	if (capture_stream_error(s) != NULL)
		snprintf(r.error, sizeof(r.error), "%s", capture_stream_error(s));
	CU_ASSERT_EQUAL(n < 0, r.error[0] != '\0');
	CU_ASSERT_EQUAL(capture_stream_read(s, room, step), n); /* and ever after */
	r.size = capture_stream_size(s);
	r.progress = progress.bytes;
	r.compression = capture_stream_compression(s);
	capture_stream_close(s);
	return r;
}

static struct result read_bytes(const struct bytes *stored)
{
	bytes_write(stored, path);
	return read_path(path, 4096, 1000);
}

static bool is_prefix(const struct bytes *part, const struct bytes *whole)
{
	return part->len <= whole->len &&
	       (part->len == 0 || memcmp(part->at, whole->at, part->len) == 0);
}

static bool is_same(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && is_prefix(a, b);
}

static void gives_the_same_bytes_from_every_format(void)
{
	struct bytes text = {0}, stored[3] = {{0}, {0}, {0}};
	static const size_t steps[] = {1, 16, 1000, 8192};

	text_make(&text, 20000);
	bytes_add(&stored[0], text.at, text.len);
	gzip_add(&stored[1], text.at, text.len);
	zstd_add(&stored[2], text.at, text.len);
	for (int i = 0; i < 3; i++) {
		bytes_write(&stored[i], path);
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			struct result r = read_path(path, k == 1 ? 1 << 18 : 4096, steps[k]);

			CU_ASSERT_TRUE(is_same(&r.data, &text));
			CU_ASSERT_STRING_EQUAL(r.error, "");
			CU_ASSERT_EQUAL(r.progress, stored[i].len);
			CU_ASSERT_EQUAL(r.size, stored[i].len);
			if (i == 0)
				CU_ASSERT_PTR_NULL(r.compression);
			if (i > 0)
				CU_ASSERT_STRING_EQUAL(r.compression, i == 1 ? "gzip" : "zstd");
			bytes_free(&r.data);
		}
		bytes_free(&stored[i]);
	}
	bytes_free(&text);
}

/* Several members or frames are one file; zeros after gzip are a tape's padding. */
static void reads_all_members_and_frames(void)
{
	static const uint8_t skippable[] = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
	struct bytes text = {0}, gzip = {0}, zstd = {0};
	struct result r;

	text_make(&text, 3000);
	gzip_add(&gzip, text.at, 10);
	gzip_add(&gzip, NULL, 0);
	gzip_add(&gzip, text.at + 10, text.len - 10);
	bytes_add(&gzip, "\0\0\0\0\0\0\0", 7);
	bytes_add(&zstd, skippable, sizeof(skippable));
	zstd_add(&zstd, text.at, 10);
	bytes_add(&zstd, skippable, sizeof(skippable));
	zstd_add(&zstd, text.at + 10, text.len - 10);
	r = read_bytes(&gzip);
	CU_ASSERT_TRUE(is_same(&r.data, &text));
	CU_ASSERT_STRING_EQUAL(r.error, "");
	bytes_free(&r.data);
	r = read_bytes(&zstd);
	CU_ASSERT_TRUE(is_same(&r.data, &text));
	CU_ASSERT_STRING_EQUAL(r.error, "");
	bytes_free(&r.data);
	bytes_free(&text);
	bytes_free(&gzip);
	bytes_free(&zstd);
}

static void says_what_follows_the_end(void)
{
	struct bytes text = {0}, stored[3] = {{0}, {0}, {0}};
	struct result r;

	text_make(&text, 300);
	gzip_add(&stored[0], text.at, text.len);
	bytes_add(&stored[0], "\0rest", 5);
	zstd_add(&stored[1], text.at, text.len);
	bytes_add(&stored[1], "the rest", 8);
	/* RFC 1952: members follow one another with nothing between them. */
	gzip_add(&stored[2], text.at, text.len);
	bytes_add(&stored[2], "\0\0\0", 3);
	gzip_add(&stored[2], text.at, text.len);
	for (int i = 0; i < 3; i++) {
		r = read_bytes(&stored[i]);
		CU_ASSERT_TRUE(is_same(&r.data, &text));
		CU_ASSERT_STRING_EQUAL(r.error,
			i != 1 ? "the gzip data is damaged: something that is not gzip follows "
				 "the gzip data"
			       : "the zstd data is damaged: Unknown frame descriptor");
		bytes_free(&r.data);
		bytes_free(&stored[i]);
	}
	bytes_free(&text);
}

/* Cut anywhere: what could be unpacked is a prefix that only grows, and one sentence. */
static void cut_anywhere(
	const struct bytes *whole, const struct bytes *text, size_t magic, const char *sentence)
{
	size_t longest = 0;

	for (size_t len = magic; len <= whole->len; len++) {
		struct bytes cut = {.at = whole->at, .len = len};
		struct result r = read_bytes(&cut);

		CU_ASSERT_TRUE(is_prefix(&r.data, text));
		CU_ASSERT_TRUE(r.data.len >= longest);
		CU_ASSERT_STRING_EQUAL(r.error, len < whole->len ? sentence : "");
		longest = r.data.len;
		bytes_free(&r.data);
	}
	CU_ASSERT_EQUAL(longest, text->len);
}

static void gives_what_comes_before_a_cut(void)
{
	struct bytes text = {0}, gzip = {0}, zstd = {0};

	text_make(&text, 60);
	gzip_add(&gzip, text.at, text.len);
	zstd_add(&zstd, text.at, text.len);
	cut_anywhere(&gzip, &text, 2, "the gzip data breaks off");
	cut_anywhere(&zstd, &text, 4, "the zstd data breaks off");
	bytes_free(&text);
	bytes_free(&gzip);
	bytes_free(&zstd);
}

/* One wrong byte anywhere is found by the checksum, or did not matter. */
static unsigned damage_anywhere(struct bytes *whole, const struct bytes *text, size_t magic)
{
	unsigned found = 0;

	for (size_t i = magic; i < whole->len; i++) {
		struct result r;

		whole->at[i] ^= 0x41;
		r = read_bytes(whole);
		found += r.error[0] != '\0';
		CU_ASSERT_TRUE(r.error[0] != '\0' || is_same(&r.data, text));
		whole->at[i] ^= 0x41;
		bytes_free(&r.data);
	}
	return found;
}

static void finds_damage(void)
{
	struct bytes text = {0}, gzip = {0}, zstd = {0};

	text_make(&text, 60);
	gzip_add(&gzip, text.at, text.len);
	zstd_add(&zstd, text.at, text.len);
	CU_ASSERT_TRUE(damage_anywhere(&gzip, &text, 2) > gzip.len - 18);
	CU_ASSERT_TRUE(damage_anywhere(&zstd, &text, 4) > zstd.len - 18);
	bytes_free(&text);
	bytes_free(&gzip);
	bytes_free(&zstd);
}

/* Two blocks of gzip, the second of a type that does not exist. */
static void gives_what_comes_before_damage(void)
{
	struct bytes text = {0}, gzip = {0};
	uint8_t room[4096];
	z_stream z = {.next_out = room, .avail_out = sizeof(room)};
	struct result r;

	text_make(&text, 60);
	z.next_in = text.at;
	z.avail_in = (uInt)text.len;
	deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FULL_FLUSH), Z_OK);
	deflateEnd(&z);
	bytes_add(&gzip, room, sizeof(room) - z.avail_out);
	bytes_add(&gzip, "\x07", 1);
	r = read_bytes(&gzip);
	CU_ASSERT_TRUE(is_same(&r.data, &text));
	CU_ASSERT_STRING_EQUAL(r.error, "the gzip data is damaged: invalid block type");
	bytes_free(&r.data);
	bytes_free(&text);
	bytes_free(&gzip);
}

static void refuses_in_a_sentence(void)
{
	struct bytes none = {0};

	CU_ASSERT_STRING_EQUAL(read_bytes(&none).error, "is empty");
	CU_ASSERT_STRING_EQUAL(
		read_path("/tmp", 4096, 1).error, "is a directory, not a capture");
	CU_ASSERT_STRING_EQUAL(read_path("/tmp/periscope/no/such/file", 4096, 1).error,
		"cannot open: No such file or directory");
}

struct writer {
	const struct bytes *bytes;
	const char *fifo;
};

static void *write_slowly(void *argument)
{
	struct writer *w = argument;
	FILE *out = fopen(w->fifo, "wb");

	setvbuf(out, NULL, _IONBF, 0);
	for (size_t i = 0; i < w->bytes->len; i++)
		fwrite(w->bytes->at + i, 1, 1, out);
	fclose(out);
	return NULL;
}

static void reads_a_pipe_that_brings_byte_after_byte(void)
{
	struct bytes text = {0}, gzip = {0};
	char fifo[sizeof(path) + 8];
	struct writer writer = {&gzip, fifo};
	struct result r;
	pthread_t thread;

	text_make(&text, 60);
	gzip_add(&gzip, text.at, text.len);
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_slowly, &writer), 0);
	r = read_path(fifo, 4096, 1000);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(is_same(&r.data, &text));
	CU_ASSERT_STRING_EQUAL(r.error, "");
	CU_ASSERT_EQUAL(r.size, 0);
	CU_ASSERT_EQUAL(r.progress, gzip.len);
	unlink(fifo);
	bytes_free(&r.data);
	bytes_free(&text);
	bytes_free(&gzip);
}

/* A part of a longer file, as a compressor gives it that is told to flush. */
static void gzip_flush(struct bytes *out, const struct bytes *text)
{
	static uint8_t room[1 << 16];
	z_stream z = {.next_in = text->at,
		.avail_in = (uInt)text->len,
		.next_out = room,
		.avail_out = sizeof(room)};

	deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	deflateEnd(&z);
	bytes_add(out, room, sizeof(room) - z.avail_out);
}

static void zstd_flush(struct bytes *out, const struct bytes *text)
{
	static uint8_t room[1 << 16];
	ZSTD_inBuffer from = {text->at, text->len, 0};
	ZSTD_outBuffer to = {room, sizeof(room), 0};
	ZSTD_CCtx *context = ZSTD_createCCtx();

	CU_ASSERT_EQUAL_FATAL(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush), 0);
	ZSTD_freeCCtx(context);
	bytes_add(out, room, to.pos);
}

/* What has come through a pipe is given at once, even though the pipe stays open. */
static void does_not_wait_for_more_than_it_needs(void)
{
	struct bytes text = {0}, stored[2] = {{0}, {0}};
	struct capture_stream_progress progress = {0};
	char from[32];
	struct error error;

	text_make(&text, 3500);
	gzip_flush(&stored[0], &text);
	zstd_flush(&stored[1], &text);
	for (int i = 0; i < 2; i++) {
		uint8_t *room = malloc(text.len);
		struct capture_stream *s;
		ssize_t n;
		int ends[2];

		CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
		CU_ASSERT_EQUAL_FATAL(write(ends[1], stored[i].at, stored[i].len),
			(ssize_t)stored[i].len); /* a pipe has room for 64 KB */
		snprintf(from, sizeof(from), "/dev/fd/%d", ends[0]);
		s = capture_stream_open(from, 1 << 14, &progress, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		alarm(20); /* ends the program when the read waits */
		for (size_t got = 0; got < text.len; got += (size_t)n) {
			n = capture_stream_read(s, room + got, text.len - got);
			CU_ASSERT_FATAL(n > 0);
		}
		alarm(0);
		CU_ASSERT_EQUAL(memcmp(room, text.at, text.len), 0);
		capture_stream_close(s);
		close(ends[0]);
		close(ends[1]);
		free(room);
		bytes_free(&stored[i]);
	}
	bytes_free(&text);
}

void suite_capture_stream(void);
void suite_capture_stream(void)
{
	CU_pSuite s = CU_add_suite("capture_stream", make_file, remove_file);

	CU_ADD_TEST(s, gives_the_same_bytes_from_every_format);
	CU_ADD_TEST(s, reads_all_members_and_frames);
	CU_ADD_TEST(s, says_what_follows_the_end);
	CU_ADD_TEST(s, gives_what_comes_before_a_cut);
	CU_ADD_TEST(s, finds_damage);
	CU_ADD_TEST(s, gives_what_comes_before_damage);
	CU_ADD_TEST(s, refuses_in_a_sentence);
	CU_ADD_TEST(s, reads_a_pipe_that_brings_byte_after_byte);
	CU_ADD_TEST(s, does_not_wait_for_more_than_it_needs);
}
