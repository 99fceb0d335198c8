#include "inspect/export/vantage.h"

#include <stddef.h>

struct vantage vantage_of(const struct session_table *sessions, uint32_t session)
{
	struct vantage v = {0};

	if (session != SESSION_NONE && sessions != NULL &&
		session < session_table_count(sessions))
		v.seen = session_table_get(sessions, session);
	return v;
}
