/// One line of an input that is not blank.
public struct InputLine: Hashable, Sendable {
    /// Its number, counted from 1, blank lines included.
    public let number: Int
    /// Its bytes without the line break; nil where they are more than the splitter's limit.
    public let content: [UInt8]?

    public init(number: Int, content: [UInt8]?) {
        self.number = number
        self.content = content
    }
}
