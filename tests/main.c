/* The main of every folder's CUnit program: registers each suite of the folder and runs it. */
#include <CUnit/Basic.h>
#include <stdio.h>

#define SUITE(noun) void suite_##noun(void);
#include "suites.def"
#undef SUITE

int main(void)
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
	CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test ran\n");
		failures++;
	}
	CU_cleanup_registry();
	return failures != 0;
}
