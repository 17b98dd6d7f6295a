import EventSourcing

extension SegmentLog {
    /// Seals the segment and begins the next.
    ///
    /// The order matters: the old segment is whole and durable before the new one exists, the new one is durable
    /// before the manifest names it, and no frame is written before the manifest does. A crash in between leaves a
    /// footer that the manifest does not know, or a segment without frames; the next opening completes or removes it.
    func rollOver(to firstPosition: UInt64) throws(LogFailure) {
        guard firstPosition < UInt64(Format.numberLimit) else {
            throw .undone(
                StrataError(
                    .storageFull, "the store has given out all positions that there are", path: device.path))
        }
        var replacement = try successor()
        let before = (segment: segment, hasOpened: hasOpened)
        let digest = try seal()
        let next: ActiveSegment
        let entry: Manifest.SealedSegment
        do {
            next = try ActiveSegment.create(
                number: firstPosition, storeID: manifest.storeID, epoch: epoch, in: directory)
            entry = segment.manifestEntry(digest: digest)
            replacement.sealed.append(entry)
            replacement.active = firstPosition
            try device.writeReplacement(of: StoreLayout.manifest, with: replacement.encoded())
            manifest = replacement
        } catch {
            throw undoSeal(before.segment, hasOpened: before.hasOpened, after: error)
        }
        try installWritten()
        let sealed = index.rollOver(as: entry, to: SegmentIdentity(number: firstPosition))
        segment = next
        reservation.forget()
        hasOpened = true
        sidecars.add(sealed)
        didSeal.yield()
    }

    /// The manifest in the next generation, to be changed and installed.
    func successor() throws(LogFailure) -> Manifest {
        do throws(StrataError) { return try manifest.successor(on: device) } catch { throw .undone(error) }
    }

    /// Writes the footer and syncs; returns the digest of what stands before it.
    private func seal() throws(LogFailure) -> UInt32 {
        var frames: [UInt8] = []
        var sealed = segment
        encodeOpenFrame(into: &frames, &sealed)
        let digest = sealed.digest.value
        let body = FooterBody(
            lastPosition: UInt64(sealed.lastPosition), eventCount: UInt64(sealed.eventCount),
            commitCount: UInt64(sealed.commitCount), contentLength: UInt64(sealed.end), digest: digest
        ).encoded()
        var header = frameHeader(.footer, segment)
        header.bodyLength = body.count
        header.bodyChecksum = Checksum.crc32c(body.span.bytes)
        sealed.append(header, body: body, to: &frames)
        try write(frames)
        do { try reservation.release(segment.file, behind: sealed.end) } catch { throw undoWrite(after: error) }
        segment = sealed
        hasOpened = true
        try sync()
        return digest
    }

    /// Takes the footer away again, so that the segment can be appended to once the cause is gone.
    private func undoSeal(_ unsealed: ActiveSegment, hasOpened: Bool, after error: StrataError) -> LogFailure {
        segment = unsealed
        self.hasOpened = hasOpened
        return restoreEnd(after: error)
    }
}
