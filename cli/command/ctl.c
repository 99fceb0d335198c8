/* periscope ctl: asks a running appliance over its control socket, and prints what it says. */
#include "cli/command/command.h"
#include "config/log/error.h"
#include "config/log/log.h"

#include "cli/command/usage.h"
#include "cli/control/control.h"
#include "config/settings/settings.h"
#include "config/socket/unix_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_WAIT_S = 60, HEAD_MAX = 64 };

/* Where the service is, as packaging/periscope.service starts it, and a `periscope run` without -l. */
static const char service_settings[] = "/etc/periscope/periscope.yaml";
static const char service_directory[] = "/var/lib/periscope";
static const char run_directory[] = "periscope-out";

struct arguments {
	const char *settings_file, *directory, *socket, *request;
	bool json, help;
};

static bool parse_option(struct arguments *a, int option)
{
	switch (option) {
	case 'c':
		a->settings_file = optarg;
		return true;
	case 'l':
		a->directory = optarg;
		return true;
	case 'j':
		a->json = true;
		return true;
	case OPT_SOCKET:
		a->socket = optarg;
		return true;
	case 'h':
		a->help = true;
		return true;
	default:
		return false;
	}
}

static bool parse_arguments(struct arguments *a, int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "ctl", argc, argv);
	while ((option = options_next(&options)) != 0)
		if (!parse_option(a, option))
			return false;
	if (a->help)
		return true;
	if (argc - optind != 1 || !control_knows(argv[optind])) {
		log_error(
			"ctl: one of stats, sessions, rules, flows, alerts, reload, quit is needed; "
			"see 'periscope ctl --help'");
		return false;
	}
	a->request = argv[optind];
	return true;
}

/* The socket that the options name. */
static bool find_socket(const struct arguments *a, char path[CONTROL_PATH_MAX])
{
	struct settings settings;
	struct error error = {0};
	bool found;

	settings_init(&settings);
	found = a->settings_file == NULL ||
		settings_load(&settings, a->settings_file, &error) == 0;
	if (found && a->socket != NULL)
		found = (size_t)snprintf(path, CONTROL_PATH_MAX, "%s", a->socket) <
			CONTROL_PATH_MAX;
	else if (found)
		found = control_path(
			&settings, a->directory ? a->directory : run_directory, path, &error);
	if (!found)
		log_error("ctl: %s", error.text[0] == '\0'
					     ? "the path of the socket is too long"
					     : error.text);
	settings_fini(&settings);
	return found;
}

static bool send_request(int fd, const struct arguments *a)
{
	char line[CONTROL_REQUEST_MAX];
	int len = snprintf(line, sizeof(line), "%s%s\n", a->request, a->json ? " json" : "");

	return send(fd, line, (size_t)len, MSG_NOSIGNAL) == len;
}

/* `ok SIZE` or `error SIZE`. */
static bool read_head(FILE *in, bool *good, size_t *size)
{
	char head[HEAD_MAX], *end, *number;

	if (fgets(head, sizeof(head), in) == NULL)
		return false;
	*good = strncmp(head, "ok ", 3) == 0;
	if (!*good && strncmp(head, "error ", 6) != 0)
		return false;
	number = strchr(head, ' ') + 1;
	*size = strtoul(number, &end, 10);
	return end != number && *end == '\n';
}

/* Copies `size` bytes to standard output; false: fewer came. */
static bool copy(FILE *in, size_t size)
{
	char room[16384];
	size_t left = size;

	while (left > 0) {
		size_t n = fread(room, 1, left < sizeof(room) ? left : sizeof(room), in);

		if (n == 0)
			break;
		fwrite(room, 1, n, stdout);
		left -= n;
	}
	return left == 0;
}

static bool say_refused(FILE *in, size_t size)
{
	char why[ERROR_TEXT];
	size_t n = fread(why, 1, size < sizeof(why) ? size : sizeof(why) - 1, in);

	why[n] = '\0';
	log_error("ctl: %s", why);
	return n == size;
}

static int take_answer(FILE *in, const char *path)
{
	bool good, whole;
	size_t size;

	errno = 0;
	if (!read_head(in, &good, &size)) {
		log_error("ctl: no answer from %s: %s", path,
			errno == EAGAIN ? "it takes too long" : "the connection was closed");
		return EXIT_FAILED;
	}
	whole = good ? copy(in, size) : say_refused(in, size);
	if (!whole)
		log_error("ctl: the answer from %s broke off", path);
	return good && whole ? EXIT_DONE : EXIT_FAILED;
}

/* Closes `fd`. */
static int ask(const struct arguments *a, int fd, const char *path)
{
	struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
	int status = EXIT_FAILED;
	FILE *in;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	in = fdopen(fd, "r");
	if (in == NULL) {
		close(fd);
		return EXIT_FAILED;
	}
	if (send_request(fd, a))
		status = take_answer(in, path);
	else
		log_error("ctl: could not ask at %s: %s", path, strerror(errno));
	fclose(in);
	return status;
}

static int ask_named(const struct arguments *a)
{
	char path[CONTROL_PATH_MAX];
	int fd;

	if (!find_socket(a, path))
		return EXIT_USAGE;
	fd = unix_connect(path, 0);
	if (fd >= 0)
		return ask(a, fd, path);
	log_error("ctl: no appliance answers at %s: %s", path, strerror(errno));
	return EXIT_FAILED;
}

/* A place where an appliance may be found without being named. */
struct place {
	char path[CONTROL_PATH_MAX];
	int fd; /* -1: nobody answers */
	char why[256];
};

/* `settings_file` NULL: the defaults. They hold as well where it cannot be read: what runs may have been
 * started before the file was as it is now. */
static void place_try(struct place *place, const char *settings_file, const char *directory)
{
	struct settings settings;
	struct error error;

	settings_init(&settings);
	if (settings_file && settings_load(&settings, settings_file, &error) != 0) {
		settings_fini(&settings);
		settings_init(&settings);
	}
	*place = (struct place){.fd = -1};
	if (control_path(&settings, directory, place->path, &error)) {
		place->fd = unix_connect(place->path, 0);
		snprintf(place->why, sizeof(place->why), "at %s: %s%s", place->path,
			strerror(errno),
			errno == EACCES ? " (root and members of its group may ask)" : "");
	} else {
		snprintf(
			place->why, sizeof(place->why), "in %s: %.150s", directory, error.text);
	}
	settings_fini(&settings);
}

/* No socket is named: asks a `run` in this folder, or the service. When both answer, the user
 * must choose, since the request may be to quit. */
static int ask_unnamed(const struct arguments *a)
{
	struct place here, service;
	int status = EXIT_FAILED;

	place_try(&here, NULL, run_directory);
	place_try(&service, service_settings, service_directory);
	if (here.fd >= 0 && service.fd >= 0) {
		log_error(
			"ctl: appliances answer at %s and at %s; name one with -l or --socket",
			here.path, service.path);
		close(here.fd);
		close(service.fd);
		status = EXIT_USAGE;
	} else if (here.fd >= 0) {
		status = ask(a, here.fd, here.path);
	} else if (service.fd >= 0) {
		status = ask(a, service.fd, service.path);
	} else {
		log_error("ctl: no appliance answers %s; nor the service %s", here.why,
			service.why);
	}
	return status;
}

int command_ctl(int argc, char **argv)
{
	struct arguments a = {0};

	if (!parse_arguments(&a, argc, argv))
		return EXIT_USAGE;
	if (a.help)
		return usage_help("ctl");
	if (a.settings_file || a.directory || a.socket)
		return ask_named(&a);
	return ask_unnamed(&a);
}
