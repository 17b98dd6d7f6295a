public import FoundationEssentials

/// An instant in UTC with nanoseconds, from the beginning of year 1 to the end of year 9999.
///
/// `Date` keeps a floating-point number and loses everything below about 0.2 microseconds; an event's time is
/// kept as it was given.
public struct Timestamp: Hashable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, negative before it, without leap seconds.
    public let seconds: Int64

    /// Nanoseconds behind `seconds`: 0 to 999,999,999.
    public let nanoseconds: UInt32

    /// The first instant that can be expressed: 0001-01-01T00:00:00Z.
    public static let distantPast = Timestamp(uncheckedSeconds: range.lowerBound, nanoseconds: 0)

    /// The last instant that can be expressed: 9999-12-31T23:59:59.999999999Z.
    public static let distantFuture = Timestamp(uncheckedSeconds: range.upperBound, nanoseconds: 999_999_999)

    /// The seconds of the years 1 to 9999.
    @inlinable
    static var range: ClosedRange<Int64> { -62_135_596_800...253_402_300_799 }

    /// An instant from its parts.
    ///
    /// - Returns: nil outside the years 1 to 9999, or where `nanoseconds` is a second or more.
    @inlinable
    public init?(seconds: Int64, nanoseconds: UInt32) {
        guard Self.range.contains(seconds), nanoseconds < 1_000_000_000 else { return nil }
        self.init(uncheckedSeconds: seconds, nanoseconds: nanoseconds)
    }

    @inlinable
    package init(uncheckedSeconds seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The instant nearest to a date; dates outside the years 1 to 9999 become the nearest end.
    public init(_ date: Date) {
        let interval = date.timeIntervalSince1970
        guard interval > Double(Self.distantPast.seconds) else {
            self = .distantPast
            return
        }
        guard interval < Double(Self.distantFuture.seconds) else {
            self = .distantFuture
            return
        }
        let whole = interval.rounded(.down)
        let nanoseconds = ((interval - whole) * 1e9).rounded()
        if nanoseconds >= 1e9 {
            self.init(uncheckedSeconds: Int64(whole) + 1, nanoseconds: 0)
        } else {
            self.init(uncheckedSeconds: Int64(whole), nanoseconds: UInt32(nanoseconds))
        }
    }

    /// The same instant as a date, rounded to what a date can express.
    public var date: Date {
        Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9)
    }

    /// Now, by the system's clock.
    public static func now() -> Timestamp {
        Timestamp(Date())
    }
}

extension Timestamp: Comparable {
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
