import Domain

/// What a pass of matching decides from: who may be given work, what they hold, and the heads of the queues that they can serve. Pure.
package struct MatchSnapshot: Sendable {
    /// A slot offer as far as the store agrees with it.
    package struct Offer: Sendable {
        var offer: SlotOffer
        /// How many new builds it may be given.
        var free: Int
        /// How many builds its session has open.
        var open: Int
    }
    /// An open session, as the store knows it.
    package struct Session: Sendable {
        var slots: Int
        var paused: Bool

        package init(slots: Int, paused: Bool) {
            self.slots = slots
            self.paused = paused
        }
    }
    /// A build that an offering session has open.
    package struct Held: Sendable {
        var build: BuildID
        var session: SessionID
        var phase: BuildPhase

        package init(build: BuildID, session: SessionID, phase: BuildPhase) {
            self.build = build
            self.session = session
            self.phase = phase
        }
    }
    package struct Head: Sendable {
        var request: RequestID
        var priority: Int
        var matchClass: MatchClass

        package init(request: RequestID, priority: Int, matchClass: MatchClass) {
            self.request = request
            self.priority = priority
            self.matchClass = matchClass
        }
    }

    private var offers: [Offer] = []
    /// Builds that were assigned to an offering session whose worker does not know of them: the answer was lost.
    package private(set) var unheard: [BuildID] = []
    private var heads: [Head] = []

    package var isEmpty: Bool { unheard.isEmpty && heads.isEmpty }

    package init(offers asked: [SlotOffer], sessions: [SessionID: Session], held: [Held]) {
        let bySession = Dictionary(grouping: held, by: \.session)
        var seen = Set<SessionID>()
        for offer in asked where seen.insert(offer.session).inserted {
            guard let session = sessions[offer.session] else { continue }
            let held = bySession[offer.session] ?? []
            let lost = held.filter { $0.phase == .assigned && !offer.holding.contains($0.build) }
            unheard += lost.map(\.build)
            // A worker never has more builds than slots, whatever it offers.
            let free = session.paused ? 0 : max(0, min(offer.free - lost.count, session.slots - held.count))
            offers.append(Offer(offer: offer, free: free, open: held.count))
        }
        unheard.sort()
    }

    /// How many builds all offers together can take.
    package var free: Int { offers.reduce(0) { $0 + $1.free } }

    /// The classes that somebody here can serve, by number.
    package func eligible(_ classes: some Sequence<MatchClass>, of configuration: Configuration) -> [MatchClass] {
        let builders = Set(configuration.builders.map(\.name))
        let withSlots = offers.filter { $0.free > 0 }
        return classes.filter { one in builders.contains(one.builder) && withSlots.contains { $0.offer.labels.satisfy(one.labels) } }
            .sorted { $0.id < $1.id }
    }

    /// Takes the first requests of each eligible class; priority first, then age, over all classes.
    package mutating func take(_ heads: [Head]) {
        self.heads = heads.sorted { ($1.priority, $0.request) < ($0.priority, $1.request) }
    }

    /// Which request goes to which offer: the first in line to the least loaded worker that may run it.
    package func decide() -> [Claim] {
        pairs().map { Claim(request: $0.head.request, offer: $0.offer) }
    }

    /// How many requests of each class `decide` takes.
    package func demand() -> [Int64: Int] {
        pairs().reduce(into: [:]) { $0[$1.head.matchClass.id, default: 0] += 1 }
    }

    private func pairs() -> [(head: Head, offer: SlotOffer)] {
        var left = offers
        var remaining = free
        var decided: [(head: Head, offer: SlotOffer)] = []
        for head in heads {
            guard remaining > 0 else { break }
            // Among equals the first place moves with the request, so that no worker is always first.
            let start = Int(head.request.rawValue % Int64(max(1, left.count)))
            let places = (0..<left.count).map { ($0 + start) % left.count }
            let able = places.filter { left[$0].free > 0 && left[$0].offer.labels.satisfy(head.matchClass.labels) }
            guard let place = able.min(by: { left[$0].open < left[$1].open }) else { continue }
            left[place].free -= 1
            left[place].open += 1
            remaining -= 1
            decided.append((head, left[place].offer))
        }
        return decided
    }
}
