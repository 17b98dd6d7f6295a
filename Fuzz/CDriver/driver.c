#include "CFuzzDriver.h"
#include "coverage.h"

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

// Of the run-time libraries of libFuzzer and AddressSanitizer.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void *, size_t), void (*free_hook)(const volatile void *));

static _Atomic size_t largest;

// Called inside malloc: must not allocate.
static void note(const volatile void *pointer, size_t size) {
    (void)pointer;
    size_t seen = atomic_load_explicit(&largest, memory_order_relaxed);
    while (size > seen
           && !atomic_compare_exchange_weak_explicit(
               &largest, &seen, size, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void pass_over(const volatile void *pointer) {
    (void)pointer;
}

static int run(const uint8_t *data, size_t size) {
    int result = LLVMFuzzerTestOneInput(data, size);
    strata_fuzz_note_coverage();
    return result;
}

int strata_fuzz_main(int argc, char **argv) {
    __sanitizer_install_malloc_and_free_hooks(note, pass_over);
    return LLVMFuzzerRunDriver(&argc, &argv, run);
}

size_t strata_fuzz_largest_allocation(void) {
    return atomic_exchange_explicit(&largest, 0, memory_order_relaxed);
}

double strata_fuzz_processor_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
