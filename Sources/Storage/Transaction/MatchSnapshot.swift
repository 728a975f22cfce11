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
    /// The workers of the whole deployment that have the same labels and are not paused.
    package struct Pool: Sendable {
        var labels: Labels
        /// One of them that makes no offer here has a slot free.
        var isFreeElsewhere: Bool

        package init(labels: Labels, isFreeElsewhere: Bool) {
            self.labels = labels
            self.isFreeElsewhere = isFreeElsewhere
        }
    }
    package struct Head: Sendable {
        package var request: RequestID
        package var priority: Int
        package var matchClass: MatchClass
        /// Both are told only where projects have shares.
        package var project: String
        package var created: Timestamp

        package init(
            request: RequestID, priority: Int, matchClass: MatchClass, project: String = "", created: Timestamp = Timestamp(microseconds: 0)
        ) {
            self.request = request
            self.priority = priority
            self.matchClass = matchClass
            self.project = project
            self.created = created
        }

        package var place: QueueOrder.Place {
            QueueOrder.Place(request: request, project: project, priority: priority, created: created)
        }
    }

    private var offers: [Offer] = []
    /// Builds that were assigned to an offering session whose worker does not know of them: the answer was lost.
    package private(set) var unheard: [BuildID] = []
    private var heads: [Head] = []
    /// What the configuration's limits and locks leave; nil where they bound nothing of this.
    private var occupancy: Occupancy?
    /// Nil where no project has a share.
    private var order: QueueOrder?
    private var now = Timestamp(microseconds: 0)
    private var pools: [Pool] = []

    /// Nothing is given away. Where nothing is bounded, whatever is first in line can be.
    package var isEmpty: Bool { unheard.isEmpty && (occupancy == nil ? heads.isEmpty : pairs().isEmpty) }

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

    /// How many builds all offers together can take, and the limit on all builds allows.
    package var free: Int {
        let slots = offers.reduce(0) { $0 + $1.free }
        return min(slots, occupancy?.room ?? slots)
    }

    /// Holds the decision to limits and locks; needed where the configuration bounds an eligible class.
    ///
    /// - Parameter pools: who else may come first for a lock; empty where that is decided.
    package mutating func bound(_ occupancy: Occupancy, pools: [Pool] = []) {
        self.occupancy = occupancy
        self.pools = pools
    }

    /// Gives the heads that follow the order of projects; after `bound`.
    package mutating func arrange(by projects: [ProjectRule], now: Timestamp) {
        order = QueueOrder(projects, open: occupancy?.openOfProjects ?? [:], now: now)
        self.now = now
    }

    /// In how long the order changes by itself: the next of the requests that were read will have waited too long, and others keep it from a lock no more.
    package var changesIn: Duration? {
        guard let order else { return nil }
        return heads.compactMap { head in
            order.longestWait(of: head.project).map { $0 - now.since(head.created) }.flatMap { $0 < .zero ? nil : $0 + .microseconds(1) }
        }.min()
    }

    /// Something else may be decided where this is empty under locks: another dispatcher took up what a limit left.
    package var isBounded: Bool { occupancy != nil }
    package var isByProject: Bool { order != nil }

    /// The projects that need no look: they have as many builds as they may have.
    package var fullProjects: [String] { occupancy?.fullProjects ?? [] }

    /// The classes that somebody here can serve, by number.
    package func eligible(_ classes: some Sequence<MatchClass>, of configuration: Configuration) -> [MatchClass] {
        let builders = Set(configuration.builders.map(\.name))
        let withSlots = offers.filter { $0.free > 0 }
        return classes.filter { one in builders.contains(one.builder) && withSlots.contains { $0.offer.labels.satisfy(one.labels) } }
            .sorted { $0.id < $1.id }
    }

    /// How many requests of each eligible class to look at: none where a limit is reached, and one where a lock is held, for others must not overtake it. Where
    /// an eligible class needs a lock, the first request of each class that needs it too and that somebody elsewhere can serve is looked at as well.
    package func wanted(
        _ eligible: [MatchClass], among classes: some Sequence<MatchClass>, of configuration: Configuration
    ) -> [(matchClass: Int64, count: Int)] {
        guard let occupancy else { return eligible.map { ($0.id, free) } }
        guard free > 0 else { return [] }
        let locks = configuration.builders.reduce(into: [:]) { $0[$1.name] = Set($1.locks.map(\.name)) }
        var wanted: [(matchClass: Int64, count: Int)] = []
        var contended = Set<String>()
        for one in eligible {
            switch occupancy.obstacle(to: one.builder) {
            case nil: wanted.append((one.id, free))
            case .locks: wanted.append((one.id, 1))
            case .all, .project, .builder: continue
            }
            contended.formUnion(locks[one.builder] ?? [])
        }
        let known = Set(eligible.map(\.id))
        for one in classes where !known.contains(one.id) {
            guard let own = locks[one.builder], !own.isDisjoint(with: contended) else { continue }
            switch occupancy.obstacle(to: one.builder) {
            case nil where isFreeElsewhere(one): wanted.append((one.id, 1))
            case .locks where pools.contains(where: { $0.labels.satisfy(one.labels) }): wanted.append((one.id, 1))
            case nil, .locks, .all, .project, .builder: continue
            }
        }
        return wanted.sorted { $0.matchClass < $1.matchClass }
    }

    private func isFreeElsewhere(_ matchClass: MatchClass) -> Bool {
        pools.contains { $0.isFreeElsewhere && $0.labels.satisfy(matchClass.labels) }
    }

    /// Takes the first requests of each class that was asked for, where projects have shares those of each project. In the end they go by priority, then age,
    /// over all classes, or in the order of the projects.
    package mutating func take(_ heads: [Head]) {
        var seen = Set<RequestID>()
        self.heads = heads.filter { seen.insert($0.request).inserted }.sorted { ($1.priority, $0.request) < ($0.priority, $1.request) }
    }

    /// Which request goes to which offer: the first in line to the least loaded worker that may run it. One that waits for a lock, or that another dispatcher
    /// can give away, is overtaken at none of its locks; one that waits for a limit, or for a worker, lets others pass.
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
        var occupancy = occupancy
        var decided: [(head: Head, offer: SlotOffer)] = []
        var line = Line(heads, order)
        // Each class counts once for those that come later, of however many projects its requests are.
        var reserved = Set<Int64>()
        func reserve(_ matchClass: MatchClass) {
            if reserved.insert(matchClass.id).inserted { occupancy?.reserve(matchClass.builder) }
        }
        while remaining > 0, let head = line.next() {
            let project = order == nil ? nil : head.project
            if let obstacle = occupancy?.obstacle(to: head.matchClass.builder, of: project) {
                if case .locks = obstacle { reserve(head.matchClass) }
                continue
            }
            // Among equals the first place moves with the request, so that no worker is always first.
            let start = Int(head.request.rawValue % Int64(max(1, left.count)))
            let places = (0..<left.count).map { ($0 + start) % left.count }
            let able = places.filter { left[$0].free > 0 && left[$0].offer.labels.satisfy(head.matchClass.labels) }
            guard let place = able.min(by: { left[$0].open < left[$1].open }) else {
                if isFreeElsewhere(head.matchClass) { reserve(head.matchClass) }
                continue
            }
            left[place].free -= 1
            left[place].open += 1
            remaining -= 1
            occupancy?.admit(head.matchClass.builder, of: project)
            line.admit(head)
            decided.append((head, left[place].offer))
        }
        return decided
    }
}

/// The heads, one after the other, as they are in line.
private struct Line {
    private var plain: ArraySlice<MatchSnapshot.Head>
    private var fair: FairQueue?
    private let heads: [RequestID: MatchSnapshot.Head]

    init(_ sorted: [MatchSnapshot.Head], _ order: QueueOrder?) {
        plain = sorted[...]
        fair = order.map { FairQueue(sorted.map(\.place), order: $0) }
        heads = order == nil ? [:] : sorted.reduce(into: [:]) { $0[$1.request] = $1 }
    }

    mutating func next() -> MatchSnapshot.Head? {
        fair == nil ? plain.popFirst() : fair?.next().flatMap { heads[$0.request] }
    }

    mutating func admit(_ head: MatchSnapshot.Head) { fair?.admit(head.place) }
}
