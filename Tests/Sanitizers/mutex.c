// Tells ThreadSanitizer about the slow paths of Swift's Mutex.
//
// The Mutex of Swift 6.3 on Linux is a futex. Its fast paths are inlined into the code that uses it, so that the sanitizer
// sees their atomic operations. Whoever has to wait takes and gives the lock inside libswiftSynchronization, which the
// sanitizer does not see, and everything that the lock orders looks like a race. This library, which is loaded first,
// stands in front of these three functions and says what they do. It adds no order that the lock does not make.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Of the sanitizer's run-time library; not there in processes that are not instrumented.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef SWIFT void lock_function(uint32_t thread, SELF void *mutex);
typedef SWIFT bool try_lock_function(SELF void *mutex);
typedef SWIFT void unlock_function(SELF void *mutex);

SWIFT void strata_lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT bool strata_try_lock(SELF void *mutex) __asm__(TRY_LOCK);
SWIFT void strata_unlock(SELF void *mutex) __asm__(UNLOCK);

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        abort();
    }
    return function;
}

static void acquire(void *mutex) {
    if (__tsan_acquire) {
        __tsan_acquire(mutex);
    }
}

SWIFT void strata_lock(uint32_t thread, SELF void *mutex) {
    ((lock_function *)next(LOCK))(thread, mutex);
    acquire(mutex);
}

SWIFT bool strata_try_lock(SELF void *mutex) {
    bool taken = ((try_lock_function *)next(TRY_LOCK))(mutex);
    if (taken) {
        acquire(mutex);
    }
    return taken;
}

SWIFT void strata_unlock(SELF void *mutex) {
    if (__tsan_release) {
        __tsan_release(mutex);
    }
    ((unlock_function *)next(UNLOCK))(mutex);
}
