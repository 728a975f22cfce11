import Domain
import Logging
import Signals
import Storage

/// Brings `--once` to its end: waits for the first buildset, and forces the tip when the sources have nothing new.
struct OnceDriver {
    let assembly: ServiceAssembly
    let wait: OnceWait
    let logger: Logger

    /// How long the first look at the sources, and what follows from it, may take before the tip is forced all the same.
    private static let patience: Duration = .seconds(120)

    private var store: any Store { assembly.context.store.store }

    func outcome() async -> Outcome? {
        do {
            try await forceWhenIdle()
        } catch is CancellationError {
            return nil
        } catch {
            logger.error("the tip cannot be forced", metadata: ["error": "\(error)"])
            return .exception
        }
        return await wait.outcome()
    }

    /// Returns when a buildset is there, made by a rule or, when nothing is new, by us.
    private func forceWhenIdle() async throws {
        await assembly.poller?.waitForFirstContact(within: Self.patience)
        // What the poll brought is decided on before anybody says that nothing is new.
        while try await isDeciding() { try await Task.sleep(for: .milliseconds(20)) }
        let open = try await store.buildsets(PageQuery(Self.open, limit: 1))
        guard open.isEmpty, !wait.sawBuildset else { return }
        guard let configuration = assembly.context.keeper.current?.configuration else { return }
        // What a change on the branch would start, rather than what the clock or a pull request does.
        let rule =
            configuration.schedulers.first { $0.schedule == nil && $0.kind != .pull && $0.kind != .triggerable } ?? configuration.schedulers.first
        let builders = rule?.builders ?? configuration.builders.prefix(1).map(\.name)
        guard let builder = builders.first else { return }
        if let rule, !rule.codebases.isEmpty { return try await force(rule, configuration) }
        guard let source = configuration.sources.first, let newest = try await newestChange(of: source, configuration) else {
            logger.error("no source has a change: is there a commit on one of the branches that the configuration names?")
            throw StoreError.notFound("no source has a change to build")
        }
        let receipt = try await store.force(
            ForceRequest(
                builder: builder, others: Array(builders.dropFirst()), project: newest.project, repository: newest.repository,
                branch: newest.branch, revision: newest.revision, reason: "--once, and nothing was new"), idempotency: nil)
        wait.wait(for: [receipt.buildset])
        assembly.context.bell.bell.ring(.dispatchMatch)
    }

    /// The tips of several codebases.
    private func force(_ rule: SchedulerRule, _ configuration: Configuration) async throws {
        let stamps = configuration.codebases(of: rule).map { $0.tip(project: configuration.project) }
        guard let main = stamps.first, let builder = rule.builders.first else { return }
        let receipt = try await store.force(
            ForceRequest(
                builder: builder, others: Array(rule.builders.dropFirst()), project: configuration.project, repository: main.repository,
                branch: main.branch, revision: nil, reason: "--once, and nothing was new", codebase: main.codebase, further: Array(stamps.dropFirst())
            ),
            idempotency: nil)
        wait.wait(for: [receipt.buildset])
        assembly.context.bell.bell.ring(.dispatchMatch)
    }

    /// True while a change is unclassified or waits for its branch to become quiet.
    private func isDeciding() async throws -> Bool {
        let work = try await store.openWork()
        return work.unclassified || work.quiet
    }

    private static var open: BuildsetFields {
        var fields = BuildsetFields()
        fields.finished = false
        return fields
    }

    /// Told by it, or by another of its group.
    private func newestChange(of source: SourceConfiguration, _ configuration: Configuration) async throws -> NewChange? {
        let group = configuration.mirrors[source.name]
        var newest: Change?
        for name in group.map({ group in configuration.mirrors.filter { $0.value == group }.map(\.key) }) ?? [source.name] {
            var fields = ChangeFilterFields()
            fields.source = name
            guard let change = try await store.changes(PageQuery(fields, limit: 1)).first else { continue }
            if newest.map({ $0.id < change.id }) ?? true { newest = change }
        }
        return newest?.content
    }
}
