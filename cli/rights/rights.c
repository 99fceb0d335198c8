#include "cli/rights/rights.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/rights/rights_needs.h"
#include "config/log/error.h"
#include "config/log/log.h"
#include "config/model/model.h"

enum { PRIVILEGED_PORTS = 1024, PASSWD_BYTES = 4096, NOT_FOR_OTHERS = 027 };

static bool find_user(struct rights *r, const char *name, struct error *error)
{
	struct passwd entry, *found = NULL;
	char bytes[PASSWD_BYTES];
	int failed = getpwnam_r(name, &entry, bytes, sizeof(bytes), &found);

	if (!found) {
		error_set(error, "rights.user: there is no user '%s'%s%s", name,
			failed ? ": " : "", failed ? strerror(failed) : "");
		return false;
	}
	r->uid = found->pw_uid;
	r->gid = found->pw_gid;
	r->n_groups = RIGHTS_GROUPS;
	if (getgrouplist(name, r->gid, r->groups, &r->n_groups) < 0) {
		error_set(error, "rights.user: '%s' is in more than %d groups", name,
			RIGHTS_GROUPS);
		return false;
	}
	return true;
}

static bool plan_user(struct rights *r, const char *name, struct error *error)
{
	if (name[0] == '\0')
		return true;
	if (!find_user(r, name, error))
		return false;
	if (geteuid() == r->uid)
		return true;
	if (geteuid() != 0) {
		error_set(error,
			"rights.user: only root can become '%s'; start as root, as that user, "
			"or with rights.user off",
			name);
		return false;
	}
	snprintf(r->user, sizeof(r->user), "%s", name);
	return true;
}

/* The health port is closed and opened as health changes. */
static uint64_t needs_of_control(const struct settings *s)
{
	const char *colon = strrchr(s->control.http, ':');
	unsigned long http = colon ? strtoul(colon + 1, NULL, 10) : 0;
	bool low = (s->control.health_tcp > 0 && s->control.health_tcp < PRIVILEGED_PORTS) ||
		   (http > 0 && http < PRIVILEGED_PORTS);

	return low ? UINT64_C(1) << CAP_NET_BIND_SERVICE : 0;
}

bool rights_plan(struct rights *r, const struct settings *s, struct error *error)
{
	*r = (struct rights){
		.keep = needs_of_control(s) | needs_kept(s),
		.core_dumps = s->rights.core_dumps,
		.xdp = needs_xdp(s),
		.seccomp = s->rights.seccomp,
	};
	return plan_user(r, s->rights.user, error);
}

/* The folders of a path that are not there yet, for the user to be; no others change hands. */
static bool make_directory(const struct rights *r, const char *dir, struct error *error)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	bool ok = len > 0 && len < sizeof(path);

	for (size_t i = 1; ok && i <= len; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0777) == 0)
			ok = lchown(path, r->uid, r->gid) == 0;
		else
			ok = errno == EEXIST;
	}
	if (!ok)
		error_set(
			error, "%s: cannot make it for %s: %s", dir, r->user, strerror(errno));
	return ok;
}

bool rights_prepare(const struct rights *r, const char *output_dir, struct error *error)
{
	const struct rlimit none = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};

	umask(umask(NOT_FOR_OTHERS) | NOT_FOR_OTHERS);
	if (!r->core_dumps)
		setrlimit(RLIMIT_CORE, &none);
	/* What vfio maps later counts against this, once CAP_IPC_LOCK is gone. Only root may. */
	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	return r->user[0] == '\0' || make_directory(r, output_dir, error);
}

static const char *filter_words(const struct rights *r)
{
	if (r->seccomp == SECCOMP_OFF || !rights_can_filter())
		return "system calls not filtered";
	return r->seccomp == SECCOMP_LOG ? "system calls reported" : "system calls filtered";
}

static void user_name(char *name, size_t size)
{
	struct passwd entry, *found = NULL;
	char bytes[PASSWD_BYTES];

	snprintf(name, size, "%u", (unsigned)geteuid());
	if (getpwuid_r(geteuid(), &entry, bytes, sizeof(bytes), &found) == 0 && found)
		snprintf(name, size, "%s", found->pw_name);
}

void rights_say(const struct rights *r)
{
	char capabilities[256], name[64];

	needs_names(rights_held(), capabilities, sizeof(capabilities));
	user_name(name, sizeof(name));
	log_info("rights: user %s, %s, %s", name, capabilities, filter_words(r));
}

void rights_say_unwritable(const char *output_dir)
{
	char name[64];

	if (access(output_dir, W_OK | X_OK) == 0)
		return;
	user_name(name, sizeof(name));
	log_warning("files are written by user %s without further rights: chown -R %s %s", name,
		name, output_dir);
}

static void say_unreadable(const char *path)
{
	if (access(path, R_OK) != 0)
		log_warning("%s: a reload cannot read it: %s", path, strerror(errno));
}

void rights_say_unreadable(const char *settings_file, const struct settings *s)
{
	char path[PATH_MAX];

	if (!settings_file)
		return;
	say_unreadable(settings_file);
	for (uint32_t i = 0; i < s->aws_import.count; i++)
		say_unreadable(model_import_path(
			settings_file, s->aws_import.text[i], path, sizeof(path)));
	for (uint32_t i = 0; i < s->detect.lists.count; i++)
		say_unreadable(model_import_path(
			settings_file, s->detect.lists.list[i].file, path, sizeof(path)));
	for (uint32_t i = 0; i < s->detect.geoip.count; i++)
		say_unreadable(model_import_path(
			settings_file, s->detect.geoip.text[i], path, sizeof(path)));
}
