import Foundation

/// No error of ours: Foundation copies an entry of a directory as if it had the longest of names, and reads behind its
/// buffer where the entry is the last of many.
@main
enum Program {
    static func main() throws {
        let copies = (0..<2_000).map { _ in dup(0) }
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/true")
        try child.run()
        child.waitUntilExit()
        for copy in copies { close(copy) }
    }
}
