import Domain
import Foundation
import Wire

/// Brings the revision of a build into its directory, or those of its codebases into theirs.
struct CheckoutStep: Sendable {
    /// The number of the step, and its attempt.
    typealias PatchCall = @Sendable (Int, Int) async throws(DispatcherError) -> PatchAnswer

    let setting: WorkerSetting
    let build: HeldBuild
    let step: StepRecipe
    let number: Int
    let attempt: Int
    let acknowledged: HeldBuild.End?
    let timeout: Duration
    let patch: PatchCall

    /// How it ended, and the revisions that are there, by codebase, when it ended well.
    func run(
        _ recipe: StepRecipe.Checkout, in directory: BuildDirectory, output: @escaping CommandThread.Output
    ) async -> (end: StepEnd, revisions: [String: String]) {
        let started = ContinuousClock.now
        do {
            guard let sources = build.assignment.sources else {
                let stamp = build.assignment.stamp
                let revision = try await checkOut(stamp, recipe, directory, deadline: .now + timeout, output)
                return (end(.success, nil, "", since: started), [stamp.codebase: revision])
            }
            // All of them within the time of the step.
            let deadline = ContinuousClock.now + timeout
            var revisions: [String: String] = [:]
            for source in sources {
                var recipe = recipe
                recipe.directory = recipe.directory.isEmpty ? source.path : "\(recipe.directory)/\(source.path)"
                recipe.credential = source.credential ?? recipe.credential
                revisions[source.stamp.codebase] = try await checkOut(source.stamp, recipe, directory, deadline: deadline, output)
            }
            return (end(.success, nil, "", since: started), revisions)
        } catch GitFailure.command(let result, let doing) {
            return (explain(result, recipe, doing: doing, since: started), [:])
        } catch GitFailure.impossible(let problem) {
            return (end(.failure, .checkout, problem, since: started), [:])
        } catch let refusal as PatchRefusal {
            return (end(refusal.outcome, refusal.cause, refusal.text, since: started), [:])
        } catch let refusal as RepositoryAddress.Refusal {
            return (end(.failure, .checkout, refusal.problem, since: started), [:])
        } catch let unusable as GitCredential.Unusable {
            return (end(.failure, .checkout, unusable.problem, since: started), [:])
        } catch let escape as BuildDirectory.Escape {
            return (end(.failure, .invalidStep, escape.problem, since: started), [:])
        } catch is CancellationError {
            return (end(.cancelled, .cancelled, "ended with its build", since: started), [:])
        } catch {
            return (end(.exception, .internalError, "the worker's disk: \(error.localizedDescription)", since: started), [:])
        }
    }

    private func checkOut(
        _ stamp: SourceStamp, _ recipe: StepRecipe.Checkout, _ directory: BuildDirectory, deadline: ContinuousClock.Instant,
        _ output: @escaping CommandThread.Output
    ) async throws -> String {
        let address = try RepositoryAddress(stamp.repository)
        guard let program = ProgramSearch.find(recipe.system.program, path: setting.environment.base["PATH"] ?? "", directory: directory.path) else {
            throw GitFailure.impossible("\(recipe.system.program) is not installed on the worker \(setting.environment.worker)")
        }
        let (setting, own) = (setting, setting.configuration.environment)
        let path = try await setting.disk.run { try directory.resolve(recipe.directory) }
        let credential = try await setting.disk.run {
            try recipe.credential.map { try GitCredential($0, for: address, parent: setting.directory.secrets, own: own) }
        }
        let base = setting.environment.base.merging([EnvironmentMark.name: setting.environment.mark.value]) { _, new in new }
        let redacted = RedactedOutput(secrets: credential?.secrets ?? [], output: output)
        let environment =
            switch recipe.system {
            case .git:
                GitSettings.environment(
                    base: base, own: own, step: step.environment, address: address, credential: credential, configuration: setting.gitConfiguration,
                    ceiling: setting.directory.path)
            case .mercurial:
                MercurialSettings.environment(base: base, own: own, step: step.environment, configuration: credential?.mercurialFile ?? "")
            }
        let commands = GitCommands(
            program: program, name: recipe.system.program,
            general: recipe.system == .mercurial ? MercurialSettings.arguments + (credential == nil ? MercurialSettings.ssh : []) : [],
            environment: environment,
            build: build, deadline: deadline, idleTimeout: step.idleTimeout, grace: setting.configuration.grace, keep: setting.directory.lock,
            acknowledged: acknowledged,
            output: { (bytes: UnsafeRawBufferPointer) throws(OutputRefusal) in try redacted.take(bytes) })
        let result: Result<String, any Error>
        do {
            result = .success(try await fill(path, with: stamp, from: address, recipe, commands))
        } catch {
            result = .failure(error)
        }
        if let credential { try await setting.disk.run { credential.remove() } }
        try redacted.finish()
        return try result.get()
    }

