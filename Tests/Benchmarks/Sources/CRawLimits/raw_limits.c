#define _GNU_SOURCE
#include "CRawLimits.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t raw_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

enum { exchanges = 20000 };

struct exchange {
    int processors[2];
    _Alignas(128) atomic_int turn;
    atomic_bool has_failed;
    double nanoseconds;
};

/// Keeps the calling thread on one processor.
static void stay_on(int processor, struct exchange *exchange) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        atomic_store(&exchange->has_failed, true);
    }
}

static void wait_for(int turn, struct exchange *exchange) {
    while (atomic_load(&exchange->turn) != turn && !atomic_load_explicit(&exchange->has_failed, memory_order_relaxed)) {
    }
}

static void *answer(void *argument) {
    struct exchange *exchange = argument;
    stay_on(exchange->processors[1], exchange);
    for (int i = 0; i < exchanges; i++) {
        wait_for(2 * i + 1, exchange);
        atomic_store(&exchange->turn, 2 * i + 2);
    }
    return NULL;
}

static void *ask(void *argument) {
    struct exchange *exchange = argument;
    stay_on(exchange->processors[0], exchange);
    uint64_t before = 0;
    for (int i = 0; i < exchanges; i++) {
        // The other thread is on its way for the first of them.
        if (i == 1) {
            before = raw_now();
        }
        atomic_store(&exchange->turn, 2 * i + 1);
        wait_for(2 * i + 2, exchange);
    }
    exchange->nanoseconds = (double)(raw_now() - before) / (exchanges - 1);
    return NULL;
}

double raw_exchange(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
        return 0;
    }
    struct exchange exchange = {0};
    int found = 0;
    for (int processor = 0; processor < CPU_SETSIZE && found < 2; processor++) {
        if (CPU_ISSET(processor, &allowed)) {
            exchange.processors[found++] = processor;
        }
    }
    pthread_t threads[2];
    if (pthread_create(&threads[0], NULL, ask, &exchange) != 0) {
        return 0;
    }
    if (pthread_create(&threads[1], NULL, answer, &exchange) != 0) {
        atomic_store(&exchange.has_failed, true);
    } else {
        pthread_join(threads[1], NULL);
    }
    pthread_join(threads[0], NULL);
    return atomic_load(&exchange.has_failed) ? 0 : exchange.nanoseconds;
}

int64_t raw_append(int descriptor, const void *bytes, size_t length, size_t file_length, bool synced,
                   uint64_t nanoseconds, uint64_t *latencies, size_t capacity) {
    int64_t count = 0;
    size_t offset = 0;
    uint64_t before = raw_now();
    uint64_t end = before + nanoseconds;
    while (before < end) {
        if (offset + length > file_length) {
            offset = 0;
        }
        if (pwrite(descriptor, bytes, length, (off_t)offset) != (ssize_t)length) {
            return -EIO;
        }
        if (synced && fdatasync(descriptor) != 0) {
            return -errno;
        }
        offset += length;
        uint64_t now = raw_now();
        if ((size_t)count < capacity) {
            latencies[count] = now - before;
        }
        before = now;
        count++;
    }
    return count;
}

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("sse4.2"))) static uint64_t checksum(const uint8_t *bytes, size_t length) {
    size_t lane = length / 24 * 8;
    uint64_t first = 0, second = 0, third = 0;
    for (size_t offset = 0; offset < lane; offset += 8) {
        uint64_t words[3];
        memcpy(&words[0], bytes + offset, 8);
        memcpy(&words[1], bytes + lane + offset, 8);
        memcpy(&words[2], bytes + 2 * lane + offset, 8);
        first = _mm_crc32_u64(first, words[0]);
        second = _mm_crc32_u64(second, words[1]);
        third = _mm_crc32_u64(third, words[2]);
    }
    for (size_t offset = 3 * lane; offset < length; offset++) {
        first = _mm_crc32_u8((uint32_t)first, bytes[offset]);
    }
    return first ^ (second << 16) ^ (third << 32);
}

#elif defined(__aarch64__)

#include <arm_acle.h>

__attribute__((target("+crc"))) static uint64_t checksum(const uint8_t *bytes, size_t length) {
    size_t lane = length / 24 * 8;
    uint32_t first = 0, second = 0, third = 0;
    for (size_t offset = 0; offset < lane; offset += 8) {
        uint64_t words[3];
        memcpy(&words[0], bytes + offset, 8);
        memcpy(&words[1], bytes + lane + offset, 8);
        memcpy(&words[2], bytes + 2 * lane + offset, 8);
        first = __crc32cd(first, words[0]);
        second = __crc32cd(second, words[1]);
        third = __crc32cd(third, words[2]);
    }
    for (size_t offset = 3 * lane; offset < length; offset++) {
        first = __crc32cb(first, bytes[offset]);
    }
    return first ^ ((uint64_t)second << 16) ^ ((uint64_t)third << 32);
}

#else
#error "no CRC-32C instruction is known for this processor"
#endif

uint64_t raw_copy_and_checksum(void *destination, const void *source, size_t length) {
    // In pieces that stay in the cache between the copy and the checksum.
    const size_t piece = 16 << 10;
    uint64_t sum = 0;
    for (size_t offset = 0; offset < length; offset += piece) {
        size_t count = length - offset < piece ? length - offset : piece;
        memcpy((char *)destination + offset, (const char *)source + offset, count);
        sum ^= checksum((const uint8_t *)destination + offset, count);
    }
    return sum;
}
