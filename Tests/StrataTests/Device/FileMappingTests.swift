import EventSourcing
import StrataTesting
import Testing

@testable import Strata

@Suite struct FileMappingTests {
    /// A directory of the file system and a simulated one.
    private static func devices(_ directory: TemporaryDirectory) throws -> [any Device] {
        try FileSystemDevice.createDirectory(atPath: directory.path, permissions: .owner)
        return [try FileSystemDevice(path: directory.path), SimulatedDevice()]
    }

    @Test func aMappingShowsTheBytesOfTheFile() throws {
        let directory = TemporaryDirectory()
        for device in try Self.devices(directory) {
            let file = try StoreFile("mapped", .create, on: device)
            let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try file.write(bytes.span.bytes, at: 0)
            let mapping = try file.map(length: bytes.count)
            try device.removeIfPresent("mapped")
            #expect(mapping.count == bytes.count)
            #expect(mapping.withBytes { $0.withUnsafeBytes { $0.elementsEqual(bytes) } } == true)
        }
    }

    @Test func aPartIsCopiedBehindWhatABufferHolds() throws {
        let directory = TemporaryDirectory()
        for device in try Self.devices(directory) {
            let file = try StoreFile("mapped", .create, on: device)
            let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try file.write(bytes.span.bytes, at: 0)
            let mapping = try file.map(length: bytes.count)
            var buffer: [UInt8] = [1, 2, 3]
            #expect(mapping.copy(4_000..<9_000, appendingTo: &buffer))
            #expect(buffer == [1, 2, 3] + bytes[4_000..<9_000])
            #expect(!mapping.copy(9_000..<10_001, appendingTo: &buffer))
            #expect(buffer.count == 5_003)
        }
    }

    /// A file that has become shorter behind the back of who has mapped it.
    private static func shortened(in directory: TemporaryDirectory) throws -> FileMapping {
        let device = try #require(try devices(directory).first)
        let file = try StoreFile("mapped", .create, on: device)
        let bytes = [UInt8](repeating: 7, count: 64 << 10)
        try file.write(bytes.span.bytes, at: 0)
        let mapping = try file.map(length: bytes.count)
        try file.truncate(to: 8 << 10)
        return mapping
    }

    @Test func copyingWhatAFileHasLostFails() throws {
        let directory = TemporaryDirectory()
        let mapping = try Self.shortened(in: directory)
        var buffer: [UInt8] = [1, 2, 3]
        #expect(mapping.copy(0..<8_000, appendingTo: &buffer))
        #expect(buffer.count == 8_003)
        for _ in 1...3 {
            #expect(!mapping.copy(4_000..<9_000, appendingTo: &buffer))
            #expect(!mapping.copy(60_000..<60_100, appendingTo: &buffer))
            #expect(buffer.count == 8_003)
        }
    }

    @Test func whatAFileHasLostIsNotBelieved() throws {
        let directory = TemporaryDirectory()
        let mapping = try Self.shortened(in: directory)
        let other = try Self.shortened(in: TemporaryDirectory())
        #expect(mapping.withBytes { $0.number(at: 8_000, as: UInt8.self) } == 7)
        var seen: UInt8 = 1
        #expect(mapping.withBytes { seen = $0.number(at: 9_000) } == nil)
        #expect(seen == 0)
        // None of it is the file's any more.
        #expect(mapping.withBytes { seen = $0.number(at: 0) } == nil)
        #expect(seen == 0)
        #expect(!other.isLost)
        #expect(other.withBytes { $0.number(at: 0, as: UInt8.self) } == 7)
    }

    /// Files come and go while others are found to be shorter, on several threads.
    @Test func eachFileIsToldFromTheOthers() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for seed in 0..<4 {
                tasks.addTask {
                    let directory = TemporaryDirectory()
                    let device = try #require(try Self.devices(directory).first)
                    for round in 0..<60 {
                        let file = try StoreFile("mapped \(round)", .create, on: device)
                        let bytes = [UInt8](repeating: UInt8(seed + 1), count: 16 << 10)
                        try file.write(bytes.span.bytes, at: 0)
                        let whole = try file.map(length: 8 << 10)
                        let cut = try file.map(length: bytes.count)
                        try file.truncate(to: 8 << 10)
                        #expect(cut.withBytes { $0.number(at: 12_000, as: UInt8.self) } == nil)
                        #expect(whole.withBytes { $0.number(at: 8_000, as: UInt8.self) } == UInt8(seed + 1))
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    @Test func aChangedReplacedOrCopiedFileHasAnotherIdentity() throws {
        let directory = TemporaryDirectory()
        for device in try Self.devices(directory) {
            let file = try StoreFile("file", .create, on: device)
            let bytes: [UInt8] = [1, 2, 3]
            try file.write(bytes.span.bytes, at: 0)
            let first = try file.identity()
            #expect(try file.identity() == first)
            #expect(first.length == 3)
            try file.write(bytes.span.bytes, at: 0)
            let second = try file.identity()
            #expect(second != first)
            try file.truncate(to: 2)
            #expect(try file.identity() != second)
            let copy = try StoreFile("copy", .create, on: device)
            try copy.write(bytes.span.bytes, at: 0)
            #expect(try copy.identity() != first)
        }
    }
}
