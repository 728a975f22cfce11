import Signals

/// Says what to do when a broker does not let us declare, or has something else under our names.
enum TopologyTrouble {
    static func explained(
        _ exception: AMQPException, _ exchange: Topology.Exchange, _ topology: Topology, user address: AMQPAddress
    ) -> BrokerError {
        switch exception.code {
        case AMQPException.accessRefused?:
            return .configuration(
                "we may not declare \(exchange.name) at \(address): grant the user configure on it, "
                    + "or declare it beforehand and set DOORBELL_AMQP_DECLARE=passive")
        case AMQPException.notFound?:
            return .configuration(
                "\(address) has no exchange \(exchange.name): declare it there (durable, \(exchange.kind)), "
                    + "or set DOORBELL_AMQP_DECLARE=active so that we do")
        case AMQPException.preconditionFailed?:
            return .configuration(
                "\(exchange.name) exists at \(address) with another type or other arguments (\(exception)): "
                    + "delete it, or use another DOORBELL_AMQP_PREFIX")
        default:
            return .unavailable("\(address): declaring \(exchange.name) failed: \(exception)")
        }
    }

    static func explained(_ exception: AMQPException, queue: String, user address: AMQPAddress) -> BrokerError {
        guard exception.code == AMQPException.accessRefused else {
            return .unavailable("\(address): making the queue \(queue) failed: \(exception)")
        }
        return .configuration(
            "we may not make the queue \(queue) at \(address) or bind it: grant the user configure, write and read on names that begin with "
                + "\"\(queue.prefix(upTo: queue.lastIndex(of: "/") ?? queue.endIndex))/\", and read on our exchanges (\(exception))")
    }

    /// What others own cannot be put right by us, but may be at any time: it is tried again and again.
    static func explained(_ exception: AMQPException, _ feed: FeedQueue, user address: AMQPAddress) -> BrokerError {
        let exchange = feed.exchange ?? "none"
        let advice =
            switch exception.code {
            case AMQPException.accessRefused?:
                "ask for the right to configure, write and read \(feed.queue), and to read exchange \(exchange); Pulse gives it for "
                    + "queue/USER/…; with \"declare: passive\" only reading is needed"
            case AMQPException.notFound?:
                feed.isPassive ? "the queue is not there: make it, or leave \"declare: passive\" out" : "there is no exchange \(exchange)"
            case AMQPException.preconditionFailed?:
                "a queue of that name exists with other arguments: name its \"queue_type\", use \"declare: passive\", or another name"
            default: "it is tried again"
            }
        return .unavailable("\(address): reading \(feed.queue) failed: \(exception) (\(advice))")
    }
}
