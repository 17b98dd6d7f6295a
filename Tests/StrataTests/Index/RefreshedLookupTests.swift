import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// Look-ups that a refresh overtakes: they were about segments that the store no longer has.
@Suite struct RefreshedLookupTests {
    private let order = sampleStream("Order")
    private let cart = sampleStream("Cart")

    /// The index of a store in whose sealed segments streams have so many events, none of them looked at so far.
    private func index(_ streams: [(StreamID, Int)]) async throws -> LogIndex {
        let device = SimulatedDevice()
        let options = StrataOptions(segmentBytes: 2_000, idleMarkDelay: nil)
        let store = try await StrataStore.open(on: device, options: options)
        for (stream, count) in streams {
            for _ in 0..<count { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
        }
        let other = sampleStream("Order")
        for _ in 0..<20 { _ = try await store.events.append([sampleEvent()], to: other, expecting: .any) }
        try await store.close()
        return try await StrataStore.open(on: device, options: options).index
    }

    @Test func anOldVersionIsNotRemembered() async throws {
        // The types have each other's number in the other one.
        let index = try await index([(order, 2), (cart, 3)])
        let other = try await self.index([(cart, 5), (order, 4)])
        guard case .untouched(let search) = index.begin(with: order) else {
            Issue.record("the stream was touched before")
            return
        }
        let version = try search.version(.verifying)
        #expect(version == 2)
        index.replaceContent(by: other)
        #expect(index.note(version, of: search, isTouched: true) == nil)
        #expect(try index.version(of: order, .verifying) == 4)
        #expect(try index.version(of: cart, .verifying) == 5)
    }

    @Test func aLookUpThatNothingOvertakesIsRemembered() async throws {
        let index = try await index([(order, 2)])
        guard case .untouched(let search) = index.begin(with: order) else {
            Issue.record("the stream was touched before")
            return
        }
        #expect(index.note(try search.version(.verifying), of: search, isTouched: false)?.version == 2)
        #expect(index.statusIfTouched(order)?.version == 2)
    }
}
