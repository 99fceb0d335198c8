/* The main of every folder's CUnit program: registers each suite of the folder and runs it, or
 * those that the arguments name. */
#include <CUnit/Basic.h>
#include <stdio.h>

#define SUITE(noun) void suite_##noun(void);
#include "suites.def"
#undef SUITE

static void run_suites(char **names)
{
	for (; *names; names++) {
		CU_pSuite suite = CU_get_suite(*names);

		if (suite)
			CU_basic_run_suite(suite);
	}
}

int main(int argc, char **argv)
{
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
		return 1;
	}
#define SUITE(noun) suite_##noun();
#include "suites.def"
#undef SUITE
	CU_basic_set_mode(CU_BRM_NORMAL);
	if (argc > 1)
		run_suites(argv + 1);
	else
		CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test ran\n");
		failures++;
	}
	CU_cleanup_registry();
	return failures != 0;
}
