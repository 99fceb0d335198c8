#include "dataplane/support/eal_once.h"

#include "dataplane/port/eal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"

enum { MEMORY_MB = 160 };

int eal_once(void)
{
	static bool runs;
	struct error error;

	if (runs)
		return 0;
	if (eal_start_offline(MEMORY_MB, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	runs = true;
	return atexit(eal_stop);
}
