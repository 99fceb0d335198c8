#include "cli/command/distinct_files.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/model/model.h"
#include "inspect/output/inputs.h"
#include "inspect/output/output_dir.h"
#include "inspect/packets/packet_file.h"

/* The captures that a device of net_pcap reads. */
static bool add_devices(struct inputs *inputs, const struct settings *s)
{
	static const char key[] = ",rx_pcap=";
	char path[PATH_MAX];
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->capture.ports.count; i++)
		for (const char *at = strstr(s->capture.ports.text[i], key); ok && at;
			at = strstr(at + 1, key)) {
			const char *from = at + sizeof(key) - 1;

			snprintf(path, sizeof(path), "%.*s", (int)strcspn(from, ","), from);
			ok = inputs_add(inputs, path);
		}
	return ok;
}

static bool run_totals_gather(struct inputs *inputs, const struct distinct_files *f)
{
	char path[PATH_MAX];
	const struct settings_suricata *suricata = &f->settings->detect.suricata;
	bool ok = !f->settings_file || inputs_add(inputs, f->settings_file);

	for (uint32_t i = 0; ok && i < f->settings->aws_import.count; i++)
		ok = inputs_add(
			inputs, model_import_path(f->settings_file,
					f->settings->aws_import.text[i], path, sizeof(path)));
	for (uint32_t i = 0; ok && i < f->settings->detect.lists.count; i++)
		ok = inputs_add(inputs,
			model_import_path(f->settings_file,
				f->settings->detect.lists.list[i].file, path, sizeof(path)));
	for (uint32_t i = 0; ok && i < f->settings->detect.geoip.count; i++)
		ok = inputs_add(
			inputs, model_import_path(f->settings_file,
					f->settings->detect.geoip.text[i], path, sizeof(path)));
	for (uint32_t i = 0; ok && i < suricata->rules.count; i++)
		ok = inputs_add(inputs, model_import_path(f->settings_file,
						suricata->rules.text[i], path, sizeof(path)));
	if (ok && suricata->config)
		ok = inputs_add(inputs, model_import_path(f->settings_file, suricata->config,
						path, sizeof(path)));
	for (uint32_t i = 0; ok && i < f->n_captures; i++)
		ok = inputs_add(inputs, f->captures[i]);
	return ok && add_devices(inputs, f->settings);
}

static bool may_write(const struct inputs *inputs, const char *path, const struct stat *st,
	bool force, struct error *error)
{
	const char *input;

	if (!S_ISREG(
		    st->st_mode)) /* a device or a pipe keeps nothing; a folder is said later */
		return true;
	input = inputs_find(inputs, st);
	if (input)
		error_set(error, "%s: is read, too (as %s), and would be written over", path,
			input);
	else if (!force)
		error_set(error, "%s: is there already; --force writes over it", path);
	return !input && force;
}

static bool may_write_packets(
	const struct inputs *inputs, const struct distinct_files *f, struct error *error)
{
	char path[PATH_MAX];
	struct stat st;

	if (!f->packet_file || strcmp(f->packet_file, "-") == 0)
		return true;
	if (stat(f->packet_file, &st) == 0 &&
		!may_write(inputs, f->packet_file, &st, f->force, error))
		return false;
	return !packet_file_ip_path(f->packet_file, path, sizeof(path)) ||
	       stat(path, &st) != 0 || may_write(inputs, path, &st, f->force, error);
}

static bool are_apart(
	const struct inputs *inputs, const struct distinct_files *f, struct error *error)
{
	char file[NAME_MAX + 1];
	struct stat st;

	/* The shell has opened it, and emptied it unless it appends. */
	if (fstat(STDOUT_FILENO, &st) == 0 &&
		!may_write(inputs, "standard output", &st, true, error))
		return false;
	if (!may_write_packets(inputs, f, error))
		return false;
	if (!f->output_dir || !output_dir_has_input(f->output_dir, inputs, file, sizeof(file)))
		return true;
	error_set(error,
		"%s: %s in it is read, and would be removed or written over; "
		"choose another directory with -l",
		f->output_dir, file);
	return false;
}

bool files_are_distinct(const struct distinct_files *f)
{
	struct inputs inputs = {.files = NULL};
	struct error error = {"not enough memory"};
	bool apart = run_totals_gather(&inputs, f) && are_apart(&inputs, f, &error);

	inputs_fini(&inputs);
	if (!apart)
		log_error("%s", error.text);
	return apart;
}
