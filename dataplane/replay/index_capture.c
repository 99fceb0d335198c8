#include "dataplane/replay/index_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/pipeline/lane.h"
#include "dataplane/replay/flow_pass.h"
#include "dataplane/replay/index_feed.h"
#include "inspect/flow/hash.h"
#include "inspect/packets/index/index_reader.h"
#include "inspect/packets/recorded.h"

struct indexing {
	const struct index_capture_params *params;
	const char *capture;
	enum decap_mode mode;
	uint64_t made_with;
	bool recorded, stopped;
	int fd;
	struct index_identity identity;
	struct input *input;
	struct index_builder *builder;
	struct index_feed *feed;
	struct flow_pass *pass;
	struct index_captured *out;
};

uint64_t index_made_with(const struct settings *settings, enum decap_mode mode)
{
	const struct decap_params decap = lane_decap_params(settings);
	uint64_t hash = hash_fold(hash_salt[0] ^ (uint64_t)mode, hash_salt[1]);

	hash = hash_bytes(
		hash, decap.vxlan_ports, decap.n_vxlan_ports * sizeof(decap.vxlan_ports[0]));
	hash = hash_bytes(
		hash, decap.geneve_ports, decap.n_geneve_ports * sizeof(decap.geneve_ports[0]));
	hash = hash_fold(hash ^ decap.max_depth, hash_salt[2] ^ decap.outer_may_be_cut);
	hash = hash_fold(hash ^ settings->flow.idle_timeout, hash_salt[3]);
	hash = hash_fold(hash ^ settings->flow.tcp_close_timeout, hash_salt[4]);
	hash = hash_fold(hash ^ settings->flow.capacity, hash_salt[5]);
	hash = hash_fold(
		hash ^ settings->flow.guard_time, hash_salt[6] ^ settings->flow.use_vlan);
	return hash;
}

/* ---- before anything is read ---- */

