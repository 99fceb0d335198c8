/* The kinds of transactions (transaction.h). */
#pragma once

enum transaction {
	TRANSACTION_DNS,
	TRANSACTION_HTTP,
	TRANSACTION_TLS,
	TRANSACTION_QUIC,
	TRANSACTION_SSH,
	TRANSACTIONS
};

/* As events have it: "dns"; a static string. */
const char *transaction_name(enum transaction kind);
