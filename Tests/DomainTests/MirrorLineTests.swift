import Domain
import Testing

/// What a hook and a poller tell of one branch, held against what truly happened to it.
@Suite struct MirrorLineTests {
    /// A hook and a poller of one branch, and the branch itself.
    private struct World {
        var line = MirrorLine()
        var pushes: [String] = []
        /// Pushes that the hook has not told of yet.
        var waiting: [String] = []
        /// Where the poller saw the branch last.
        var position: String?
        /// A look that has read the branch and told nothing yet.
        var look: (since: Int64?, end: String?, tip: String)?
        /// For each push that the hook told of: which move it is.
        var hooked: [Int64] = []
        var made: [String] { line.moves.map(\.revision) }
        private var count = 0

        mutating func push(_ revision: String) {
            pushes.append(revision)
            waiting.append(revision)
        }

        @discardableResult
        mutating func tell(_ report: MirrorReport, _ revision: String, _ source: String) -> Int64 {
            count += 1
            return line.take(report, revision: revision, source: source, change: .new(count))?.place ?? line.last
        }

        /// Commits of one push, told together.
        mutating func tellPush(_ commits: [String], _ source: String, _ rule: MirrorReport.Rule = .told) {
            let since = rule == .looked ? line.end?.place : nil
            for commit in commits { tell(MirrorReport(line: "l", rule: rule, isTip: commit == commits.last, since: since), commit, source) }
        }

        mutating func hook() {
            guard !waiting.isEmpty else { return }
            hooked.append(tell(MirrorReport(line: "l", rule: .told), waiting.removeFirst(), "hook"))
        }

        mutating func beginLook() {
            guard look == nil, let tip = pushes.last else { return }
            look = (line.end?.place, line.end?.revision, tip)
        }

        mutating func endLook() {
            guard let seen = look else { return }
            look = nil
            guard seen.tip != position || seen.end.map({ $0 != seen.tip }) ?? false else { return }
            position = seen.tip
            tell(MirrorReport(line: "l", rule: .looked, since: seen.since), seen.tip, "poller")
        }

        mutating func lookNow() {
            endLook()
            beginLook()
            endLook()
        }

    }

    /// Goes to a new revision, or back to an old one.
    private func next(_ world: World, _ random: inout SeededNumbers) -> String {
        let old = Array(Set(world.pushes).subtracting([world.pushes.last ?? ""])).sorted()
        if !old.isEmpty, random.below(3) == 0 { return old[random.below(old.count)] }
        return "r\(Set(world.pushes).count)"
    }

    @Test("A hook and a poller that does not overtake it by more than a push make one change of each push", arguments: 0..<400)
    func onceEach(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        var world = World()
        for _ in 0..<120 {
            switch random.below(4) {
            case 0: world.push(next(world, &random))
            case 1: world.hook()
            // One that is under way stays so for a while: hooks come in between.
            case 2: if world.pushes.count - world.line.moves.count <= 1 { world.beginLook() }
            default: world.endLook()
            }
            // A look tells before the next but one push comes.
            if world.pushes.count - world.line.moves.count > 1 { world.endLook() }
        }
        while !world.waiting.isEmpty { world.hook() }
        world.lookNow()
        #expect(world.made == world.pushes, "seed \(seed)")
        #expect(world.hooked == world.hooked.sorted() && Set(world.hooked).count == world.hooked.count, "seed \(seed)")
    }

    @Test("Whatever a hook loses and however late a poller is, the line ends where the branch stands after one more look", arguments: 0..<400)
    func endsAtTip(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        var world = World()
        for _ in 0..<120 {
            switch random.below(6) {
            case 0, 1: world.push(next(world, &random))
            case 2: world.hook()
            case 3: if !world.waiting.isEmpty { world.waiting.remove(at: random.below(world.waiting.count)) }
            case 4: world.beginLook()
            default: world.endLook()
            }
        }
        while !world.waiting.isEmpty { world.hook() }
        world.lookNow()
        #expect(world.line.end?.revision == world.pushes.last, "seed \(seed)")
        #expect(Set(world.made).isSubset(of: Set(world.pushes)), "seed \(seed)")
        // Each report of the hook is a move of its own.
        #expect(Set(world.hooked).count == world.hooked.count, "seed \(seed)")
    }

