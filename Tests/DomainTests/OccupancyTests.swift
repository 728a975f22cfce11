import Domain
import Testing

@Suite struct OccupancyTests {
    private static func builder(_ name: String, limit: Int? = nil, _ locks: LockUse...) -> Builder {
        Builder(name: name, steps: [], limit: limit, locks: locks)
    }

    private static func configuration(limit: Int? = nil) -> Configuration {
        Configuration(
            project: "p",
            builders: [
                builder("write", LockUse("db")), builder("read", LockUse("db", .counting)), builder("two", limit: 2),
                builder("both", LockUse("db", .counting), LockUse("net")), builder("free"),
            ],
            locks: [Lock(name: "db", count: 3), Lock(name: "net")], limit: limit)
    }

    private static func obstacle(_ builder: String, _ open: [String: Int], limit: Int? = nil) -> Occupancy.Obstacle? {
        Occupancy(configuration(limit: limit), open: open).obstacle(to: builder)
    }

    @Test("Exclusive waits for every holder, counting for an exclusive one or a full count")
    func locks() {
        #expect(Self.obstacle("write", [:]) == nil)
        #expect(Self.obstacle("write", ["read": 1]) == .locks(["db"]))
        #expect(Self.obstacle("write", ["write": 1]) == .locks(["db"]))
        #expect(Self.obstacle("read", ["read": 2]) == nil)
        #expect(Self.obstacle("read", ["read": 2, "both": 1]) == .locks(["db"]))
        #expect(Self.obstacle("both", ["write": 1]) == .locks(["db"]))
        #expect(Self.obstacle("both", ["read": 3, "both": 1]) == .locks(["db", "net"]))
        #expect(Self.obstacle("free", ["write": 9, "read": 9]) == nil)
    }

    @Test("Limits count open builds, the project's those of builders that are gone too")
    func limits() {
        #expect(Self.obstacle("two", ["two": 1]) == nil)
        #expect(Self.obstacle("two", ["two": 2]) == .builder(open: 2, limit: 2))
        #expect(Self.obstacle("free", ["gone": 2, "read": 1], limit: 4) == nil)
        #expect(Self.obstacle("free", ["gone": 2, "read": 2], limit: 4) == .all(open: 4, limit: 4))
        #expect(Occupancy(Self.configuration(limit: 4), open: ["gone": 6]).room == 0)
        #expect(Occupancy(Self.configuration(), open: ["gone": 6]).room == nil)
    }

    @Test("The limit of a project counts its own builds, of whatever builder")
    func projects() {
        var configuration = Self.configuration()
        configuration.projects = [ProjectRule(name: "docs", limit: 2)]
        var occupancy = Occupancy(configuration, open: ["free": 1, "gone": 1], projects: ["docs": 1, "app": 1])
        #expect(occupancy.obstacle(to: "free", of: "docs") == nil)
        occupancy.admit("read", of: "docs")
        #expect(occupancy.obstacle(to: "free", of: "docs") == .project("docs", open: 2, limit: 2))
        #expect(occupancy.obstacle(to: "free", of: "app") == nil)
        #expect(occupancy.fullProjects == ["docs"] && occupancy.openOfProjects == ["docs": 2, "app": 1])
    }

    @Test("What is admitted takes room; what waits takes it at its locks alone")
    func changes() {
        var occupancy = Occupancy(Self.configuration(limit: 3), open: [:])
        occupancy.reserve("both")
        #expect(occupancy.obstacle(to: "write") == .locks(["db"]))
        #expect(occupancy.obstacle(to: "read") == nil)
        #expect(occupancy.room == 3)
        occupancy.admit("two")
        occupancy.admit("two")
        #expect(occupancy.obstacle(to: "two") == .builder(open: 2, limit: 2))
        occupancy.admit("read")
        #expect(occupancy.obstacle(to: "free") == .all(open: 3, limit: 3))
    }
}