    private struct PatchRefusal: Error {
        var outcome: Outcome
        var cause: Cause
        var text: String
    }

    /// Gets the patch of a try, and has git apply it: no path in it leads out of the tree.
    private func apply(_ digest: String, to tree: WorkTree, until deadline: ContinuousClock.Instant) async throws {
        let answer: PatchAnswer
        do {
            let (patch, number, attempt) = (patch, number, attempt)
            answer = try await DispatcherPatience(build: build, acknowledged: acknowledged, deadline: deadline)
                .ask { () async throws(DispatcherError) in try await patch(number, attempt) }
        } catch {
            throw PatchRefusal(outcome: error.outcome, cause: error.cause ?? .checkout, text: error.text("the patch"))
        }
        guard let text = answer.patch, let bytes = Data(base64Encoded: text) else {
            throw PatchRefusal(outcome: answer.outcome ?? .exception, cause: .checkout, text: answer.text)
        }
        guard SourceStamp.digest(ofPatch: bytes) == digest else {
            throw PatchRefusal(outcome: .exception, cause: .checkout, text: "the patch that the dispatcher gave is another one than the build names")
        }
        let file = "\(setting.directory.secrets)/\(RandomText.make(bytes: 8)).patch"
        try await setting.disk.run { try GitCredential.write(Array(bytes), to: file, mode: 0o600) }
        let result: Result<Void, any Error>
        do {
            result = .success(try await tree.apply(file))
        } catch {
            result = .failure(error)
        }
        _ = try await setting.disk.run { unlink(file) }
        try result.get()
    }

    private func fill(
        _ path: String, with stamp: SourceStamp, from address: RepositoryAddress, _ recipe: StepRecipe.Checkout, _ commands: GitCommands
    ) async throws -> String {
        switch recipe.system {
        case .git:
            let mirror = Mirror(path: Mirror.path(of: address, in: setting.directory.mirrors), address: address, git: commands, disk: setting.disk)
            let revision = try await setting.mirrorLocks.withLock(on: mirror.path) { try await mirror.provide(stamp) }
            let tree = WorkTree(path: path, mirror: mirror, git: commands, disk: setting.disk)
            try await tree.fill(with: revision, recipe)
            if let digest = stamp.patch { try await apply(digest, to: tree, until: commands.deadline) }
            return revision
        case .mercurial:
            guard stamp.patch == nil else { throw GitFailure.impossible("a patch of a try is one of git's, and this checkout is of Mercurial") }
            let copy = MercurialCopy(
                mirror: MercurialCopy.path(of: address, in: setting.directory.mirrors), address: address, hg: commands, disk: setting.disk)
            let revision = try await setting.mirrorLocks.withLock(on: copy.mirror) { try await copy.provide(stamp) }
            try await copy.fill(path, with: revision, mode: recipe.mode)
            return revision
        }
    }

    private func explain(_ result: CommandResult, _ recipe: StepRecipe.Checkout, doing: String, since started: ContinuousClock.Instant) -> StepEnd {
        var verdict = StepVerdict.judge(result, step: step, number: number, attempt: attempt)
        verdict.durationMilliseconds = (ContinuousClock.now - started).microseconds / 1000
        if verdict.cause == .exitStatus {
            verdict.cause = .checkout
            verdict.text = "\(recipe.system.program) failed to \(doing); its message is in the log"
        }
        return verdict
    }

    private func end(_ outcome: Outcome, _ cause: Cause?, _ text: String, since started: ContinuousClock.Instant) -> StepEnd {
        StepEnd(
            number: number, attempt: attempt, outcome: outcome == .failure && step.warningsOnly ? .warnings : outcome, cause: cause,
            durationMilliseconds: (ContinuousClock.now - started).microseconds / 1000, text: text)
    }
}

extension StepRecipe.Checkout.System {
    /// The name of the program that brings the files.
    fileprivate var program: String {
        switch self {
        case .git: "git"
        case .mercurial: "hg"
        }
    }
}