    @Test("Several sources that tell of every push make one change of each, whoever is first", arguments: 0..<100)
    func severalHooks(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        var world = World()
        for _ in 0..<30 { world.push(next(world, &random)) }
        var told = [0, 0, 0]
        while told.contains(where: { $0 < world.pushes.count }) {
            let source = random.below(told.count)
            guard told[source] < world.pushes.count else { continue }
            world.tell(MirrorReport(line: "l", rule: .told), world.pushes[told[source]], "source \(source)")
            told[source] += 1
        }
        #expect(world.made == world.pushes, "seed \(seed)")
    }

    @Test("Forth, back and forth again are three")
    func forthAndBack() {
        var world = World()
        for revision in ["a", "b", "a"] {
            world.push(revision)
            world.hook()
            world.lookNow()
        }
        #expect(world.made == ["a", "b", "a"])
    }

    @Test("A move back that the hook lost is found by the next look")
    func lostMoveBack() {
        var world = World()
        world.push("a")
        world.hook()
        world.lookNow()
        world.push("b")
        world.hook()
        world.push("a")
        world.waiting = []
        world.lookNow()
        #expect(world.made == ["a", "b", "a"])
    }

    @Test("A look that began before a branch moved back takes nothing for new")
    func slowLook() {
        var world = World()
        world.push("a")
        world.hook()
        world.lookNow()
        world.push("b")
        world.beginLook()
        world.hook()
        world.push("a")
        world.hook()
        world.endLook()
        world.lookNow()
        #expect(world.made == ["a", "b", "a"])
    }

    @Test("A poller that overtakes the hooks of two pushes has the second built twice")
    func overtaken() {
        var world = World()
        world.push("a")
        world.hook()
        world.lookNow()
        world.push("b")
        world.push("c")
        world.lookNow()
        world.hook()
        world.hook()
        world.lookNow()
        #expect(world.made == ["a", "c", "b", "c"])
    }

    @Test("Calls out of order, and one that was lost and is sent again, have revisions built twice; the line ends where the branch stands")
    func outOfOrder() {
        var late = World()
        late.push("a")
        late.push("b")
        late.waiting.swapAt(0, 1)
        late.hook()
        late.hook()
        late.lookNow()
        #expect(late.made == ["b", "a", "b"] && late.line.end?.revision == "b")

        var redelivered = World()
        redelivered.push("a")
        let lost = redelivered.waiting
        redelivered.waiting = []
        redelivered.lookNow()
        redelivered.push("b")
        redelivered.hook()
        redelivered.lookNow()
        redelivered.waiting = lost
        redelivered.hook()
        redelivered.lookNow()
        #expect(redelivered.made == ["a", "b", "a", "b"] && redelivered.line.end?.revision == "b")
    }

    @Test("A branch that is new to a source which stood in its line before was deleted: where it stands again is a move, unless another told that")
    func deleted() {
        var lost = World()
        lost.tell(MirrorReport(line: "l", rule: .looked), "a", "poller")
        lost.tell(MirrorReport(line: "l", rule: .looked), "a", "poller")
        #expect(lost.made == ["a", "a"] && lost.line.places == ["poller": 2])
        var told = World()
        told.tellPush(["a"], "hook")
        told.tell(MirrorReport(line: "l", rule: .looked), "a", "poller")
        told.tellPush(["a"], "hook")
        told.tell(MirrorReport(line: "l", rule: .looked), "a", "poller")
        #expect(told.made == ["a", "a"] && told.line.places["poller"] == 2)
    }

