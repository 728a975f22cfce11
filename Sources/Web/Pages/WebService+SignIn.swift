import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import Storage
import Wire

/// Signing in at the pages with a token. What the browser keeps is another token, made for that session, in a cookie that no script can read.
extension WebService {
    func addSignInRoutes(to router: DoorRouter) {
        router.get("/sign-in") { request, _ in
            let next = Self.place(try QueryParameters(request, known: ["next"]).text("next"))
            guard access.isOn else { return Response(status: .seeOther, headers: [.location: "/"]) }
            return Self.response(
                PageLayout(
                    title: "Sign in · Doorbell",
                    content: """
                        <form id="sign-in" data-next="\(next)"><h2>Sign in</h2>
                        <p><label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label> \
                        <button type="submit">Sign in</button> <span class="said" role="alert"></span></p>
                        <p class="quiet">An administrator makes one with <code>doorbell token create</code>. You stay signed in for twelve hours.</p></form>
                        """))
        }
        router.post("/sign-in") { request, _ in
            let shown = try await request.json(SignInBody.self, limit: 4096).document.token
            guard access.isOn else { throw Problem.conflict("this server asks for no tokens: nobody has to sign in") }
            let principal = try await access.principal(showing: shown)
            guard case .token(let id) = principal.kind, id.rawValue > 0, principal.may(.reader) else {
                throw Problem.insufficientRole("a token of a worker, or of a session, opens no pages")
            }
            var grant = TokenGrant(name: principal.name, role: principal.role ?? .reader, projects: principal.scope)
            grant.expires = Timestamp(seconds: Date().timeIntervalSince1970).advanced(by: PageSession.longest)
            let (_, session) = try await store.makeToken(grant, by: principal, parent: id)
            try await tellOfAccess()
            return try Response.json(SignInAnswer(name: principal.name), headers: Self.cookie(session, request))
        }
        router.post("/sign-out") { request, context in
            _ = try await request.json(EmptyBody.self)
            guard case .page(_, let session) = context.principal.kind else { throw Problem.conflict("there is no session at the pages to end") }
            _ = try await store.revokeToken(session, audit: nil)
            try await tellOfAccess()
            return try Response.json([String: String](), headers: Self.cookie(nil, request))
        }
    }

    private static func cookie(_ session: String?, _ request: Request) -> HTTPFields {
        [.setCookie: PageSession.cookie(session, secure: PageSession.isSecure(request))]
    }

    /// Where to go next: a page of this server, whatever the address says.
    private static func place(_ text: String?) -> String {
        // Browsers leave out what is no character of an address, and take a backslash for a slash.
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"),
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "\\" })
        else { return "/" }
        return text
    }
}
