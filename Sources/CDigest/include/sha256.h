#ifndef STRATA_SHA256_H
#define STRATA_SHA256_H

#include <stddef.h>
#include <stdint.h>

/// The SHA-256 digest of some bytes (FIPS 180-4), 32 bytes.
void strata_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);

#endif
