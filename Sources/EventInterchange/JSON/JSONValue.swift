/// Where a JSON value lies in the text that was scanned, and what kind it is.
struct JSONValue: Hashable, Sendable {
    enum Kind: String, Sendable {
        case object, array, string, number, boolean, null
    }

    let kind: Kind
    let range: Range<Int>
}