static bool capture_look(struct indexing *x)
{
	struct error *error = &x->out->error;
	uint8_t bytes[RECORDED_LOOK];
	struct stat status;
	ssize_t n;

	if (strcmp(x->capture, "-") == 0) {
		error_set(error,
			"standard input cannot be indexed: an index stands beside a file");
		return false;
	}
	x->fd = open(x->capture, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (x->fd < 0 || fstat(x->fd, &status) != 0) {
		error_set(error, "%s: cannot open: %s", x->capture, strerror(errno));
		return false;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(error, "%s: is no regular file, and cannot be indexed", x->capture);
		return false;
	}
	if (!index_identity_read(x->fd, &x->identity)) {
		error_set(error, "%s: cannot read: %s", x->capture, strerror(errno));
		return false;
	}
	n = pread(x->fd, bytes, sizeof(bytes), 0);
	x->recorded = n > 0 && recorded_is(bytes, (size_t)n);
	x->mode = x->recorded ? DECAP_PLAIN : x->params->mode;
	x->made_with =
		x->recorded ? INDEX_OF_RECORDED : index_made_with(x->params->settings, x->mode);
	return true;
}

/* Of the index. */
static uint64_t bytes_of(const struct indexing *x)
{
	char path[PATH_MAX];
	struct stat file;

	if (!index_path(x->capture, path, sizeof(path)) || stat(path, &file) != 0)
		return 0;
	return (uint64_t)file.st_size;
}

/* Whether there is a good index already. */
static bool is_there(struct indexing *x)
{
	struct error *old = &x->out->old;
	enum index_status status;
	struct index_reader *reader = index_open(x->capture, &x->identity, &status, old);
	bool good = reader && index_about(reader)->made_with == x->made_with;

	if (reader && !good)
		error_set(old, "%s.idx: was made with other settings", x->capture);
	if (good) {
		x->out->packets = index_about(reader)->packets;
		x->out->flows = index_about(reader)->flows;
	}
	x->out->rebuilt = !good && status != INDEX_NONE;
	x->out->bytes = good ? bytes_of(x) : 0;
	index_close(reader);
	return good;
}

/* Whether what is in the index's place may go. */
static bool is_ours(struct indexing *x)
{
	char path[PATH_MAX];

	if (!index_path(x->capture, path, sizeof(path)) || index_may_replace(path))
		return true;
	error_set(
		&x->out->error, "%s: is there, and is no index; --force writes over it", path);
	return false;
}

static bool input_begin(struct indexing *x)
{
	struct error *error = &x->out->error;
	struct input_counters counters;

	x->input = input_open(&x->capture, 1, NULL, error);
	if (!x->input)
		return false;
	input_counters(x->input, &counters);
	if (counters.readable == 0)
		error_set(error, "%s", input_error(x->input, 0));
	else if (input_compression(x->input, 0))
		error_set(error,
			"%s: is compressed (%s), so nobody can begin to read in its middle: unpack it "
			"to index it",
			x->capture, input_compression(x->input, 0));
	else
		return true;
	return false;
}

/* ---- reading ---- */

static bool make(struct indexing *x)
{
	struct reader_params params = {.input = x->input, .mode = x->mode};

	x->builder = index_builder_open(x->capture, x->made_with, &x->out->error);
	if (!x->builder)
		return false;
	x->feed = params.index = index_feed_create(x->builder, x->recorded);
	if (x->feed)
		x->pass = flow_pass_create(x->params->settings, &params, &x->out->error);
	else
		error_set(&x->out->error, "not enough memory to read it");
	if (x->pass)
		return true;
	error_set(&x->out->error, "%s: %s", x->capture, x->out->error.text);
	return false;
}

static bool go_on(void *ctx, uint64_t packets)
{
	struct indexing *x = ctx;

	(void)packets;
	x->stopped = x->params->stop && x->params->stop();
	return !x->stopped;
}

static bool run(struct indexing *x)
{
	return flow_pass_run(x->pass, (struct reader_watch){x, go_on}, &x->out->error);
}

/* ---- afterwards ---- */

static bool tell_landmarks(struct indexing *x)
{
	uint32_t n;
	const uint64_t *landmarks = input_landmarks(x->input, 0, &n);

	for (uint32_t i = 0; landmarks && i < n; i++)
		index_builder_landmark(x->builder, landmarks[i]);
	return landmarks != NULL;
}

/* false: `error` says why there is no index. */
static bool finish(struct indexing *x)
{
	struct error *error = &x->out->error;
	struct index_identity now;
	bool whole = index_feed_end(x->feed);

	x->feed = NULL;
	if (x->stopped)
		error_set(error, "%s: interrupted: no index was made", x->capture);
	else if (!whole)
		error_set(error, "%s: no index: too many outer fragments, or too little memory",
			x->capture);
	else if (!tell_landmarks(x))
		error_set(error, "%s: no index: too many sections and interfaces", x->capture);
	else if (!index_identity_read(x->fd, &now) || !index_identity_equal(&now, &x->identity))
		error_set(
			error, "%s: changed while it was read: no index was made", x->capture);
	else {
		whole = index_builder_close(x->builder, &x->identity, error);
		x->builder = NULL;
		return whole;
	}
	return false;
}

static void about(struct indexing *x)
{
	struct error error;
	enum index_status status;
	struct index_reader *reader = index_open(x->capture, &x->identity, &status, &error);

	if (reader) {
		x->out->packets = index_about(reader)->packets;
		x->out->flows = index_about(reader)->flows;
	}
	x->out->bytes = bytes_of(x);
	index_close(reader);
}

static enum index_capture_status index_it(struct indexing *x)
{
	if (!capture_look(x) || !input_begin(x))
		return INDEX_CAPTURE_FAILED;
	if (is_there(x) && !x->params->force)
		return INDEX_CAPTURE_THERE;
	if (!x->params->force && !is_ours(x))
		return INDEX_CAPTURE_FAILED;
	if (!make(x) || !run(x) || !finish(x))
		return INDEX_CAPTURE_FAILED;
	about(x);
	if (input_note(x->input, 0))
		snprintf(x->out->note, sizeof(x->out->note), "%s", input_note(x->input, 0));
	if (input_error_count(x->input) == 0) {
		x->out->error.text[0] = '\0'; /* others begin by saying what might go wrong */
		return INDEX_CAPTURE_DONE;
	}
	error_set(&x->out->error, "%s", input_error(x->input, 0));
	return INDEX_CAPTURE_BROKEN;
}

enum index_capture_status index_capture(const struct index_capture_params *params,
	const char *capture, struct index_captured *captured)
{
	struct indexing x = {.params = params, .capture = capture, .fd = -1, .out = captured};
	enum index_capture_status status;

	memset(captured, 0, sizeof(*captured));
	status = index_it(&x);
	flow_pass_destroy(x.pass);
	(void)index_feed_end(x.feed);
	index_builder_discard(x.builder);
	input_close(x.input);
	if (x.fd >= 0)
		close(x.fd);
	return status;
}
