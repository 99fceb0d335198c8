#include "cli/rights/rights_needs.h"

#include <cap-ng.h>
#include <stdio.h>
#include <string.h>

#include "cli/rights/rights.h"
#include "config/log/log.h"

enum when { START, STOP };

struct need {
	const char *driver;
	unsigned capability;
	enum when when;
	const char *name, *what;
};

static const struct need needs[] = {
#define NEED(driver, capability, when, what) {driver, capability, when, #capability, what},
#include "cli/rights/rights.def"
#undef NEED
};

enum { N_NEEDS = sizeof(needs) / sizeof(needs[0]) };

static bool is_of(const char *device, const char *driver)
{
	return strncmp(device, driver, strlen(driver)) == 0;
}

uint64_t needs_kept(const struct settings *s)
{
	uint64_t keep = 0;

	for (uint32_t p = 0; p < s->capture.ports.count; p++)
		for (int i = 0; i < N_NEEDS; i++)
			if (needs[i].when == STOP &&
				is_of(s->capture.ports.text[p], needs[i].driver))
				keep |= UINT64_C(1) << needs[i].capability;
	return keep;
}

bool needs_xdp(const struct settings *s)
{
	for (uint32_t p = 0; p < s->capture.ports.count; p++)
		if (is_of(s->capture.ports.text[p], "net_af_xdp"))
			return true;
	return false;
}

const char *needs_names(uint64_t capabilities, char *text, size_t size)
{
	size_t used;

	snprintf(text, size, "%s", capabilities ? "capabilities" : "no capabilities");
	used = strlen(text);
	for (unsigned i = 0; i < 64 && used < size; i++) {
		const char *name = capng_capability_to_name(i);

		if (capabilities >> i & 1)
			used += (size_t)snprintf(
				text + used, size - used, " %s", name ? name : "unknown");
	}
	return text;
}

static void say_missing(const char *device)
{
	for (int i = 0; i < N_NEEDS; i++)
		if (is_of(device, needs[i].driver) &&
			!capng_have_capability(CAPNG_EFFECTIVE, needs[i].capability))
			log_warning("%s needs %s for %s, and this process does not have it; "
				    "start as root (rights.user gives it up after the start), "
				    "or see AmbientCapabilities= of systemd",
				device, needs[i].name, needs[i].what);
}

void rights_say_missing(const struct settings *s)
{
	capng_get_caps_process();
	for (uint32_t p = 0; p < s->capture.ports.count; p++)
		say_missing(s->capture.ports.text[p]);
}
