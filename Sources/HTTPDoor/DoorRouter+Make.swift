import Hummingbird

extension Router where Context == DoorContext {
    /// A router on which every route has the door's rules: security headers, problems for errors, the check of hosts and origins, and of
    /// who may call it.
    /// `names` are the host names besides loopback ones by which this server may be called.
    ///
    /// - Parameters:
    ///   - access: judges who calls.
    ///   - home: the project of the configuration in force.
    ///   - limits: how often one client may call.
    public static func door(
        names: Set<String> = [], access: AccessKeeper = .off, limits: ClientLimits = ClientLimits(),
        home: @escaping @Sendable () -> String? = { nil }
    ) -> DoorRouter {
        let router = DoorRouter(context: DoorContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: Compression())
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: HostCheck(names: names))
        if limits != ClientLimits() { router.add(middleware: ClientLimiter(limits)) }
        router.add(middleware: AccessGate(access: access, home: home))
        return router
    }
}
