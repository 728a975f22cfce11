import CRabbitMQ
import Foundation
import Signals

/// One connection with one channel, over librabbitmq. Used by one thread only, as that library demands; every call is bounded.
final class AMQPConnection {
    let address: AMQPAddress
    private let state: amqp_connection_state_t
    private let watchdog: Watchdog.Guard
    private var pool = amqp_pool_t()
    private var assembler = IncomingAssembler()
    /// Broken connections are dropped, not closed in an orderly way: nobody would answer.
    private var isBroken = false

    static let channel: amqp_channel_t = 1

    /// Connects, logs in and opens the channel.
    init(to address: AMQPAddress, name: String) throws(BrokerError) {
        guard let state = amqp_new_connection() else { throw .unavailable("no memory for a connection to \(address)") }
        do {
            try Self.open(state, address, name)
        } catch {
            amqp_destroy_connection(state)
            throw error
        }
        self.address = address
        self.state = state
        watchdog = Watchdog.shared.watch(amqp_get_sockfd(state))
        init_amqp_pool(&pool, 8192)
        _ = guarded { amqp_channel_open(state, Self.channel) }
        do {
            try check(amqp_get_rpc_reply(state), "opening a channel")
        } catch {
            drop()
            throw error
        }
    }

    var descriptor: Int32 { amqp_get_sockfd(state) }
    /// Seconds, as agreed with the broker.
    var heartbeat: Int { Int(amqp_get_heartbeat(state)) }
    /// Input that has been read from the socket already, so that waiting for the socket would wait in vain.
    var hasBufferedInput: Bool { amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0 }

