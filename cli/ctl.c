/* periscope ctl: asks a running appliance over its control socket, and prints what it says. */
#include "cli/command.h"

#include "cli/control.h"
#include "cli/control_listen.h"
#include "config/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] =
	"usage: periscope ctl [options] stats|sessions|rules|flows|reload|quit\n"
	"\n"
	"Asks the appliance that runs here, as periscope run.\n"
	"\n"
	"  stats             health, ledger, workers, ports, outputs\n"
	"  sessions          mirror sessions seen or configured, and their packets\n"
	"  rules             filter rules, and what each decided\n"
	"  flows             the live flows with most bytes\n"
	"  reload            read settings and mirror model anew\n"
	"  quit              end in order\n"
	"\n"
	"  -j                print JSON\n"
	"  -c FILE           the appliance's settings: control.socket is used; a relative path "
	"lies\n"
	"                    in the output directory, so give -l too\n"
	"  -l DIR            its output directory (default periscope-out)\n"
	"  --socket PATH     the socket itself\n"
	"\n"
	"exit status: 0 done; 1 nobody answers, or the appliance refuses; 2 wrong usage or\n"
	"settings\n";

enum { OPT_SOCKET = 256, ANSWER_WAIT_S = 60, HEAD_MAX = 64 };

static const struct option options[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

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
	int option;

	optind = 0; /* glibc: forget all of an earlier argv */
	while ((option = getopt_long(argc, argv, ":c:l:jh", options, NULL)) != -1) {
		if (parse_option(a, option))
			continue;
		fprintf(stderr, "periscope: ctl: %s '%s'; see 'periscope ctl --help'\n",
			option == ':' ? "no value for option" : "no such option",
			argv[optind - 1]);
		return false;
	}
	if (a->help)
		return true;
	if (argc - optind != 1 || !control_knows(argv[optind])) {
		fprintf(stderr, "periscope: ctl: one of stats, sessions, rules, flows, reload, "
				"quit is needed; see 'periscope ctl --help'\n");
		return false;
	}
	a->request = argv[optind];
	return true;
}

static bool find_socket(const struct arguments *a, char path[CONTROL_PATH_MAX])
{
	struct settings settings;
	char error[SETTINGS_ERROR] = "";
	bool found;

	settings_init(&settings);
	found = a->settings_file == NULL ||
		settings_load(&settings, a->settings_file, error) == 0;
	if (found && a->socket != NULL)
		found = (size_t)snprintf(path, CONTROL_PATH_MAX, "%s", a->socket) <
			CONTROL_PATH_MAX;
	else if (found)
		found = control_path(&settings, a->directory, path, error, sizeof(error));
	if (!found)
		fprintf(stderr, "periscope: ctl: %s\n",
			error[0] == '\0' ? "the path of the socket is too long" : error);
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

/* Copies `size` bytes; returns how many came. */
static size_t copy(FILE *in, FILE *out, size_t size)
{
	char room[16384];
	size_t left = size;

	while (left > 0) {
		size_t n = fread(room, 1, left < sizeof(room) ? left : sizeof(room), in);

		if (n == 0)
			break;
		fwrite(room, 1, n, out);
		left -= n;
	}
	return size - left;
}

static int take_answer(FILE *in, const char *path)
{
	bool good, whole;
	size_t size;

	errno = 0;
	if (!read_head(in, &good, &size)) {
		fprintf(stderr, "periscope: ctl: no answer from %s: %s\n", path,
			errno == EAGAIN ? "it takes too long" : "the connection was closed");
		return EXIT_FAILED;
	}
	if (!good)
		fputs("periscope: ctl: ", stderr);
	whole = copy(in, good ? stdout : stderr, size) == size;
	if (!good)
		fputc('\n', stderr);
	if (!whole)
		fprintf(stderr, "periscope: ctl: the answer from %s broke off\n", path);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "periscope: standard output: could not write all of it\n");
		whole = false;
	}
	return good && whole ? EXIT_DONE : EXIT_FAILED;
}

static int ask(const struct arguments *a, const char *path)
{
	struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
	int fd = control_connect(path, 0), status = EXIT_FAILED;
	FILE *in;

	if (fd < 0) {
		fprintf(stderr, "periscope: ctl: no appliance answers at %s: %s\n", path,
			strerror(errno));
		return EXIT_FAILED;
	}
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
		fprintf(stderr, "periscope: ctl: could not ask at %s: %s\n", path,
			strerror(errno));
	fclose(in);
	return status;
}

int command_ctl(int argc, char **argv)
{
	struct arguments a = {.directory = "periscope-out"};
	char path[CONTROL_PATH_MAX];

	if (!parse_arguments(&a, argc, argv))
		return EXIT_USAGE;
	if (a.help)
		return fputs(usage, stdout) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (!find_socket(&a, path))
		return EXIT_USAGE;
	return ask(&a, path);
}
