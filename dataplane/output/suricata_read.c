/* The thread that reads Suricata's alerts, and sees how it ends. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "dataplane/output/suricata_inside.h"
#include "inspect/detect/suricata/suricata_log.h"

enum { LOOK_MS = 100, READ = 64 << 10 };

static void take_line(struct suricata *s)
{
	enum eve_kind kind =
		s->is_too_long ? EVE_UNREADABLE : eve_read(&s->alert, s->line, s->len);

	if (kind == EVE_ALERT) {
		s->alerts++;
		suricata_tell(s, &s->alert);
	} else if (kind == EVE_UNREADABLE) {
		s->unreadable++;
	}
	eve_alert_free(&s->alert);
	s->alert = (struct eve_alert){.n_vlans = 0};
	s->len = 0;
	s->is_too_long = false;
}

static void take_bytes(struct suricata *s, const char *bytes, size_t n)
{
	for (const char *end; n > 0;) {
		size_t part;

		end = memchr(bytes, '\n', n);
		part = end != NULL ? (size_t)(end - bytes) : n;
		if (part > sizeof(s->line) - s->len)
			s->is_too_long = true;
		if (!s->is_too_long) {
			memcpy(s->line + s->len, bytes, part);
			s->len += part;
		}
		if (end == NULL)
			return;
		take_line(s);
		bytes += part + 1;
		n -= part + 1;
	}
}

bool suricata_read_some(struct suricata *s)
{
	char bytes[READ];
	ssize_t n = read(s->eve, bytes, sizeof(bytes));

	if (n > 0)
		take_bytes(s, bytes, (size_t)n);
	correlator_flush(s->correlator, s->index, UINT64_MAX);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* What it has said before it ended is in the socket still. */
void suricata_read_rest(struct suricata *s)
{
	struct pollfd ready = {.fd = s->eve, .events = POLLIN};

	while (s->eve >= 0 && poll(&ready, 1, 0) > 0 && suricata_read_some(s))
		;
	if (s->len > 0 || s->is_too_long) /* the line was being written */
		s->unreadable++;
	s->len = 0;
	s->is_too_long = false;
}

/* Live its end is not waited for as long as it may take. */
static bool is_late(const struct suricata *s)
{
	return s->offers != NULL && atomic_load(&s->is_ending);
}

static void fail(struct suricata *s, const char *how)
{
	char why[PROGRAM_END_TEXT + SPAWNER_LINE_MAX + 64];

	switch ((enum suricata_patience)atomic_load(&s->killed_for)) {
	case SURICATA_TAKES_NOTHING:
		snprintf(why, sizeof(why), "it took no packets for too long, and was killed");
		break;
	case SURICATA_IS_LATE:
		snprintf(why, sizeof(why),
			"it did not end in time after its last packet, and was killed");
		break;
	case SURICATA_IS_FINE:
		snprintf(why, sizeof(why), "it %s%s%s", how, s->is_error ? ": " : "",
			s->is_error ? s->said : "");
		break;
	}
	s->failed = true;
	if (is_late(s)) {
		log_warning(
			"detect.suricata: Suricata: %s; its last alerts may be missing", why);
		return;
	}
	log_error("detect.suricata: Suricata ended early: %s; packets that it has not got are "
		  "counted as lost_ids%s",
		why, s->offers != NULL ? "; it is started again" : "");
	suricata_tell_of_us(s, "suricata_ended", "Suricata ended early", why);
	correlator_flush(s->correlator, s->index, UINT64_MAX);
}

/* What it warns of while it runs. */
static void take_said(struct suricata *s, const char *line)
{
	struct suricata_said said;

	switch (suricata_line_read(line, &said)) {
	case SURICATA_LINE_RULE:
		log_limited(&s->limit, LOG_LEVEL_WARNING,
			"%.*s:%" PRIu64 ": Suricata cannot read this rule%s%s", said.file_len,
			said.file, said.line, s->is_error ? ": " : "",
			s->is_error ? s->said : "");
		s->is_error = false;
		return;
	case SURICATA_LINE_WARNING:
		log_limited(&s->limit, LOG_LEVEL_WARNING, "detect.suricata: Suricata: %s",
			said.text);
		break;
	case SURICATA_LINE_COUNT:
	case SURICATA_LINE_ERROR:
	case SURICATA_LINE_OTHER:
		break;
	}
	suricata_remember(s, line);
}

/* It was given all there is: it may end by itself now, but not take too long for that. */
static void hurry(struct suricata *s, uint64_t *since_ns)
{
	uint64_t now = now_monotonic();

	if (!atomic_load(&s->is_ending))
		return;
	if (*since_ns == 0)
		*since_ns = now;
	if (now - *since_ns > atomic_load(&s->ends_within_ns))
		suricata_kill(s, SURICATA_IS_LATE);
}

/* Waits for alerts, or other news. */
static enum spawner_news look(struct suricata *s, struct spawner_told *told)
{
	struct pollfd ready[] = {{.fd = s->eve, .events = POLLIN},
		{.fd = spawner_descriptor(s->params.spawner), .events = POLLIN},
		{.fd = s->command != NULL ? suricata_command_descriptor(s->command) : -1,
			.events = POLLIN}};

	poll(ready, 3, LOOK_MS);
	if (ready[0].revents != 0 && !suricata_read_some(s)) {
		close(s->eve);
		s->eve = -1;
	}
	if (s->offers != NULL)
		suricata_attend(s);
	return ready[1].revents != 0 ? spawner_news(s->params.spawner, 0, told) : SPAWNER_NONE;
}

/* Until it has ended. */
static void read_one(struct suricata *s)
{
	struct spawner_told told;
	enum spawner_news news = SPAWNER_NONE;
	uint64_t since_ns = 0, alerts = s->alerts;
	char how[PROGRAM_END_TEXT];

	while (news != SPAWNER_ENDED && news != SPAWNER_GONE) {
		news = look(s, &told);
		if (news == SPAWNER_SAID)
			take_said(s, told.line);
		if (s->alerts != alerts && s->offers == NULL)
			since_ns = 0;
		alerts = s->alerts;
		hurry(s, &since_ns);
	}
	suricata_read_rest(s);
	if (news == SPAWNER_GONE)
		fail(s, "cannot be seen any more");
	else if (!atomic_load(&s->is_ending) || told.status != 0)
		fail(s, program_end_text(told.status, how));
}

void suricata_read(void *ctx)
{
	struct suricata *s = ctx;

	do
		read_one(s);
	while (s->offers != NULL && suricata_revive(s));
	atomic_store(&s->has_ended, true);
}
