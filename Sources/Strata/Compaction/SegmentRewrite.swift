/// Makes one compacted segment of neighbouring ones.
struct SegmentRewrite {
    /// A frame of the inputs that is kept as it is.
    private struct WholeFrame {
        let input: Int
        let offset: Int
        let length: Int
    }

    let storeID: UInt128
    let device: any Device
    let live: LiveVersions
    let compression: CompactionOptions.Compression
    /// Told of bytes that were read; throws to end the job.
    let didRead: (Int) throws(StrataError) -> Void
    /// Told of bytes that are about to be written; throws to end the job.
    let willWrite: (Int) throws(StrataError) -> Void

    /// Writes the segment beside those that it is to replace, durably, reads it back and verifies it. Leaves nothing
    /// behind where that fails. May block.
    ///
    /// - Parameters:
    ///   - inputs: in the order of their positions; the output stands for their whole range.
    ///   - generation: above the manifest's.
    func run(
        _ inputs: [Manifest.SealedSegment], generation: UInt64
    ) throws(StrataError) -> Manifest.SealedSegment {
        let output = SegmentIdentity(number: inputs[0].firstPosition, generation: generation)
        do throws(StrataError) {
            let entry = try write(inputs, to: output)
            try verify(entry)
            return entry
        } catch {
            try? device.removeIfPresent(output.name)
            throw error
        }
    }

    private func write(
        _ inputs: [Manifest.SealedSegment], to output: SegmentIdentity
    ) throws(StrataError) -> Manifest.SealedSegment {
        let dictionary = compression == .lz4 ? try dictionary(of: inputs) : []
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
        try device.syncDirectoryOrFail(StoreLayout.events)
        return entry
    }

    /// Frames from all over the inputs that are kept, at even distances: what blocks have in common is in them.
    private func dictionary(of inputs: [Manifest.SealedSegment]) throws(StrataError) -> [UInt8] {
        var frames: [WholeFrame] = []
        var bytes = 0
        for (index, input) in inputs.enumerated() {
            try SegmentWalk(input.identity, storeID: storeID, on: device).run(progress: didRead) { header, offset, body in
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

    private func verify(_ entry: Manifest.SealedSegment) throws(StrataError) {
        let scan = try SegmentWalk(entry.identity, storeID: storeID, on: device).run(progress: didRead) { _, _, _ in }
        guard entry.matches(scan) else {
            throw StrataError(
                .ioFailure, "the rewritten segment does not read back as it was written",
                path: device.path(of: entry.identity.name))
        }
    }
}
