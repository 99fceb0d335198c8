#include "dataplane/support/eal_once.h"

#include "dataplane/port/eal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_MB = 160 };

int eal_once(void)
{
	static bool runs;
	char error[128];

	if (runs)
		return 0;
	if (eal_start_offline(MEMORY_MB, error, sizeof(error)) < 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	runs = true;
	return atexit(eal_stop);
}
