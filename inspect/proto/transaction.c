#include "inspect/proto/transaction.h"

#include "config/settings/settings.h"

static const char *const names[TRANSACTIONS] = {
	[TRANSACTION_DNS] = "dns",
	[TRANSACTION_HTTP] = "http",
	[TRANSACTION_TLS] = "tls",
	[TRANSACTION_QUIC] = "quic",
	[TRANSACTION_SSH] = "ssh",
};

const char *transaction_name(enum transaction kind)
{
	return names[kind];
}

uint32_t transactions_asked(const struct settings *s)
{
	if (!s->dpi.enabled)
		return 0;
	return (uint32_t)s->events.dns << TRANSACTION_DNS |
	       (uint32_t)s->events.http << TRANSACTION_HTTP |
	       (uint32_t)s->events.tls << TRANSACTION_TLS |
	       (uint32_t)s->events.quic << TRANSACTION_QUIC |
	       (uint32_t)s->events.ssh << TRANSACTION_SSH;
}

bool transaction_events_asked(const struct settings *s)
{
	return transactions_asked(s) != 0 || s->events.flow_start;
}
