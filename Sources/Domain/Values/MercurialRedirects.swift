/// An extension of hg that is ours: with a credential in hand it follows nobody to another server. By itself hg takes the password along to wherever a server sends
/// it (seen with 6.3.2).
public enum MercurialRedirects {
    /// Lines of configuration: hg does nothing where the file is not.
    public static func configuration(_ path: String) -> [String] { ["[extensions]", "doorbell = \(path)", "doorbell:required = yes"] }

    /// Python, for a file that hg loads.
    public static let program = """
        # With a credential in hand, follows nobody to another server.
        from urllib import error, parse, request

        testedwith = b'6.3.2'
        _follow = request.HTTPRedirectHandler.redirect_request


        def _origin(address):
            parts = parse.urlsplit(address)
            return (parts.scheme, parts.hostname, parts.port or {'http': 80, 'https': 443}.get(parts.scheme))


        def _redirect_request(self, asked, answer, code, message, headers, address):
            if _origin(asked.full_url) != _origin(address):
                raise error.HTTPError(
                    asked.full_url, code, 'the server leads to another one, which may not be told the credential', headers, answer
                )
            return _follow(self, asked, answer, code, message, headers, address)


        request.HTTPRedirectHandler.redirect_request = _redirect_request

        """
}
