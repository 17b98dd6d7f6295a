/// A log that has been opened: walked, healed of a torn tail, and known to be durable as it was read.
struct OpenedLog: Sendable {
    let device: any Device
    let index: LogIndex
    let sidecars: SidecarFiles
    let manifest: Manifest
    /// Whether there was no room to write the manifest anew, so that leftovers had to stay.
    let keepsLeftovers: Bool
    /// Whether the page cache alone may have the manifest, and there was no room to write it anew.
    let owesManifest: Bool
    let directory: SegmentDirectory
    /// The segment to append to.
    let segment: ActiveSegment
    /// The writer's lock.
    let lock: WriterLock
    let epoch: UInt64
}
