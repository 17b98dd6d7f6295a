// Tells ThreadSanitizer of the orders that Swift's run-time library makes and does not tell of itself. It adds none that the
// library does not make.
//
// The Mutex of Swift 6.3 on Linux is a futex. Its fast paths are inlined into the code that uses it, so that the sanitizer
// sees their atomic operations. Whoever has to wait takes and gives the lock inside libswiftSynchronization, which the
// sanitizer does not see, and everything that the lock orders looks like a race. This library, which is loaded first,
// stands in front of these three functions and says what they do.
//
// Whoever resumes a continuation tells the sanitizer that the task goes on behind it. A task that comes to wait only
// afterwards goes straight on, and tells nothing. The code that has waited gives a frame back right then: that is where this
// library says it. It is said at other frames, too, which orders nothing else: a task is released to those who resume it only.

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

#define DEALLOCATE "swift_task_dealloc"
#define CURRENT_TASK "swift_task_getCurrent"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef SWIFT void lock_function(uint32_t thread, SELF void *mutex);
typedef SWIFT bool try_lock_function(SELF void *mutex);
typedef SWIFT void unlock_function(SELF void *mutex);
typedef SWIFT void deallocate_function(void *frame);
typedef SWIFT void *current_task_function(void);

SWIFT void strata_lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT bool strata_try_lock(SELF void *mutex) __asm__(TRY_LOCK);
SWIFT void strata_unlock(SELF void *mutex) __asm__(UNLOCK);
SWIFT void strata_deallocate(void *frame) __asm__(DEALLOCATE);

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

SWIFT void strata_deallocate(void *frame) {
    // Asked for once: tasks do this all the time.
    static deallocate_function *_Atomic deallocate;
    static current_task_function *_Atomic current_task;
    if (!current_task) {
        deallocate = (deallocate_function *)next(DEALLOCATE);
        current_task = (current_task_function *)next(CURRENT_TASK);
    }
    deallocate(frame);
    void *task = current_task();
    if (task) {
        acquire(task);
    }
}
