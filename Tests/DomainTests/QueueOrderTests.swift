import Domain
import Testing

@Suite struct QueueOrderTests {
    private static let now = Timestamp(seconds: 1_000_000)

    private static func place(_ request: Int64, _ project: String, priority: Int = 0, waiting: Int = 0) -> QueueOrder.Place {
        QueueOrder.Place(request: RequestID(request), project: project, priority: priority, created: now.advanced(by: .seconds(-waiting)))
    }

    private static let rules = [
        ProjectRule(name: "large", share: 3), ProjectRule(name: "small"), ProjectRule(name: "patient", longestWait: .seconds(600)),
        ProjectRule(name: "hasty", longestWait: .seconds(60)),
    ]

    /// The order in which all go, where each that is next gets its build.
    private static func order(_ places: [QueueOrder.Place], open: [String: Int] = [:]) -> [Int64] {
        var queue = FairQueue(places, order: QueueOrder(rules, open: open, now: now))
        var order: [Int64] = []
        while let next = queue.next() {
            order.append(next.request.rawValue)
            queue.admit(next)
        }
        return order
    }

    @Test("In one project the higher priority goes first, then the older request")
    func oneProject() {
        #expect(Self.order([Self.place(3, "small"), Self.place(2, "small"), Self.place(4, "small", priority: 5)]) == [4, 2, 3])
    }

    @Test("Builds are given out in proportion to shares, whatever the priorities and ages across projects")
    func shares() {
        let large = (1...9).map { Self.place($0, "large", priority: 9) }
        let small = (11...13).map { Self.place($0, "small") }
        let order = Self.order(large + small)
        #expect(order == [1, 11, 2, 3, 4, 12, 5, 6, 7, 13, 8, 9])
        for taken in 1...12 {
            let ofSmall = order.prefix(taken).filter { $0 > 10 }.count
            #expect(abs(ofSmall * 3 - (taken - ofSmall)) <= 3, "\(order)")
        }
    }

    @Test("What is open already counts")
    func open() {
        let places = [Self.place(1, "small"), Self.place(2, "large"), Self.place(3, "unnamed")]
        #expect(Self.order(places, open: ["small": 1, "large": 2, "unnamed": 2]) == [2, 1, 3])
        #expect(Self.order(places, open: ["small": 1, "large": 3, "unnamed": 1]) == [1, 2, 3], "equals go by age")
    }

    @Test("Whoever waits longer than its project's longest wait goes before all others, the oldest first; no priority and no share keeps it")
    func longestWait() {
        let places = [
            Self.place(1, "patient", waiting: 500), Self.place(2, "hasty", priority: -9, waiting: 61),
            Self.place(3, "large", priority: 9, waiting: 9000),
            Self.place(4, "patient", priority: -5, waiting: 601), Self.place(5, "hasty", priority: 7, waiting: 60),
        ]
        #expect(Self.order(places, open: ["hasty": 50, "patient": 50]) == [4, 2, 3, 5, 1])
    }

    @Test("One that is passed over changes nothing for those behind it")
    func passedOver() {
        var queue = FairQueue(
            [Self.place(1, "large"), Self.place(2, "large"), Self.place(3, "small")], order: QueueOrder(Self.rules, open: [:], now: Self.now))
        #expect(queue.next()?.request == RequestID(1))
        #expect(queue.next()?.request == RequestID(2))
        #expect(queue.next()?.request == RequestID(3))
        #expect(queue.next() == nil)
    }
}
