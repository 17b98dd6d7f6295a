#if PostgreSQL
import EventSourcing

/// Finds events by tenant in the way that Swift compares strings: two spellings of one text are equal.
///
/// The server compares bytes. A text in normal form C is the only one of its spellings in that form, so that bytes decide;
/// any other text, and one that the server's type cannot hold, is kept as a mark, which any tenant may stand behind. What the
/// server finds is compared again here.
enum TenantKey {
    private static let mark = "\u{1}"

    /// What is kept of an event's tenant.
    static func stored(_ tenant: String?) -> String? {
        tenant.map { isComparable($0) ? $0 : mark }
    }

    /// Which stored keys a tenant's events may have; nil where that could be any.
    static func candidates(_ tenant: String) -> [String]? {
        isComparable(tenant) ? [tenant, mark] : nil
    }

    /// Whether the server can hold a text, and the bytes of it decide whether another one is equal.
    static func isComparable(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0 }) { return true }
        guard !text.utf8.contains(0) else { return false }
        var span = text.utf8Span
        return span.checkForNFC(quickCheck: false)
    }
}
#endif
