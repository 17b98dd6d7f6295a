import Foundation

/// The descriptors of standard input, output and error.
enum StandardDescriptors {
    /// Puts a descriptor in the place of each that whoever started the tool has closed.
    ///
    /// Otherwise the next file that is opened, one of the store's perhaps, would take its place, and what is meant for
    /// people would be written there. The stand-ins are open the other way round: using them fails as if nothing was
    /// there.
    static func fillGaps() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest number that is free, which is this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
