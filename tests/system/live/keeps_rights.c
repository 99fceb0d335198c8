/* Linked into periscope_keeps_rights with -Wl,--wrap=rights_give_up, for test_tsan.sh:
 * ThreadSanitizer has a thread of its own, which blocks all signals and so cannot be asked to give
 * anything up. */
#include "cli/rights/rights.h"
#include "config/log/error.h"

bool __wrap_rights_give_up(const struct rights *r, struct error *error);

bool __wrap_rights_give_up(const struct rights *r, struct error *error)
{
	(void)r;
	(void)error;
	return true;
}
