#pragma once

#include <stddef.h>

/// Hands over to libFuzzer. Allocations are measured from now on.
int strata_fuzz_main(int argc, char **argv);

/// The largest single allocation since the last call, in bytes.
size_t strata_fuzz_largest_allocation(void);

/// The processor time that this process has taken so far, in seconds.
double strata_fuzz_processor_seconds(void);
