#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/// How often the allocator was asked for memory since the program began, by all threads.
uint64_t allocations_count(void);

/// How many bytes it was asked for. A reallocation counts with its new size.
uint64_t allocations_bytes(void);

#endif
