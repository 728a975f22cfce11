import HTTPDoor
import HTTPTypes
import Hummingbird
import NIOCore

/// A file that the pages load. Its link changes with its content, so that browsers may keep it for ever.
struct Asset: Sendable {
    let name: String
    let type: String
    let bytes: [UInt8]
    /// Where the pages find it.
    let link: String

    static let style = Asset("doorbell.css", "text/css; charset=utf-8", PackageResources.doorbell_css + Array(ANSIPalette.css.utf8))
    static let script = Asset("doorbell.js", "text/javascript; charset=utf-8", PackageResources.doorbell_js)
    static let icon = Asset("doorbell.svg", "image/svg+xml", PackageResources.doorbell_svg)

    init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
        // FNV-1a, 64 bits.
        let digest = bytes.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        link = "/assets/\(name)?v=\(String(digest, radix: 36))"
    }

    var response: Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "public, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
