/// Makes one compacted segment of neighbouring ones.
struct SegmentRewrite {
    /// A frame of the inputs that is kept as it is.
    private struct WholeFrame {
        let input: Int
        let offset: Int
        let length: Int
    }

    let directory: SegmentDirectory
    let sidecars: SidecarFiles
    let live: LiveVersions
    let compression: CompactionOptions.Compression
    /// Told of bytes that were read; throws to end the job.
    let didRead: (Int) throws(StrataError) -> Void
    /// Told of bytes that are about to be written; throws to end the job.
    let willWrite: (Int) throws(StrataError) -> Void

    private var device: any Device { sidecars.device }
    private var storeID: UInt128 { sidecars.storeID }

    /// Writes the segment beside those that it is to replace, durably, reads it back, verifies it, and makes its sidecar.
    /// Leaves nothing behind where that fails. May block.
    ///
    /// - Parameters:
    ///   - inputs: in the order of their positions; the output stands for their whole range.
    ///   - generation: above the manifest's.
    func run(
        _ inputs: [Manifest.SealedSegment], generation: UInt64
    ) throws(StrataError) -> (Manifest.SealedSegment, CompactedIndex) {
        let output = SegmentIdentity(number: inputs[0].firstPosition, generation: generation)
        do throws(StrataError) {
            let entry = try write(inputs, to: output)
            return (entry, try verify(entry))
        } catch {
            try? device.removeIfPresent(output.name)
            sidecars.remove(output)
            throw error
        }
    }

    private func write(
        _ inputs: [Manifest.SealedSegment], to output: SegmentIdentity
    ) throws(StrataError) -> Manifest.SealedSegment {
        let dictionary = compression == .lz4 ? try dictionary(of: inputs) : []
        let failures = directory.failures
        var writer = try CompactedSegmentWriter(
            output, storeID: storeID, compression: compression, dictionary: dictionary, on: device,
            willWrite: willWrite)
        for input in inputs {
            try SegmentWalk(input.identity, storeID: storeID, on: device).run(progress: didRead) {
                header, _, body throws(StrataError) in
                guard let kept = LiveFrame(header, body: body, live) else { return }
                try writer.append(kept, body: body)
            }
        }
        let entry = try writer.finish(lastPosition: inputs[inputs.count - 1].lastPosition)
        try directory.sync(since: failures)
        return entry
    }

    /// Frames from all over the inputs that are kept, at even distances: what blocks have in common is in them.
    private func dictionary(of inputs: [Manifest.SealedSegment]) throws(StrataError) -> [UInt8] {
        var frames: [WholeFrame] = []
        var bytes = 0
        for (index, input) in inputs.enumerated() {
            let walk = SegmentWalk(input.identity, storeID: storeID, on: device)
            try walk.run(progress: didRead) { header, offset, body in
                guard let kept = LiveFrame(header, body: body, live) else { return }
                bytes += kept.frameLength
                guard kept.isWhole else { return }
                frames.append(WholeFrame(input: index, offset: offset, length: header.frameLength))
            }
        }
        // The dictionary is stored itself, and has to bring back more than that.
        let wanted = min(CompactedSegmentWriter.dictionaryBytes, bytes / 16)
        let distance = max(1, bytes / max(1, wanted))
        var dictionary: [UInt8] = []
        var content: (input: Int, SegmentContent)?
        for index in stride(from: distance / 2, to: frames.count, by: distance) {
            let frame = frames[index]
            guard dictionary.count + frame.length <= wanted else { continue }
            if content?.input != frame.input {
                content = (frame.input, try SegmentContent(inputs[frame.input].identity, storeID: storeID, on: device))
            }
            _ = try content?.1.read(frame.length, at: frame.offset, appendingTo: &dictionary)
        }
        return dictionary
    }

    /// How many bytes the segment would take, about: a part of the blocks is compressed to find out. May block.
    func estimatedBytes(_ inputs: [Manifest.SealedSegment], liveBytes: Int) throws(StrataError) -> Int {
        guard compression == .lz4, liveBytes > 0 else { return liveBytes + Format.segmentHeaderBytes }
        let dictionary = try dictionary(of: inputs)
        var sample = CompressionSample(dictionary: dictionary)
        for input in inputs {
            let binding = input.identity.binding(storeID: storeID)
            let walk = SegmentWalk(input.identity, storeID: storeID, on: device)
            try walk.run(progress: didRead) { header, _, body in
                guard let kept = LiveFrame(header, body: body, live) else { return }
                sample.add(kept, body: body, binding: binding)
            }
        }
        return sample.estimate(of: liveBytes) + dictionary.count / 4
    }

    private func verify(_ entry: Manifest.SealedSegment) throws(StrataError) -> CompactedIndex {
        // Before the walk: a change meanwhile must show.
        let identity = try sidecars.identity(of: entry)
        var reported = Format.segmentHeaderBytes
        var failure: StrataError?
        var turn = BackgroundThread.Turn()
        var indexing = try SegmentIndexing(
            entry.identity, storeID: storeID, isSealed: true, on: device
        ) { offset in
            turn.reach(offset)
            guard failure == nil, offset - reported >= SegmentWalk.progressBytes else { return }
            do throws(StrataError) { try didRead(offset - reported) } catch { failure = error }
            reported = offset
        }
        if let failure { throw failure }
        guard indexing.scan.damage.isEmpty, indexing.gaps.isEmpty, entry.matches(indexing.scan) else {
            throw StrataError(
                .ioFailure, "the rewritten segment does not read back as it was written",
                path: device.path(of: entry.identity.name), damage: indexing.scan.damage)
        }
        guard let sidecar = sidecars.make(of: indexing.index, entry, identity) else {
            indexing.makeSearchable()
            return .memory(indexing.index)
        }
        sidecars.finish(entry.identity)
        return .sidecar(sidecar)
    }
}
