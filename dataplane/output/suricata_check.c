/* What is asked of Suricata, looked at before anything is started. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/model/model.h"
#include "dataplane/output/suricata_inside.h"

const char *suricata_command(const struct settings *settings)
{
	const char *command = settings->detect.suricata.command;

	return command != NULL ? command : "suricata";
}

static bool can_execute(const char *path)
{
	struct stat st;

	return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* As execvp(3) looks for it. */
static bool is_program(const char *command)
{
	const char *at = getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
	char path[PATH_MAX];

	if (strchr(command, '/') != NULL)
		return can_execute(command);
	for (at = at != NULL ? at : "/bin:/usr/bin"; *at != '\0';) {
		size_t len = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, command);
		if (can_execute(path))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

static bool is_readable(const char *what, const char *path, struct error *error)
{
	glob_t found = {.gl_pathc = 0};
	bool is_pattern = strpbrk(path, "*?[") != NULL;

	if (access(path, R_OK) == 0)
		return true;
	if (!is_pattern) {
		error_set(error, "detect.suricata: %s: %s: cannot open: %s", what, path,
			strerror(errno));
		return false;
	}
	if (glob(path, 0, NULL, &found) != 0)
		found.gl_pathc = 0;
	is_pattern = found.gl_pathc > 0;
	globfree(&found);
	if (!is_pattern)
		error_set(error, "detect.suricata: %s: %s: no file is called so", what, path);
	return is_pattern;
}

/* It knows sessions by the tags of the feed that it reads. */
static bool has_tagged_feed(const struct settings *settings, struct error *error)
{
	for (uint32_t i = 0; i < settings->feeds.count; i++)
		if (settings->feeds.feed[i].tag == FEED_TAG_QINQ)
			return true;
	error_set(error,
		"detect.suricata: attach needs a feed that Suricata reads, with tag: qinq");
	return false;
}

bool suricata_check(
	const struct settings *settings, const char *settings_file, struct error *error)
{
	const struct settings_suricata *s = &settings->detect.suricata;
	char path[PATH_MAX];

	if (!settings_suricata_is_on(s))
		return true;
	if (s->attach != NULL)
		return has_tagged_feed(settings, error);
	for (uint32_t i = 0; i < s->rules.count; i++)
		if (!is_readable("rules",
			    model_import_path(
				    settings_file, s->rules.text[i], path, sizeof(path)),
			    error))
			return false;
	if (s->config != NULL &&
		!is_readable("config",
			model_import_path(settings_file, s->config, path, sizeof(path)), error))
		return false;
	if (is_program(suricata_command(settings)))
		return true;
	error_set(error,
		"detect.suricata: there is no program '%s' here. Debian 13 has Suricata "
		"(apt-get install suricata), Debian 12 in its backports (apt-get install -t "
		"bookworm-backports suricata)",
		suricata_command(settings));
	return false;
}
