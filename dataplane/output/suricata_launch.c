/* The start of Suricata: its configuration, the socket for its alerts, and what it says of its rules. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "config/model/model.h"
#include "config/parse/plural.h"
#include "dataplane/output/suricata_inside.h"
#include "inspect/detect/suricata/suricata_log.h"
#include "inspect/detect/suricata/suricata_yaml.h"

/* Large sets of rules take their time. */
enum { START_S = 600, COUNT_S = 60, LOOK_MS = 20, BAD_RULES_SAID = 5 };

/* An absolute path: Suricata looks for relative ones elsewhere. The caller frees. NULL: no memory. */
static char *absolute(const char *settings_file, const char *name)
{
	char path[PATH_MAX], here[PATH_MAX], *whole = NULL;
	const char *at = model_import_path(settings_file, name, path, sizeof(path));

	if (*at == '/')
		return strdup(at);
	if (getcwd(here, sizeof(here)) == NULL || asprintf(&whole, "%s/%s", here, at) < 0)
		return NULL;
	return whole;
}

static bool write_yaml(const struct suricata *s, struct error *error)
{
	const struct settings_suricata *asked = &s->params.settings->detect.suricata;
	char *rules[SURICATA_RULES_MAX] = {NULL};
	struct suricata_yaml yaml = {
		.directory = spawner_directory(s->params.spawner),
		.stands_alone = asked->config == NULL,
		.rules = (const char *const *)rules,
		.n_rules = asked->rules.count,
		.takes_commands = s->params.is_live,
	};
	bool ok = true;

	for (uint32_t i = 0; ok && i < asked->rules.count; i++) {
		rules[i] = absolute(s->params.settings_file, asked->rules.text[i]);
		ok = rules[i] != NULL;
	}
	if (!ok)
		error_set(error, "detect.suricata: no memory, or no folder");
	ok = ok && suricata_yaml_write(&yaml, error);
	for (uint32_t i = 0; i < asked->rules.count; i++)
		free(rules[i]);
	return ok;
}

