import Domain
import HTTPDoor
import Hummingbird
import HummingbirdTesting
import Logging
import Signals
import Storage
import StorageSQLite
import TestSupport
import Testing
import Wire

@testable import Intake

/// The intake over its routes, with a database that comes and goes.
@Suite struct SpooledIntakeTests {
    private struct Rig: Sendable {
        let door: IntakeDoor
        let switched: SwitchedStore
        let spool: ChangeSpool
        let drain: SpoolDrain

        /// Passes of `intake.spool` until it has nothing left.
        func drainAll() async throws {
            while try await drain.run() == .immediately {}
        }
    }

    private func withIntake(limits: ChangeSpool.Limits = .init(), _ test: @Sendable @escaping (Rig) async throws -> Void) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path + "/data")
        let switched = SwitchedStore(store)
        let spool = try await ChangeSpool.open(dataDirectory: directory.path, limits: limits)
        let bell = LocalBell()
        let router = DoorRouter.door()
        ChangeIntake(store: switched, bell: bell, deployment: store.deployment, spool: spool).addRoutes(to: router)
        let drain = SpoolDrain(spool: spool, store: switched, bell: bell, logger: LogRecorder().logger)
        try await Application(router: router).test(.router) { client in
            try await test(Rig(door: IntakeDoor(client: client, store: store, rings: Watched(0)), switched: switched, spool: spool, drain: drain))
        }
        try await store.close()
    }

    @Test("With the database away a change is answered 202 with the chain that it has once it is back")
    func chain() async throws {
        try await withIntake { rig in
            rig.switched.set(away: true)
            let response = try await rig.door.submit(#""source":"hook","dedupe_key":"k1""#)
            #expect(response.status == .accepted)
            let answer = try IntakeDoor.accepted(response)
            #expect(answer.id == nil)
            #expect(answer.protected)
            rig.switched.set(away: false)
            try await rig.drainAll()
            let changes = try await rig.door.changes()
            #expect(changes.map(\.chain) == [answer.chain])
            #expect(changes.first?.content.dedupeKey == "k1")
        }
    }

    @Test(
        "Without a dedupe key the server's own is kept in the spool, so that draining twice makes one change, and the answer says that it is unprotected"
    )
    func ownKey() async throws {
        try await withIntake { rig in
            rig.switched.set(away: true)
            let answer = try IntakeDoor.accepted(try await rig.door.submit())
            #expect(!answer.protected)
            rig.switched.set(away: false)
            // The commit whose answer was lost is sent again.
            rig.switched.set(losingAnswers: true)
            await #expect(throws: StoreError.self) { _ = try await rig.drain.run() }
            rig.switched.set(losingAnswers: false)
            try await rig.drainAll()
            let changes = try await rig.door.changes()
            #expect(changes.map(\.chain) == [answer.chain])
            #expect(changes.first?.content.dedupeKey == answer.dedupeKey)
        }
    }

    @Test("Changes reach the database in the order they came, also those that come while earlier ones wait")
    func order() async throws {
        try await withIntake { rig in
            for key in 1...3 { #expect(try await rig.door.submit(#""dedupe_key":"before \#(key)""#).status == .created) }
            rig.switched.set(away: true)
            for key in 1...3 { #expect(try await rig.door.submit(#""dedupe_key":"away \#(key)""#).status == .accepted) }
            rig.switched.set(away: false)
            // The database is back and nothing has drained yet: it may not overtake.
            #expect(try await rig.door.submit(#""dedupe_key":"behind""#).status == .accepted)
            try await rig.drainAll()
            #expect(try await rig.door.submit(#""dedupe_key":"after""#).status == .created)
            #expect(
                try await rig.door.changes().map(\.content.dedupeKey) == [
                    "before 1", "before 2", "before 3", "away 1", "away 2", "away 3", "behind", "after",
                ])
        }
    }

    @Test("The same change before, during and after an outage, and twice in the spool, is one change with one chain")
    func duplicates() async throws {
        try await withIntake { rig in
            let first = try IntakeDoor.accepted(try await rig.door.submit(#""dedupe_key":"same""#))
            rig.switched.set(away: true)
            let second = try IntakeDoor.accepted(try await rig.door.submit(#""dedupe_key":"same""#))
            let third = try IntakeDoor.accepted(try await rig.door.submit(#""dedupe_key":"same""#))
            rig.switched.set(away: false)
            try await rig.drainAll()
            let response = try await rig.door.submit(#""dedupe_key":"same""#)
            #expect(response.status == .ok)
            #expect(Set([first.chain, second.chain, third.chain, try IntakeDoor.accepted(response).chain]).count == 1)
            #expect(try await rig.door.changes().count == 1)
        }
    }

    @Test("A commit whose answer was lost is spooled, and is the same change")
    func lostAnswer() async throws {
        try await withIntake { rig in
            rig.switched.set(losingAnswers: true)
            let answer = try await rig.door.submit(#""dedupe_key":"k""#)
            #expect(answer.status == .accepted)
            rig.switched.set(losingAnswers: false)
            try await rig.drainAll()
            #expect(try await rig.door.changes().map(\.chain) == [try IntakeDoor.accepted(answer).chain])
        }
    }

    @Test("A full spool refuses with 503 and says when to come back; what it answered is not lost")
    func full() async throws {
        try await withIntake(limits: .init(changes: 2)) { rig in
            rig.switched.set(away: true)
            #expect(try await rig.door.submit(#""dedupe_key":"1""#).status == .accepted)
            #expect(try await rig.door.submit(#""dedupe_key":"2""#).status == .accepted)
            let refused = try await rig.door.submit(#""dedupe_key":"3""#)
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.headers[.retryAfter] != nil)
            #expect(try IntakeDoor.problem(refused).detail?.contains("full") == true)
            rig.switched.set(away: false)
            try await rig.drainAll()
            #expect(try await rig.door.changes().map(\.content.dedupeKey) == ["1", "2"])
        }
    }

    @Test("A change that the database will never take steps aside, and holds up nobody")
    func poison() async throws {
        try await withIntake { rig in
            rig.switched.set(away: true)
            _ = try await rig.door.submit(#""dedupe_key":"1""#)
            _ = try await rig.door.submit(#""dedupe_key":"2","comments":"poison""#)
            _ = try await rig.door.submit(#""dedupe_key":"3""#)
            rig.switched.set(away: false)
            try await rig.drainAll()
            #expect(try await rig.door.changes().map(\.content.dedupeKey) == ["1", "3"])
            #expect(rig.spool.status.setAside == 1)
        }
    }

    @Test("What is wrong with a change is said at once, database or not")
    func judged() async throws {
        try await withIntake { rig in
            rig.switched.set(away: true)
            let response = try await rig.door.submit(#""files":[7]"#)
            #expect(response.status.code == 422)
            #expect(rig.spool.isEmpty)
        }
    }
}
