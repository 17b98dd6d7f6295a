// Filled by its first files.
