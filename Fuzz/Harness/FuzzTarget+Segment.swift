import EventSourcing
import Strata
import StrataTesting

extension FuzzTarget {
    /// A segment of events behind a byte of ``StoreImage/Repairs``, whose bit 7 makes it a sealed one.
    package static let segment = FuzzTarget("segment", .synchronous { try checkSegment($0) })

    private static func checkSegment(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let mode = input.byte()
        var image = StoreImage([StoreImage.Repairs(rawValue: mode), .manifest])
        let name = image.addSegment(input.remainder(), kind: .events)
        image.completeManifest(sealsLast: mode & 0x80 != 0)
        let device = SimulatedDevice(image.storage)
        try checkInspection(of: name, on: device)
        let before = device.storage.contents
        do {
            let report = try StrataStore.verify(on: device)
            try check(report)
        } catch is StrataError {}
        try require(device.storage.contents == before, "verifying changes the store")
    }

    /// Every byte of a segment's content belongs to its header or to exactly one frame, or to a run of bytes that is none.
    static func checkInspection(of name: String, on device: SimulatedDevice) throws(Violation) {
        let inspection: SegmentInspection
        do { inspection = try StrataStore.inspectSegment(name, on: device) } catch { return }
        var end = Format.segmentHeaderBytes
        for frame in inspection.frames {
            try require(frame.offset == end && frame.length > 0, "frames overlap, or leave a gap at \(end)")
            end += frame.length
        }
        // The content of a compacted one has another length than its file.
        guard inspection.kind != .compacted else { return }
        try require(end == inspection.bytes, "the frames end at \(end) of \(inspection.bytes)")
    }

    static func check(_ report: VerificationReport) throws(Violation) {
        try require(report.commits <= report.events, "there are more commits than events")
        for damage in report.damage {
            try require(damage.offset >= 0 && damage.length >= 0, "damage lies nowhere: \(damage)")
        }
    }
}
