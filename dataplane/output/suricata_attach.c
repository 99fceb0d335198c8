/* A Suricata that was started otherwise: it connects to a socket of ours, and says its alerts there. One at a time; when
 * it goes, the next one may come. */
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "config/model/model.h"
#include "dataplane/output/suricata_inside.h"

enum { LOOK_MS = 100, BACKLOG = 1 };

bool suricata_attach(struct suricata *s, struct error *error)
{
	char path[PATH_MAX];

	s->sent = sent_flows_create(SENT_FLOWS);
	if (s->sent == NULL) {
		error_set(error, "detect.suricata: no memory");
		return false;
	}
	return unix_listen(&s->listens,
		model_import_path(s->params.settings_file,
			s->params.settings->detect.suricata.attach, path, sizeof(path)),
		BACKLOG, "detect.suricata.attach", error);
}

static void take_connection(struct suricata *s)
{
	s->eve = accept4(s->listens.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s->eve < 0)
		return;
	atomic_store(&s->is_there, true);
	if (s->begun_ns > 0)
		atomic_fetch_add(&s->restarts, 1);
	s->begun_ns = now_monotonic();
	log_info("detect.suricata: Suricata has connected");
}

static void drop_connection(struct suricata *s)
{
	suricata_read_rest(s);
	close(s->eve);
	s->eve = -1;
	atomic_store(&s->is_there, false);
	if (atomic_load(&s->is_ending))
		return;
	log_warning(
		"detect.suricata: Suricata has gone; its alerts are taken again when it connects");
	suricata_tell_of_us(
		s, "suricata_ended", "Suricata ended early", "it has closed its connection");
	correlator_flush(s->correlator, s->index, UINT64_MAX);
}

void suricata_read_attached(void *ctx)
{
	struct suricata *s = ctx;

	while (!atomic_load(&s->is_ending)) {
		struct pollfd ready = {
			.fd = s->eve >= 0 ? s->eve : s->listens.fd, .events = POLLIN};

		if (poll(&ready, 1, LOOK_MS) <= 0)
			continue;
		if (s->eve < 0)
			take_connection(s);
		else if (!suricata_read_some(s))
			drop_connection(s);
	}
	if (s->eve >= 0)
		drop_connection(s);
	atomic_store(&s->has_ended, true);
}