static int listen_for_eve(const struct suricata *s, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SURICATA_EVE,
		spawner_directory(s->params.spawner));
	/* There may be one of an earlier start. It may be another user's who connects; nobody else comes into the
	 * directory. */
	(void)unlink(address.sun_path);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		chmod(address.sun_path, 0666) == 0 && listen(fd, 1) == 0)
		return fd;
	error_set(error, "detect.suricata: %s: cannot listen: %s", address.sun_path,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* One thread, and nothing that dice decide: in every run the same alerts, whatever its configuration says. */
static const char *const repeatable[] = {"--runmode", "single", "--set",
	"stream.reassembly.randomize-chunk-size=no", "--set",
	"app-layer.protocols.http.libhtp.default-config.randomize-inspection-sizes=no"};

/* Returns its standard input; -1: error. */
static int run(const struct suricata *s, struct error *error)
{
	const struct settings_suricata *asked = &s->params.settings->detect.suricata;
	const char *directory = spawner_directory(s->params.spawner), *argv[24];
	char *config = NULL, ours[PATH_MAX];
	int n = 0, input;

	snprintf(ours, sizeof(ours), "%s/" SURICATA_YAML, directory);
	if (asked->config != NULL) {
		config = absolute(s->params.settings_file, asked->config);
		if (config == NULL) {
			error_set(error, "detect.suricata: no memory, or no folder");
			return -1;
		}
	}
	argv[n++] = suricata_command(s->params.settings);
	argv[n++] = "-c";
	argv[n++] = config != NULL ? config : ours;
	if (config != NULL) {
		argv[n++] = "--include";
		argv[n++] = ours;
	}
	argv[n++] = "-l";
	argv[n++] = directory;
	argv[n++] = "-r";
	argv[n++] = "/dev/stdin";
	for (size_t i = 0; i < sizeof(repeatable) / sizeof(*repeatable); i++)
		argv[n++] = repeatable[i];
	argv[n] = NULL;
	input = spawner_run(s->params.spawner, argv, error);
	free(config);
	return input;
}

void suricata_remember(struct suricata *s, const char *line)
{
	struct suricata_said said;
	bool is_error = suricata_line_read(line, &said) == SURICATA_LINE_ERROR;

	if (s->is_error && !is_error)
		return;
	s->is_error = is_error;
	snprintf(s->said, sizeof(s->said), "%s", said.text);
}

/* What it makes of its rules. */
struct rules {
	uint64_t loaded, failed, said;
	bool counted; /* it has said how many */
	uint64_t
		taken_ns; /* monotonic: when its input was first seen to be taken; 0: not yet */
};

/* It takes its input, the feed's file header, when all its threads run; a script around it may do so at once, so
 * the number of its rules is waited for, too, for a while. */
static bool has_begun(struct suricata *s, int input, struct rules *rules)
{
	uint64_t now = now_monotonic();
	int waits = 0;

	feed_send(s->feed);
	if (s->eve < 0 || ioctl(input, FIONREAD, &waits) != 0 || waits > 0)
		return false;
	if (rules->taken_ns == 0)
		rules->taken_ns = now;
	return rules->counted || now - rules->taken_ns > COUNT_S * NS_PER_S;
}

static void say_bad_rule(
	const struct suricata *s, struct rules *rules, const struct suricata_said *said)
{
	if (rules->said++ < BAD_RULES_SAID)
		log_warning("%.*s:%" PRIu64 ": Suricata cannot read this rule%s%s",
			said->file_len, said->file, said->line, s->is_error ? ": " : "",
			s->is_error ? s->said : "");
}

static void hear(struct suricata *s, struct rules *rules, const char *line)
{
	struct suricata_said said;

	switch (suricata_line_read(line, &said)) {
	case SURICATA_LINE_RULE:
		say_bad_rule(s, rules, &said);
		s->is_error = false;
		return;
	case SURICATA_LINE_COUNT:
		rules->counted = true;
		rules->loaded = said.loaded;
		rules->failed = said.failed;
		break;
	case SURICATA_LINE_WARNING:
		if (strstr(said.text, "no rules were loaded") != NULL)
			rules->counted = true;
		log_warning("detect.suricata: Suricata: %s", said.text);
		break;
	case SURICATA_LINE_ERROR:
	case SURICATA_LINE_OTHER:
		break;
	}
	suricata_remember(s, line);
}

static void refuse(const struct suricata *s, const char *how, struct error *error)
{
	error_set(error, "detect.suricata: Suricata does not start: it %s%s%s", how,
		s->said[0] != '\0' ? ": " : "", s->said);
}

/* Until all that it said before it began was heard. */
static bool wait_for_begin(
	struct suricata *s, int eve, int input, struct rules *rules, struct error *error)
{
	uint64_t ends_ns = now_monotonic() + START_S * NS_PER_S;
	enum spawner_news news = SPAWNER_NONE;
	struct spawner_told told;
	char how[PROGRAM_END_TEXT];
	bool asked = false;

	while (news != SPAWNER_HEARD) {
		if (s->eve < 0)
			s->eve = accept4(eve, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (!asked && has_begun(s, input, rules)) {
			spawner_ask(s->params.spawner);
			asked = true;
		}
		news = spawner_news(s->params.spawner, LOOK_MS, &told);
		if (news == SPAWNER_SAID)
			hear(s, rules, told.line);
		if (news == SPAWNER_ENDED)
			refuse(s, program_end_text(told.status, how), error);
		if (news == SPAWNER_GONE)
			refuse(s, "cannot be seen any more", error);
		if (now_monotonic() > ends_ns)
			refuse(s, "has read no packet yet", error);
		if (news == SPAWNER_ENDED || news == SPAWNER_GONE ||
			now_monotonic() > ends_ns || atomic_load(&s->is_ending))
			return false;
	}
	return true;
}

static bool has_rules(const struct rules *rules, struct error *error)
{
	if (rules->failed > 0)
		log_warning("detect.suricata: %" PRIu64 " of %" PRIu64
			    " rules cannot be read, and %s left out",
			rules->failed, rules->failed + rules->loaded,
			plural_are(rules->failed));
	if (rules->loaded == 0)
		error_set(error, "detect.suricata: Suricata has found no rule%s",
			rules->said > 0 ? " that it can read" : "");
	return rules->loaded > 0;
}

bool suricata_launch(struct suricata *s, struct error *error)
{
	struct rules rules = {0};
	int eve, input;
	bool ok = false;

	if (!write_yaml(s, error))
		return false;
	eve = listen_for_eve(s, error);
	if (eve < 0)
		return false;
	input = run(s, error);
	if (input >= 0 && feed_join(s->feed, input, "Suricata"))
		ok = wait_for_begin(s, eve, input, &rules, error) && has_rules(&rules, error);
	else if (input >= 0) {
		error_set(error, "detect.suricata: cannot feed it: %s", strerror(errno));
		close(input);
	}
	close(eve);
	s->begun_ns = now_monotonic();
	s->said[0] = '\0';
	s->is_error = false;
	return ok;
}
