#include "CStrata.h"

#include <string.h>

#define CASTAGNOLI_REVERSED 0x82F63B78u

static uint32_t tables[8][256];

// Runs before main, so that no thread can see half-filled tables.
__attribute__((constructor(101))) static void fill_tables(void) {
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

#define ACCELERATED __attribute__((target("sse4.2")))
#define ADD_WORD(crc, word) __builtin_ia32_crc32di(crc, word)
#define ADD_BYTE(crc, byte) __builtin_ia32_crc32qi(crc, byte)

bool strata_crc32c_is_accelerated(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

#define ACCELERATED
#define ADD_WORD(crc, word) __crc32cd((uint32_t)(crc), word)
#define ADD_BYTE(crc, byte) __crc32cb(crc, byte)

bool strata_crc32c_is_accelerated(void) { return true; }

#endif

#if defined(ACCELERATED)

// The instruction takes three cycles and begins one every cycle: three lanes side by side keep it busy. A lane that
// begins with nothing is joined to the bytes before it by what its length in zeros makes of their checksum.
#define LONG_LANE 1024
#define SHORT_LANE 96

static uint32_t behind_long_lane[4][256];
static uint32_t behind_short_lane[4][256];

static void fill_behind(uint32_t table[4][256], size_t zeros) {
    uint32_t bits[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t crc = 1u << bit;
        for (size_t count = 0; count < zeros; count++) {
            crc = (crc >> 8) ^ tables[0][crc & 0xFF];
        }
        bits[bit] = crc;
    }
    for (int byte = 0; byte < 4; byte++) {
        for (int value = 0; value < 256; value++) {
            uint32_t crc = 0;
            for (int bit = 0; bit < 8; bit++) {
                crc ^= (value >> bit & 1) != 0 ? bits[8 * byte + bit] : 0;
            }
            table[byte][value] = crc;
        }
    }
}

// Behind fill_tables, which has a lower number.
__attribute__((constructor(102))) static void fill_lanes(void) {
    fill_behind(behind_long_lane, LONG_LANE);
    fill_behind(behind_short_lane, SHORT_LANE);
}

static uint32_t behind(const uint32_t table[4][256], uint32_t crc) {
    return table[0][crc & 0xFF] ^ table[1][crc >> 8 & 0xFF] ^ table[2][crc >> 16 & 0xFF] ^ table[3][crc >> 24];
}

ACCELERATED static uint64_t add_lanes(uint64_t crc, const uint8_t *bytes, size_t lane, const uint32_t table[4][256]) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t offset = 0; offset < lane; offset += 8) {
        crc = ADD_WORD(crc, load_little_endian(bytes + offset));
        second = ADD_WORD(second, load_little_endian(bytes + lane + offset));
        third = ADD_WORD(third, load_little_endian(bytes + 2 * lane + offset));
    }
    return behind(table, behind(table, (uint32_t)crc) ^ (uint32_t)second) ^ (uint32_t)third;
}

ACCELERATED static uint32_t accelerated(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    uint64_t state = (uint32_t)~crc;
    for (; length >= 3 * LONG_LANE; length -= 3 * LONG_LANE, next += 3 * LONG_LANE) {
        state = add_lanes(state, next, LONG_LANE, behind_long_lane);
    }
    for (; length >= 3 * SHORT_LANE; length -= 3 * SHORT_LANE, next += 3 * SHORT_LANE) {
        state = add_lanes(state, next, SHORT_LANE, behind_short_lane);
    }
    for (; length >= 8; length -= 8, next += 8) {
        state = ADD_WORD(state, load_little_endian(next));
    }
    uint32_t rest = (uint32_t)state;
    while (length-- > 0) {
        rest = ADD_BYTE(rest, *next++);
    }
    return ~rest;
}

#else

#define accelerated strata_crc32c_portable

bool strata_crc32c_is_accelerated(void) { return false; }

#endif

uint32_t strata_crc32c(uint32_t crc, const void *bytes, size_t length) {
    return strata_crc32c_is_accelerated() ? accelerated(crc, bytes, length)
                                          : strata_crc32c_portable(crc, bytes, length);
}
