import Testing
import Wire

@testable import HTTPDoor

@Suite struct WaitRoomTests {
    private func status(_ room: WaitRoom, _ client: String) async -> Int? {
        do {
            try await room.within(of: client) {}
            return nil
        } catch {
            return (error as? Problem)?.status
        }
    }

    /// Takes a place, and keeps it until the task is cancelled.
    private func wait(in room: WaitRoom, _ client: String) -> Task<Void, any Error> {
        Task { try await room.within(of: client) { try? await Task.sleep(for: .seconds(600)) } }
    }

    @Test("One client has a tenth of the places, and leaves the others to others; who leaves makes room")
    func shares() async throws {
        let room = WaitRoom(most: 20)
        let waiting = (0..<2).map { _ in wait(in: room, "a") }
        while room.count < 2 { await Task.yield() }
        #expect(await status(room, "a") == 429)
        #expect(await status(room, "b") == nil)
        let others = (0..<18).map { wait(in: room, "c\($0)") }
        while room.count < 20 { await Task.yield() }
        #expect(await status(room, "b") == 503)
        for task in waiting + others {
            task.cancel()
            try await task.value
        }
        #expect(room.count == 0)
        #expect(await status(room, "a") == nil)
    }
}
