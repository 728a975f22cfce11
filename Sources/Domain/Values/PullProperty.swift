/// The names of the properties that a pull request's change carries, and its category.
public enum PullProperty {
    public static let category = "pull"
    public static let number = "pull_request"
    public static let title = "pull_title"
    public static let baseBranch = "base_branch"
    public static let baseRevision = "base_revision"
    public static let headBranch = "head_branch"
    public static let headRepository = "head_repository"
    public static let mergeRevision = "merge_revision"
    /// True when the head is in another repository: anybody may have written it.
    public static let untrusted = "untrusted"
    /// True when the push asked that nothing be built for it.
    public static let skip = "skip_ci"
}

extension NewChange {
    public var isPull: Bool { category == PullProperty.category }
    public var isUntrusted: Bool { properties[PullProperty.untrusted] == .bool(true) }

    /// Its message, or the push that it came with, asks that nothing be built.
    public var asksToBeSkipped: Bool { properties[PullProperty.skip] == .bool(true) || Self.asksToSkip(comments) }

    /// As on the forges, whatever the case of the letters.
    public static func asksToSkip(_ message: String) -> Bool {
        // Most messages hold no bracket at all.
        guard message.utf8.contains(UInt8(ascii: "[")) else { return false }
        let text = message.lowercased()
        return ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"].contains { text.contains($0) }
    }
}
