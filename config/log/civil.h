/* The Gregorian calendar date of a day count: arithmetic only, no time zone, no libc. */
#pragma once

#include <stdint.h>

struct civil {
	uint32_t year;
	uint8_t month, day; /* 1.. */
};

/* `days` since 1970-01-01. */
struct civil civil_from_days(uint32_t days);
