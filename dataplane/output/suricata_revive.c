/* Live, the thread that reads Suricata's alerts sees to it: it starts it again when it has ended, has it read rules
 * again, and says when it does not keep up. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "dataplane/output/suricata_inside.h"

enum { NAP_MS = 50, PUT_DOWN_S = 3 };

#define WAIT_MIN_NS NS_PER_S
#define WAIT_MAX_NS (60 * NS_PER_S)

static void nap(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* --- starting it again --- */

/* Until it is gone, or at least was killed: one program at a time can be started. */
static void put_down(struct suricata *s)
{
	uint64_t until = now_monotonic() + PUT_DOWN_S * NS_PER_S;
	enum spawner_news news = SPAWNER_NONE;
	struct spawner_told told;

	spawner_end_program(s->params.spawner, true);
	while (news != SPAWNER_ENDED && news != SPAWNER_GONE && now_monotonic() < until)
		news = spawner_news(s->params.spawner, NAP_MS, &told);
}

static void forget(struct suricata *s)
{
	if (s->eve >= 0)
		close(s->eve);
	s->eve = -1;
	s->len = 0;
	s->is_too_long = false;
	suricata_command_close(s->command);
	s->command = NULL;
	atomic_store(&s->killed_for, SURICATA_IS_FINE);
	/* It reads them when it starts. */
	atomic_store(&s->must_reload, false);
}

/* false: it was tried. The feed is this thread's. */
static bool start_again(struct suricata *s)
{
	struct error error = {.text = ""};

	forget(s);
	if (suricata_open(s, &error) && suricata_launch(s, &error))
		return true;
	suricata_close(s);
	if (atomic_load(&s->is_ending))
		return false;
	log_limited(&s->limit, LOG_LEVEL_ERROR, "%s; it is tried again", error.text);
	put_down(s);
	return false;
}

/* One that ran for long is started again soon. */
static void lengthen_wait(struct suricata *s)
{
	s->wait_ns *= 2;
	if (s->wait_ns < WAIT_MIN_NS)
		s->wait_ns = WAIT_MIN_NS;
	if (s->wait_ns > WAIT_MAX_NS)
		s->wait_ns = WAIT_MAX_NS;
}

/* false: it is not to be started any more. */
static bool wait_out(struct suricata *s)
{
	uint64_t until = now_monotonic() + s->wait_ns;

	while (now_monotonic() < until || atomic_load(&s->phase) != SURICATA_OFF) {
		if (atomic_load(&s->is_ending))
			return false;
		nap(NAP_MS);
	}
	return true;
}

bool suricata_revive(struct suricata *s)
{
	if (now_monotonic() - s->begun_ns > WAIT_MAX_NS)
		s->wait_ns = 0;
	if (!atomic_load(&s->is_ending))
		atomic_store(&s->phase, SURICATA_GONE);
	do {
		lengthen_wait(s);
		if (atomic_load(&s->is_ending) || !wait_out(s))
			return false;
	} while (!start_again(s));
	atomic_fetch_add(&s->restarts, 1);
	atomic_store(&s->phase, SURICATA_FED);
	log_info("detect.suricata: Suricata runs again");
	return true;
}

/* --- rules that have changed, packets that are lost --- */

static void begin_reload(struct suricata *s)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" SURICATA_COMMANDS,
		spawner_directory(s->params.spawner));
	s->command = suricata_command_reload(path);
	if (s->command == NULL)
		log_warning("detect.suricata: Suricata cannot be told to read its rules again: "
			    "%s: %s; it goes on with those it has",
			path, strerror(errno));
}

static void end_reload(struct suricata *s)
{
	struct suricata_rules rules;

	switch (suricata_command_look(s->command, &rules)) {
	case SURICATA_WAITS:
		return;
	case SURICATA_RELOADED:
		log_info("detect.suricata: Suricata has read its rules again: %" PRIu64
			 " are in force, %" PRIu64 " cannot be read",
			rules.loaded, rules.failed);
		break;
	case SURICATA_REFUSED:
		if (!atomic_load(&s->is_ending))
			log_warning(
				"detect.suricata: Suricata has not read its rules again: %s; it "
				"goes on with those it has",
				rules.why);
		break;
	}
	suricata_command_close(s->command);
	s->command = NULL;
}

/* It runs, and does not keep up. */
static void tell_lost(struct suricata *s)
{
	uint64_t now = now_monotonic(), lost = offers_ledger(s->offers, NULL).lost_queue;
	char why[128];

	if (now - s->looked_ns < NS_PER_S)
		return;
	s->looked_ns = now;
	if (lost > s->told_lost && atomic_load(&s->phase) == SURICATA_FED) {
		snprintf(why, sizeof(why),
			"%" PRIu64 " packets more were lost, for its queue was full",
			lost - s->told_lost);
		suricata_tell_of_us(s, "suricata_behind", "Suricata does not keep up", why);
		correlator_flush(s->correlator, s->index, UINT64_MAX);
	}
	s->told_lost = lost;
}

void suricata_attend(struct suricata *s)
{
	if (s->command != NULL)
		end_reload(s);
	else if (atomic_exchange(&s->must_reload, false))
		begin_reload(s);
	tell_lost(s);
}
