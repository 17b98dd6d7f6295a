/// Why a store could not be opened, read, written or verified.
///
/// Its ``code`` tells kinds apart, its ``message`` is for people; neither ever contains payload bytes. The stores
/// behind the `EventSourcing` protocols throw `EventStoreError` with this error as its cause.
public struct StrataError: Error, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// There is nothing at the path.
        public static let notFound = Code(description: "not_found")
        /// The path holds something that is not a store.
        public static let notAStore = Code(description: "not_a_store")
        /// The store was written by a newer version of the format.
        public static let unsupportedFormat = Code(description: "unsupported_format")
        /// Another process or another part of this one has the store open for writing.
        public static let locked = Code(description: "locked")
        /// The operating system does not permit it.
        public static let permissionDenied = Code(description: "permission_denied")
        /// The store cannot be created where it should be.
        public static let cannotCreate = Code(description: "cannot_create")
        /// There is no room: a full disk, a quota or a limit on file sizes.
        public static let storageFull = Code(description: "storage_full")
        /// Reading or writing failed.
        public static let ioFailure = Code(description: "io_failure")
        /// Stored bytes are damaged; ``damage`` says where.
        public static let damaged = Code(description: "damaged")
        /// The job was cancelled before it was done.
        public static let cancelled = Code(description: "cancelled")
        /// The store is closed.
        public static let closed = Code(description: "closed")
        /// The store was opened for reading only.
        public static let readOnly = Code(description: "read_only")
        /// An argument breaks a rule.
        public static let invalidArgument = Code(description: "invalid_argument")

        private init(description: String) {
            self.description = description
        }
    }

    // Boxed, so that the results of functions that may throw it stay small.
    private final class Contents: Sendable {
        let code: Code
        let message: String
        let path: String?
        let offset: Int?
        let systemErrorNumber: Int32?
        let lockHolder: Int32?
        let damage: [Damage]
        let location: String

        init(
            code: Code, message: String, path: String?, offset: Int?, systemErrorNumber: Int32?, lockHolder: Int32?,
            damage: [Damage], location: String
        ) {
            self.code = code
            self.message = message
            self.path = path
            self.offset = offset
            self.systemErrorNumber = systemErrorNumber
            self.lockHolder = lockHolder
            self.damage = damage
            self.location = location
        }
    }

    private let contents: Contents

    package init(
        _ code: Code, _ message: String, path: String? = nil, offset: Int? = nil, systemErrorNumber: Int32? = nil,
        lockHolder: Int32? = nil, damage: [Damage] = [], fileID: String = #fileID, line: Int = #line
    ) {
        contents = Contents(
            code: code, message: message, path: path, offset: offset, systemErrorNumber: systemErrorNumber,
            lockHolder: lockHolder, damage: damage, location: "\(fileID):\(line)")
    }

    /// The kind of the error.
    public var code: Code { contents.code }
    /// What went wrong, in a sentence without a full stop.
    public var message: String { contents.message }
    /// The file or directory that it concerns, if any.
    public var path: String? { contents.path }
    /// The offset in that file, in bytes, if any.
    public var offset: Int? { contents.offset }
    /// The operating system's error number (`errno`), if it was the one to complain.
    public var systemErrorNumber: Int32? { contents.systemErrorNumber }
    /// The process that holds the lock, of ``Code/locked``, where it could be read.
    public var lockHolder: Int32? { contents.lockHolder }
    /// What is damaged, of ``Code/damaged``.
    public var damage: [Damage] { contents.damage }
    /// Where in the source the error was made, as `Module/File.swift:line`.
    public var location: String { contents.location }
}

extension StrataError: CustomStringConvertible {
    /// One line: the code, the message, the path and the offset.
    public var description: String {
        var text = "\(code): \(message)"
        if let path { text += " (\(path)\(offset.map { ", offset \($0)" } ?? ""))" }
        return text
    }
}

extension StrataError: CustomDebugStringConvertible {
    /// A tree of the error and its details.
    public var debugDescription: String {
        var lines = ["StrataError: \(code)", "├ message: \(message)"]
        if let path { lines.append("├ path: \(path)") }
        if let offset { lines.append("├ offset: \(offset)") }
        if let systemErrorNumber { lines.append("├ errno: \(systemErrorNumber)") }
        if let lockHolder { lines.append("├ lock holder: process \(lockHolder)") }
        for damage in damage { lines.append("├ damage: \(damage)") }
        lines.append("└ at: \(location)")
        return lines.joined(separator: "\n")
    }
}
