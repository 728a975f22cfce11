import Domain

/// A request whose end somebody wants.
package struct WantedCancel {
    package var request: RequestID
    package var reason: String
    /// Also when a build has it.
    package var evenClaimed: Bool

    package init(request: RequestID, reason: String, evenClaimed: Bool) {
        self.request = request
        self.reason = reason
        self.evenClaimed = evenClaimed
    }
}

extension ControlTransaction {
    /// Asks for the end of a build, and of every request that it answers.
    package func cancel(_ build: BuildID, reason: String, audit: AuditNote? = nil) throws -> CancelReceipt {
        guard let open = try builds([build], ending: [build])[build], let own = try requestRecord(open.request) else {
            throw StoreError.notFound("there is no build \(build)")
        }
        // The request may be on its way with another build, which nobody asked to end.
        guard open.machine.phase != .finished else { return CancelReceipt(phase: own.phase, build: nil) }
        let riders = open.isShared ? try riders(of: [build]) : []
        for rider in riders where rider.cancelReason == nil {
            try note(rider.request, RequestRecord(rider, of: open), reason: reason, ends: true)
        }
        try finish(riders.map { .cancelled($0.request, $0.cancelReason ?? reason, riding: build) })
        guard open.isOrphan else { return try cancel(open.request, reason: reason, audit: audit) }
        if let audit { try write(audit, target: AuditTarget("build", build, project: context(of: own.buildset).stamp.project)) }
        return CancelReceipt(phase: .finished, build: try cancelOpenBuild(build, reason: reason))
    }

    /// Asks for the end of a request. Writes `request.cancelled` the first time.
    package func cancel(_ request: RequestID, reason: String, audit: AuditNote? = nil) throws -> CancelReceipt {
        guard let record = try requestRecord(request) else { throw StoreError.notFound("there is no request \(request)") }
        if record.phase == .finished { return CancelReceipt(phase: .finished, build: nil) }
        if let audit, record.cancelReason == nil {
            try write(audit, target: AuditTarget("request", request, project: context(of: record.buildset).stamp.project))
        }
        if record.phase == .claimed { return try cancelClaimed(request, record, reason: reason) }
        if record.cancelReason == nil { try note(request, record, reason: reason, ends: true) }
        try finish([.cancelled(request, record.cancelReason ?? reason)])
        return CancelReceipt(phase: .finished, build: nil)
    }

    /// Asks for the ends of requests, in this order, with few statements for all that no build has. Gives the builds whose workers are to be told.
    package func cancel(_ wanted: [WantedCancel]) throws -> [BuildCancel] {
        if wanted.count > 1 { try lock(wanted.map(\.request), buildsOf: wanted.filter(\.evenClaimed).map(\.request)) }
        var builds: [BuildCancel] = []
        var ends: [RequestEnd] = []
        for one in wanted {
            // Locked now: since somebody listed it, a build may have taken it.
            guard let record = try requestRecord(one.request), record.phase != .finished else { continue }
            if record.phase == .claimed {
                guard one.evenClaimed else { continue }
                if let build = try cancelClaimed(one.request, record, reason: one.reason).build { builds.append(build) }
            } else {
                if record.cancelReason == nil { try note(one.request, record, reason: one.reason, ends: true) }
                ends.append(.cancelled(one.request, record.cancelReason ?? one.reason))
            }
        }
        try finish(ends)
        return builds
    }

    /// One that shares its build with others ends alone, and at once: the build goes on while it answers anybody.
    private func cancelClaimed(_ request: RequestID, _ record: RequestRecord, reason: String) throws -> CancelReceipt {
        let why = record.cancelReason ?? reason
        if let build = record.answeredBy {
            // Its lock decides who of those that leave at the same time is the last.
            let isOrphan = try isOrphan(build)
            if record.cancelReason == nil { try note(request, record, reason: reason, ends: true) }
            try finish([.cancelled(request, why, riding: build)])
            guard isOrphan, try riders(of: [build]).isEmpty else { return CancelReceipt(phase: .finished, build: nil) }
            return CancelReceipt(phase: .finished, build: try cancelOpenBuild(build, reason: why))
        }
        guard let build = try openBuild(of: request) else {
            if record.cancelReason == nil { try note(request, record, reason: reason, ends: false) }
            return CancelReceipt(phase: .claimed, build: nil)
        }
        let isShared = try !riders(of: [build]).isEmpty
        if record.cancelReason == nil { try note(request, record, reason: reason, ends: isShared) }
        guard isShared else { return CancelReceipt(phase: .claimed, build: try cancelOpenBuild(build, reason: why)) }
        try finish([.cancelled(request, why)])
        return CancelReceipt(phase: .finished, build: nil)
    }

    private func note(_ request: RequestID, _ record: RequestRecord, reason: String, ends: Bool) throws {
        let context = try context(of: record.buildset)
        try setCancelReason(request, reason)
        let fact = RequestFact(
            buildset: context.id, builder: record.builder, project: context.stamp.project, branch: context.stamp.branch,
            phase: ends ? .finished : .claimed, priority: record.priority, attempts: record.attempts, outcome: ends ? .cancelled : nil,
            cause: .cancelled, text: reason)
        emit(
            EventDraft(
                .requestCancelled, entity: .request, id: request.rawValue, chain: context.eventChain(request: request), data: .request(fact)))
    }
}

extension RequestEnd {
    fileprivate static func cancelled(_ request: RequestID, _ reason: String, riding build: BuildID? = nil) -> RequestEnd {
        RequestEnd(request: request, outcome: .cancelled, cause: .cancelled, text: reason, build: build, isAnswered: build != nil)
    }
}

extension RequestRecord {
    fileprivate init(_ rider: Rider, of build: OpenBuild) {
        self.init(
            buildset: rider.buildset, builder: build.builder, phase: .claimed, priority: rider.priority, attempts: rider.attempts,
            cancelReason: rider.cancelReason, answeredBy: rider.build)
    }
}
