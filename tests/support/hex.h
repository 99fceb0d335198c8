/* Test packets as text: hex digits, with anything after # up to the end of the line, white space
 * and words in brackets ("[outer IPv4]") left out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns the number of bytes written to `out`; aborts the test run on bad text or no room. */
size_t hex_read(const char *text, uint8_t *out, size_t room);
