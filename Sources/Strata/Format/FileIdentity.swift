/// Tells whether a file is still the one that was looked at, unchanged: who writes to it, replaces it or copies it gives
/// it another identity.
package struct FileIdentity: Hashable, Sendable {
    /// The file's number on its device.
    package let node: UInt64
    /// When its content was last changed, by the device's own count: nanoseconds, or a number of changes.
    package let change: Int64
    /// The file's length in bytes.
    package let length: Int

    package init(node: UInt64, change: Int64, length: Int) {
        self.node = node
        self.change = change
        self.length = length
    }
}
