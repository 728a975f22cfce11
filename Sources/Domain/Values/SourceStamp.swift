import Crypto

/// What to check out. Content-addressed: equal stamps have equal ids.
public struct SourceStamp: Hashable, Sendable, Codable {
    public var project: String
    public var repository: String
    public var branch: String
    /// A full revision; nil means the tip of the branch when the checkout happens.
    public var revision: String?
    /// Which of several repositories in one build this is; empty where there is one.
    public var codebase: String
    /// The SHA-256 of the patch that goes onto the revision, in hexadecimal; nil where there is none.
    public var patch: String?

    public init(project: String, repository: String, branch: String, revision: String?, codebase: String = "", patch: String? = nil) {
        self.project = project
        self.repository = repository
        self.branch = branch
        self.revision = revision
        self.codebase = codebase
        self.patch = patch
    }

    /// What a patch is known by.
    public static func digest(ofPatch bytes: some Sequence<UInt8>) -> String { SHA256.hash(data: Array(bytes)).hexadecimal }

    /// SHA-256 over the length-prefixed fields, in hexadecimal.
    public var id: String {
        var hash = SHA256()
        // Without a patch as it was before there were any.
        for field in [project, repository, branch, revision ?? "\u{0}", codebase] + (patch.map { [$0] } ?? []) {
            hash.update(data: Array("\(field.utf8.count):".utf8))
            hash.update(data: Array(field.utf8))
        }
        return hash.finalize().hexadecimal
    }
}

extension Sequence<UInt8> {
    /// Lower-case hexadecimal digits.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
