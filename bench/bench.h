/* What the programs of the benchmarks share. */
#pragma once

#include <stddef.h>

/* Says "PROGRAM: what: why" and ends the program with status 1. */
_Noreturn void bench_fail(const char *what, const char *why);

/* Smallest first. */
void bench_sort(double *values, size_t n);
/* Sorts them, too; `n` from 1 on. */
double bench_median(double *values, size_t n);

/* Of this process. */
long bench_resident_bytes(void);
