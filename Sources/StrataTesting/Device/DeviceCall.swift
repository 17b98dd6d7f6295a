/// One call of a device.
package struct DeviceCall: Hashable, Sendable {
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        case openForReading
        case openForWriting
        case create
        case kind
        case createDirectory
        case list
        case rename
        case remove
        case link
        case syncDirectory
        case syncParent
        case read
        case write
        case sync
        case truncate
        case extend
        case length
        case identity
        case map
        case lock
        case isLocked

        /// Whether a call changes what readers see.
        package var isMutating: Bool {
            switch self {
            case .create, .createDirectory, .rename, .remove, .link, .write, .truncate, .extend: true
            default: false
            }
        }

        package var isSync: Bool {
            switch self {
            case .sync, .syncDirectory, .syncParent: true
            default: false
            }
        }
    }

    /// 1 for the device's first call.
    package let number: Int
    package let operation: Operation
    /// The file or directory.
    package let name: String
    package let offset: Int
    package let length: Int
}

extension DeviceCall: CustomStringConvertible {
    package var description: String {
        let place = operation == .read || operation == .write ? " \(length) bytes at \(offset)" : ""
        return "\(number): \(operation.rawValue) \(name)\(place)"
    }
}
