import Domain

/// The end of one build, decided and not yet written.
struct BuildEnding {
    /// The build with its machine moved to `finished`.
    var build: OpenBuild
    var text: String
    /// The key of the report that ended it; nil when we did.
    var finishKey: String?
    /// Logs that are whole, by name.
    var logs: [String: LogDeclaration] = [:]

    /// An end from our side: the lease ended, nobody accepted it, or the session closed.
    static func lost(_ build: OpenBuild, cause: Cause, text: String) -> BuildEnding {
        var build = build
        build.machine.end(outcome: .exception, cause: cause)
        return BuildEnding(build: build, text: text)
    }
}

/// What the end of a build led to.
struct EndedBuild {
    /// The request went back to `pending`.
    var retried: Bool
    /// It was the last open build of its buildset, which ended with it.
    var endedBuildset: Bool
    var logs: [String]
}
