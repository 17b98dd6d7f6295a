#if JetStream
import EventSourcing
import Foundation
@testable import StrataJetStream
import Testing

/// What is stored, without a server.
struct FormatTests {
    @Test func anyBytesDecodeOrDoNot() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(state: seed)
        let header = CommitHeader(events: 2, after: StreamHead(emptyUpTo: 0), storedAt: .now())
        let sound = Array(header.encode(.parts(length: 3, [1, 2, 3])))
        for _ in 0..<20_000 {
            var bytes = Array(sound.prefix(Int.random(in: 0...sound.count, using: &random)))
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0 ... .max, using: &random)
            }
            if let (decoded, _) = CommitHeader.decode(Bytes(bytes)) {
                #expect(decoded.versionBefore >= 0 && decoded.status.firstVersion >= 1, "seed \(seed)")
            }
            _ = EventIDClaim(Bytes(bytes))
            _ = StoredSnapshot(Bytes(bytes))
        }
    }

    @Test func aHeaderComesBackAsItWas() throws {
        var head = StreamHead(emptyUpTo: 7)
        for sequence in 1...100 as ClosedRange<UInt64> {
            let header = CommitHeader(
                events: Int(sequence % 3), after: head, storedAt: sequence % 2 == 0 ? .now() : nil)
            let (decoded, _) = try #require(CommitHeader.decode(header.encode(.inline(Bytes([1, 2])))))
            #expect(decoded.status == header.status && decoded.number == header.number && decoded.id == header.id)
            #expect(decoded.storedAt == header.storedAt && decoded.ancestors.roots == header.ancestors.roots)
            head = StreamHead(header, at: sequence * 10, floor: 0)
        }
    }

    @Test func everyVersionIsALogarithmicNumberOfStepsAway() {
        var ancestors: [UInt64: Ancestors] = [:]
        var current = Ancestors()
        for number in 1...5_000 {
            ancestors[UInt64(number)] = current
            current = current.followed(by: CommitReference(sequence: UInt64(number), number: number, version: number))
        }
        for version in [1, 2, 17, 2_500, 4_096, 4_999, 5_000] {
            var steps = 1
            var reference = current.nearest(to: version)
            while let place = reference, place.version > version {
                reference = ancestors[place.sequence]?.nearest(to: version)
                steps += 1
            }
            #expect(reference?.version == version)
            #expect(steps <= 26)
        }
        #expect(current.roots.count <= 26)
    }

    @Test(arguments: ["Order", "order line", "a.b*c>d", "Bestellung 注文 🧾", "=", "=41", "-_"])
    func anAggregateTypeComesBackFromItsSubject(_ name: String) {
        let stream = StreamID(name, UUID())
        let subject = StoreLayout(name: "s", replicas: 1).events(of: stream)
        #expect(SubjectToken.stream(in: subject) == stream)
        #expect(!subject.contains(where: { " *>".contains($0) }))
        #expect(subject.count { $0 == "." } == 3)
    }

    @Test func idsHaveDifferentSubjects() {
        let ids = (0..<128).map { UInt128(1) << UInt128($0) } + [0, .max]
        #expect(Set(ids.map { SubjectToken.encode($0) }).count == ids.count)
    }

    @Test(arguments: ["", "a.b", "ä", "a b", String(repeating: "n", count: 65)])
    func aBadNameIsRefused(_ name: String) {
        #expect(throws: JetStreamError.self) { try JetStreamOptions(name: name).check() }
    }
}

/// Sebastiano Vigna's SplitMix64.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
#endif
