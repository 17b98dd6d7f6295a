import Foundation

/// The files of a store of Strata's, as anybody sees them.
struct StoreFiles {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// The lengths of all files whose names fulfil a condition.
    func bytes(where isCounted: (String) -> Bool) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: path).filter(isCounted).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            let isFile = attributes[.type] as? FileAttributeType == .typeRegular
            return sum + (isFile ? attributes[.size] as? Int ?? 0 : 0)
        }
    }

    /// Removes the indexes of all sealed segments.
    func removeSidecars() throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where name.hasSuffix(".idx") {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }
}
