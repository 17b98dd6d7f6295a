#ifndef CSTRATA_H
#define CSTRATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `length` bytes, continuing from `crc` (0 to begin).
/// Uses the processor's instruction where there is one.
uint32_t strata_crc32c(uint32_t crc, const void *bytes, size_t length);

/// The same checksum computed with tables alone; for processors without the instruction, and for tests.
uint32_t strata_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

/// Whether `strata_crc32c` uses a processor instruction.
bool strata_crc32c_is_accelerated(void);

/// Takes an exclusive open-file-description lock on the whole file, without waiting.
/// Returns 0, or the error number (`EAGAIN` or `EACCES` when another description holds it).
int strata_lock_exclusive(int descriptor);

/// Whether another open file description holds an exclusive lock on the file: 1 yes, 0 no, negative error number.
int strata_is_locked(int descriptor);

/// Opens a path below a directory with the given flags and mode, following no symbolic link on the way and leaving
/// the directory on no path (`openat2(2)` where the kernel has it). Returns -1 and sets `errno` on failure.
int strata_open_beneath(int directory, const char *path, int flags, unsigned int mode);

/// Makes a file at least so long, with zeros behind its content and blocks for them. Returns 0, or -1 and
/// sets `errno`.
int strata_extend(int descriptor, size_t length);

/// Reads what is in the page cache, without waiting for the device. Returns how many bytes, or -1 and sets `errno`, which is
/// `EAGAIN` where the first of them is not there.
long strata_read_cached(int descriptor, void *to, size_t count, size_t offset);

struct strata_watch;

/// Watches a file that is mapped for reading, until `strata_unwatch`: where a page of it is gone or the device cannot give it, sets
/// `is_lost` and puts zeros in the place of all of its bytes, where a signal would have ended the process. Returns null where there
/// is no memory for it.
///
/// From its first call on it handles SIGBUS of the process: one that comes from elsewhere goes to whoever handled it before.
/// Nobody may write to the mapping.
struct strata_watch *strata_watch(void *base, size_t count, bool *is_lost);

/// Ends what `strata_watch` has begun, before the file is unmapped, and before `is_lost` is freed.
void strata_unwatch(struct strata_watch *watch);

/// Whether the bytes that were read so far are perhaps not those of a watched file.
static inline bool strata_is_lost(const bool *is_lost) {
    // No byte is read behind the question.
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(is_lost, __ATOMIC_RELAXED);
}

/// Has the processor fetch bytes into its caches; none of them need be there.
static inline void strata_prefetch(const void *bytes, size_t count) {
    for (size_t offset = 0; offset < count; offset += 64) {
        __builtin_prefetch((const char *)bytes + offset);
    }
}

#endif
