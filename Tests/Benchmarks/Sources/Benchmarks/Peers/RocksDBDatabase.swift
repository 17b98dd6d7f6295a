import CRocksDB
import Glibc

/// A RocksDB database with the column families of an event table. RocksDB's handles may be used by all threads.
final class RocksDBDatabase: @unchecked Sendable {
    // Sendable because nothing changes after the initialiser, and the C API is thread-safe.
    let events: OpaquePointer
    let streams: OpaquePointer
    let versions: OpaquePointer
    let ids: OpaquePointer
    private let database: OpaquePointer
    private let writeOptions = rocksdb_writeoptions_create()
    private let readOptions = rocksdb_readoptions_create()
    private let scanOptions = rocksdb_readoptions_create()

    init(path: String, syncs: Bool) throws {
        rocksdb_writeoptions_set_sync(writeOptions, syncs ? 1 : 0)
        rocksdb_readoptions_set_verify_checksums(readOptions, 1)
        rocksdb_readoptions_set_verify_checksums(scanOptions, 1)
        rocksdb_readoptions_set_readahead_size(scanOptions, 2 << 20)
        let names = ["default", "streams", "versions", "ids"]
        let cache = rocksdb_cache_create_lru(1 << 30)
        let options = names.map { Self.options(cache, isLookedUp: $0 != "default") }
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        var error: UnsafeMutablePointer<CChar>?
        var cNames = names.map { UnsafePointer(strdup($0)) }
        let opened = rocksdb_open_column_families(
            options[0], path, Int32(names.count), &cNames, options, &handles, &error)
        for name in cNames { free(UnsafeMutablePointer(mutating: name)) }
        try Self.check(error)
        guard
            let opened, let events = handles[0], let streams = handles[1], let versions = handles[2],
            let ids = handles[3]
        else { throw BenchmarkError("RocksDB: \(path) cannot be opened") }
        (database, self.events, self.streams, self.versions, self.ids) = (opened, events, streams, versions, ids)
    }

    /// Large memory tables, LZ4, a Bloom filter where keys are looked up, log files that are used again, and a background
    /// thread for each core.
    private static func options(_ cache: OpaquePointer?, isLookedUp: Bool) -> OpaquePointer? {
        let options = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_increase_parallelism(options, 2)
        rocksdb_options_set_write_buffer_size(options, 64 << 20)
        rocksdb_options_set_max_write_buffer_number(options, 4)
        rocksdb_options_set_recycle_log_file_num(options, 4)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        rocksdb_options_set_enable_pipelined_write(options, 1)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_max_open_files(options, -1)
        let table = rocksdb_block_based_options_create()
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_block_size(table, 16 << 10)
        if isLookedUp {
            rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        }
        rocksdb_options_set_block_based_table_factory(options, table)
        return options
    }

    /// The highest key of the events.
    func lastPosition() throws -> UInt64 {
        let iterator = rocksdb_create_iterator_cf(database, readOptions, events)
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_last(iterator)
        guard rocksdb_iter_valid(iterator) != 0 else { return 0 }
        var count = 0
        guard let key = rocksdb_iter_key(iterator, &count) else { return 0 }
        return UInt64(bigEndian: UnsafeRawPointer(key).loadUnaligned(as: UInt64.self))
    }

    func write(_ batch: RocksDBBatch) throws {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_write(database, writeOptions, batch.pointer, &error)
        try Self.check(error)
    }

    /// Calls a function with a key's value, which it must not keep; returns nil where there is none.
    func get<Result>(
        _ family: OpaquePointer, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws -> Result? {
        var error: UnsafeMutablePointer<CChar>?
        let name = key.assumingMemoryBound(to: CChar.self).baseAddress
        let slice = rocksdb_get_pinned_cf(database, readOptions, family, name, key.count, &error)
        try Self.check(error)
        guard let slice else { return nil }
        defer { rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        return body(UnsafeRawBufferPointer(start: rocksdb_pinnableslice_value(slice, &count), count: count))
    }

    /// Walks keys upward from one, or from the first, as long as a function says so.
    func walk(
        _ family: OpaquePointer, from first: UnsafeRawBufferPointer?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        let iterator = rocksdb_create_iterator_cf(database, first == nil ? scanOptions : readOptions, family)
        defer { rocksdb_iter_destroy(iterator) }
        if let first {
            rocksdb_iter_seek(iterator, first.assumingMemoryBound(to: CChar.self).baseAddress, first.count)
        } else {
            rocksdb_iter_seek_to_first(iterator)
        }
        while rocksdb_iter_valid(iterator) != 0 {
            var keyCount = 0
            var valueCount = 0
            let key = rocksdb_iter_key(iterator, &keyCount)
            let value = rocksdb_iter_value(iterator, &valueCount)
            guard
                body(
                    UnsafeRawBufferPointer(start: key, count: keyCount),
                    UnsafeRawBufferPointer(start: value, count: valueCount))
            else { return }
            rocksdb_iter_next(iterator)
        }
    }

    /// Flushes memory tables and compacts everything.
    func compact() {
        for family in [events, streams, versions, ids] {
            rocksdb_compact_range_cf(database, family, nil, 0, nil, 0)
        }
    }

    func close() {
        for family in [events, streams, versions, ids] { rocksdb_column_family_handle_destroy(family) }
        rocksdb_close(database)
    }

    private static func check(_ error: UnsafeMutablePointer<CChar>?) throws {
        guard let error else { return }
        defer { rocksdb_free(error) }
        throw BenchmarkError("RocksDB: \(String(cString: error))")
    }
}

/// Writes that are made together.
final class RocksDBBatch {
    let pointer = rocksdb_writebatch_create()

    func put(_ family: OpaquePointer, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_put_cf(
            pointer, family, key.assumingMemoryBound(to: CChar.self).baseAddress, key.count,
            value.assumingMemoryBound(to: CChar.self).baseAddress, value.count)
    }

    deinit {
        rocksdb_writebatch_destroy(pointer)
    }
}
