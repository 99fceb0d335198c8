/* The records of a classic pcap capture (draft-ietf-opsawg-pcap), in either byte order, with micro-
 * or nanoseconds, of all versions that were written: 2.0 to 2.4, and the one of Linux kernel 2.2's
 * tcpdump with longer record headers (magic number a1b2cd34). What is accepted and what it means is
 * as libpcap 1.10 has it, but that packets above the header's snap length are whole, and that the
 * header of another capture is recognised where a record would be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/capture/capture_record.h"
#include "dataplane/capture/capture_window.h"

struct capture_records;

/* Whether a capture begins with a pcap header: looks at `n` bytes, of which 8 are enough to be
 * sure. */
bool capture_records_is_header(const uint8_t *at, size_t n);

/* Reads the header, and borrows the window. NULL: `error` says why it is none. */
struct capture_records *capture_records_create(
	struct capture_window *window, struct error *error);

/* Of all its packets. */
uint32_t capture_records_link_number(const struct capture_records *records);

enum records_status capture_records_next(
	struct capture_records *records, struct capture_record *record);

/* Why, without a full stop. */
const char *capture_records_wrong(const struct capture_records *records);

/* NULL is legal. */
void capture_records_destroy(struct capture_records *records);
