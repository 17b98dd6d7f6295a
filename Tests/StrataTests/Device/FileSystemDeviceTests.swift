import EventSourcing
import Foundation
import Glibc
import Testing

@testable import Strata

/// The real device does what the simulated one is trusted with.
@Suite struct FileSystemDeviceTests {
    private let directory = TemporaryDirectory()

    private func device(_ permissions: StrataOptions.Permissions = .owner) throws -> FileSystemDevice {
        try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true, permissions: permissions)
    }

    /// A pipe cannot be synced: the system says so, and whoever asked must hear it.
    @Test func aSyncReachesTheSystem() throws {
        let device = try device()
        #expect(mkfifo(directory.file("pipe"), 0o600) == 0)
        let file = try device.open("pipe", .read)
        let error = #expect(throws: SystemError.self) { try file.sync() }
        #expect(error == SystemError(number: EINVAL, call: "fdatasync"))
    }

    /// Nor can the directories of the kernel's own file system.
    @Test func syncsOfDirectoriesReachTheSystem() throws {
        let error = SystemError(number: EINVAL, call: "fsync")
        #expect(throws: error) { try FileSystemDevice(path: "/proc").syncDirectory("sys") }
        #expect(throws: error) { try FileSystemDevice(path: "/proc/sys").syncParent() }
    }

    @Test func anExtendedFileHasRoomAndZeros() throws {
        let device = try device()
        let file = try device.open("file", .create)
        _ = try file.write([UInt8(1), 2, 3].span.bytes, at: 0)
        try file.extend(to: 100_000)
        #expect(try file.length() == 100_000)
        let bytes = try Data(contentsOf: URL(filePath: directory.file("file")))
        #expect(bytes.prefix(3) == Data([1, 2, 3]) && bytes.dropFirst(3).allSatisfy { $0 == 0 })
        var status = stat()
        #expect(stat(directory.file("file"), &status) == 0)
        #expect(status.st_blocks * 512 >= 100_000)
        // It never takes anything away.
        try file.extend(to: 2)
        #expect(try file.length() == 100_000)
        #expect(throws: SystemError(number: EBADF, call: "fallocate")) {
            try device.open("file", .read).extend(to: 200_000)
        }
    }

    @Test(arguments: [(StrataOptions.Permissions.owner, 0o700, 0o600), (.group, 0o750, 0o640)])
    func permissionsAreAsAskedFor(permissions: StrataOptions.Permissions, ofDirectories: Int, ofFiles: Int) async throws
    {
        let options = StrataOptions(permissions: permissions)
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        var names = try Array(StoreFiles(directory).contents().keys)
        names.append(".")
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
            let isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
            #expect(attributes[.posixPermissions] as? Int == (isDirectory ? ofDirectories : ofFiles), "\(name)")
        }
    }

    @Test(arguments: [FileAccess.read, .readWrite, .create])
    func noNameLeadsOutOfTheStore(access: FileAccess) throws {
        let device = try device()
        let outside = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: outside.path, withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: URL(filePath: outside.file("file")))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("link"), withDestinationPath: outside.file("file"))
        try FileManager.default.createSymbolicLink(atPath: directory.file("place"), withDestinationPath: outside.path)
        for name in ["link", "place/file", "place/new", "../\(outside.path.split(separator: "/").last ?? "")/file"] {
            #expect(throws: SystemError.self, "\(name)") { try device.open(name, access) }
        }
        #expect(throws: SystemError.self) { try device.list("place") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["file"])
    }
}
