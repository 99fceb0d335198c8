/* What Suricata says on its console, in the form that suricata_yaml.h asks for: "Level: subsystem: message". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum suricata_line {
	SURICATA_LINE_OTHER,
	SURICATA_LINE_ERROR,   /* `text` is what is wrong */
	SURICATA_LINE_WARNING, /* `text` likewise */
	SURICATA_LINE_RULE, /* a rule cannot be read: `file` and `line`; why, the error before says */
	SURICATA_LINE_COUNT, /* rules `loaded` and `failed` */
};

struct suricata_said {
	const char *text; /* in the line, to its end */
	const char *file; /* in the line, of `file_len` bytes */
	int file_len;
	uint64_t line, loaded, failed;
};

enum suricata_line suricata_line_read(const char *line, struct suricata_said *said);
