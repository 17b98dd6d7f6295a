#pragma once

/// Tells libFuzzer of the code that has been run for the first time. To be called between an input and libFuzzer's look at
/// what it has reached.
void strata_fuzz_note_coverage(void);
