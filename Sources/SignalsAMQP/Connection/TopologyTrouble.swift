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
}
