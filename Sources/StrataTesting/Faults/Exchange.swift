/// What a person, a script or a restore may do to the files of a store: bytes of one place come to another.
package struct Exchange: Sendable {
    /// What takes the place of a range of a file's bytes.
    struct Replacement: Sendable {
        let file: String
        /// nil for the whole file.
        let range: Range<Int>?
        /// nil where the file is missing afterwards.
        let bytes: [UInt8]?
    }

    let description: String
    /// Of different files, or from the back to the front of one.
    let replacements: [Replacement]
    /// Whether the end of the log, or what tells of it, is taken away or moved: then nothing may be left that tells.
    let reachesEnd: Bool

    func apply(to storage: inout SimulatedStorage) {
        for replacement in replacements {
            guard let range = replacement.range, let bytes = replacement.bytes,
                var content = storage[file: replacement.file]
            else {
                storage[file: replacement.file] = replacement.bytes
                continue
            }
            content.replaceSubrange(range.clamped(to: 0..<content.count), with: bytes)
            storage[file: replacement.file] = content
        }
    }
}

/// A frame of a file, with its bytes.
struct StoredFrame: Sendable {
    let file: String
    let range: Range<Int>
    let bytes: [UInt8]
}

extension Exchange {
    /// Two frames take each other's place, and what stands between them moves.
    static func swapped(_ first: StoredFrame, _ second: StoredFrame, reachesEnd: Bool) -> Exchange {
        Exchange(
            description: "\(first) and \(second) swapped",
            replacements: [
                Replacement(file: second.file, range: second.range, bytes: first.bytes),
                Replacement(file: first.file, range: first.range, bytes: second.bytes),
            ], reachesEnd: reachesEnd)
    }

    /// A frame's bytes are written over another's place; nothing moves.
    static func overwritten(_ place: StoredFrame, with frame: StoredFrame, reachesEnd: Bool) -> Exchange {
        let start = place.range.lowerBound
        return Exchange(
            description: "\(frame) written over \(place)",
            replacements: [
                Replacement(file: place.file, range: start..<start + frame.bytes.count, bytes: frame.bytes)
            ], reachesEnd: reachesEnd)
    }

    /// A frame stands in front of another one as well.
    static func inserted(_ frame: StoredFrame, before place: StoredFrame, reachesEnd: Bool) -> Exchange {
        let start = place.range.lowerBound
        return Exchange(
            description: "\(frame) inserted before \(place)",
            replacements: [Replacement(file: place.file, range: start..<start, bytes: frame.bytes)],
            reachesEnd: reachesEnd)
    }

    /// A frame is missing, and what stood behind it has moved up.
    static func missing(_ frame: StoredFrame, reachesEnd: Bool) -> Exchange {
        Exchange(
            description: "\(frame) missing",
            replacements: [Replacement(file: frame.file, range: frame.range, bytes: [])], reachesEnd: reachesEnd)
    }

    /// A file is another one, or is missing.
    static func file(_ name: String, is bytes: [UInt8]?, _ what: String, reachesEnd: Bool) -> Exchange {
        Exchange(
            description: "\(name) is \(what)", replacements: [Replacement(file: name, range: nil, bytes: bytes)],
            reachesEnd: reachesEnd)
    }
}

extension StoredFrame: CustomStringConvertible {
    var description: String { "\(file) \(range)" }
}
