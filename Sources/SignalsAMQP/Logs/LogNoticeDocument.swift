import Domain
import Foundation
import Signals

/// A log notice as it travels: `{"version":1,"build":7,"log":"1-unit","offset":0,"size":120,"digest":…}`; without `log` the build has ended.
struct LogNoticeDocument: Codable {
    var version = 1
    var build: Int64
    var log: String?
    var offset: Int64
    var size: Int64
    var digest: String?

    init(_ notice: LogNotice) {
        build = notice.build
        log = notice.log
        offset = notice.offset
        size = notice.size
        digest = notice.digest
    }

    /// nil for what is no notice of this version.
    static func notice(_ body: [UInt8]) -> LogNotice? {
        guard let document = try? JSONDecoder().decode(Self.self, from: Data(body)), document.version == 1, document.build > 0 else { return nil }
        return LogNotice(
            build: document.build, log: document.log, offset: document.offset, size: document.size, digest: document.digest)
    }

    /// `<build>.<log>`, with the words escaped as those of events are.
    static func routingKey(_ notice: LogNotice) -> String { "\(notice.build).\(RoutingKey.word(notice.log))" }
}
