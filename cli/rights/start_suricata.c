#include "cli/rights/start_suricata.h"

#include <signal.h>
#include <unistd.h>

#include "cli/rights/rights.h"
#include "inspect/detect/suricata/spawner.h"

/* In the process that starts it. */
static bool give_up(void *ctx, struct error *error)
{
	const struct suricata_params *params = ctx;
	struct rights rights = {.core_dumps = params->settings->rights.core_dumps};

	/* Only root can become somebody else. */
	if (geteuid() == 0 && !rights_plan(&rights, params->settings, error))
		return false;
	return rights_give_up_all(&rights, error);
}

struct suricata *start_suricata(struct suricata_params *params, struct error *error)
{
	const struct spawner_params spawner = {give_up, params};

	if (params->settings->detect.suricata.attach != NULL)
		return suricata_start(params, error);
	signal(SIGPIPE, SIG_IGN); /* a write to it says that it has ended */
	params->spawner = spawner_start(&spawner, error);
	return params->spawner ? suricata_start(params, error) : NULL;
}

void stop_suricata(struct suricata *suricata, const struct suricata_params *params)
{
	suricata_destroy(suricata);
	spawner_stop(params->spawner);
}
