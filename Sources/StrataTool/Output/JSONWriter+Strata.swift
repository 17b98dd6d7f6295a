import EventInterchange
import EventSourcing
import Strata

extension JSONWriter {
    mutating func positions(_ positions: ClosedRange<Position>) {
        member("first_position", positions.lowerBound.rawValue)
        member("last_position", positions.upperBound.rawValue)
    }

    mutating func versions(_ versions: ClosedRange<Int>) {
        member("first_version", versions.lowerBound)
        member("last_version", versions.upperBound)
    }

    mutating func damage(_ damage: Damage) {
        beginObject()
        member("file", damage.file)
        member("offset", damage.offset)
        member("length", damage.length)
        member("reason", damage.reason)
        if let stream = damage.stream { member("stream", stream.description) }
        if let versions = damage.versions { self.versions(versions) }
        if let positions = damage.positions { self.positions(positions) }
        endObject()
    }
}
