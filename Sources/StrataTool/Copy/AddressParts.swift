/// What an address holds behind its scheme: `USER:PASSWORD@HOST/NAME?OPTION=VALUE&…`.
///
/// A password should have its special signs escaped, and may have all of them: it never shows, and is kept whole as far as can be.
struct AddressParts {
    /// All but the options.
    let place: Substring
    private let optionText: Substring?

    init(_ address: Substring) {
        // A question mark stands in a password where an @ follows it before an equals sign does.
        let mark = address.indices.first { index in
            guard address[index] == "?" else { return false }
            return address[index...].first { $0 == "@" || $0 == "=" } != "@"
        }
        place = address[..<(mark ?? address.endIndex)]
        optionText = mark.map { address[address.index(after: $0)...] }
    }

    /// The place's servers with their users, and what follows the slash behind them.
    var serversAndPath: (servers: Substring, path: Substring) {
        let start = place.lastIndex(of: "@") ?? place.startIndex
        guard let slash = place[start...].firstIndex(of: "/") else { return (place, "") }
        return (place[..<slash], place[place.index(after: slash)...])
    }

    /// The options of some names, and all others.
    func options(_ names: Set<String>) -> (found: [String: String], others: [Substring]) {
        var found: [String: String] = [:]
        var others: [Substring] = []
        for option in (optionText ?? "").split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, names.contains(String(parts[0])) {
                found[String(parts[0])] = String(parts[1])
            } else {
                others.append(option)
            }
        }
        return (found, others)
    }

    /// The place without its user; nothing of it where what looks like options may be a part of the password.
    var withoutSecrets: String {
        guard optionText?.contains("@") != true else { return "…" }
        return String(place.lastIndex(of: "@").map { place[place.index(after: $0)...] } ?? place)
    }
}
