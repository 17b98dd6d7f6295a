public import EventSourcing

/// What every `SnapshotStore` does, sentence by sentence.
///
/// The requirements assume a store that nobody else uses and that loses nothing while a check runs.
public enum SnapshotStoreContract {
    /// One sentence of the contract.
    public typealias Requirement = ContractRequirement<any SnapshotStore>

    /// All of them, by topic.
    public static let requirements: [Requirement] = saving + replacing + keeping + deleting + refusing
}
