#include "config/log/civil.h"

#include <stdbool.h>

enum {
	DAYS_TO_1970 =
		719468,    /* from 0000-03-01: years that begin in March end in the leap day */
	CENTURY4 = 146097, /* days in four centuries */
	YEAR4 = 1461,      /* days in four years */
};

struct civil civil_from_days(uint32_t days)
{
	uint64_t quarter = 4 * ((uint64_t)days + DAYS_TO_1970) + 3; /* in quarter days */
	uint32_t century = (uint32_t)(quarter / CENTURY4);
	uint32_t in_century = (uint32_t)(quarter % CENTURY4) / 4;
	uint32_t year = (4 * in_century + 3) / YEAR4;
	uint32_t in_year = (4 * in_century + 3) % YEAR4 / 4;
	uint32_t month = (5 * in_year + 2) / 153; /* 153 days in five months from March */
	uint32_t day = in_year - (153 * month + 2) / 5;
	bool next_year = month >= 10;

	return (struct civil){
		.year = 100 * century + year + next_year,
		.month = (uint8_t)(next_year ? month - 9 : month + 3),
		.day = (uint8_t)(day + 1),
	};
}
