import CRabbitMQ

/// Turns the library's frames into what Doorbell knows. The pointers in a frame hold until its buffers are released, so everything is copied.
enum FrameReader {
    /// nil for a part of something, and for what needs no attention (heartbeats).
    static func read(_ frame: amqp_frame_t, _ assembler: inout IncomingAssembler) throws(AMQPException) -> AMQPIncoming? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: return try method(frame.payload.method, &assembler)
        case AMQP_FRAME_HEADER: return header(frame, &assembler)
        case AMQP_FRAME_BODY:
            let piece = frame.payload.body_fragment
            return assembler.body(UnsafeRawBufferPointer(start: piece.bytes, count: piece.len))
        default: return nil
        }
    }

    private static func method(_ method: amqp_method_t, _ assembler: inout IncomingAssembler) throws(AMQPException) -> AMQPIncoming? {
        guard let decoded = method.decoded else { return method.id == amqp_method_number_t(AMQP_CONNECTION_UNBLOCKED_METHOD) ? .unblocked : nil }
        switch method.id {
        case amqp_method_number_t(AMQP_BASIC_DELIVER_METHOD):
            let deliver = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            assembler.begin(.delivery, exchange: deliver.exchange.text, routingKey: deliver.routing_key.text, tag: deliver.delivery_tag)
        case amqp_method_number_t(AMQP_BASIC_RETURN_METHOD):
            let back = decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            assembler.begin(.returned(reason: back.reply_text.text), routingKey: back.routing_key.text)
        case amqp_method_number_t(AMQP_BASIC_ACK_METHOD):
            let ack = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .acknowledged(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case amqp_method_number_t(AMQP_BASIC_NACK_METHOD):
            let nack = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case amqp_method_number_t(AMQP_CONNECTION_BLOCKED_METHOD):
            let blocked = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return .blocked(reason: blocked.reason.text)
        case amqp_method_number_t(AMQP_CONNECTION_UNBLOCKED_METHOD):
            return .unblocked
        case amqp_method_number_t(AMQP_BASIC_CANCEL_METHOD):
            throw AMQPException(code: nil, description: "the broker ended our subscription: the queue is gone")
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD):
            throw AMQPException(code: nil, description: "the broker closed the channel: \(AMQPException.closing(method))")
        case amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            throw AMQPException(code: nil, description: "the broker closed the connection: \(AMQPException.closing(method))")
        default:
            break
        }
        return nil
    }

    private static func header(_ frame: amqp_frame_t, _ assembler: inout IncomingAssembler) -> AMQPIncoming? {
        let size = frame.payload.properties.body_size
        guard let decoded = frame.payload.properties.decoded else { return assembler.header(messageID: nil, headers: [:], bodySize: size) }
        let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
        let flags = Int32(bitPattern: properties._flags)
        var headers: [String: String] = [:]
        if flags & AMQP_BASIC_HEADERS_FLAG != 0, let entries = properties.headers.entries {
            for entry in UnsafeBufferPointer(start: entries, count: Int(properties.headers.num_entries))
            where entry.value.kind == UInt8(AMQP_FIELD_KIND_UTF8.rawValue) {
                headers[entry.key.text] = entry.value.value.bytes.text
            }
        }
        let messageID = flags & AMQP_BASIC_MESSAGE_ID_FLAG != 0 ? properties.message_id.text : nil
        return assembler.header(messageID: messageID, headers: headers, bodySize: size)
    }
}
