import Glibc

/// What goes wrong at a device, and when.
package struct DeviceFault: Hashable, Sendable {
    package enum Effect: Hashable, Sendable {
        /// The call fails and does nothing.
        case error(Int32)
        /// The call fails although it has done what it was asked for.
        case errorAfterTheFact(Int32)
        /// A write takes so many bytes at most.
        case shortWrite(Int)
        /// A write reports success and nothing ever arrives.
        case lostWrite
        /// A write arrives so many bytes from where it should.
        case misdirectedWrite(by: Int)
        /// A write arrives with the bytes of the write before it.
        case staleWrite
        /// A sync of a file or a directory fails, and what it was to make durable never will be.
        case failedSync(FailedSync)

        /// Whether the device says that it has no room.
        var saysThatNothingFits: Bool {
            switch self {
            case .error(let number), .errorAfterTheFact(let number): number == ENOSPC || number == EDQUOT
            default: false
            }
        }
    }

    /// What becomes of the pages that a failed sync did not write; a second sync succeeds in every case.
    package enum FailedSync: Hashable, Sendable, CaseIterable {
        /// Readers see them, even in later processes, until the power goes.
        case keptInCache
        /// They are gone at once: readers see what is durable.
        case reverted
        /// Readers see them as long as the file is open anywhere.
        case goneWithLastReference
        /// They are gone, and it is not this sync that says so but the file's next one.
        case reportedLate
    }

    /// The number of the call from which on the fault may happen.
    package let call: Int
    package let effect: Effect
    /// Whether it happens at every call from then on, or only at the first to which it applies.
    package let isPersistent: Bool

    package init(atCall call: Int, _ effect: Effect, isPersistent: Bool = false) {
        self.call = call
        self.effect = effect
        self.isPersistent = isPersistent
    }

    /// Whether calls of a kind can go wrong in this way.
    package func applies(to operation: DeviceCall.Operation) -> Bool {
        switch effect {
        case .error(let number): Self.mayFail(operation, number)
        case .errorAfterTheFact(let number): operation.isMutating && Self.mayFail(operation, number)
        case .shortWrite, .lostWrite, .misdirectedWrite, .staleWrite: operation == .write
        case .failedSync: operation.isSync
        }
    }

    /// Whether calls of a kind may fail with an error number, going by the manual pages.
    private static func mayFail(_ operation: DeviceCall.Operation, _ number: Int32) -> Bool {
        switch number {
        // A sync that is interrupted is a sync that failed.
        case EINTR: !operation.isSync && ![.kind, .length, .identity, .map].contains(operation)
        case ENOSPC, EDQUOT: [.create, .createDirectory, .write, .rename, .extend].contains(operation)
        case EFBIG: [.write, .truncate, .extend].contains(operation)
        case EROFS: operation.isMutating || operation == .openForWriting
        case EMFILE:
            [.openForReading, .openForWriting, .create, .list, .syncDirectory, .syncParent].contains(operation)
        default: true
        }
    }
}
