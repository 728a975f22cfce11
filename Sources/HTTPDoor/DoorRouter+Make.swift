import Hummingbird

extension Router where Context == DoorContext {
    /// A router on which every route has the door's rules: security headers, problems for errors, and the check of hosts and origins.
    /// `names` are the host names besides loopback ones by which this server may be called.
    public static func door(names: Set<String> = []) -> DoorRouter {
        let router = DoorRouter(context: DoorContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: HostCheck(names: names))
        return router
    }
}
