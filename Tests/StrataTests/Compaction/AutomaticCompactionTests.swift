import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// What compaction does by itself, and what it costs.
@Suite struct AutomaticCompactionTests {
    @Test(.timeLimit(.minutes(10))) func sealedSegmentsAreCompressed() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        var options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
        options.automaticCompaction = .automatic
        try await StrataStore.with(directory, options) { store in
            let stream = sampleStream()
            var names: [String] = []
            while !names.contains(where: { $0.contains("-") }) {
                for _ in 0..<50 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
                names = try files.segments()
            }
            let events = try await store.events.readStream(stream).collect()
            #expect(events.map(\.version) == Array(1...events.count))
        }
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound, "\(report.damage)")
    }

    @Test func nothingIsCompactedByItselfUnlessAskedFor() async throws {
        let directory = TemporaryDirectory()
        try await StrataStore.with(directory, StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)) { store in
            for _ in 0..<1_000 {
                _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
            }
        }
        let names = try StoreFiles(directory).segments()
        #expect(names.count > 2, "\(names)")
        #expect(names.allSatisfy { !$0.contains("-") }, "\(names)")
    }

    /// Nine appends to one truncation, and 24 compactions with what the automatic mode would do.
    @Test func bytesWrittenAreAtMostTwiceThoseAppended() async throws {
        let device = SimulatedDevice(seed: SimulationScale.seed)
        device.keepCalls()
        var randomness = SeededRandomness(seed: SimulationScale.seed)
        let streams = (0..<40).map { _ in StreamID("Order", UUID(using: &randomness)) }
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil))
        for _ in 0..<24 {
            for _ in 0..<300 {
                let stream = streams[Int.random(in: 0..<streams.count, using: &randomness)]
                guard randomness.isOne(in: 10) else {
                    _ = try await store.events.append([order(using: &randomness)], to: stream, expecting: .any)
                    continue
                }
                let status = try await store.events.status(of: stream)
                guard !status.isEmpty else { continue }
                let version = Int.random(in: status.firstVersion...status.version, using: &randomness)
                _ = try await store.events.truncate(stream, before: version, expecting: .any)
            }
            _ = try await store.compact(.automatic).report()
        }
        try await store.close()
        let writes = device.log.filter { $0.operation == .write }
        let appended = writes.filter { $0.isOfLog }.reduce(0) { $0 + $1.length }
        let written = writes.reduce(0) { $0 + $1.length }
        let amplification = Double(written) / Double(appended)
        print("write amplification: \(written) bytes for \(appended) appended, seed \(SimulationScale.seed)")
        #expect(amplification <= 2)
    }

    /// An event with a payload of 256 bytes of JSON.
    private func order(using randomness: inout SeededRandomness) -> NewEvent {
        let number = Int.random(in: 1_000_000..<9_999_999, using: &randomness)
        var text = "{\"orderId\":\(number),\"status\":\"open\",\"warehouse\":\"FRA-\(number % 9)\",\"note\":\""
        let note = String(repeating: "Please ring twice at the front desk. ", count: 8)
        text += note.prefix(254 - text.utf8.count)
        text += "\"}"
        return NewEvent(
            id: UUID(using: &randomness), type: "ItemAdded",
            occurredAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 5) ?? .distantPast, payload: Bytes(text))
    }
}

extension DeviceCall {
    /// Whether a call concerns a segment of events as it was written.
    fileprivate var isOfLog: Bool {
        name.hasPrefix("events/") && name.hasSuffix(".seg") && !name.contains("-")
    }
}
