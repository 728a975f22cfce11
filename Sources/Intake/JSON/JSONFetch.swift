import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import Signals
import Wire

/// Gets a document over HTTP: bounded in time, size and redirects. The secret goes to the configured origin only, and stands in no message.
struct JSONFetch: Sendable {
    enum Answer: Sendable {
        /// It is what it was.
        case same
        case document(Data, JSONValidators)
    }

    let url: String
    let header: String
    let credential: CredentialReference?
    let timeout: Duration

    static let largest = 8 << 20
    private static let mostRedirects = 5
    private static let longestSecret = 8192

    /// - Throws: `JSONFailure`.
    func get(_ known: JSONValidators) async throws -> Answer {
        let secret = try self.secret()
        do {
            // The whole of it, the body and every redirect too.
            return try await Bounded.run(within: timeout) { try await get(known, secret) }
        } catch is CancellationError {
            throw CancellationError()
        } catch let failure as JSONFailure {
            throw failure
        } catch {
            throw JSONFailure("\(Self.shown(url)): \(error)")
        }
    }

    private func get(_ known: JSONValidators, _ secret: String?) async throws -> Answer {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        // Followed here, where it is known which origin the secret is for.
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let answer = try await follow(client, known, secret)
            try await client.shutdown()
            return answer
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func follow(_ client: HTTPClient, _ known: JSONValidators, _ secret: String?) async throws -> Answer {
        guard let first = URL(string: url), let home = Origin(first) else { throw JSONFailure("\(Self.shown(url)) is no address of http or https") }
        var place = first
        for _ in 0...Self.mostRedirects {
            guard let origin = Origin(place) else { throw JSONFailure("\(Self.shown(url)) leads to an address that is neither of https nor of http") }
            if home.scheme == "https", origin.scheme != "https" {
                throw JSONFailure("\(Self.shown(url)) leads from https to http, where nobody may follow")
            }
            var request = HTTPClientRequest(url: place.absoluteString)
            request.headers.add(name: "Accept", value: "application/json")
            request.headers.add(name: "User-Agent", value: "doorbell/\(ProductVersion.current)")
            if let etag = known.etag { request.headers.add(name: "If-None-Match", value: etag) }
            if let modified = known.modified { request.headers.add(name: "If-Modified-Since", value: modified) }
            if let secret, origin == home { request.headers.replaceOrAdd(name: header, value: secret) }
            let response = try await client.execute(request, deadline: .distantFuture)
            switch response.status.code {
            case 200: return try await document(response)
            case 304: return .same
            case 301, 302, 303, 307, 308:
                guard let next = response.headers.first(name: "Location").flatMap({ URL(string: $0, relativeTo: place)?.absoluteURL }) else {
                    throw JSONFailure("\(Self.shown(url)) answers \(response.status.code) without saying where to look instead")
                }
                place = next
            default: throw JSONFailure("\(Self.shown(url)) answers \(response.status.code)\(Self.hint(response.status.code))")
            }
        }
        throw JSONFailure("\(Self.shown(url)) leads on more than \(Self.mostRedirects) times")
    }

    private func document(_ response: HTTPClientResponse) async throws -> Answer {
        do {
            let body = try await response.body.collect(upTo: Self.largest)
            return .document(
                Data(buffer: body),
                JSONValidators(
                    etag: Self.kept(response.headers.first(name: "ETag")), modified: Self.kept(response.headers.first(name: "Last-Modified"))))
        } catch is NIOTooManyBytesError {
            throw JSONFailure("\(Self.shown(url)) answers with more than \(Self.largest) bytes, which is the most that is read")
        }
    }

    /// Read at each contact, so that a new one needs no restart.
    private func secret() throws -> String? {
        guard let credential else { return nil }
        let text: String?
        switch credential {
        case .file(let path): text = try? String(contentsOfFile: path, encoding: .utf8)
        case .environment(let name): text = ProcessInfo.processInfo.environment[name]
        }
        let line = text?.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard (1...Self.longestSecret).contains(line.utf8.count), line.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
            throw JSONFailure(
                "the credential of this source is not here, or is no header: give this process the file or variable that the configuration names")
        }
        return line
    }

    private static func kept(_ value: String?) -> String? {
        value.flatMap { $0.utf8.count <= 1000 && $0.utf8.allSatisfy { $0 >= 32 && $0 < 127 } ? $0 : nil }
    }

    private static func hint(_ status: UInt) -> String {
        switch status {
        case 401, 403: ": it does not take the credential"
        case 429: ": it is asked too often"
        default: ""
        }
    }

    /// An address as it can be shown: what stands behind the question mark may be a secret.
    static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }.prefix(300)) }

    /// To whom a secret may be told.
    private struct Origin: Hashable {
        var scheme: String
        var host: String
        var port: Int

        init?(_ url: URL) {
            guard let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https", let host = url.host?.lowercased(), !host.isEmpty,
                url.user == nil, url.password == nil
            else { return nil }
            self.scheme = scheme
            self.host = host
            port = url.port ?? (scheme == "https" ? 443 : 80)
        }
    }
}

/// What tells whether a document is still the one that was read.
struct JSONValidators: Hashable, Sendable, Codable {
    var etag: String?
    var modified: String?
}

/// Why a list could not be read; one line for people, without control characters.
struct JSONFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined().prefix(500))
    }
}
