import EventSourcing
import Strata
import StrataTesting

/// The files of a store that an input describes.
struct StoreImage {
    /// What is put right so that the engine gets past the first checksum.
    struct Repairs: OptionSet {
        let rawValue: UInt8

        /// Checksums of headers, frames, bodies and of the manifest.
        static let checksums = Repairs(rawValue: 1)
        /// See ``ChecksumRepair/Options/order``; and all segments belong to one store.
        static let order = Repairs(rawValue: 2)
        static let footers = Repairs(rawValue: 4)
        /// The manifest lists the segments that there are, as their footers describe them.
        static let manifest = Repairs(rawValue: 8)
    }

    static let manifestName = "MANIFEST"
    static let storeID: UInt128 = 0x1122_3344_5566_4788_99AA_BBCC_DDEE_FF00
    private static let empty: SimulatedStorage = {
        let device = SimulatedDevice()
        for name in ["events", "snapshots", "quarantine"] { try? device.createDirectory(name) }
        var storage = device.storage
        storage.makeAllDurable()
        return storage
    }()

    private let repairs: Repairs
    private(set) var files: [String: [UInt8]] = [:]
    private var eventSegments: [UInt64: [UInt8]] = [:]

    init(_ repairs: Repairs) {
        self.repairs = repairs
    }

    /// The files on a device.
    var storage: SimulatedStorage {
        var storage = Self.empty
        for (name, bytes) in files { storage[file: name] = bytes }
        return storage
    }

    /// Adds a file as it is, except for the manifest, whose checksum may be repaired.
    mutating func add(_ bytes: [UInt8], as name: String) {
        var bytes = bytes
        if name == Self.manifestName, repairs.contains(.checksums) { ChecksumRepair.repairManifest(&bytes) }
        files[name] = bytes
    }

    /// Adds a segment under the name that its header gives it; returns the name.
    @discardableResult
    mutating func addSegment(_ bytes: [UInt8], kind: SegmentKind) -> String {
        var bytes = bytes
        let number: UInt64 = bytes.count >= 40 ? bytes.number(at: 32) : 1
        if repairs.contains(.order), bytes.count >= Format.segmentHeaderBytes {
            bytes[10] = kind.rawValue
            bytes.put(Self.storeID.bigEndian, at: 16)
        }
        if repairs.contains(.checksums) {
            var options: ChecksumRepair.Options = []
            if repairs.contains(.order) { options.formUnion([.order, .magic]) }
            if repairs.contains(.footers) { options.insert(.footers) }
            ChecksumRepair.repairSegment(&bytes, options)
        }
        let digits = String(number)
        let directory = kind == .events ? "events" : "snapshots"
        let name = "\(directory)/\(String(repeating: "0", count: 20 - digits.count))\(digits).seg"
        files[name] = bytes
        if kind == .events { eventSegments[number] = bytes }
        return name
    }

    /// Makes a manifest that lists the segments of events, if that is to be repaired.
    ///
    /// - Parameter sealsLast: whether the last segment counts as sealed, too; then no file is there for the active one.
    mutating func completeManifest(sealsLast: Bool = false) {
        guard repairs.contains(.manifest), let last = eventSegments.keys.max(), let bytes = eventSegments[last] else {
            return
        }
        var sealed: [Manifest.SealedSegment] = []
        for (number, bytes) in eventSegments.sorted(by: { $0.key < $1.key }) where number < last || sealsLast {
            sealed.append(Manifest.SealedSegment(number, bytes))
        }
        let header = try? SegmentHeader(decoding: bytes.span.bytes)
        let active = sealsLast ? (sealed.last?.lastPosition ?? 0) &+ 1 : last
        files[Self.manifestName] =
            Manifest(
                storeID: header?.storeID ?? Self.storeID, generation: 1,
                createdAt: header?.createdAt ?? .distantPast, sealed: sealed, active: active
            ).encoded()
    }
}

extension Manifest.SealedSegment {
    /// What the footer in a file says of its segment; where there is none, something that cannot be right.
    fileprivate init(_ number: UInt64, _ bytes: [UInt8]) {
        let footerBytes = Format.frameHeaderBytes + 40
        let footer =
            bytes.count < footerBytes ? nil : FooterBody(decoding: Array(bytes.suffix(40)).span.bytes)
        self.init(
            firstPosition: number, lastPosition: footer?.lastPosition ?? number, bytes: UInt64(bytes.count),
            eventCount: footer?.eventCount ?? 1, commitCount: footer?.commitCount ?? 1, digest: footer?.digest ?? 0)
    }
}
