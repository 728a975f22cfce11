import Domain
import GRDB
import Storage

/// What a pass of matching decides from: who may be given work, what they hold, and the heads of the queues that they can serve.
struct MatchSnapshot: Sendable {
    /// A slot offer as far as the store agrees with it.
    struct Offer: Sendable {
        var offer: SlotOffer
        /// How many new builds it may be given.
        var free: Int
        /// How many builds its session has open.
        var open: Int
    }
    struct Head: Sendable {
        var request: RequestID
        var priority: Int
        var matchClass: MatchClass
    }

    var offers: [Offer] = []
    /// Builds that were assigned to an offering session whose worker does not know of them: the answer was lost.
    var unheard: [BuildID] = []
    var heads: [Head] = []

    var isEmpty: Bool { unheard.isEmpty && heads.isEmpty }

    init(_ db: Database, offers: [SlotOffer], configuration: Domain.Configuration?, classes: [Int64: MatchClass]) throws {
        try readOffers(db, offers)
        let free = self.offers.reduce(0) { $0 + $1.free }
        guard free > 0, let configuration else { return }
        let builders = Set(configuration.builders.map(\.name))
        let withSlots = self.offers.filter { $0.free > 0 }
        let eligible = classes.values.filter { one in
            builders.contains(one.builder) && withSlots.contains { $0.offer.labels.satisfy(one.labels) }
        }
        guard !eligible.isEmpty else { return }
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: Self.headsOfClasses), arguments: [JSONText.list(eligible.map(\.id).sorted()), free])
        heads = rows.compactMap { row in
            classes[row[2]].map { Head(request: RequestID(row[0]), priority: row[1], matchClass: $0) }
        }
        // Priority first, then age, over all classes.
        heads.sort { ($1.priority, $0.request) < ($0.priority, $1.request) }
    }

    /// The first requests of each class. Index: requests_pending, from its beginning, for each class; a class that nobody here can serve is never
    /// looked at, and none is read beyond the limit.
    static let headsOfClasses = """
        SELECT r.id, r.priority, r.match_class FROM json_each(?) c CROSS JOIN requests r ON r.id IN (
            SELECT h.id FROM requests h WHERE h.match_class = c.value AND h.phase = 'pending' AND h.cancel_reason IS NULL
            ORDER BY h.priority DESC, h.id LIMIT ?)
        """

    private mutating func readOffers(_ db: Database, _ asked: [SlotOffer]) throws {
        let sessions = JSONText.list(asked.map(\.session))
        let open = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT s.id, s.slots, w.paused FROM sessions s JOIN workers w ON w.name = s.worker
                    WHERE s.id IN (SELECT value FROM json_each(?)) AND s.ended IS NULL
                    """), arguments: [sessions])
        // Index: builds_open.
        let builds = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id, session, phase FROM builds
                    WHERE session IN (SELECT value FROM json_each(?)) AND phase <> 'finished' ORDER BY id
                    """), arguments: [sessions])
        let states = open.reduce(into: [SessionID: (slots: Int, paused: Bool)]()) { $0[SessionID($1[0])] = ($1[1], $1[2]) }
        var seen = Set<SessionID>()
        for offer in asked where seen.insert(offer.session).inserted {
            guard let state = states[offer.session] else { continue }
            let held = builds.filter { SessionID($0[1]) == offer.session }
            let lost = held.filter { $0[2] as String == BuildPhase.assigned.rawValue && !offer.holding.contains(BuildID($0[0])) }
            unheard += lost.map { BuildID($0[0]) }
            // A worker never has more builds than slots, whatever it offers.
            let free = state.paused ? 0 : max(0, min(offer.free - lost.count, state.slots - held.count))
            offers.append(Offer(offer: offer, free: free, open: held.count))
        }
    }

    /// Which request goes to which offer: the first in line to the least loaded worker that may run it.
    func decide() -> [(request: RequestID, offer: SlotOffer)] {
        var left = offers
        var remaining = offers.reduce(0) { $0 + $1.free }
        var decided: [(RequestID, SlotOffer)] = []
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
            decided.append((head.request, left[place].offer))
        }
        return decided
    }
}
