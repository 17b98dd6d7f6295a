#include "CStrata.h"

#include <string.h>

#define CASTAGNOLI_REVERSED 0x82F63B78u

static uint32_t tables[8][256];

// Runs before main, so that no thread can see half-filled tables.
__attribute__((constructor)) static void fill_tables(void) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t crc = value;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (CASTAGNOLI_REVERSED & (0u - (crc & 1u)));
        }
        tables[0][value] = crc;
    }
    for (uint32_t value = 0; value < 256; value++) {
        for (int slice = 1; slice < 8; slice++) {
            uint32_t previous = tables[slice - 1][value];
            tables[slice][value] = (previous >> 8) ^ tables[0][previous & 0xFF];
        }
    }
}

static uint64_t load_little_endian(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint32_t strata_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    crc = ~crc;
    while (length >= 8) {
        uint64_t word = load_little_endian(next) ^ crc;
        crc = tables[7][word & 0xFF] ^ tables[6][(word >> 8) & 0xFF] ^ tables[5][(word >> 16) & 0xFF] ^
              tables[4][(word >> 24) & 0xFF] ^ tables[3][(word >> 32) & 0xFF] ^ tables[2][(word >> 40) & 0xFF] ^
              tables[1][(word >> 48) & 0xFF] ^ tables[0][word >> 56];
        next += 8;
        length -= 8;
    }
    while (length-- > 0) {
        crc = (crc >> 8) ^ tables[0][(crc ^ *next++) & 0xFF];
    }
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t accelerated(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    uint64_t state = ~crc;
    while (length >= 8) {
        state = __builtin_ia32_crc32di(state, load_little_endian(next));
        next += 8;
        length -= 8;
    }
    uint32_t rest = (uint32_t)state;
    while (length-- > 0) {
        rest = __builtin_ia32_crc32qi(rest, *next++);
    }
    return ~rest;
}

bool strata_crc32c_is_accelerated(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

static uint32_t accelerated(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    crc = ~crc;
    while (length >= 8) {
        crc = __crc32cd(crc, load_little_endian(next));
        next += 8;
        length -= 8;
    }
    while (length-- > 0) {
        crc = __crc32cb(crc, *next++);
    }
    return ~crc;
}

bool strata_crc32c_is_accelerated(void) { return true; }

#else

#define accelerated strata_crc32c_portable

bool strata_crc32c_is_accelerated(void) { return false; }

#endif

uint32_t strata_crc32c(uint32_t crc, const void *bytes, size_t length) {
    return strata_crc32c_is_accelerated() ? accelerated(crc, bytes, length)
                                          : strata_crc32c_portable(crc, bytes, length);
}
