/// A set of small numbers that is emptied in constant time and walked in the order of insertion (Briggs and Torczon 1993).
struct SparseSet {
    private var dense: [Int32]
    /// Where in `dense` a number stands, if it is in the set at all; otherwise what an earlier one left.
    private var sparse: [Int32]
    private(set) var count = 0

    /// - Parameter capacity: one more than the largest number.
    init(capacity: Int) {
        dense = Array(repeating: 0, count: capacity)
        sparse = dense
    }

    var isEmpty: Bool { count == 0 }

    /// - Precondition: the index is below `count`.
    @inline(__always) subscript(index: Int) -> Int32 { dense[index] }

    /// - Returns: false when it was there already.
    @inline(__always) mutating func insert(_ number: Int32) -> Bool {
        let index = Int(sparse[Int(number)])
        if index < count, dense[index] == number { return false }
        dense[count] = number
        sparse[Int(number)] = Int32(count)
        count += 1
        return true
    }

    mutating func removeAll() { count = 0 }
}
