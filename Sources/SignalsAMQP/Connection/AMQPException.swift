import CRabbitMQ

/// What a broker or librabbitmq answered instead of success.
struct AMQPException: Error, Hashable, CustomStringConvertible {
    /// The broker's reply code; nil when the library failed, and the connection with it.
    var code: UInt16?
    var description: String

    static let accessRefused: UInt16 = 403
    static let notFound: UInt16 = 404
    static let resourceLocked: UInt16 = 405
    static let preconditionFailed: UInt16 = 406
    static let notAllowed: UInt16 = 530

    init(code: UInt16?, description: String) {
        self.code = code
        self.description = description
    }

    /// nil for a normal reply.
    init?(_ reply: amqp_rpc_reply_t) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return nil
        case AMQP_RESPONSE_SERVER_EXCEPTION: self = Self.closing(reply.reply)
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: self.init(code: nil, description: Self.text(of: reply.library_error))
        default: self.init(code: nil, description: "the broker closed the connection without a word")
        }
    }

    /// The reason in a method that closes a channel or a connection.
    static func closing(_ method: amqp_method_t) -> AMQPException {
        guard let decoded = method.decoded else { return AMQPException(code: nil, description: "an answer without content") }
        switch method.id {
        case amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return AMQPException(code: close.reply_code, description: close.reply_text.text)
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD):
            let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return AMQPException(code: close.reply_code, description: close.reply_text.text)
        default:
            return AMQPException(code: nil, description: "an unexpected answer (method \(method.id))")
        }
    }

    static func text(of status: Int32) -> String {
        guard let text = amqp_error_string2(status) else { return "error \(status)" }
        return String(cString: text)
    }
}

extension amqp_bytes_t {
    /// The bytes as text, with what is not UTF-8 replaced and control characters left out: it is shown to people.
    var text: String {
        let string = String(decoding: UnsafeRawBufferPointer(start: bytes, count: len), as: UTF8.self)
        return String(String.UnicodeScalarView(string.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}
