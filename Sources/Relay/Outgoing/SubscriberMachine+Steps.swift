import Domain
import Signals
import Storage

extension SubscriberMachine {
    func storeTime(_ now: Instant) -> Timestamp? {
        clock.map { $0.store.advanced(by: $0.here.duration(to: now)) }
    }

    /// Everything in front of this is settled, or will be with the results at hand.
    var reached: EventCursor? { window.first?.before ?? position }

    var hasWork: Bool {
        isToLook || hasNews || !window.isEmpty || !aside.isEmpty || !isLoaded || !results.isEmpty || failures > 0 || reached != settled
    }

    /// The next step is to ask for the lease, or to renew it.
    func wantsLease(at now: Instant) -> Bool {
        switch role {
        case .free: isToLook || hasNews
        case .following(let until, let waiting): isToLook || until <= now && (hasNews || waiting)
        case .leading(_, let until): isToLook || hasWork && now >= renewal(until)
        }
    }

    private func renewal(_ until: Instant) -> Instant { until.advanced(by: .zero - bounds.lease * 2 / 3) }

    /// What it says is done: a sending is on its way from here on.
    mutating func next(at now: Instant) -> Step {
        if wantsLease(at: now) { return .lead }
        switch role {
        case .free: return .rest(until: nil)
        case .following(let until, let waiting): return .rest(until: hasNews || waiting ? until : nil)
        case .leading(let term, let until): return hasWork ? lead(term, until, now) : .rest(until: nil)
        }
    }

    private mutating func lead(_ term: SubscriberTerm, _ until: Instant, _ now: Instant) -> Step {
        guard isLoaded else { return .load }
        guard let moment = storeTime(now), let position else { return .lead }
        giveUp(at: moment)
        setAsideTheBlocked(at: moment)
        // A sending ends before its lease does: nobody else sends to the same endpoint meanwhile.
        if until >= now.advanced(by: bounds.longestSending), let event = choose(at: now, moment) { return .send(event, term) }
        if hasNews, window.count < bounds.window { return .read(after: position, limit: bounds.batch) }
        var wakes: [Instant] = [renewal(until)]
        if let settlement = settlement(of: term) {
            let pause = results.isEmpty ? bounds.pauseOfCursor : inFlight == 0 ? .zero : bounds.pauseOfResults
            let due = lastSettle?.advanced(by: pause) ?? now
            guard due > now else {
                lastSettle = now
                return .settle(settlement)
            }
            wakes.append(due)
        }
        // With nothing but a cursor that was written, the lease may run out.
        if window.isEmpty, aside.isEmpty, !hasNews, wakes.count == 1 { return .rest(until: nil) }
        if inFlight < (isAway ? 1 : bounds.sideBySide) {
            if let due = nextDue(moment) {
                let due = now.advanced(by: max(.zero, due.since(moment)))
                wakes.append(max(due, probeAt ?? due))
            } else if isAway, let probeAt, window.contains(where: { $0.state == .queued }) {
                wakes.append(probeAt)
            }
        }
        return .rest(until: wakes.min())
    }

    /// When the first of those that were set aside may be tried again, or is given up.
    private func nextDue(_ moment: Timestamp) -> Timestamp? {
        heads().compactMap { $0.isOnItsWay ? nil : $0.sending.next ?? moment }.min()
    }

    /// Of each order the first that was set aside, and every repeat.
    private func heads() -> [Aside] {
        var first: [String: Aside] = [:]
        var heads: [Aside] = []
        for waiting in aside.values {
            if waiting.sending.isRepeat {
                heads.append(waiting)
            } else if let known = first[waiting.order], known.sending.event.cursor < waiting.sending.event.cursor {
                continue
            } else {
                first[waiting.order] = waiting
            }
        }
        return (heads + first.values).sorted { $0.sending.event.cursor < $1.sending.event.cursor }
    }

    private func blockedOrders() -> Set<String> {
        Set(aside.values.lazy.filter { !$0.sending.isRepeat }.map(\.order))
    }

    /// What is tried for a day is given up; so is what is older than that while the endpoint has been away for as long.
    private mutating func giveUp(at moment: Timestamp) {
        for (id, waiting) in aside where !waiting.isOnItsWay && moment.since(waiting.sending.first) >= bounds.longestTrying {
            giveUp(waiting.sending, moment)
            aside[id] = nil
        }
        guard isAway, let failingSince, moment.since(failingSince) >= bounds.longestTrying else { return }
        for place in window.indices where window[place].state == .queued && moment.since(window[place].event.occurred) >= bounds.longestTrying {
            giveUp(Sending(event: window[place].event, outcome: .waiting, attempts: 0, first: moment, last: moment), moment)
            window[place].state = .done
        }
        dropDone()
    }

    private mutating func giveUp(_ sending: Sending, _ moment: Timestamp) {
        var sending = sending
        (sending.outcome, sending.last, sending.next, sending.isRepeat) = (.givenUp, moment, nil, false)
        if sending.reason.isEmpty { sending.reason = "it waited behind what did not arrive" }
        results[sending.event.messageID] = sending
    }

    /// Events behind one of their order that was set aside go with it, as far as there is room: others then pass by.
    private mutating func setAsideTheBlocked(at moment: Timestamp) {
        guard !isAway, !aside.isEmpty else { return }
        let blocked = blockedOrders()
        var isChanged = false
        for place in window.indices where window[place].state == .queued && blocked.contains(window[place].order) {
            guard aside.count < bounds.aside else { break }
            let item = window[place]
            let sending = Sending(event: item.event, outcome: .waiting, attempts: 0, first: moment, last: moment)
            aside[item.event.messageID] = Aside(sending: sending, order: item.order)
            results[item.event.messageID] = sending
            window[place].state = .done
            isChanged = true
        }
        if isChanged { dropDone() }
    }

    private mutating func choose(at now: Instant, _ moment: Timestamp) -> EventRecord? {
        let flying = inFlight
        guard flying < (isAway ? 1 : bounds.sideBySide) else { return nil }
        if isAway, let probeAt, probeAt > now { return nil }
        let due = heads().first { !$0.isOnItsWay && ($0.sending.next ?? moment) <= moment }
        // While the endpoint is away both kinds have their turns, so that one poisoned event does not stand for it.
        let fresh = due == nil || !isAway || probes.isMultiple(of: 2) ? nextFresh() : nil
        if let due, fresh == nil || !isAway {
            aside[due.sending.event.messageID]?.isOnItsWay = true
            return due.sending.event
        }
        guard let fresh else { return nil }
        window[fresh].state = .sending
        return window[fresh].event
    }

    /// The first of its order, when nothing of that order is on its way or set aside. What fails needs room to be set aside,
    /// which is more than there is for what only waits behind others.
    private func nextFresh() -> Int? {
        guard aside.count + window.count(where: { $0.state == .sending }) < bounds.aside + bounds.sideBySide else { return nil }
        var taken = blockedOrders()
        for place in window.indices {
            let item = window[place]
            if item.state == .queued, !taken.contains(item.order) { return place }
            taken.insert(item.order)
        }
        return nil
    }
}