    /// Whether the socket takes some bytes now. A third of its buffer is free then: short messages do not block.
    var isWritable: Bool {
        var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&waited, 1, 0) > 0
    }

    /// Says goodbye and closes.
    func close() {
        if !isBroken {
            var limit = timeval(tv_sec: 1, tv_usec: 0)
            amqp_set_rpc_timeout(state, &limit)
            _ = guarded { amqp_connection_close(state, AMQP_REPLY_SUCCESS) }
        }
        drop()
    }

    private func drop() {
        Watchdog.shared.forget(watchdog)
        empty_amqp_pool(&pool)
        amqp_destroy_connection(state)
    }

    /// How long one call into the library may write before the socket is shut: as long as silence is taken for life.
    private var callLimit: Duration { max(.seconds(address.heartbeat), address.connectionTimeout) * 2 }

    private func guarded<Result>(_ call: () -> Result) -> Result {
        watchdog.enter(limit: callLimit)
        defer { watchdog.leave() }
        return call()
    }

    // MARK: Setting up

    /// Declares the exchanges, or checks that they are there.
    func prepare(_ topology: Topology, _ roles: Set<ExchangeRole>) throws(BrokerError) {
        for exchange in topology.exchanges where roles.contains(exchange.role) {
            do {
                try declare(exchange, isPassive: topology.declaration == .passive)
            } catch {
                throw TopologyTrouble.explained(error, exchange, topology, user: address)
            }
        }
    }

    func declare(_ exchange: Topology.Exchange, isPassive: Bool) throws(AMQPException) {
        recycle_amqp_pool(&pool)
        let table = exchange.alternate.map { self.table([.init("alternate-exchange", $0)]) } ?? amqp_empty_table
        let (name, kind) = (bytes(exchange.name), bytes(exchange.kind))
        _ = guarded { amqp_exchange_declare(state, Self.channel, name, kind, isPassive ? 1 : 0, 1, 0, 0, table) }
        try throwing(amqp_get_rpc_reply(state))
    }

    /// Makes a queue that vanishes with this connection, keeps no more than some messages (the oldest go), and is read without acknowledgements.
    func consume(from queue: String, maximumLength: Int64, bindings: [(exchange: String, key: String)]) throws(BrokerError) {
        let channel = Self.channel
        do {
            recycle_amqp_pool(&pool)
            let arguments = table([.init("x-max-length", maximumLength)])
            let name = bytes(queue)
            _ = guarded { amqp_queue_declare(state, channel, name, 0, 0, 1, 1, arguments) }
            try throwing(amqp_get_rpc_reply(state))
            for binding in bindings { try bind(queue, binding.exchange, binding.key) }
            _ = guarded { amqp_basic_consume(state, channel, name, amqp_empty_bytes, 0, 1, 1, amqp_empty_table) }
            try throwing(amqp_get_rpc_reply(state))
        } catch {
            throw TopologyTrouble.explained(error, queue: queue, user: address)
        }
    }

    /// Reads a queue that stays, with acknowledgements; makes it and binds it, unless somebody else has done so.
    func consume(_ feed: FeedQueue) throws(BrokerError) {
        let channel = Self.channel
        do {
            if !feed.isPassive, let deadLetters = feed.deadLetters { try declare(queue: deadLetters, [.init("x-queue-type", feed.kind)]) }
            // One process at a time reads it, so that changes keep their order; another takes over when that one is gone.
            try declare(queue: feed.queue, feed.isPassive ? nil : [.init("x-queue-type", feed.kind), .init(flag: "x-single-active-consumer")])
            if !feed.isPassive, let exchange = feed.exchange { for key in feed.keys { try bind(feed.queue, exchange, key) } }
            _ = guarded { amqp_basic_qos(state, channel, 0, UInt16(clamping: feed.prefetch), 0) }
            try throwing(amqp_get_rpc_reply(state))
            recycle_amqp_pool(&pool)
            let name = bytes(feed.queue)
            _ = guarded { amqp_basic_consume(state, channel, name, amqp_empty_bytes, 0, 0, 0, amqp_empty_table) }
            try throwing(amqp_get_rpc_reply(state))
        } catch {
            throw TopologyTrouble.explained(error, feed, user: address)
        }
    }

    /// - Parameter arguments: nil: only checks that it is there.
    private func declare(queue: String, _ arguments: [OutgoingEvent.Header]?) throws(AMQPException) {
        recycle_amqp_pool(&pool)
        let (name, table) = (bytes(queue), arguments.map(table) ?? amqp_empty_table)
        _ = guarded { amqp_queue_declare(state, Self.channel, name, arguments == nil ? 1 : 0, 1, 0, 0, table) }
        try throwing(amqp_get_rpc_reply(state))
    }

    /// How a queue of somebody stands; it is neither made nor read. An exception closes the channel.
    func state(of queue: String) throws(AMQPException) -> QueueState {
        recycle_amqp_pool(&pool)
        let name = bytes(queue)
        let answer = guarded { amqp_queue_declare(state, Self.channel, name, 1, 0, 0, 0, amqp_empty_table) }
        try throwing(amqp_get_rpc_reply(state))
        guard let found = answer?.pointee else { throw AMQPException(code: nil, description: "an answer without content") }
        return .present(messages: Int(found.message_count), consumers: Int(found.consumer_count))
    }

    /// The broker may forget this message, or with `multiple` every one up to it.
    func acknowledge(_ tag: UInt64, multiple: Bool) throws(BrokerError) {
        let status = guarded { amqp_basic_ack(state, Self.channel, tag, multiple ? 1 : 0) }
        guard status == 0 else { throw broken(status, "acknowledging") }
    }

    /// The broker shall not deliver this message again.
    func refuse(_ tag: UInt64) throws(BrokerError) {
        let status = guarded { amqp_basic_reject(state, Self.channel, tag, 0) }
        guard status == 0 else { throw broken(status, "refusing a message") }
    }

    private func bind(_ queue: String, _ exchange: String, _ key: String) throws(AMQPException) {
        let (queue, exchange, key) = (bytes(queue), bytes(exchange), bytes(key))
        _ = guarded { amqp_queue_bind(state, Self.channel, queue, exchange, key, amqp_empty_table) }
        try throwing(amqp_get_rpc_reply(state))
    }

    /// Asks the broker to confirm every message from here on; the first has the tag 1.
    func selectConfirms() throws(BrokerError) {
        _ = guarded { amqp_confirm_select(state, Self.channel) }
        try check(amqp_get_rpc_reply(state), "asking for confirms")
    }

    // MARK: Sending

    func publish(_ message: AMQPMessage) throws(BrokerError) {
        recycle_amqp_pool(&pool)
        var properties = self.properties(message)
        let (exchange, key) = (bytes(message.exchange), bytes(message.routingKey))
        let status = message.body.withUnsafeBytes { body in
            let content = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return guarded { amqp_basic_publish(state, Self.channel, exchange, key, message.isMandatory ? 1 : 0, 0, &properties, content) }
        }
        guard status == 0 else { throw broken(status, "publishing") }
    }

    private func properties(_ message: AMQPMessage) -> amqp_basic_properties_t {
        var properties = amqp_basic_properties_t()
        var flags = AMQP_BASIC_DELIVERY_MODE_FLAG
        properties.delivery_mode = UInt8(message.isPersistent ? AMQP_DELIVERY_PERSISTENT.rawValue : AMQP_DELIVERY_NONPERSISTENT.rawValue)
        func set(_ field: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>, _ flag: Int32, _ text: String?) {
            guard let text else { return }
            properties[keyPath: field] = bytes(text)
            flags |= flag
        }
        set(\.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG, message.contentType)
        set(\.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG, message.contentType.map { _ in "utf-8" })
        set(\.expiration, AMQP_BASIC_EXPIRATION_FLAG, message.expiration.map { String($0) })
        set(\.message_id, AMQP_BASIC_MESSAGE_ID_FLAG, message.messageID)
        set(\.type, AMQP_BASIC_TYPE_FLAG, message.type)
        set(\.app_id, AMQP_BASIC_APP_ID_FLAG, "doorbell")
        set(\.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG, message.correlationID)
        if let timestamp = message.timestamp {
            properties.timestamp = timestamp
            flags |= AMQP_BASIC_TIMESTAMP_FLAG
        }
        if !message.headers.isEmpty {
            properties.headers = table(message.headers)
            flags |= AMQP_BASIC_HEADERS_FLAG
        }
        properties._flags = amqp_flags_t(flags)
        return properties
    }

    /// A copy that lives until the pool is used for the next message.
    private func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { utf8 in
            guard let source = utf8.baseAddress, !utf8.isEmpty, let copy = amqp_pool_alloc(&pool, utf8.count) else { return amqp_empty_bytes }
            copy.copyMemory(from: source, byteCount: utf8.count)
            return amqp_bytes_t(len: utf8.count, bytes: copy)
        }
    }

    private func table(_ headers: [OutgoingEvent.Header]) -> amqp_table_t {
        let size = MemoryLayout<amqp_table_entry_t>.stride * headers.count
        guard let memory = amqp_pool_alloc(&pool, size) else { return amqp_empty_table }
        let entries = memory.bindMemory(to: amqp_table_entry_t.self, capacity: headers.count)
        for (index, header) in headers.enumerated() {
            let value =
                switch header.value {
                case .text(let text): crabbitmq_text(bytes(text))
                case .number(let number): crabbitmq_number(number)
                case .flag: crabbitmq_flag()
                }
            (entries + index).initialize(to: amqp_table_entry_t(key: bytes(header.name), value: value))
        }
        return amqp_table_t(num_entries: Int32(headers.count), entries: entries)
    }

    // MARK: Receiving

    /// The next thing that the broker has sent; nil when there is nothing at the moment. Sends a heartbeat when one is due.
    func next() throws(BrokerError) -> AMQPIncoming? {
        while true {
            amqp_maybe_release_buffers(state)
            var frame = amqp_frame_t()
            var none = timeval(tv_sec: 0, tv_usec: 0)
            let status = guarded { amqp_simple_wait_frame_noblock(state, &frame, &none) }
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            guard status == 0 else { throw broken(status, "waiting for the broker") }
            do {
                if let incoming = try FrameReader.read(frame, &assembler) { return incoming }
            } catch {
                isBroken = true
                throw .unavailable("\(address): \(error)")
            }
        }
    }

    // MARK: Errors

    private func throwing(_ reply: amqp_rpc_reply_t) throws(AMQPException) {
        guard let exception = AMQPException(reply) else { return }
        if exception.code == nil { isBroken = true }
        throw exception
    }

    private func check(_ reply: amqp_rpc_reply_t, _ doing: String) throws(BrokerError) {
        do {
            try throwing(reply)
        } catch {
            throw .unavailable("\(address): \(doing) failed: \(error)")
        }
    }

    private func broken(_ status: Int32, _ doing: String) -> BrokerError {
        isBroken = true
        if watchdog.isShut { return .unavailable("\(address) took nothing for \(callLimit) while \(doing); the connection was shut") }
        return .unavailable("\(address): the connection broke while \(doing): \(AMQPException.text(of: status))")
    }
}