    /// A long way, and back before the poller came to its end.
    private func passed(_ told: [String], late: [String] = []) -> World {
        var world = World()
        world.tellPush(["a"], "hook")
        world.tellPush(["a"], "poller", .looked)
        for revision in told { world.tellPush([revision], "hook") }
        let since = world.line.end?.place
        world.tell(MirrorReport(line: "l", rule: .looked, isTip: false, since: since), "b", "poller")
        for revision in late { world.tellPush([revision], "hook") }
        world.tell(MirrorReport(line: "l", rule: .passed, since: since), "c", "poller")
        world.tellPush(["a"], "poller", .looked)
        return world
    }

    @Test("A branch that went back before the poller came to the end of a long way is told once, whatever of that others told, and when")
    func passed() {
        #expect(passed([]).made == ["a", "b", "c", "a"])
        #expect(passed(["c"]).made == ["a", "c", "b", "a"])
        #expect(passed(["c"], late: ["a"]).made == ["a", "c", "b", "a"])
        #expect(passed([], late: ["c"]).made == ["a", "b", "c", "a"])
        #expect(passed([], late: ["c", "a"]).made == ["a", "b", "c", "a"])
        // The call of the push was lost, that of the way back was not.
        #expect(passed([], late: ["a"]).made == ["a", "b", "a", "c"])
        // It had been there and back before.
        #expect(passed(["x", "a"]).made == ["a", "x", "a", "b", "c", "a"])
        for world in [passed([]), passed(["c"]), passed([], late: ["a"]), passed([], late: ["c", "a"]), passed(["x", "a"])] {
            #expect(world.line.end?.revision == "a")
        }
    }

