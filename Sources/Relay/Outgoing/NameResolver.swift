import Foundation
import Storage

/// Asks the system which addresses a name has, on a thread of its own: the question may take as long as the system's resolver waits.
actor NameResolver {
    private let executor = ThreadExecutor(name: "names")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// In the order of preference; empty when the name is not known. Numbers that stand for addresses are understood too, in every spelling that the system
    /// understands.
    func addresses(of name: String) -> [ResolvedAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [ResolvedAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = info.ai_addr, let read = ResolvedAddress(address), !found.contains(read) { found.append(read) }
            entry = info.ai_next
        }
        return found
    }
}

struct ResolvedAddress: Hashable, Sendable {
    /// As a connection is given it.
    let text: String
    let address: HostAddress

    /// - Parameter pointer: an address of the family that it names, as the system's resolver gives it: long enough for that family.
    init?(_ pointer: UnsafeMutablePointer<sockaddr>) {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            var address = pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr }
            guard inet_ntop(AF_INET, &address, &text, socklen_t(text.count)) != nil else { return nil }
            self.address = HostAddress(withUnsafeBytes(of: address) { Array($0) })
        case AF_INET6:
            // A scope (`%eth0`) is of link-local addresses only; without it they are not reached.
            var address = pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee.sin6_addr }
            guard inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return nil }
            self.address = HostAddress(withUnsafeBytes(of: address) { Array($0) })
        default: return nil
        }
        self.text = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
