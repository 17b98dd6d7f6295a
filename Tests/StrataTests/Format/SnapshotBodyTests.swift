import EventSourcing
import Foundation
import Testing

@testable import Strata

@Suite struct SnapshotBodyTests {
    static let compressible = Bytes(String(repeating: "state ", count: 100))
    static let short = Bytes("short")

    static func snapshot(_ state: Bytes, _ type: String = "Order") -> Snapshot {
        Snapshot(
            stream: StreamID(type, UUID(bits: 1)), version: 9, schemaVersion: Int(UInt32.max),
            createdAt: Timestamp(uncheckedSeconds: -7, nanoseconds: 999_999_999),
            contentType: ContentType(rawValue: 200), state: state)
    }

    static func header(_ type: String = "Order") -> FrameHeader {
        var header = FrameHeader(kind: .snapshot, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.aggregateTypeTag = FrameHeader.tag(of: type)
        return header
    }

    static func decoded(_ body: [UInt8], _ header: FrameHeader = header()) -> SnapshotBody? {
        SnapshotBody(decoding: body.span.bytes, header: header)
    }

    @Test(arguments: [compressible, short, Bytes("x"), Bytes()])
    func whatIsEncodedIsDecoded(_ state: Bytes) throws {
        let body = SnapshotBody.encode(Self.snapshot(state))
        #expect(body.count.isMultiple(of: 8))
        let decoded = try #require(Self.decoded(body))
        #expect(decoded.aggregateType == "Order")
        #expect(decoded.schemaVersion == Int(UInt32.max))
        #expect(decoded.createdAt == Self.snapshot(state).createdAt)
        #expect(decoded.contentType.rawValue == 200)
        #expect(decoded.stateLength == state.count)
        #expect(decoded.state(in: body) == state)
    }

    @Test func aStateIsCompressedWhereThatMakesItShorter() throws {
        #expect(try #require(Self.decoded(SnapshotBody.encode(Self.snapshot(Self.compressible)))).compression == .lz4)
        #expect(try #require(Self.decoded(SnapshotBody.encode(Self.snapshot(Self.short)))).compression == .none)
    }

    @Test(arguments: [compressible, short])
    func aBodyOfAnotherLengthIsRefused(_ state: Bytes) {
        let body = SnapshotBody.encode(Self.snapshot(state))
        for length in 0..<body.count {
            #expect(Self.decoded(Array(body.prefix(length))) == nil, "length \(length)")
        }
        #expect(Self.decoded(body + [0, 0, 0, 0, 0, 0, 0, 0]) == nil)
    }

    @Test func everyReservedOrPaddingByteMustBeZero() {
        let body = SnapshotBody.encode(Self.snapshot(Self.short))
        #expect(body.count == 48)
        for offset in Array(28..<32) + Array(42..<48) {
            #expect(Self.decoded(body.with(UInt8(1), at: offset)) == nil, "offset \(offset)")
        }
    }

    @Test func anImpossibleFieldIsRefused() {
        let plain = SnapshotBody.encode(Self.snapshot(Self.short))
        let packed = SnapshotBody.encode(Self.snapshot(Self.compressible))
        #expect(Self.decoded(plain.with(UInt32(4), at: 0)) == nil, "another length than is stored")
        #expect(Self.decoded(plain.with(UInt32(100), at: 4)) == nil, "a stored state beyond the body")
        #expect(Self.decoded(plain.with(UInt32.max, at: 4)) == nil, "a stored state far beyond the body")
        #expect(Self.decoded(plain.with(UInt8(2), at: 13)) == nil, "an unknown compression")
        #expect(Self.decoded(plain.with(UInt8(1), at: 13)) == nil, "a compression that saves nothing")
        #expect(Self.decoded(plain.with(UInt16.max, at: 14)) == nil, "a name beyond the body")
        #expect(Self.decoded(packed.with(UInt32(64 << 20 + 1), at: 0)) == nil, "a state longer than the limit")
        #expect(Self.decoded(packed.with(UInt32(64 << 20), at: 0)) != nil, "a state as long as the limit")
        for (seconds, nanoseconds) in impossibleTimestamps {
            #expect(Self.decoded(plain.with(seconds, at: 16).with(nanoseconds, at: 24)) == nil)
        }
    }

    @Test func aStateThatIsNotCompressedAsItClaimsCannotBeHad() throws {
        let body = SnapshotBody.encode(Self.snapshot(Self.compressible))
        for length in [UInt32(599), 601, 64 << 20] {
            let crafted = body.with(length, at: 0)
            #expect(try #require(Self.decoded(crafted)).state(in: crafted) == nil)
        }
    }

    @Test func theNameMustFollowTheRulesAndTheTag() {
        let body = SnapshotBody.encode(Self.snapshot(Self.short))
        #expect(Self.decoded(body, Self.header("Ordeq")) == nil)
        #expect(Self.decoded(body.with(UInt8(ascii: "/"), at: 33), Self.header("O/der")) == nil)
        #expect(Self.decoded(SnapshotBody.encode(Self.snapshot(Self.short, "")), Self.header("")) == nil)
        var broken = Self.header()
        let bytes = body.with(UInt8(0xFF), at: 33)
        broken.aggregateTypeTag = Checksum.crc32c(bytes[32..<37])
        #expect(Self.decoded(bytes, broken) == nil)
    }

    @Test func aDeletionNamesItsAggregateType() {
        for name in ["O", "Order", "Orders7", "Orders78"] {
            let body = AggregateTypeBody.encode(aggregateType: name)
            #expect(body.count.isMultiple(of: 8))
            #expect(AggregateTypeBody.aggregateType(in: body, header: Self.header(name)) == name)
        }
    }

    @Test func aDeletionThatIsNotLaidOutAsItShouldBeIsRefused() {
        let body = AggregateTypeBody.encode(aggregateType: "Order")
        func refuses(_ bytes: [UInt8], _ type: String = "Order") -> Bool {
            AggregateTypeBody.aggregateType(in: bytes, header: Self.header(type)) == nil
        }
        #expect(refuses([]))
        #expect(refuses(body, "Ordeq"))
        #expect(refuses(body + [0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(refuses(body.with(UInt8(1), at: 7)))
        #expect(refuses(body.with(UInt8(8), at: 0)))
        #expect(refuses(body.with(UInt8(0), at: 0), ""))
    }
}
