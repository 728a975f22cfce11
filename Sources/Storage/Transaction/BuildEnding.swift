import Domain

/// The end of one build, decided and not yet written.
package struct BuildEnding {
    /// The build with its machine moved to `finished`.
    package var build: OpenBuild
    package var text: String
    /// The key of the report that ended it; nil when we did.
    package var finishKey: String?
    /// Logs that are whole, by name.
    package var logs: [String: LogDeclaration] = [:]

    /// An end from our side: the lease ended, nobody accepted it, or the session closed.
    package static func lost(_ build: OpenBuild, cause: Cause, text: String) -> BuildEnding {
        var build = build
        build.machine.end(outcome: .exception, cause: cause)
        return BuildEnding(build: build, text: text)
    }
}

/// What the end of a build led to.
package struct EndedBuild {
    /// The request, or one that it answered too, went back to `pending`.
    package var retried: Bool
    /// Other requests waited for it or for another that ended with it, and are pending now.
    package var released: Bool
    /// A buildset ended with it.
    package var endedBuildset: Bool
    package var logs: [String]
}
