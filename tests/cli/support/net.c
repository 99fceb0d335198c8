#include "cli/support/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/log/now.h"

enum { WAIT_S = 10 };

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t net_free_port(void)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* The TCP port of health takes every address: so that no connection of any has it. */
	a.sin_addr.s_addr = htonl(INADDR_ANY);
	if (bind(fd, (struct sockaddr *)&a, len) != 0 ||
		getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	close(fd);
	return ntohs(a.sin_port);
}

static int connected(int family, const struct sockaddr *address, socklen_t len)
{
	struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, address, len) == 0)
		return fd;
	close(fd);
	return -1;
}

int net_connect(uint16_t port)
{
	struct sockaddr_in a = loopback(port);

	return connected(AF_INET, (const struct sockaddr *)&a, sizeof(a));
}

int net_connect_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return connected(AF_UNIX, (const struct sockaddr *)&a, sizeof(a));
}

char *net_talk(int fd, const char *request, size_t len)
{
	char *answer = NULL, room[4096];
	size_t size;
	ssize_t n = -1;
	FILE *out = open_memstream(&answer, &size);

	if (fd >= 0 && (len == 0 || send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len))
		while ((n = recv(fd, room, sizeof(room), 0)) > 0)
			fwrite(room, 1, (size_t)n, out);
	fclose(out);
	if (fd >= 0)
		close(fd);
	if (n == 0)
		return answer;
	free(answer);
	return NULL;
}

char *net_http(uint16_t port, const char *method, const char *url)
{
	char request[256];
	int len = snprintf(request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, url);

	return net_talk(net_connect(port), request, (size_t)len);
}

int net_http_status(const char *answer)
{
	int status;

	return answer != NULL && sscanf(answer, "HTTP/1.%*d %d", &status) == 1 ? status : 0;
}

const char *net_http_body(const char *answer)
{
	const char *end = answer == NULL ? NULL : strstr(answer, "\r\n\r\n");

	return end == NULL ? "" : end + 4;
}

static int since_ms(uint64_t begin_ns)
{
	return (int)((now_monotonic() - begin_ns) / 1000000);
}

int net_until_health(uint16_t port, int status)
{
	uint64_t begin_ns = now_monotonic();

	for (;;) {
		char *answer = net_http(port, "GET", "/health");
		bool reached = net_http_status(answer) == status;

		free(answer);
		if (reached)
			return since_ms(begin_ns);
		if (since_ms(begin_ns) > WAIT_S * 1000)
			return -1;
		usleep(5000);
	}
}

int net_until_open(uint16_t port, bool open)
{
	uint64_t begin_ns = now_monotonic();

	for (;;) {
		int fd = net_connect(port);
		bool reached = (fd >= 0) == open;

		if (fd >= 0)
			close(fd);
		if (reached)
			return since_ms(begin_ns);
		if (since_ms(begin_ns) > WAIT_S * 1000)
			return -1;
		usleep(5000);
	}
}
