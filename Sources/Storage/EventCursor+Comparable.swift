/// The order in which events are read: within an epoch and shard by tick, then by sequence. Sequences alone do not order events, for they commit out of
/// order.
extension EventCursor: Comparable {
    public static func < (left: EventCursor, right: EventCursor) -> Bool {
        (left.epoch, left.shard, left.tick, left.sequence) < (right.epoch, right.shard, right.tick, right.sequence)
    }
}
