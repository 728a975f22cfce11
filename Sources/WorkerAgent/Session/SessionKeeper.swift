import Domain
import Logging
import Wire

/// Opens sessions, one after the other, until the worker is told to stop.
struct SessionKeeper: Sendable {
    /// A session that lasted this long was a good one.
    static let goodSession: Duration = .seconds(60)
    static let longestPause: Duration = .seconds(30)

    let setting: WorkerSetting
    let client: DispatcherClient
    let drain: Gate
    let logger: Logger

    func run() async throws {
        let builds = BuildTable(slots: setting.configuration.slots)
        // Two workers of one name end each other's sessions: ever slower, so that it shows and does no harm.
        var pause: Duration = .milliseconds(200)
        while !drain.isOpen {
            guard let (document, credentials) = try await open() else { return }
            let began = ContinuousClock.now
            logger.info("session open", metadata: ["session": "\(document.session)", "slots": "\(builds.slots)"])
            let session = WorkerSession(
                setting: setting, client: client, document: document, credentials: credentials, builds: builds, drain: drain, logger: logger)
            do {
                try await session.run()
                return await sayGoodbye(credentials)
            } catch DispatcherError.sessionOver(_, let reason) {
                logger.warning("session over; its builds are ended, and a new one is opened", metadata: ["reason": "\(reason)"])
            }
            pause = .now - began > Self.goodSession ? .milliseconds(200) : min(pause * 2, Self.longestPause)
            let wait = pause
            _ = await FirstOf.wait({ try? await Task.sleep(for: wait) }, drain.wait)
        }
    }

    /// Nil when the worker is told to stop first. Throws `WorkerError` when no dispatcher will ever take this worker.
    private func open() async throws -> (SessionDocument, DispatcherClient.Credentials)? {
        let configuration = setting.configuration
        let request = SessionRequest(
            worker: configuration.name, incarnation: RandomText.make(bytes: 16), secret: RandomText.make(bytes: 32), version: configuration.version,
            labels: configuration.offeredLabels, slots: configuration.slots)
        var backoff = Backoff()
        var isAway = false
        while !drain.isOpen {
            try Task.checkCancellation()
            do {
                let document = try await FirstOf.result(of: { try await client.openSession(request, token: configuration.token) }, unless: drain.wait)
                guard let document else { return nil }
                return (document, .init(session: document.session, secret: request.secret))
            } catch DispatcherError.refused(_, let reason) {
                throw WorkerError(.refused, "The dispatcher does not take this worker: \(reason).")
            } catch DispatcherError.sessionOver(let status, let reason) where status == 401 || status == 403 {
                throw WorkerError(
                    .refused, "The dispatcher does not take this worker: \(reason). Give it the right token, with --token-file or in DOORBELL_TOKEN.")
            } catch let error as DispatcherError {
                if !isAway { logger.warning("no dispatcher answers yet; trying on", metadata: ["reason": "\(error)"]) }
                isAway = true
                try await backoff.wait()
            }
        }
        return nil
    }

    private func sayGoodbye(_ credentials: DispatcherClient.Credentials) async {
        do {
            try await client.endSession(credentials)
            logger.info("session closed")
        } catch {
            logger.info("session not closed; its lease ends it", metadata: ["reason": "\(error)"])
        }
    }
}
