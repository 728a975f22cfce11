import Foundation

/// The decoder of what forges send; it is not changed after it was made, so that all calls may share it.
enum HookJSON {
    static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()
}
