#include "inspect/export/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model.h"
#include "inspect/export/flow_log_dir.h"
#include "inspect/export/output_dir.h"
#include "inspect/export/spool.h"
#include "inspect/export/vantage.h"

struct output {
	struct output_ledger ledger[RECORD_KIND_COUNT];
	struct spool *events;
	struct flow_log_dir *flow_logs;
	char dir[];
};

static struct output *output_create(const char *dir)
{
	size_t len = strlen(dir);
	struct output *output = calloc(1, sizeof(*output) + len + 1);

	if (output == NULL)
		return NULL;
	memcpy(output->dir, dir, len + 1);
	return output;
}

static void output_free(struct output *output)
{
	spool_close(output->events);
	flow_log_dir_destroy(output->flow_logs);
	free(output);
}

static bool output_start(
	struct output *output, const char *name, int flags, char *error, size_t error_size)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/events/%s", output->dir, name);

	errno = ENAMETOOLONG;
	if (n > 0 && n < (int)sizeof(path) && make_parents(path) == 0)
		output->events = spool_open(
			path, O_NOFOLLOW | flags, SPOOL_GO_ON, &output->ledger[RECORD_EVENT]);
	if (output->events == NULL) {
		snprintf(
			error, error_size, "%s: cannot write there: %s", path, strerror(errno));
		return false;
	}
	output->flow_logs = flow_log_dir_create(output->dir, &output->ledger[RECORD_FLOW_LOG]);
	if (output->flow_logs == NULL)
		snprintf(error, error_size, "%s: no memory for flow logs", output->dir);
	return output->flow_logs != NULL;
}

static struct output *open_at(
	const char *dir, const char *name, int flags, char *error, size_t error_size)
{
	struct output *output = output_create(dir);
	int cause;

	if (output == NULL) {
		snprintf(error, error_size, "%s: no memory", dir);
		return NULL;
	}
	if (output_start(output, name, flags, error, error_size))
		return output;
	cause = errno;
	output_free(output);
	errno = cause;
	return NULL;
}

struct output *output_open(const char *dir, bool force, char *error, size_t error_size)
{
	if (!output_dir_prepare(dir, force, error, error_size))
		return NULL;
	return open_at(dir, "flows.jsonl", 0, error, error_size);
}

struct output *output_open_beside(
	const char *dir, const char *name, char *error, size_t error_size)
{
	return open_at(dir, name, O_EXCL, error, error_size);
}

void output_write(struct output *output, enum record_kind kind, uint64_t route,
	const char *bytes, size_t len)
{
	output->ledger[kind].offered++;
	if (kind == RECORD_FLOW_LOG) {
		flow_log_dir_write(output->flow_logs, route, bytes, len);
		return;
	}
	spool_add(output->events, bytes, len);
	spool_end(output->events, 1);
}

bool output_flush_kind(struct output *output, enum record_kind kind)
{
	if (kind == RECORD_FLOW_LOG)
		return flow_log_dir_flush(output->flow_logs);
	return spool_flush(output->events);
}

bool output_flush(struct output *output)
{
	bool events = output_flush_kind(output, RECORD_EVENT);

	return output_flush_kind(output, RECORD_FLOW_LOG) && events;
}

bool output_close(struct output *output)
{
	bool whole = flow_log_dir_flush(output->flow_logs);

	whole = spool_close(output->events) && whole;
	output->events = NULL;
	output_free(output);
	return whole;
}

const struct output_ledger *output_ledger(const struct output *output, enum record_kind kind)
{
	return &output->ledger[kind];
}

const char *output_dir(const struct output *output)
{
	return output->dir;
}

bool output_owner(
	struct output *output, uint32_t owner, const char *account, const char *region)
{
	return flow_log_dir_owner(output->flow_logs, owner, account, region);
}

bool output_owners(struct output *output, const struct model *model)
{
	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *config = &model->sessions[i];

		if (!output_owner(output, vantage_owner(config), vantage_account(config),
			    vantage_region(config)))
			return false;
	}
	return true;
}
