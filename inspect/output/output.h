/* The output directory (-l): events/ (JSON lines: those of flows, and those of transactions), alerts/
 * (those of alerts), flow-logs/AWSLogs/... (VPC Flow Logs in the S3 layout, gzip), summary.json. One thread calls it. What could not be written is counted in the
 * ledger (lost_disk) and said once on stderr with the path and the cause; nothing is counted as
 * written before the write succeeded. gzip headers carry no time, so equal input gives equal
 * bytes. Memory and open files are bounded whatever the number of flow log periods. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/record/sink.h"

struct dpi;
struct event_sinks;
struct model;
struct geo;
struct output;
struct settings;

/* In two steps. The first makes `dir` when it is missing, and locks it (output_lock.h): nothing else is
 * made or removed. The second begins the files: what is still to be done is output_close(). NULL or
 * false: `error` says what and why. */
struct output *output_claim(const char *dir, struct error *error);
bool output_begin(struct output *output, const struct settings *settings, bool force,
	struct error *error);
bool output_begin_live(
	struct output *output, const struct settings *settings, struct error *error);

/* The two in one. A directory that is not empty is refused unless `force`, which
 * removes only the files this program writes there. NULL: `error` says what and why. */
struct output *output_open(
	const char *dir, const struct settings *settings, bool force, struct error *error);

/* Nothing is claimed, made or left on a disk: for settings without files (events.file and
 * flow_logs.enabled off). output_dir() is "". NULL: `error` says why. */
struct output *output_open_none(struct error *error);

/* Removes what this program wrote there, if the directory is there and no other process's. */
void output_clear(const char *dir);

/* The same for an appliance: nothing is removed before there is something new. What earlier runs wrote there stays, within the bounds of the settings,
 * and events go into files of their own (event_files.h). */
struct output *output_open_live(
	const char *dir, const struct settings *settings, struct error *error);

/* Gives events to the sinks of the settings, too; call before the first record. `wait`: for slow
 * sinks (replay). false: `error` says why. */
bool output_add_sinks(
	struct output *output, const struct settings *settings, bool wait, struct error *error);
/* What is still on its way to sinks gets at most `ns` (0: as long as it takes); afterwards their
 * ledgers close. false: a sink lost events. */
bool output_stop_sinks(struct output *output, uint64_t ns);
/* NULL: has none. */
const struct event_sinks *output_sinks(const struct output *output);

/* Names of applications are those of `dpi` (labels_create()); NULL: without inspection. Before the first
 * record. false: no memory. */
bool output_label(struct output *output, const struct dpi *dpi);
/* Where addresses are, from now on; after output_label(). `geo` is borrowed until the next call; NULL: nobody knows. */
void output_locate(struct output *output, const struct geo *geo);

/* Appends the lines that encoders make of the record. */
void output_record(struct output *output, const struct record *record);
/* Appends one line. */
void output_write(struct output *output, enum record_kind kind, uint64_t route,
	const char *bytes, size_t len);

/* Whether the settings ask for files of that kind; and the name of that output, a static string. */
bool output_is_asked(const struct settings *settings, enum record_kind kind);
const char *output_name(enum record_kind kind);

/* Flushes one kind: live, events every second or so, that they can be followed; flow logs only when
 * a period is over, since each flush adds a gzip member to every open period. */
bool output_flush_kind(struct output *output, enum record_kind kind);
/* Flushes everything; false when anything was lost. The output stays usable. */
bool output_flush(struct output *output);

/* Flushes, closes, frees. false when anything was lost. */
bool output_close(struct output *output);

/* Files that were removed to stay within the bounds, and their bytes; any thread. */
uint64_t output_removed(const struct output *output, enum record_kind kind, uint64_t *bytes);

const struct output_ledger *output_ledger(const struct output *output, enum record_kind kind);
/* The directory, as given. */
const char *output_dir(const struct output *output);

/* Owner 0 is account `unknown`, region `unknown`; others are added in turn before their first
 * record. NULL, or a name that cannot be a folder, is `unknown`; owners of one account and region
 * share files. false: not the next owner, or no memory. */
bool output_owner(
	struct output *output, uint32_t owner, const char *account, const char *region);
/* Adds every session of the model, as observation_point_of() numbers them; call once, before the first
 * record. false: no memory. */
bool output_owners(struct output *output, const struct model *model);
