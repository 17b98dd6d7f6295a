extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, with 0, 3, 6 or 9 digits of a second: as many as the instant needs.
    public var description: String {
        let (year, month, day) = Self.civil(fromDays: Self.days(of: seconds))
        let second = Int(seconds - Self.days(of: seconds) * 86_400)
        var text = ""
        text.reserveCapacity(30)
        Self.append(year, digits: 4, to: &text)
        text += "-"
        Self.append(month, digits: 2, to: &text)
        text += "-"
        Self.append(day, digits: 2, to: &text)
        text += "T"
        Self.append(second / 3600, digits: 2, to: &text)
        text += ":"
        Self.append(second / 60 % 60, digits: 2, to: &text)
        text += ":"
        Self.append(second % 60, digits: 2, to: &text)
        if nanoseconds != 0 {
            text += "."
            if nanoseconds % 1_000_000 == 0 {
                Self.append(Int(nanoseconds) / 1_000_000, digits: 3, to: &text)
            } else if nanoseconds % 1_000 == 0 {
                Self.append(Int(nanoseconds) / 1_000, digits: 6, to: &text)
            } else {
                Self.append(Int(nanoseconds), digits: 9, to: &text)
            }
        }
        return text + "Z"
    }

    private static func append(_ value: Int, digits: Int, to text: inout String) {
        let number = String(value)
        for _ in 0..<max(0, digits - number.utf8.count) { text += "0" }
        text += number
    }

    private static func days(of seconds: Int64) -> Int64 {
        (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    }

    /// The proleptic Gregorian date of a number of days since 1970-01-01, counted in eras of 400 years that begin
    /// on the first of March, so that the leap day is the last day of a year.
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    fileprivate static func days(year: Int, month: Int, day: Int) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}

extension Timestamp {
    /// Reads a date and time as RFC 3339 writes it, with any offset from UTC and up to nine digits of a second.
    ///
    /// A space or a lower-case `t` may separate date and time, as section 5.6 allows. A leap second (`:60`) counts
    /// as the first instant of the next minute.
    ///
    /// - Returns: nil where the text is no such date, names a day that does not exist, or lies outside the years
    ///   1 to 9999 in UTC.
    public init?(rfc3339 text: some StringProtocol) {
        var scanner = DigitScanner(Array(text.utf8))
        guard
            let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(digits: 2), scanner.skip(":"),
            let minute = scanner.number(digits: 2), scanner.skip(":"),
            let second = scanner.number(digits: 2),
            let nanoseconds = scanner.skip(".") ? scanner.fraction() : 0,
            let offset = scanner.offset(), scanner.isAtEnd
        else { return nil }
        guard
            (1...12).contains(month), (1...Self.daysInMonth(month, of: year)).contains(day),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        let secondOfDay = Int64(hour * 3600 + minute * 60 + second)
        self.init(
            seconds: days * 86_400 + secondOfDay - Int64(offset), nanoseconds: second == 60 ? 0 : UInt32(nanoseconds))
    }

    private static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed numbers of decimal digits.
private struct DigitScanner {
    private let bytes: [UInt8]
    private var next = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { next == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next < bytes.count, bytes[next] == UInt8(ascii: character) else { return false }
        next += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard next < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[next]) else { return nil }
        defer { next += 1 }
        return Int(bytes[next] - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One to nine digits of a second, in nanoseconds.
    mutating func fraction() -> Int? {
        var value = 0
        var digits = 0
        while let digit = digit() {
            guard digits < 9 else { return nil }
            value = value * 10 + digit
            digits += 1
        }
        guard digits > 0 else { return nil }
        for _ in digits..<9 { value *= 10 }
        return value
    }

    /// `Z` or `±hh:mm`, in seconds east of Greenwich.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let sign: Int
        if skip("+") {
            sign = 1
        } else if skip("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2), hours <= 23, minutes <= 59
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}

extension Timestamp: Codable {
    /// Writes the instant as a string of RFC 3339.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no date and time of RFC 3339")
        }
        self = timestamp
    }
}
