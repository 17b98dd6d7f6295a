import EventSourcing
import Foundation
import Strata

/// An event with a payload of some bytes of JSON.
func sampleEvent(_ text: String = "x", id: UUID = UUID(), tenant: String? = nil) -> NewEvent {
    NewEvent(
        id: id, type: "Sampled", occurredAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 5) ?? .distantPast,
        payload: Bytes("\"\(text)\""), metadata: EventMetadata(correlationID: "c-1", tenantID: tenant))
}

/// A new stream's name.
func sampleStream(_ type: String = "Sample") -> StreamID {
    StreamID(type, UUID())
}

/// Changes files of a store from outside.
struct StoreFiles {
    let path: String

    init(_ directory: TemporaryDirectory) {
        path = directory.path
    }

    func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)").sorted()
    }

    /// Segments of events, oldest first.
    func segments() throws -> [String] {
        try names("events").filter { $0.hasSuffix(".seg") }.map { "events/\($0)" }
    }

    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    /// Writes a file where it stands. It is never shorter than before and after: somebody may have it mapped.
    func write(_ bytes: [UInt8], to name: String) throws {
        let filePath = "\(path)/\(name)"
        guard let file = FileHandle(forUpdatingAtPath: filePath) else {
            return try Data(bytes).write(to: URL(fileURLWithPath: filePath))
        }
        try file.write(contentsOf: Data(bytes))
        try file.truncate(atOffset: UInt64(bytes.count))
        try file.close()
    }

    func append(_ bytes: [UInt8], to name: String) throws {
        try write(read(name) + bytes, to: name)
    }

    func flipBit(at offset: Int, of name: String) throws {
        var bytes = try read(name)
        bytes[offset] ^= 1
        try write(bytes, to: name)
    }

    func truncate(_ name: String, to length: Int) throws {
        try write(Array(read(name).prefix(length)), to: name)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    /// Has the files be those, as new ones: who has an old one open keeps it.
    func replaceContents(with contents: [String: [UInt8]]) throws {
        for name in try self.contents().keys where !isDirectory(name) { try remove(name) }
        for (name, bytes) in contents where !isDirectory(name) { try write(bytes, to: name) }
    }

    private func isDirectory(_ name: String) -> Bool {
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isDirectory)
        return isDirectory.boolValue
    }

    /// Everything below the store's directory, by name.
    func contents() throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            contents[name] = isDirectory(name) ? [] : try read(name)
        }
        return contents
    }
}

extension StrataStore {
    /// Opens a store, lets something be done with it, and closes it.
    static func with<Result>(
        _ directory: TemporaryDirectory, _ options: StrataOptions = StrataOptions(),
        _ body: (StrataStore) async throws -> Result
    ) async throws -> Result {
        let store = try await open(at: directory.path, options: options)
        let result = try await body(store)
        try await store.close()
        return result
    }

    /// Every event, in the order of positions.
    func allEvents() async throws -> [RecordedEvent] {
        try await events.readAll().collect()
    }
}
