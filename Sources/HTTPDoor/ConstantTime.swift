/// Comparison of secrets whose duration says nothing about where they differ.
public enum ConstantTime {
    /// True when both have the same bytes. Only the lengths may be learned from how long it takes.
    public static func isEqual(_ left: String, _ right: String) -> Bool {
        var left = left
        var right = right
        return left.withUTF8 { left in
            right.withUTF8 { right in
                guard left.count == right.count else { return false }
                var difference: UInt8 = 0
                for index in left.indices { difference |= left[index] ^ right[index] }
                return difference == 0
            }
        }
    }
}
