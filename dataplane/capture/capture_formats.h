/* What a file is that is neither pcap nor pcapng: captures of other programs, compressed files,
 * archives, text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many of the file's first bytes are looked at. */
enum { CAPTURE_FORMAT_LOOK = 512 };

/* Writes what the file with these first bytes is and which tool makes a capture of it, as the rest
 * of a sentence: "is a Sun snoop capture, which is not read; ...". Always something. */
void capture_format_describe(const uint8_t *head, size_t n, char *out, size_t size);
