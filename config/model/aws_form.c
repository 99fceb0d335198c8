#include "config/model/aws_form.h"

#include <stdbool.h>
#include <string.h>

struct sample {
	const char *at, *end;
};

static bool begins(const struct sample *t, const char *with, size_t len)
{
	return (size_t)(t->end - t->at) >= len && memcmp(t->at, with, len) == 0;
}

/* By its byte order mark, or by the NUL beside the first character, which is ASCII in every form. */
static bool is_utf16(const struct sample *t)
{
	return begins(t, "\xff\xfe", 2) || begins(t, "\xfe\xff", 2) ||
	       (t->end - t->at >= 2 && (t->at[0] == '\0') != (t->at[1] == '\0'));
}

static void skip_space(struct sample *t)
{
	if (begins(t, "\xef\xbb\xbf", 3))
		t->at += 3;
	while (t->at < t->end && *t->at != '\0' && strchr(" \t\r\n", *t->at))
		t->at++;
}

static size_t word_len(const struct sample *t, bool capitals)
{
	const char *s = t->at;

	while (s < t->end &&
		((*s >= 'A' && *s <= 'Z') || (!capitals && *s >= 'a' && *s <= 'z')))
		s++;
	return (size_t)(s - t->at);
}

/* A frame of dashes, and the name of the command below it. */
static bool is_table(const struct sample *t)
{
	struct sample rest = *t;

	while (rest.at < rest.end && *rest.at == '-')
		rest.at++;
	if (rest.at - t->at < 5)
		return false;
	skip_space(&rest);
	return begins(&rest, "|", 1);
}

/* "Vpcs:", or the same as an element of a list (--output yaml-stream), perhaps after "---". */
static bool is_yaml(const struct sample *t)
{
	struct sample rest = *t;
	size_t n;

	if (begins(&rest, "---", 3))
		rest.at += 3;
	skip_space(&rest);
	if (begins(&rest, "- ", 2))
		rest.at += 2;
	n = word_len(&rest, false);
	rest.at += n;
	return n > 0 && begins(&rest, ":", 1);
}

/* "VPCS", a tab, and values. */
static bool is_tabs(const struct sample *t)
{
	struct sample rest = *t;
	size_t n = word_len(t, true);

	rest.at += n;
	return n > 0 && begins(&rest, "\t", 1);
}

const char *aws_form(const char *text, size_t len)
{
	struct sample t = {text, text + len};

	if (is_utf16(&t))
		return "the file is UTF-16, as > of Windows PowerShell writes it, and not "
		       "UTF-8 "
		       "(| Out-File -Encoding utf8 writes that)";
	skip_space(&t);
	if (t.at == t.end)
		return "the file is empty, as --output text is when there is nothing to list";
	if (is_table(&t))
		return "the file is a table (--output table)";
	if (is_yaml(&t))
		return "the file is YAML (--output yaml)";
	if (is_tabs(&t))
		return "the file is text in columns (--output text)";
	return NULL;
}
