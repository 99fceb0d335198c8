/* The main of every folder's CUnit program: registers each suite of the folder and runs it, or
 * those that the arguments name. */
#include <CUnit/Basic.h>
#include <stdio.h>

#define SUITE(noun) void suite_##noun(void);
#include "suites.def"
#undef SUITE

#ifdef __SANITIZE_ADDRESS__
/* ASan maps the shadow of a block of half a megabyte anew each time it is given out, and each page of that
 * faults again. What rte_acl and mempools take is 8 MB and more: that is cleared in place. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "clear_shadow_mmap_threshold=16777216";
}
#endif

static unsigned failures_of_run(void)
{
	return CU_get_number_of_failures() + CU_get_number_of_suites_failed();
}

/* CUnit forgets what came of one run with the next; a name that is no suite's is a failure, too. */
static unsigned run_suites(char **names)
{
	unsigned failures = 0;

	for (; *names; names++) {
		CU_pSuite suite = CU_get_suite(*names);

		if (suite)
			CU_basic_run_suite(suite);
		else
			fprintf(stderr, "no suite %s\n", *names);
		failures += suite ? failures_of_run() : 1;
	}
	return failures;
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
	if (argc > 1) {
		failures = run_suites(argv + 1);
	} else {
		CU_basic_run_tests();
		failures = failures_of_run();
	}
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test ran\n");
		failures++;
	}
	CU_cleanup_registry();
	return failures != 0;
}
