import EventSourcing
import FoundationEssentials

extension StrataStore {
    /// Lists the frames of one segment file.
    ///
    /// - Parameter path: a file in a store's `events` or `snapshots`, or a copy of one.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/notAStore`` where the file is no segment,
    ///   ``StrataError/Code/unsupportedFormat``, ``StrataError/Code/damaged`` where its header does not verify, and the
    ///   codes of failed calls. Frames that do not verify are listed as such.
    public static func inspectSegment(at path: String) async throws(StrataError) -> SegmentInspection {
        try await BlockingReads.run { () throws(StrataError) in
            let separator = path.lastIndex(of: "/")
            let directory = separator.map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
            let name = String(separator.map { path[path.index(after: $0)...] } ?? path[...])
            let device: FileSystemDevice
            do throws(SystemError) {
                device = try FileSystemDevice(path: directory)
            } catch {
                throw StrataError(error, "opening failed", path: path)
            }
            guard try device.kindOrFail(of: name) != .directory else {
                throw StrataError(.notAStore, "this is a directory, not a segment file", path: path)
            }
            return try inspectSegment(name, on: device)
        }
    }

    /// Lists the frames of a segment on any device. May block.
    package static func inspectSegment(
        _ name: String, on device: any Device
    ) throws(StrataError) -> SegmentInspection {
        let file = try StoreFile(name, .read, on: device)
        let bytes = try file.read(Format.segmentHeaderBytes, at: 0)
        let header: SegmentHeader
        do throws(FormatError) {
            header = try SegmentHeader(decoding: bytes.span.bytes)
        } catch {
            throw StrataError(header: error, path: file.path)
        }
        let length = try file.length()
        return SegmentInspection(
            kind: SegmentInspection.Kind(header.kind), formatVersion: Int(header.formatVersion),
            storeID: UUID(bits: header.storeID), number: Int(clamping: header.number), createdAt: header.createdAt,
            bytes: length, frames: try frames(of: SegmentContent(file, header)))
    }

    private static func frames(
        of content: SegmentContent
    ) throws(StrataError) -> [SegmentInspection.Frame] {
        let length = min(try content.length(), Format.longestSegment)
        var scanner = FrameScanner(content, to: length)
        var frames: [SegmentInspection.Frame] = []
        while true {
            switch try scanner.next() {
            case .end: return frames
            case .frame(let header):
                frames.append(scanner.withBody { SegmentInspection.Frame(header, at: scanner.offset, body: $0) })
            case .damagedBody(let header):
                let offset = scanner.offset
                let next = min(length, offset + header.frameLength)
                frames.append(
                    SegmentInspection.Frame(
                        unverified: offset..<next, header: header,
                        note: next < offset + header.frameLength ? "the frame is cut off" : "the body does not verify"))
                scanner.move(to: next)
            case .noHeader:
                let (offset, next, isZero) = try unverified(&scanner, in: content, upTo: length)
                frames.append(
                    SegmentInspection.Frame(
                        unverified: offset..<next, header: nil, note: isZero ? "zeros" : "no frame that verifies"))
                scanner.move(to: next)
            }
        }
    }
}

extension StrataStore {
    /// The run of bytes that the scanner has come to and that is no frame.
    private static func unverified(
        _ scanner: inout FrameScanner, in content: SegmentContent, upTo length: Int
    ) throws(StrataError) -> (start: Int, end: Int, isZero: Bool) {
        let start = scanner.offset
        if let compacted = content.compacted {
            // Not searched: what a footer says of blocks that are not there may be as long as a segment can be.
            return (start, min(length, compacted.block(containing: start)?.contentOffsets.upperBound ?? length), false)
        }
        let next = try scanner.nextHeader(from: start + Format.alignment)?.offset ?? length
        return (start, next, next == length ? try scanner.endOfContent(from: start) == start : false)
    }
}

extension SegmentInspection.Kind {
    fileprivate init(_ kind: SegmentKind) {
        self =
            switch kind {
            case .events: .events
            case .snapshots: .snapshots
            case .compacted: .compacted
            }
    }
}

extension SegmentInspection.Frame {
    fileprivate init(_ header: FrameHeader, at offset: Int, body: RawSpan) {
        let commit = header.kind == .commit ? CommitBody(decoding: body, header: header) : nil
        let snapshot = header.kind == .snapshot ? SnapshotBody(decoding: body, header: header) : nil
        // Safe: the pointers are used only during the calls.
        let type =
            commit.flatMap { commit in
                body.extracting(commit.aggregateTypeRange).withUnsafeBytes { String(validating: $0, as: UTF8.self) }
            } ?? snapshot?.aggregateType
            ?? (header.kind.namesOnlyItsStream ? AggregateTypeBody.aggregateType(in: body, header: header) : nil)
        let eventTypes = commit?.events.compactMap { event in
            body.extracting(event.typeStart..<event.metadataStart).withUnsafeBytes {
                String(validating: $0, as: UTF8.self)
            }
        }
        self.init(
            kind: header.kind.name, offset: offset, length: header.frameLength,
            stream: type.map { StreamID($0, UUID(bits: header.aggregateID)) },
            versions: header.versions ?? (snapshot == nil ? nil : header.firstVersion...header.firstVersion),
            positions: header.positions, storedAt: header.storedAt, eventTypes: eventTypes ?? [],
            durableMark: header.kind.isOfEvents ? header.durableMark : nil, epoch: header.epoch,
            note: snapshot.map { "schema version \($0.schemaVersion), state of \($0.stateLength) bytes" }
                ?? Release(header)?.note)
    }

    fileprivate init(unverified range: Range<Int>, header: FrameHeader?, note: String) {
        self.init(
            kind: "unverified", offset: range.lowerBound, length: range.count, stream: nil,
            versions: header?.versions, positions: header?.positions, storedAt: header?.storedAt, eventTypes: [],
            durableMark: nil, epoch: header?.epoch, note: note)
    }
}

extension FrameKind {
    fileprivate var name: String {
        switch self {
        case .commit: "commit"
        case .open: "open"
        case .mark: "mark"
        case .footer: "footer"
        case .snapshot: "snapshot"
        case .snapshotDeletion: "snapshot deletion"
        case .truncation: "truncation"
        case .tombstone: "tombstone"
        }
    }

    fileprivate var isOfEvents: Bool {
        switch self {
        case .commit, .open, .mark, .footer, .truncation, .tombstone: true
        case .snapshot, .snapshotDeletion: false
        }
    }

    fileprivate var namesOnlyItsStream: Bool {
        switch self {
        case .snapshotDeletion, .truncation, .tombstone: true
        case .commit, .open, .mark, .footer, .snapshot: false
        }
    }
}

extension Release {
    fileprivate var note: String {
        if isTombstoned { return "the stream ends for good at version \(lastVersion)" }
        return "events before version \(firstLiveVersion) are released"
            + (isTruncated ? "" : ", which are all; the stream may begin again")
    }
}

extension StrataError {
    fileprivate init(header error: FormatError, path: String) {
        let code: Code =
            switch error {
            case .newerVersion: .unsupportedFormat
            case .truncated, .wrongMagic: .notAStore
            case .wrongChecksum, .invalidField: .damaged
            }
        self.init(code, "this is not a segment that can be read: \(error.reason)", path: path)
    }
}
