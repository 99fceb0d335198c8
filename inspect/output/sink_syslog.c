/* Events to the system log: one datagram each to /dev/log, in the form that syslog(3) sends and that
 * journald, rsyslog and syslog-ng read there by default (RFC 3164, with the local short header):
 *
 *	<134>Nov 22 05:48:01 periscope[4711]: {"event":"flow",...}
 *
 * RFC 5424 is not what they expect on /dev/log. syslog(3) itself would block. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "config/settings/settings.h"
#include "inspect/output/event_sink.h"

enum { SEVERITY_INFO = 6, SEND_BUFFER = 1024 * 1024 };

/* RFC 5424, section 6.2.1. */
static unsigned facility(enum settings_syslog name)
{
	if (name == SYSLOG_USER)
		return 1;
	return name == SYSLOG_DAEMON ? 3 : 16 + (unsigned)(name - SYSLOG_LOCAL0);
}

static bool syslog_target(const struct settings *settings, struct sink_target *target)
{
	*target = (struct sink_target){.address = "/dev/log"};
	if (settings->events.syslog == SYSLOG_OFF)
		return false;
	target->option = facility(settings->events.syslog) * 8 + SEVERITY_INFO;
	return true;
}

static int syslog_open(const struct sink_target *target)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int room = SEND_BUFFER;

	if (fd < 0)
		return -1;
	/* Bounds the length of a datagram, too: as far as the system allows. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return sink_connect(fd, target->address);
}

/* Months in English whatever the locale, as RFC 3164 has them; the local time, as syslog(3). */
static size_t put_head(unsigned priority, char *text, size_t size)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm t;
	int n;

	localtime_r(&now, &t);
	n = snprintf(text, size, "<%u>%.3s %2d %02d:%02d:%02d periscope[%d]: ", priority,
		months + 3 * (size_t)t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
		(int)getpid());
	return n < 0 ? 0 : (size_t)n;
}

static ssize_t syslog_send(
	int fd, const struct sink_target *target, const struct iovec *piece, int n)
{
	char head[96];
	struct iovec all[3] = {{head, put_head(target->option, head, sizeof(head))}};
	struct msghdr message = {.msg_iov = all, .msg_iovlen = 1};
	ssize_t sent;

	for (int i = 0; i < n && i < 2; i++)
		all[message.msg_iovlen++] = piece[i];
	sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent < 0 ? -1 : sent - (ssize_t)all[0].iov_len;
}

const struct event_sink sink_syslog = {
	.name = "events_syslog",
	.setting = "events.syslog",
	.by_line = true,
	.target = syslog_target,
	.open = syslog_open,
	.send = syslog_send,
};
