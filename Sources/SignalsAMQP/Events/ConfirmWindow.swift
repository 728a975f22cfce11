/// Messages that a broker has not settled yet, by their tags. Confirms come one by one and for all up to a tag, mixed and out of order. Pure.
struct ConfirmWindow<Item> {
    /// From the oldest that is not settled; nil where one in between is. Its first is at `head`.
    private var items: [Item?] = []
    private var head = 0
    private var firstTag: UInt64 = 1
    private(set) var count = 0

    /// The tag that the broker gives this message: they count from 1 for each channel.
    @discardableResult
    mutating func sent(_ item: Item) -> UInt64 {
        items.append(item)
        count += 1
        return firstTag + UInt64(items.count - head - 1)
    }

    /// Takes what this confirm settles, in the order in which it was sent. A tag that is settled already or was never given settles nothing.
    mutating func settle(tag: UInt64, multiple: Bool) -> [Item] {
        let end = firstTag + UInt64(items.count - head)
        // A multiple confirm of tag 0 means: everything so far.
        let tag = multiple && tag == 0 ? end - 1 : tag
        guard tag >= firstTag, tag < end else { return [] }
        let place = head + Int(tag - firstTag)
        var settled: [Item] = []
        for index in multiple ? head...place : place...place {
            guard let item = items[index] else { continue }
            settled.append(item)
            items[index] = nil
        }
        count -= settled.count
        advance()
        return settled
    }

    private mutating func advance() {
        while head < items.count, items[head] == nil {
            head += 1
            firstTag += 1
        }
        if head > 1024, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
    }
}
