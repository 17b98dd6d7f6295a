// libFuzzer reads every counter of the engine after every input, which takes it longer than most parsers take. A target
// reaches a small part of the engine; so libFuzzer is told of a stretch of counters when something in it has been run for
// the first time, and never of the others. It sees the same coverage: the stretch is added before it looks at the input
// that reached it, as the counters of a library are that is loaded meanwhile.
//
// The linker gives what the compiler emits for libFuzzer to the functions here (`--wrap`).

#include "coverage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// This runs after every input, and is none of what is tried.
#define UNINSTRUMENTED __attribute__((no_sanitize("address", "coverage")))

// As the compiler lays them out: SanitizerCoverage, "Inline 8bit-counters" and "PC-Table", in Clang's documentation.
struct site {
    uintptr_t address;
    uintptr_t flags;
};

void __real___sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end);
void __real___sanitizer_cov_pcs_init(const struct site *begin, const struct site *end);

// libFuzzer takes up to 4,096 parts; the engine has some 100,000 counters.
enum { stretch_length = 256, most_stretches = 4000 };

static struct {
    uint8_t *counters;
    size_t count;
    const struct site *sites;
    bool is_known[most_stretches];
} all;

// Called by each object file, always with what the whole program has.
void __wrap___sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end) {
    all.counters = begin;
    all.count = (size_t)(end - begin);
    if (all.count > (size_t)stretch_length * most_stretches) __builtin_trap();
}

void __wrap___sanitizer_cov_pcs_init(const struct site *begin, const struct site *end) {
    (void)end;
    all.sites = begin;
}

// Of a size that the compiler makes independent operations of.
typedef uint64_t block __attribute__((vector_size(64), aligned(1), may_alias));

UNINSTRUMENTED static bool is_zero(const uint8_t *bytes, size_t count) {
    block blocks = {0};
    size_t done = 0;
    for (; done + sizeof blocks <= count; done += sizeof blocks) blocks |= *(const block *)(bytes + done);
    uint64_t seen = 0;
    for (int lane = 0; lane < 8; lane++) seen |= blocks[lane];
    for (; done < count; done++) seen |= bytes[done];
    return seen == 0;
}

UNINSTRUMENTED void strata_fuzz_note_coverage(void) {
    for (size_t start = 0, index = 0; start < all.count; start += stretch_length, index++) {
        if (all.is_known[index]) continue;
        size_t rest = all.count - start;
        size_t length = rest < stretch_length ? rest : stretch_length;
        if (is_zero(all.counters + start, length)) continue;
        all.is_known[index] = true;
        __real___sanitizer_cov_8bit_counters_init(all.counters + start, all.counters + start + length);
        __real___sanitizer_cov_pcs_init(all.sites + start, all.sites + start + length);
    }
}
