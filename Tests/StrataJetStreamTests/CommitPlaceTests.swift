#if JetStream
import EventSourcing
import Foundation
import Testing

@testable import StrataJetStream

extension JetStreamTests {
    /// What a store remembers of where commits are, and that it is only a hint.
    @Suite struct CommitPlaceTests {
        private typealias Place = CommitPlaceCache.Place

        @Test func theCommitsThatHoldSomeOfTheVersionsAreFoundInTheirOrder() {
            let places = CommitPlaceCache()
            places.keep([Place(sequence: 9, versions: 4...6), Place(sequence: 12, versions: 7...7)], on: "a")
            places.keep([Place(sequence: 2, versions: 1...3), Place(sequence: 9, versions: 4...6)], on: "a")
            #expect(places.sequences(on: "a", holding: 3...6) == [2, 9])
            #expect(places.sequences(on: "a", holding: 1...9) == [2, 9, 12])
            #expect(places.sequences(on: "b", holding: 1...9).isEmpty)
            places.forget("a")
            #expect(places.sequences(on: "a", holding: 1...9).isEmpty)
        }

        @Test func thePlacesThatWereUsedLastStay() {
            let places = CommitPlaceCache()
            let many = (1...50_000).map { Place(sequence: UInt64($0), versions: $0...$0) }
            places.keep(many, on: "used")
            for number in 1...20 {
                places.keep(many, on: "\(number)")
                #expect(places.sequences(on: "used", holding: 1...2) == [1, 2])
            }
            #expect(places.sequences(on: "1", holding: 1...2).isEmpty)
            #expect(places.sequences(on: "20", holding: 1...2) == [1, 2])
        }

        @Test func aReadRemembersTheCommitsThatItFound() async throws {
            try await TestServers.single.withStore { store, _ in
                let (stream, subject) = try await Self.fill(store, commits: 40)
                #expect(store.events.log.places.sequences(on: subject, holding: 1...40).isEmpty)
                let first = try await store.events.readStream(stream).collect()
                #expect(store.events.log.places.sequences(on: subject, holding: 1...40).count == 40)
                _ = try await store.events.append([Self.event], to: stream, expecting: .exactly(40))
                let second = try await store.events.readStream(stream).collect()
                #expect(second.map(\.version) == Array(1...41))
                #expect(Array(second.prefix(40)) == first)
            }
        }

        @Test func aReadFindsWhatIsThereWhereTheStoreWasMadeAnew() async throws {
            try await TestServers.single.withStore { store, options in
                let (stream, subject) = try await Self.fill(store, commits: 20)
                #expect(try await store.events.readStream(stream).collect().count == 20)
                // Where the stream's commits were, there are another stream's now.
                try await store.remove()
                let other = try await JetStreamStore.open(options)
                _ = try await Self.fill(other, commits: 10)
                let ids = [Self.event.id, UUID()]
                for (version, id) in ids.enumerated() {
                    let event = NewEvent(id: id, type: "Opened", payload: Bytes("{}"))
                    _ = try await other.events.append([event], to: stream, expecting: .exactly(version))
                }
                let read = try await store.events.readStream(stream).collect()
                #expect(read.map(\.id) == ids && read.map(\.stream) == [stream, stream])
                #expect(try await store.events.readStream(stream).collect() == read)
                #expect(store.events.log.places.sequences(on: subject, holding: 1...20).count == 2)
                other.close()
            }
        }

        private static var event: NewEvent { NewEvent(type: "Opened", payload: Bytes("{}")) }

        /// A stream of commits of one event each, and its subject.
        private static func fill(
            _ store: JetStreamStore, commits: Int
        ) async throws -> (stream: StreamID, subject: String) {
            let stream = StreamID("Order", UUID())
            for version in 0..<commits {
                _ = try await store.events.append([event], to: stream, expecting: .exactly(version))
            }
            return (stream, store.events.log.layout.events(of: stream))
        }
    }
}
#endif
