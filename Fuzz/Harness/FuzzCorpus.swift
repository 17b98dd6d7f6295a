package import Foundation

/// The inputs that are kept in `Fuzz/Corpus`.
package enum FuzzCorpus {
    /// A file and the target that it is for.
    package struct Input: Sendable, CustomStringConvertible {
        package let target: FuzzTarget
        package let file: URL

        package var description: String { "\(target.name)/\(file.lastPathComponent)" }
    }

    /// The inputs of some targets, by name.
    package static func inputs(of targets: [FuzzTarget]) throws -> [Input] {
        let corpora = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Corpus")
        return try targets.flatMap { target in
            try FileManager.default
                .contentsOfDirectory(at: corpora.appending(path: target.name), includingPropertiesForKeys: nil)
                .sorted { $0.path < $1.path }
                .map { Input(target: target, file: $0) }
        }
    }
}
