import EventSourcing
import FoundationEssentials
import StrataTesting
import Testing

@testable import Strata

/// Whatever becomes of a sidecar's bytes, it gives the right answer or none.
@Suite struct SidecarDamageTests {
    private let sample = IndexSample(seed: 1, commits: 300, streams: 40)

    /// Asks everything of a sidecar; says whether it has refused anything.
    private func hasFault(_ bytes: [UInt8]) throws -> Bool {
        var hasFault = false
        do throws(SidecarFault) {
            let sidecar = try Sidecar(bytes, for: sample.binding)
            for (stream, commits) in Dictionary(grouping: sample.commits, by: \.stream) {
                do throws(SidecarFault) {
                    let found = try sidecar.commits(of: stream, versions: 1...1_000_000)
                    #expect(found == commits.map(\.place))
                } catch { hasFault = true }
            }
            for commit in sample.commits {
                do throws(SidecarFault) {
                    #expect(try sidecar.offsets(ofEvent: commit.ids[0]) == [commit.place.offset])
                } catch { hasFault = true }
            }
            do throws(SidecarFault) {
                _ = try sidecar.lastMark(.verifying) { _ in true }
            } catch { hasFault = true }
        } catch { hasFault = true }
        return hasFault
    }

    @Test func aSoundOneRefusesNothing() throws {
        #expect(try !hasFault(sample.encoded))
    }

    @Test func anyDecayOfASectorIsSeen() throws {
        let bytes = sample.encoded
        let sectors = (bytes.count + 511) / 512
        for sector in 0..<sectors {
            for rot in [BitRot.zeroedSector(sector), .copiedSector(from: (sector + 1) % sectors, to: sector)] {
                var rotten = bytes
                guard rot.strike(&rotten) else { continue }
                #expect(try hasFault(rotten), "\(rot)")
            }
        }
    }

    @Test func anyFlippedBitIsSeen() throws {
        let bytes = sample.encoded
        var randomness = SeededRandomness(seed: 2)
        for _ in 0..<300 {
            var rotten = bytes
            let rot = BitRot.flippedBit(
                offset: Int.random(in: 0..<bytes.count, using: &randomness),
                bit: Int.random(in: 0..<8, using: &randomness))
            #expect(rot.strike(&rotten))
            #expect(try hasFault(rotten), "\(rot)")
        }
    }

    @Test func anyOtherLengthIsRefused() {
        let bytes = sample.encoded
        for length in [0, 1, 303, 304, 4_095, bytes.count - 8, bytes.count - 1] {
            #expect(throws: SidecarFault.damaged) { try Sidecar(Array(bytes[..<length]), for: sample.binding) }
        }
        #expect(throws: SidecarFault.damaged) { try Sidecar(bytes + [0], for: sample.binding) }
    }

    @Test func aPageOfAnotherSegmentsSidecarIsSeen() throws {
        let other = IndexSample(seed: 1, commits: 300, streams: 40, generation: 7)
        var bytes = sample.encoded
        let foreign = other.encoded
        #expect(bytes.count == foreign.count)
        // The checksums of its pages come with it; only what they are bound to tells.
        let page = Format.sidecarPageBytes
        bytes.replaceSubrange(page..<2 * page, with: foreign[page..<2 * page])
        let entry = Format.sidecarHeaderBytes + 4
        bytes.replaceSubrange(entry..<entry + 4, with: foreign[entry..<entry + 4])
        let start = Format.sidecarHeaderBytes + Format.aligned((bytes.count + page - 1) / page * 4)
        let checksum = Checksum.crc32c(
            bytes.span.bytes.extracting(16..<start),
            continuing: Checksum.crc32c(bytes.span.bytes.extracting(0..<12)))
        bytes.store(checksum, at: 12)
        #expect(try hasFault(bytes))
    }
}
