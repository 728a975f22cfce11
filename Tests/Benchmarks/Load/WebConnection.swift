import Foundation

/// One HTTP/1.1 connection that stays open, with blocking calls on the caller's own thread: as little work as a client can have, so that a benchmark
/// measures the server. Speaks only what our server says.
final class WebConnection {
    struct Answer {
        var status: Int
        var head: String
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private static let mostHeadBytes = 64 << 10
    private static let mostBodyBytes = 64 << 20

    private let descriptor: Int32
    private var unread: [UInt8] = []

    init(port: Int, patience seconds: Int = 60) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkFailure("no socket: \(String(cString: strerror(errno)))") }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else {
            close(descriptor)
            throw BenchmarkFailure("nobody listens on port \(port): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Sends a request and blocks until its answer is whole. `headers` are whole lines, each ended.
    func call(_ method: String, _ path: String, headers: String = "", type: String = "application/json", body: some Collection<UInt8>) throws
        -> Answer
    {
        let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n"
        var bytes = Array(head.utf8)
        bytes += body
        try write(bytes)
        return try answer()
    }

    func call(_ method: String, _ path: String, headers: String = "", json: String) throws -> Answer {
        try call(method, path, headers: headers, body: json.utf8)
    }

    func get(_ path: String) throws -> Answer {
        try write(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        return try answer()
    }

    private func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL)) }
            if count > 0 { sent += count } else if errno != EINTR { throw broken("written to") }
        }
    }

    private func answer() throws -> Answer {
        var searched = 0
        while true {
            if let end = endOfHead(from: searched) {
                let head = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeFirst(end + 4)
                return Answer(status: try status(head), head: head, body: try body(head))
            }
            guard unread.count < Self.mostHeadBytes else { throw BenchmarkFailure("the head of an answer has no end") }
            searched = max(0, unread.count - 3)
            try readMore()
        }
    }

    private func endOfHead(from start: Int) -> Int? {
        unread.withUnsafeBufferPointer { bytes in
            guard bytes.count >= start + 4 else { return nil }
            return (start...(bytes.count - 4)).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
        }
    }

    private func status(_ head: String) throws -> Int {
        guard let status = head.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0) }) else {
            throw BenchmarkFailure("an answer begins with \(head.prefix(80))")
        }
        return status
    }

    private func body(_ head: String) throws -> [UInt8] {
        let length = head.split(separator: "\r\n").first { $0.prefix(15).lowercased() == "content-length:" }
        // Answers without a body need not say so.
        guard let length else { return [] }
        guard let count = Int(length.dropFirst(15).trimmingCharacters(in: .whitespaces)), (0...Self.mostBodyBytes).contains(count) else {
            throw BenchmarkFailure("an answer's length is \(length)")
        }
        while unread.count < count { try readMore() }
        defer { unread.removeFirst(count) }
        return Array(unread[..<count])
    }

    private func readMore() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { unread.append(contentsOf: buffer[..<count]) }
            return count
        }
        guard count > 0 || (count < 0 && errno == EINTR) else {
            throw count == 0 ? BenchmarkFailure("the server closed the connection") : broken("read")
        }
    }

    private func broken(_ what: String) -> BenchmarkFailure {
        BenchmarkFailure("a connection could not be \(what): \(String(cString: strerror(errno)))")
    }
}
