#include "inspect/support/tls_log.h"

#include <CUnit/Basic.h>
#include <stdarg.h>
#include <stdio.h>

#include "inspect/proto/tls/tls_names.h"

void tls_log_add(struct tls_log *log, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log->len += (size_t)vsnprintf(
		log->text + log->len, sizeof(log->text) - log->len, format, args);
	va_end(args);
	CU_ASSERT_TRUE_FATAL(log->len < sizeof(log->text));
}

static void note_group(void *ctx, uint16_t group)
{
	char text[TLS_NAME_TEXT];

	tls_log_add(ctx, "group %s\n", tls_group_text(group, text));
}

static void note_resumed(void *ctx, bool is_resumed)
{
	tls_log_add(ctx, "%s\n", is_resumed ? "resumed" : "new");
}

static void note_certificate(void *ctx, unsigned i, const struct tls_certificate *certificate)
{
	char sha1[TLS_SHA1_TEXT] = "cut";

	if (certificate->is_whole)
		tls_sha1_text(certificate->der, sha1);
	tls_log_add(ctx, "certificate %u %s\n", i, sha1);
}

static void note_alert(void *ctx, uint8_t level, uint8_t description)
{
	char text[TLS_NAME_TEXT];

	tls_log_add(ctx, "alert %u %s\n", level, tls_alert_text(description, text));
}

struct tls_sink tls_log_sink(struct tls_log *log,
	void (*client)(void *ctx, const struct tls_client_hello *hello),
	void (*server)(void *ctx, const struct tls_server_hello *hello))
{
	return (struct tls_sink){
		client, server, note_group, note_resumed, note_certificate, note_alert, log};
}
