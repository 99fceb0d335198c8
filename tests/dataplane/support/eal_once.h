/* DPDK's EAL starts once in a process; several suites need it. */
#pragma once

/* As a CUnit suite function: starts EAL unless it runs already; it ends with the program. */
int eal_once(void);
