import CRabbitMQ
import Foundation

extension AMQPConnection {
    /// The largest frame offered; larger bodies travel in pieces.
    private static let frameSize: Int32 = 131_072

    /// Connects the socket and logs in.
    static func open(_ state: amqp_connection_state_t, _ address: AMQPAddress, _ name: String) throws(BrokerError) {
        var limit = timeval(address.connectionTimeout)
        amqp_set_handshake_timeout(state, &limit)
        amqp_set_rpc_timeout(state, &limit)
        let socket = try socket(state, address)
        let status = amqp_socket_open_noblock(socket, address.host, Int32(address.port), &limit)
        guard status == 0 else { throw connectTrouble(status, address) }
        let reply: amqp_rpc_reply_t
        switch address.login {
        case .password(let user, let password):
            reply = crabbitmq_login(state, address.virtualHost, frameSize, Int32(address.heartbeat), name, user, password.text)
        case .certificate:
            reply = crabbitmq_login(state, address.virtualHost, frameSize, Int32(address.heartbeat), name, nil, nil)
        }
        if let exception = AMQPException(reply) { throw loginTrouble(exception, reply.library_error, address) }
    }

    private static func socket(_ state: amqp_connection_state_t, _ address: AMQPAddress) throws(BrokerError) -> OpaquePointer {
        guard let tls = address.tls else {
            guard let socket = amqp_tcp_socket_new(state) else { throw .unavailable("no memory for a socket to \(address)") }
            return socket
        }
        guard let socket = amqp_ssl_socket_new(state) else { throw .unavailable("TLS cannot be set up for \(address)") }
        amqp_ssl_socket_set_verify_peer(socket, tls.isVerified ? 1 : 0)
        amqp_ssl_socket_set_verify_hostname(socket, tls.isVerified ? 1 : 0)
        guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == 0 else {
            throw .unavailable("TLS 1.2 cannot be had for \(address)")
        }
        if !tls.authorities.isEmpty, amqp_ssl_socket_set_cacert(socket, tls.authorities) != 0 {
            throw .configuration("\(tls.authorities) holds no certificates in PEM: correct cacertfile in DOORBELL_AMQP_URL")
        }
        if let certificate = tls.certificate, amqp_ssl_socket_set_key(socket, certificate.file, certificate.keyFile) != 0 {
            throw .configuration(
                "\(certificate.file) and \(certificate.keyFile) are not a certificate and its key in PEM: "
                    + "correct certfile and keyfile in DOORBELL_AMQP_URL")
        }
        return socket
    }

    private static func connectTrouble(_ status: Int32, _ address: AMQPAddress) -> BrokerError {
        switch status {
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
            return .configuration(
                "the broker's certificate is not for the name \(address.host): use the name in it in DOORBELL_AMQP_URL, or give the broker another")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue, AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue:
            let authorities = address.tls?.authorities ?? ""
            return .configuration(
                "no TLS connection with \(address): its certificate is not signed by an authority in \(authorities) (cacertfile), "
                    + "it asks for a client certificate (certfile, keyfile), or it speaks no TLS on that port")
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED.rawValue:
            return .unavailable("the name \(address.host) has no address: check DOORBELL_AMQP_URL and the name service")
        default:
            return .unavailable("no broker answers at \(address): \(AMQPException.text(of: status)); start it or correct DOORBELL_AMQP_URL")
        }
    }

    private static func loginTrouble(_ exception: AMQPException, _ libraryError: Int32, _ address: AMQPAddress) -> BrokerError {
        switch exception.code {
        case AMQPException.accessRefused?:
            let who =
                switch address.login {
                case .password(let user, _): "the password of the user \(user), or that user on this host"
                case .certificate: "the client certificate's user"
                }
            return .configuration("the broker \(address) refused \(who): correct DOORBELL_AMQP_URL or the broker's users")
        case AMQPException.notAllowed?:
            return .configuration(
                "the broker \(address) does not let us into the virtual host \(address.virtualHost) (\(exception)): "
                    + "correct DOORBELL_AMQP_URL, create it or grant rights on it")
        case nil where libraryError == AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD.rawValue:
            return .configuration("the broker \(address) does not offer this way to log in: correct auth_mechanism, or enable it at the broker")
        default:
            return .unavailable("the broker \(address) did not let us in: \(exception)")
        }
    }
}

extension timeval {
    init(_ duration: Duration) {
        let parts = duration.components
        self.init(tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
    }
}
