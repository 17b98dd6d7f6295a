import CRawLimits
import EventSourcing
import Foundation
import Strata

/// What the device and the processor allow: the same bytes, without a store.
enum RawLimit {
    private static let fileBytes = 64 << 20

    /// Appends frames to a file whose bytes have all been written before, so that a sync has nothing to do but to write
    /// them.
    ///
    /// - Parameters:
    ///   - recordBytes: what Strata writes for one append.
    ///   - records: appends that share one write and one sync.
    static func append(
        in directory: String, recordBytes: Int, records: Int, eventsPerRecord: Int, syncs: Bool, seconds: Double
    ) throws -> WriterTimes {
        let path = directory + "/raw"
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw BenchmarkError("\(path) cannot be made") }
        defer { close(descriptor) }
        try fill(descriptor)
        let bytes = (0..<recordBytes * records).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var times = WriterTimes()
        var latencies = [UInt64](repeating: 0, count: 1 << 20)
        let start = Clock.now
        let writes = raw_append(
            descriptor, bytes, bytes.count, fileBytes, syncs, UInt64(seconds * 1e9), &latencies, latencies.count)
        times.nanoseconds = Clock.now - start
        guard writes >= 0 else { throw BenchmarkError("\(path): writing failed: \(writes)") }
        times.events = Int(writes) * records * eventsPerRecord
        times.latencies = Array(latencies.prefix(Int(writes)))
        return times
    }

    private static func fill(_ descriptor: Int32) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size < fileBytes else { return }
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        for offset in stride(from: 0, to: fileBytes, by: piece.count) {
            guard pwrite(descriptor, piece, piece.count, offset) == piece.count else {
                throw BenchmarkError("the raw limit's file cannot be written")
            }
        }
        guard fsync(descriptor) == 0 else { throw BenchmarkError("the raw limit's file cannot be synced") }
    }

    /// How many bytes a second the device takes in large writes.
    static func writeRate(in directory: String) async throws -> Double {
        let path = directory + "/raw-writes"
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        return try await onThread {
            let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
            guard descriptor >= 0 else { throw BenchmarkError("\(path) cannot be made") }
            defer {
                close(descriptor)
                unlink(path)
            }
            let start = Clock.now
            for offset in stride(from: 0, to: 512 << 20, by: piece.count) {
                guard pwrite(descriptor, piece, piece.count, offset) == piece.count else {
                    throw BenchmarkError("\(path) cannot be written")
                }
            }
            guard fdatasync(descriptor) == 0 else { throw BenchmarkError("\(path) cannot be synced") }
            return Double(512 << 20) / (Double(Clock.now - start) / 1e9)
        }
    }

    /// The bytes that Strata writes for an append of some events.
    static func recordBytes(of sample: EventSample, batch: Int, in directory: String) async throws -> Int {
        let store = try await StrataStore.open(at: directory, options: StrataOptions(durability: .none))
        var source = EventSource(sample)
        var before = 0
        // The first append also writes what begins a segment.
        for repetition in 0..<2 {
            if repetition == 1 { before = try await store.statistics().eventBytes }
            let append = source.next(batch)
            _ = try await store.events.append(
                append.events.map { sample.newEvent($0) }, to: sample.name(of: append.stream), expecting: .any)
        }
        let after = try await store.statistics().eventBytes
        try await store.close()
        return after - before
    }

    /// Copies bytes from the page cache and computes their checksum; returns the time in seconds.
    static func copyAndChecksum(_ bytes: [UInt8], into buffer: inout [UInt8]) -> Double {
        let start = Clock.now
        keep(raw_copy_and_checksum(&buffer, bytes, bytes.count))
        return Double(Clock.now - start) / 1e9
    }
}
