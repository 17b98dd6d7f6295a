/// What a life does, and how often.
///
/// A quarter of all lives do everything that happens to a store, as often as it may happen to one. The others leave out some
/// of it and do the rest more often, each in its own way: what takes several rare things at once to go wrong happens to
/// one of them sooner than to all lives alike (swarm testing: Groce, Zhang, Eide, Chen and Regehr, ISSTA 2012).
struct Habits {
    enum Act: CaseIterable {
        case append, appendTogether, importEvents
        case saveSnapshot, deleteSnapshot
        case lookUp, readStream, waitUntilDurable
        case jumpClock, injectFault, fillDisk
        case close, die, losePower
        case truncate, delete, compact
        case backUp, readBeside

        /// How many of a thousand operations it is, usually.
        fileprivate var usualShare: Int {
            switch self {
            case .append: 720
            case .appendTogether: 30
            case .saveSnapshot: 60
            case .deleteSnapshot: 20
            case .lookUp: 60
            case .readStream: 20
            case .waitUntilDurable: 30
            case .jumpClock: 10
            case .injectFault: 15
            case .fillDisk, .close, .die: 3
            case .losePower: 4
            case .truncate: 8
            case .importEvents, .delete, .backUp, .readBeside: 2
            case .compact: 6
            }
        }
    }

    /// How many streams the store has.
    let streamCount: Int
    private let shares: [(act: Act, share: Int)]
    private let total: Int

    init(using randomness: inout SeededRandomness) {
        let isUsual = randomness.isOne(in: 4)
        streamCount = isUsual ? 24 : [2, 6, 24][Int.random(in: 0..<3, using: &randomness)]
        shares = Act.allCases.map { act in
            // In eighths; nothing happens to a store that nobody appends to.
            let factors = act == .append ? [1, 2, 8] : [0, 0, 8, 8, 32, 128]
            let factor = isUsual ? 8 : factors[Int.random(in: 0..<factors.count, using: &randomness)]
            return (act, act.usualShare * factor)
        }
        total = shares.reduce(0) { $0 + $1.share }
    }

    func nextAct(using randomness: inout SeededRandomness) -> Act {
        var left = Int.random(in: 0..<total, using: &randomness)
        for (act, share) in shares {
            if left < share { return act }
            left -= share
        }
        return .append
    }
}
