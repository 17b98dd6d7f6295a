public import EventSourcing

/// What every `EventStore` does, sentence by sentence.
///
/// The requirements assume nothing but a fresh store each: it may live in another process or on a server, its
/// positions may have gaps, its clock may stand still, and its batches may have any size.
public enum EventStoreContract {
    /// One sentence of the contract.
    public typealias Requirement = ContractRequirement<any EventStore>

    /// All of them, by topic.
    public static let requirements: [Requirement] =
        appending + atomicity + expectedVersions + eventIDs + retries + refusedRetries
        + streamReads + readErrors + feedReads + feedFilters + categoryReads + lookups
        + truncating + deleting + released + contents + fidelity + limits + extremes + batches + concurrency
}
