import CPostgres

/// Asks the server to end what one connection runs. Thread-safe by libpq's own word (PQcancel), unlike the connection.
// Unchecked: the pointer is never written after init, and libpq allows PQcancel from any thread while the connection is in use.
final class PostgresCancel: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQfreeCancel(pointer) }

    /// Blocks for a connection of its own: not to be called on the cooperative pool.
    func send() {
        var complaint = [CChar](repeating: 0, count: 256)
        _ = PQcancel(pointer, &complaint, Int32(complaint.count))
    }
}
