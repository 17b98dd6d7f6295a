import EventSourcing
import Foundation
import Strata

/// The version of a stream, and whether an event is stored.
enum LookupRows {
    static let all: [Row] = [
        Row(
            id: "version", title: "Stream versions", unit: .lookupsPerSecond, targets: [.value(.atLeast(2_000_000))]
        ) { context in
            let streams = await context.stores.contents(context.orders, events: context.scale.storedEvents).streams
            return try await sides(
                context, streams,
                strata: { store, sample, stream in
                    guard try await store.events.version(of: sample.name(of: stream)) > 0 else { throw missing }
                },
                peer: { peer, stream in guard try peer.version(of: stream) > 0 else { throw missing } })
        },
        Row(
            id: "existence", title: "Existence of events, half of which are stored", unit: .lookupsPerSecond,
            targets: [.value(.atLeast(2_000_000))]
        ) { context in
            let ids = await context.stores.contents(context.orders, events: context.scale.storedEvents).ids
            var randomness = Randomness(seed: 404)
            let choices = ids.map { (id: $0, isStored: true) } + ids.map { _ in (id: randomness.id(), isStored: false) }
            return try await sides(
                context, choices,
                strata: { store, _, choice in
                    guard try await store.events.containsEvent(withID: UUID(choice.id)) == choice.isStored else {
                        throw missing
                    }
                },
                peer: { peer, choice in guard try peer.contains(choice.id) == choice.isStored else { throw missing } })
        },
    ]

    private static let missing = BenchmarkError("a look-up gave the wrong answer")

    private static func sides<Choice: Sendable>(
        _ context: Context, _ elements: [Choice],
        strata: @escaping @Sendable (StrataStore, EventSample, Choice) async throws -> Void,
        peer: @escaping @Sendable (any PeerStore, Choice) throws -> Void
    ) async throws -> [Side] {
        let (sample, events) = (context.orders, context.scale.storedEvents)
        let lookups = context.scale.reads * 50
        let store = try await context.openStrata(sample, events: events)
        let choices = Choices(elements)
        var sides = [
            Side(Side.strata, finish: { try await store.close() }) {
                let chosen = await choices.next(lookups, for: Side.strata)
                let seconds = try await Clock.seconds {
                    for choice in chosen { try await strata(store, sample, choice) }
                }
                return Round(value: Double(lookups) / seconds, count: lookups)
            }
        ]
        for kind in [PeerKind.sqlite, .grdb, .rocksDB, .lmdb] {
            let other = try await context.stores.peer(kind, sample, events: events)
            sides.append(
                Side(kind.rawValue, finish: { other.close() }) {
                    let chosen = await choices.next(lookups, for: kind.rawValue)
                    let seconds = try await Clock.seconds {
                        try await onThread { for choice in chosen { try peer(other, choice) } }
                    }
                    return Round(value: Double(lookups) / seconds, count: lookups)
                })
        }
        return sides
    }
}
