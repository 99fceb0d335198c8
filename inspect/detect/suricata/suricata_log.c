#include "inspect/detect/suricata/suricata_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows `prefix`; NULL: the line begins otherwise. */
static const char *behind(const char *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

/* The last of them; a rule may hold the words, too. */
static const char *last_of(const char *text, const char *end, const char *words)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, words)) != NULL && at < end; at++)
		found = at;
	return found;
}

/* error parsing signature "..." from file bad.rules at line 3 */
static bool rule_read(const char *text, struct suricata_said *said)
{
	static const char from[] = " from file ", at_line[] = " at line ";
	const char *end = text + strlen(text), *line, *file;

	if (behind(text, "error parsing signature ") == NULL)
		return false;
	line = last_of(text, end, at_line);
	file = line != NULL ? last_of(text, line, from) : NULL;
	if (file == NULL)
		return false;
	said->file = file + sizeof(from) - 1;
	said->file_len = (int)(line - said->file);
	said->line = strtoull(line + sizeof(at_line) - 1, NULL, 10);
	return true;
}

/* 3 rule files processed. 6 rules successfully loaded, 2 rules failed, 0 */
static bool count_read(const char *text, struct suricata_said *said)
{
	const char *at = strstr(text, " rule files processed. ");
	char *end;

	if (at == NULL)
		return false;
	said->loaded = strtoull(at + strlen(" rule files processed. "), &end, 10);
	at = behind(end, " rules successfully loaded, ");
	if (at == NULL)
		return false;
	said->failed = strtoull(at, NULL, 10);
	return true;
}

enum suricata_line suricata_line_read(const char *line, struct suricata_said *said)
{
	const char *text;

	*said = (struct suricata_said){.text = line};
	if ((text = behind(line, "Error: detect: ")) != NULL && rule_read(text, said))
		return SURICATA_LINE_RULE;
	if ((text = behind(line, "Info: detect: ")) != NULL && count_read(text, said))
		return SURICATA_LINE_COUNT;
	if ((text = behind(line, "Error: ")) != NULL) {
		said->text = text;
		return SURICATA_LINE_ERROR;
	}
	if ((text = behind(line, "Warning: ")) != NULL) {
		said->text = text;
		return SURICATA_LINE_WARNING;
	}
	return SURICATA_LINE_OTHER;
}
