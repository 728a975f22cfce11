import Domain
import Foundation
import Logging
import Wire

/// One build from its assignment to the answer to its finish.
struct BuildSession: Sendable {
    let setting: WorkerSetting
    let client: DispatcherClient
    let credentials: DispatcherClient.Credentials
    let reporter: Reporter
    let build: HeldBuild
    let logger: Logger

    /// Cancelling the task ends the build at once, unreported.
    func run() async {
        await withTaskCancellationHandler {
            do {
                try await carryOut()
            } catch {
                // The session ended first: the build is lost with it, and run again elsewhere.
                logger.info("build dropped with its session")
            }
        } onCancel: {
            build.finishEarly(.stopped)
        }
    }

    private func carryOut() async throws {
        if build.assignment.steps.isEmpty {
            // Nothing runs before the accept is answered, for nothing runs at all: both reports go in one call.
            reporter.post(build.report(.accept))
            return try await finish(BuildEnd(outcome: .success), logs: nil)
        }
        let answer = try await reporter.submit(build.report(.accept))
        guard answer.status == 200, !build.isAbandoned else {
            logger.info("build not accepted", metadata: ["status": "\(answer.status)", "detail": "\(answer.detail ?? "")"])
            return
        }
        logger.info("build accepted")
        let logs = BuildLogs(directory: "\(setting.directory.spool)/\(build.assignment.build)", budget: setting.budget)
        let uploader = LogUploader(client: client, credentials: credentials, build: build, disk: setting.disk)
        let runner = BuildRunner(
            setting: setting, build: build, logs: logs,
            trigger: { [client, credentials, build] step, attempt, wait async throws(DispatcherError) in
                try await client.trigger(
                    TriggerRequest(
                        session: credentials.session, fence: build.assignment.fence, step: step, attempt: attempt, waitMilliseconds: wait),
                    build: build.assignment.build, as: credentials)
            },
            secrets: { [client, credentials, build] step, attempt async throws(DispatcherError) in
                try await client.secrets(
                    StepRequest(session: credentials.session, fence: build.assignment.fence, step: step, attempt: attempt),
                    build: build.assignment.build, as: credentials)
            },
            patch: { [client, credentials, build] step, attempt async throws(DispatcherError) in
                try await client.patch(
                    StepRequest(session: credentials.session, fence: build.assignment.fence, step: step, attempt: attempt),
                    build: build.assignment.build, as: credentials)
            }, report: { reporter.post($0) })
        do {
            async let uploads: Void = uploader.uploadAll(logs)
            let end = await runner.run()
            logs.seal()
            await uploads
            if var end, !build.isAbandoned {
                end.logs = try await setting.disk.run { logs.declarations }
                try await finish(end, logs: (logs, uploader))
            } else {
                logger.info("build given up", metadata: ["reason": "\(build.end.map(String.init(describing:)) ?? "")"])
            }
        } catch {
            try? await setting.disk.run { logs.remove() }
            throw error
        }
        try await setting.disk.run { logs.remove() }
    }

    /// Reports the end until it is taken, sending what the dispatcher lacks of the logs.
    private func finish(_ end: BuildEnd, logs: (files: BuildLogs, uploader: LogUploader)?) async throws {
        let report = build.report(.finish, finish: end)
        while !build.isAbandoned {
            let answer = try await reporter.submit(report)
            if answer.status == 200 {
                logger.info("build finished", metadata: ["outcome": "\(end.outcome.rawValue)", "text": "\(end.text)"])
                return
            }
            guard answer.status == 409, let incomplete = answer.incompleteLogs, !incomplete.isEmpty, let logs else {
                logger.warning("finish refused", metadata: ["status": "\(answer.status)", "detail": "\(answer.detail ?? "")"])
                return
            }
            for log in logs.files.all {
                if let size = incomplete[log.name] { await logs.uploader.upload(log, from: max(0, min(size, log.file.progress.size))) }
            }
        }
    }
}
