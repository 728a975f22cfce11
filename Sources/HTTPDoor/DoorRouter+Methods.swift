import HTTPTypes
import Hummingbird
import Wire

extension Router where Context == DoorContext {
    /// Answers the methods that a path does not have: 405 with those that it has, and 204 with the same for `OPTIONS`. To be called once, after the last
    /// route was added.
    public func answerOtherMethods() {
        let known: [HTTPRequest.Method] =
            [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect] + [HTTPRequest.Method("QUERY")].compactMap(\.self)
        let paths = Dictionary(grouping: routes) { $0.path.description }
        for routes in paths.values {
            guard let path = routes.first?.path else { continue }
            var methods = Set(routes.map(\.method))
            // Whatever can be read can be asked about.
            if methods.contains(.get) { methods.insert(.head) }
            methods.insert(.options)
            let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
            for method in known where !methods.contains(method) {
                on(path, method: method) { request, _ -> Response in
                    var response = Response(problem: .methodNotAllowed("\(request.method.rawValue) is not possible here; \(allowed) are"))
                    response.headers[.allow] = allowed
                    return response
                }
            }
            if !routes.contains(where: { $0.method == .options }) {
                on(path, method: .options) { _, _ in Response(status: .noContent, headers: [.allow: allowed]) }
            }
        }
    }
}
