#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

#include "inspect/stream/entropy.h"

/* From the definition. */
static double shannon(const uint8_t *bytes, uint32_t n)
{
	double sum = 0;

	for (unsigned value = 0; value < 256; value++) {
		double count = 0;

		for (uint32_t i = 0; i < n; i++)
			count += bytes[i] == value;
		if (count > 0)
			sum -= count / n * log2(count / n);
	}
	return sum;
}

static void is_shannons(void)
{
	uint8_t bytes[2 * ENTROPY_BYTES];
	struct entropy entropy = {{0}, {0}};

	entropy_init(&entropy);
	srand(1);
	for (unsigned values = 1; values <= 256; values++)
		for (uint32_t n = 1; n <= sizeof(bytes); n = 2 * n + 1) {
			uint32_t seen = n < ENTROPY_BYTES ? n : ENTROPY_BYTES;

			for (uint32_t i = 0; i < n; i++)
				bytes[i] = (uint8_t)((unsigned)rand() % values);
			CU_ASSERT_DOUBLE_EQUAL(entropy_of(&entropy, bytes, n),
				1000 * shannon(bytes, seen), 0.6);
		}
}

static void has_the_known_ends(void)
{
	uint8_t bytes[ENTROPY_BYTES] = {0};
	struct entropy entropy = {{0}, {0}};

	entropy_init(&entropy);
	CU_ASSERT_EQUAL(entropy_of(&entropy, bytes, sizeof(bytes)), 0);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	CU_ASSERT_EQUAL(entropy_of(&entropy, bytes, sizeof(bytes)), 8000);
	CU_ASSERT_EQUAL(entropy_of(&entropy, bytes, 2), 1000);
	CU_ASSERT_EQUAL(entropy_of(&entropy, bytes, 1), 0);
}

void suite_entropy(void);
void suite_entropy(void)
{
	CU_pSuite s = CU_add_suite("entropy", NULL, NULL);

	CU_ADD_TEST(s, is_shannons);
	CU_ADD_TEST(s, has_the_known_ends);
}
