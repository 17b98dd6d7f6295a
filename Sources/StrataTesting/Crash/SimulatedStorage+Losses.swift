extension SimulatedStorage {
    /// The most operations of which all subsets are enumerated.
    private static let enumerable = 10

    /// What a loss of power may do now: every subset of the unsynced operations where there are few enough of them,
    /// and a sample of everything else that can happen.
    ///
    /// - Parameter limit: at most so many, all of them different. The first ones are the extremes: everything is lost,
    ///   everything is kept.
    package func lossesOfPower(limit: Int, using randomness: inout SeededRandomness) -> [LossOfPower] {
        let count = unsynced.count
        var losses = [LossOfPower(Array(repeating: .lost, count: count))]
        guard count > 0 else { return losses }
        losses.append(LossOfPower(Array(repeating: .kept, count: count)))
        var seen = Set(losses)
        func add(_ loss: LossOfPower) {
            if losses.count < limit, seen.insert(loss).inserted { losses.append(loss) }
        }
        if count <= Self.enumerable, 1 << count <= limit {
            for subset in 0..<1 << count {
                add(LossOfPower((0..<count).map { subset >> $0 & 1 == 1 ? .kept : .lost }))
            }
        }
        // Few operations have few fates: give up once the sample brings nothing new.
        var attempts = 0
        while losses.count < limit, attempts < limit * 2 {
            attempts += 1
            add(lossOfPower(using: &randomness))
        }
        return losses
    }

    /// One loss of power out of all that can happen.
    package func lossOfPower(using randomness: inout SeededRandomness) -> LossOfPower {
        var loss = LossOfPower(unsynced.map { fate(of: $0, using: &randomness) })
        loss.keepsLengths = randomness.isOne(in: 3)
        loss.exposesFormerBytes = randomness.isOne(in: 4) && files.values.contains { !$0.former.isEmpty }
        loss.isReversed = randomness.isOne(in: 4) && unsynced.count(where: \.isContent) > 1
        return loss
    }

    private func fate(of operation: UnsyncedOperation, using randomness: inout SeededRandomness) -> LossOfPower.Fate {
        let sectors = operation.sectorCount
        if sectors > 1, !randomness.isOne(in: 3) {
            // Half of the torn writes arrive up to some sector, the others in any order.
            let mask = UInt64.max >> UInt64(64 - min(sectors, 64))
            let length = UInt64(Int.random(in: 1...min(sectors, 63), using: &randomness))
            return .torn(sectors: (randomness.isOne(in: 2) ? 1 << length - 1 : randomness.next()) & mask)
        }
        return randomness.isOne(in: 2) ? .kept : .lost
    }
}
