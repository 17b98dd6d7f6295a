#ifndef CRAWLIMITS_H
#define CRAWLIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Writes `length` bytes again and again, one behind the other, into a file of `file_length` bytes that were all
/// written before, starting over at its end; syncs after each write (`fdatasync`) if `synced`. Stops after
/// `nanoseconds`. Stores the time of each write with its sync into `latencies`, as far as `capacity` reaches.
/// Returns how many writes there were, or a negative error number.
int64_t raw_append(int descriptor, const void *bytes, size_t length, size_t file_length, bool synced,
                   uint64_t nanoseconds, uint64_t *latencies, size_t capacity);

/// Copies `length` bytes and computes their CRC-32C in three lanes, which is as fast as the processor's instruction
/// goes. Returns something that depends on all of them.
uint64_t raw_copy_and_checksum(void *destination, const void *source, size_t length);

/// How long it takes two of the processors that this process may use to hand a cache line to each other and back, in
/// nanoseconds; 0 where there are no two, or they cannot be had. Takes some milliseconds.
double raw_exchange(void);

/// The monotonic clock, in nanoseconds.
uint64_t raw_now(void);

#endif
