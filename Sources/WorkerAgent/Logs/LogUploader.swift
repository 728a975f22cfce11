import Domain
import Wire

/// Brings the logs of one build to the dispatcher as they grow.
struct LogUploader: Sendable {
    /// A log of another size than ours is not ours.
    struct Mismatch: Error {}

    /// Output waits this long for more, so that a line a moment is not a call a line.
    static let gatherTime: Duration = .milliseconds(200)
    /// This much does not wait.
    static let gatherSize: Int64 = 64 << 10

    let client: DispatcherClient
    let credentials: DispatcherClient.Credentials
    let build: HeldBuild
    let disk: WorkThread

    /// Ends when every log is sealed and every byte acknowledged. What the dispatcher refuses ends the build.
    func uploadAll(_ logs: BuildLogs) async {
        await withDiscardingTaskGroup { group in
            for await log in logs.opened {
                group.addTask { await upload(log, from: 0) }
            }
        }
    }

    /// Sends what lies beyond `offset`, until the log is sealed and whole there.
    func upload(_ log: BuildLogs.Log, from offset: Int64) async {
        do {
            try await follow(log, from: offset)
        } catch is CancellationError {
            // The build ends, and nobody wants the rest.
        } catch DispatcherError.sessionOver(_, let reason) {
            build.finishEarly(.forgotten(reason))
        } catch {
            build.finishEarly(.forgotten("the log \(log.name) was refused: \(error)"))
        }
    }

    private func follow(_ log: BuildLogs.Log, from offset: Int64) async throws {
        var acknowledged = offset
        var backoff = Backoff()
        while true {
            await log.file.grown(beyond: acknowledged)
            try Task.checkCancellation()
            guard !build.isAbandoned else { return }
            if !log.file.progress.closed { await gather(log.file, beyond: acknowledged + Self.gatherSize) }
            let progress = log.file.progress
            if progress.closed, progress.size == acknowledged { return }
            let (start, file) = (acknowledged, log.file)
            let bytes = try await disk.run { try file.read(from: start, limit: WorkerProtocol.logChunkLimit) }
            do {
                let answer = try await client.appendLog(
                    bytes, at: start, name: log.name, step: log.step, build: build.assignment.build, fence: build.assignment.fence, as: credentials)
                if answer.cancel { build.finishEarly(.cancelled("cancelled")) }
                guard answer.size <= log.file.progress.size else { throw Mismatch() }
                acknowledged = answer.size
                backoff.reset()
            } catch DispatcherError.unavailable {
                try await backoff.wait()
            }
        }
    }

    private func gather(_ file: SpoolFile, beyond offset: Int64) async {
        await withTaskGroup { group in
            group.addTask { await file.grown(beyond: offset) }
            // Cancelled as soon as enough has come.
            group.addTask { try? await Task.sleep(for: Self.gatherTime) }
            await group.next()
            group.cancelAll()
        }
    }
}
