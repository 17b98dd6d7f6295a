/// Something that reads bytes from outside, and what must hold whatever the bytes are.
package struct FuzzTarget: Sendable {
    /// Runs an input; throws where something is wrong. A typed error of the engine is nothing wrong.
    package enum Check: Sendable {
        case synchronous(@Sendable ([UInt8]) throws -> Void)
        case asynchronous(@Sendable ([UInt8]) async throws -> Void)
    }

    /// The name on the command line, and of the corpus.
    package let name: String
    package let check: Check
    /// What an input may make longer than itself, beyond the general limit.
    private let expansionLimit: Int

    init(_ name: String, _ check: Check, expansionLimit: Int = 0) {
        self.name = name
        self.check = check
        self.expansionLimit = expansionLimit
    }

    /// Runs an input.
    package func run(_ input: [UInt8]) async throws {
        switch check {
        case .synchronous(let check): try check(input)
        case .asynchronous(let check): try await check(input)
        }
    }

    /// The largest single allocation that an input of some bytes may lead to: twice the input and 1 MiB, and on top of
    /// it what a compressed block may be expanded to.
    package func allocationLimit(forInputOf bytes: Int) -> Int {
        2 * bytes + 1 << 20 + expansionLimit * bytes
    }

    package static let ofEngine = [
        frame, segment, compacted, manifest, snapshots, lz4, sidecar, store, salvage,
    ]
    package static let ofInterchange = [line, metadata]
    package static let all = ofEngine + ofInterchange
}
