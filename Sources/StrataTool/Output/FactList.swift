/// Names and values, one pair a line, the values below each other.
struct FactList {
    private var facts: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: String) {
        facts.append((name, value.terminalSafe))
    }

    func write(to output: StandardOutput) throws {
        let width = facts.map(\.name.count).max() ?? 0
        for (name, value) in facts {
            try output.write("\(name):" + String(repeating: " ", count: width - name.count + 1) + value + "\n")
        }
    }
}
