import EventSourcing
import Logging

/// Opens a store for reading only, and changes no byte of it.
struct ReaderOpening {
    /// How often the manifest may be replaced while we read.
    private static let attempts = 10
    private let device: any Device
    private let options: StrataOptions
    private var logger: Logger { options.logger }

    init(on device: any Device, options: StrataOptions) {
        self.device = device
        self.options = options
    }

    /// Reads the log as it is now. Damage does not stop it: readers of what is damaged get errors, all others go on.
    ///
    /// - Parameter mayMissPages: whether pages that the device cannot give count as damage, and do not stop it either.
    func run(mayMissPages: Bool = true) throws(StrataError) -> (log: LogOpening, sidecars: SidecarFiles) {
        try StoreLayout.checkDirectories(on: device)
        var hasWriter = false
        for attempt in 1...Self.attempts {
            guard let manifest = try Manifest.read(from: device) else {
                throw StrataError(.notAStore, "the directory is not a store", path: device.path)
            }
            if !hasWriter { hasWriter = try Self.hasWriter(device) }
            let sidecars = SidecarFiles(device: device, storeID: manifest.storeID, mayWrite: false, logger: logger)
            let log: LogOpening
            do throws(StrataError) {
                log = try readLog(of: manifest, on: device, sidecars, besideWriter: hasWriter)
            } catch  where mayMissPages && error.isOfMedium {
                log = try readLog(of: manifest, on: TolerantDevice(device), sidecars, besideWriter: hasWriter)
            }
            // What a writer has written that came meanwhile need not be durable yet.
            if !hasWriter, try Self.hasWriter(device) {
                hasWriter = true
                continue
            }
            // A rollover in between leaves us with the store as it was before, unless a file went away meanwhile.
            if log.damage.isEmpty { return (log, sidecars) }
            guard let newer = try Manifest.read(from: device) else { continue }
            let left = log.damage(under: newer).count
            let isAllLeft = newer.generation == manifest.generation || left == log.damage.count
            if isAllLeft || attempt == Self.attempts && left > 0 {
                logger.warning(
                    "the store is damaged; what is sound can be read", metadata: ["damage": "\(log.damage.count)"])
                return (log, sidecars)
            }
        }
        throw StrataError(.ioFailure, "the store changes faster than it can be read", path: device.path)
    }

    private func readLog(
        of manifest: Manifest, on device: any Device, _ sidecars: SidecarFiles, besideWriter: Bool
    ) throws(StrataError) -> LogOpening {
        var log = LogOpening(
            manifest: manifest, on: device, sidecars: sidecars, logger: logger, progress: options.openingProgress)
        try log.readSegments(besideWriter: besideWriter)
        return log
    }

    /// Whether a process has the store open for writing.
    static func hasWriter(_ device: any Device) throws(StrataError) -> Bool {
        guard try device.kindOrFail(of: StoreLayout.lock) != nil else { return false }
        return try StoreFile(StoreLayout.lock, .read, on: device).isLocked()
    }
}
