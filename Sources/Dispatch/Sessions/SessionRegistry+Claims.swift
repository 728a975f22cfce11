import Domain
import Storage
import Wire

/// Waiting claims, and the passes that find work for them.
extension SessionRegistry {
    enum Waiting {
        /// Wait for the ticket; ring for a pass when `needsPass`.
        case ticket(ClaimTicket, needsPass: Bool)
        case answered(ClaimOutcome)
    }

    struct Offer {
        let ticket: ClaimTicket
        let slots: SlotOffer
    }

    /// A worker waits for work. Its earlier wait, if there is one, is answered: a worker has one at a time.
    func wait(_ request: ClaimRequest, session: SessionID) -> Waiting {
        let (waiting, former): (Waiting, ClaimTicket?) = state.withLock { state in
            guard var entry = state.entries[session] else { return (.answered(.ended), nil) }
            if state.stopped { return (.answered(.nothing), nil) }
            if !entry.untold.isEmpty { return (.answered(.control), nil) }
            let former = entry.claim?.ticket
            let holding = Set(request.holding)
            let claim = SessionEntry.Claim(
                ticket: ClaimTicket(session: session), free: request.free, holding: holding, once: request.waitMilliseconds == 0)
            // What a pass found no work for needs no other pass until something rings, and that would begin one.
            let isKnownFruitless =
                entry.fruitless.map { $0.pass == state.passes && $0.holding == holding && request.free <= $0.free } ?? false
            let needsPass = request.free > 0 && !isKnownFruitless
            if claim.once, !needsPass { return (.answered(.nothing), former) }
            entry.claim = claim
            state.entries[session] = entry
            return (.ticket(claim.ticket, needsPass: needsPass), former)
        }
        former?.decide(.nothing)
        return waiting
    }

    /// Whoever waited does not wait any more.
    func leave(_ ticket: ClaimTicket) {
        ticket.decide(.nothing)
        state.withLock { state in
            if state.entries[ticket.session]?.claim?.ticket === ticket { state.entries[ticket.session]?.claim = nil }
        }
    }

    /// Begins a pass: everything that waits here with free slots.
    func beginPass() -> (number: UInt64, offers: [Offer]) {
        state.withLock { state in
            state.passes += 1
            let offers = state.entries.values.compactMap { entry -> Offer? in
                guard let claim = entry.claim, claim.free > 0, claim.ticket.isOpen else { return nil }
                let slots = SlotOffer(
                    session: entry.session.id, worker: entry.session.worker, labels: entry.session.labels, free: claim.free,
                    holding: claim.holding)
                return Offer(ticket: claim.ticket, slots: slots)
            }
            return (state.passes, offers)
        }
    }

    /// Ends a pass: remembers for whom there was nothing, and answers those of them who do not wait.
    func endPass(_ number: UInt64, fruitless: [Offer]) {
        let answered = state.withLock { state in
            var answered: [ClaimTicket] = []
            for offer in fruitless {
                let session = offer.slots.session
                state.entries[session]?.fruitless = SessionEntry.Fruitless(
                    pass: number, free: offer.slots.free, holding: offer.slots.holding)
                if let claim = state.entries[session]?.claim, claim.ticket === offer.ticket, claim.once { answered.append(claim.ticket) }
            }
            return answered
        }
        for ticket in answered { ticket.decide(.nothing) }
    }
}
