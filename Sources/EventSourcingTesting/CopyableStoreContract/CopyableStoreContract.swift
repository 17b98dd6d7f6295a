public import EventSourcing

/// What every store does that can be copied from and to, beside the contract of `EventStore`, sentence by sentence.
public enum CopyableStoreContract {
    /// One sentence of the contract.
    public typealias Requirement = ContractRequirement<any CopyableEventStore>

    /// All of them, by topic.
    public static let requirements: [Requirement] = commits + refusals + releases
}

extension Timestamp {
    /// Times that stores are asked to keep, long past and with nanoseconds.
    static let imported = (1...9).compactMap { Timestamp(rfc3339: "2019-04-0\($0)T05:06:07.12345678\($0)Z") }
}

extension ImportedChange {
    /// A commit in which only the given parts matter.
    static func sample(
        _ count: Int = 1, to stream: StreamID, firstVersion: Int = 1, storedAt: Timestamp = Timestamp.imported[0]
    ) -> ImportedChange {
        .commit(ImportedCommit(NewEvent.samples(count), to: stream, firstVersion: firstVersion, storedAt: storedAt))
    }
}
