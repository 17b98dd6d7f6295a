/// Makes one compacted segment of neighbouring ones.
struct SegmentRewrite {
    let storeID: UInt128
    let device: any Device
    let live: LiveVersions
    let compression: CompactionOptions.Compression
    /// Told of bytes that were read or are about to be written; throws to end the job.
    let willMove: (Int) throws(StrataError) -> Void

    /// Writes the segment beside those that it is to replace, durably, reads it back and verifies it. Leaves nothing
    /// behind where that fails. May block.
    ///
    /// - Parameters:
    ///   - inputs: in the order of their positions; the output stands for their whole range.
    ///   - surveys: of the inputs.
    func run(
        _ inputs: [Manifest.SealedSegment], surveys: [SegmentSurvey], generation: UInt64
    ) throws(StrataError) -> Manifest.SealedSegment {
        let output = SegmentIdentity(number: inputs[0].firstPosition, generation: generation)
        do throws(StrataError) {
            let entry = try write(inputs, surveys, to: output)
            try verify(entry)
            return entry
        } catch {
            try? device.removeIfPresent(output.name)
            throw error
        }
    }

    private func write(
        _ inputs: [Manifest.SealedSegment], _ surveys: [SegmentSurvey], to output: SegmentIdentity
    ) throws(StrataError) -> Manifest.SealedSegment {
        var writer = try CompactedSegmentWriter(
            output, storeID: storeID, layout: .init(compression: compression),
            dictionary: compression == .lz4 ? try dictionary(inputs, surveys) : [], on: device, willWrite: willMove)
        for input in inputs {
            try SegmentSurvey.walk(input.identity, storeID: storeID, on: device, progress: willMove) {
                header, _, body throws(StrataError) in
                guard let kept = LiveFrame(header, body: body, live) else { return }
                try writer.append(kept.header, body: kept.body.span.bytes)
            }
        }
        let entry = try writer.finish(lastPosition: inputs[inputs.count - 1].lastPosition)
        try device.syncDirectoryOrFail(StoreLayout.events)
        return entry
    }

    /// Frames from all over the inputs that are kept, at even distances: what blocks have in common is in them.
    private func dictionary(
        _ inputs: [Manifest.SealedSegment], _ surveys: [SegmentSurvey]
    ) throws(StrataError) -> [UInt8] {
        let bytes = surveys.reduce(0) { $0 + $1.liveBytes }
        // A dictionary is stored itself, and has to bring back more than that.
        let wanted = min(CompactedSegmentWriter.Layout.dictionaryBytes, bytes / 16)
        var dictionary: [UInt8] = []
        for (input, survey) in zip(inputs, surveys) {
            let content = try SegmentContent(input.identity, storeID: storeID, on: device)
            let share = wanted * survey.liveBytes / max(1, bytes)
            let end = dictionary.count + share
            let distance = max(1, survey.liveBytes / max(1, share))
            for (index, frame) in survey.wholeFrames.enumerated() where index.isMultiple(of: distance) {
                guard dictionary.count + frame.length <= end else { continue }
                _ = try content.read(frame.length, at: frame.offset, appendingTo: &dictionary)
            }
        }
        return dictionary
    }

    private func verify(_ entry: Manifest.SealedSegment) throws(StrataError) {
        var scanner = SegmentScanner(entry.identity, storeID: storeID, isSealed: true, on: device)
        var failure: StrataError?
        var last = Format.segmentHeaderBytes
        let scan = try scanner.run { offset in
            guard failure == nil, offset - last >= 1 << 20 else { return }
            do throws(StrataError) { try willMove(offset - last) } catch { failure = error }
            last = offset
        } visit: { _, _, _ in
        }
        if let failure { throw failure }
        guard scan.damage.isEmpty, entry.matches(scan) else {
            throw StrataError(
                .ioFailure, "the rewritten segment does not read back as it was written",
                path: device.path(of: entry.identity.name), damage: scan.damage)
        }
    }
}