    @Test("A group that was left and joined again begins its lines anew; one that stays goes on, and so does one where history grows")
    func standing() throws {
        func configuration(_ sources: [String], root: String = "repo", grows: Bool = false) -> Configuration {
            Configuration(project: "p", mirrors: Dictionary(uniqueKeysWithValues: sources.map { ($0, MirrorGroup(name: root, grows: grows)) }))
        }
        func applied(_ next: Configuration, after id: Int64, _ current: Configuration?) -> Configuration {
            next.succeeding(
                current.map { AppliedConfiguration(id: ConfigurationID(id), digest: "", applied: Timestamp(seconds: 1), configuration: $0) })
        }
        let first = applied(configuration(["repo", "hook"]), after: 0, nil)
        #expect(first == configuration(["repo", "hook"]))
        let stays = applied(configuration(["repo", "hook"]), after: 1, first)
        #expect(stays == first)
        let more = applied(configuration(["repo", "hook", "feed"]), after: 2, stays)
        #expect(more.mirrors.values.allSatisfy { $0.since == ConfigurationID(2) } && more.mirrors.count == 3)
        #expect(applied(configuration(["repo", "hook", "feed"]), after: 3, more) == more)
        let left = applied(configuration([]), after: 4, more)
        // As an earlier revision is applied again: with what it said of itself.
        let back = applied(more, after: 5, left)
        #expect(back.mirrors["feed"]?.since == ConfigurationID(5))
        let renamed = applied(configuration(["repo", "hook", "feed"], root: "hook"), after: 6, back)
        #expect(renamed.mirrors["feed"]?.since == ConfigurationID(6))
        let growing = applied(configuration(["repo", "hook"], grows: true), after: 7, left)
        #expect(growing == configuration(["repo", "hook"], grows: true))
        #expect(applied(configuration(["repo", "hook"]), after: 8, growing).mirrors["repo"]?.since == ConfigurationID(8))
        let lines = try [first, more, back].map { try #require($0.mirrors["repo"]).line(repository: "repo", branch: "main") }
        #expect(Set(lines).count == 3)
        #expect(back.written == configuration(["repo", "hook", "feed"]))
    }

    @Test("Where each commit is a change, those of a push are told once, whoever told how much of them first")
    func eachCommit() {
        var world = World()
        world.tellPush(["a"], "hook")
        world.tellPush(["b", "c"], "hook")
        world.tellPush(["b", "c"], "poller", .looked)
        #expect(world.made == ["a", "b", "c"])
        world.tellPush(["d", "e", "f"], "poller", .looked)
        world.tellPush(["d"], "hook")
        world.tellPush(["e", "f"], "hook")
        #expect(world.made == ["a", "b", "c", "d", "e", "f"])
        #expect(world.line.end?.revision == "f")
    }

    @Test("What a forge leaves out of a long push comes to the line, and is not where the branch stands")
    func leftOut() {
        var world = World()
        world.tellPush(["a"], "hook")
        world.tellPush(["d", "e"], "hook")
        world.tellPush(["b", "c", "d", "e"], "poller", .looked)
        #expect(world.made == ["a", "d", "e", "b", "c"])
        #expect(world.line.end?.revision == "e")
        world.tellPush(["e"], "poller", .looked)
        #expect(world.made.count == 5)
    }

    @Test("A commit on the way that turns out to be where the branch stands is its end")
    func wayBecomesEnd() {
        var world = World()
        world.tellPush(["a"], "hook")
        world.tell(MirrorReport(line: "l", rule: .looked, isTip: false, since: 1), "b", "poller")
        #expect(world.line.end?.revision == "a")
        world.tellPush(["b"], "hook")
        #expect(world.line.end?.revision == "b")
        world.tellPush(["b"], "poller", .looked)
        #expect(world.made == ["a", "b"])
    }

    @Test("Where history only grows, heads in whatever order are told once")
    func grown() {
        var world = World()
        world.tellPush(["x", "y"], "hook", .grown)
        world.tellPush(["y", "z", "x"], "poller", .grown)
        world.tellPush(["z"], "hook", .grown)
        #expect(world.made == ["x", "y", "z"])
    }

    @Test(
        "Repositories are known by the last part of their address",
        arguments: [
            "https://git.example.org/shop/storefront.git", "git@git.example.org:shop/Storefront", "/srv/git/storefront.git/", "storefront",
            "ssh://git@git.example.org/~ann/storefront/.git", "https://git.example.org/storefront.git?x=/y",
        ])
    func lastPart(repository: String) {
        #expect(MirrorGroup.lastPart(of: repository) == "storefront")
        let group = MirrorGroup(name: "g")
        #expect(group.line(repository: repository, branch: "main") == group.line(repository: "storefront", branch: "main"))
    }

    @Test("A pull request is not its branch, nor one repository another")
    func lines() {
        let group = MirrorGroup(name: "g")
        var change = NewChange(project: "p", repository: "https://h/r.git", branch: "main", revision: "1")
        let branch = group.line(of: change)
        change.category = PullProperty.category
        change.properties = [PullProperty.number: 7]
        let seven = group.line(of: change)
        change.properties = [PullProperty.number: "7"]
        #expect(group.line(of: change) == seven)
        change.properties = [PullProperty.number: 8]
        let lines: Set = [
            branch, seven, group.line(of: change), group.line(repository: "https://h/s.git", branch: "main"),
            group.line(repository: "https://h/r.git", branch: "topic"), MirrorGroup(name: "o").line(repository: "https://h/r.git", branch: "main"),
        ]
        #expect(lines.count == 6)
    }

    @Test("Of what is told at once the last of each branch is where that stands")
    func tips() {
        let changes = [("main", "1"), ("topic", "2"), ("main", "3")].map {
            NewChange(project: "p", repository: "https://h/r.git", branch: $0.0, revision: $0.1)
        }
        let told = MirrorGroup(name: "g").told(changes)
        #expect(told.map(\.revision) == ["1", "2", "3"])
        #expect(told.map(\.mirror?.isTip) == [false, true, true])
        #expect(told.map(\.mirror?.rule) == [.told, .told, .told])
        #expect(MirrorGroup(name: "g", grows: true).told(changes).first?.mirror?.rule == .grown)
    }
}

/// Random numbers that a seed repeats (SplitMix64).
private struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }
}
