import Testing

@testable import Relay

@Suite struct HostAddressTests {
    @Test(
        "What only this machine or this network knows is not public, in whatever dress",
        arguments: [
            "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "100.127.255.255", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.5",
            "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254",
            "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
            "2002:7f00:1::", "2002:a00:1::1", "2001:0:1::1", "2001:db8::1", "3fff::1", "100::1", "2130706433", "0x7f000001", "0177.0.0.1",
            "127.1", "localhost",
        ])
    func isNotPublic(name: String) async {
        let found = await NameResolver().addresses(of: name)
        #expect(!found.isEmpty && found.allSatisfy { !$0.address.isPublic }, "\(found)")
    }

    @Test(
        "What is everybody's is public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "198.20.0.1", "223.255.255.255",
            "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1", "64:ff9b::808:808", "2002:808:808::1",
        ])
    func isPublic(name: String) async {
        let found = await NameResolver().addresses(of: name)
        #expect(!found.isEmpty && found.allSatisfy { $0.address.isPublic }, "\(found)")
    }

    @Test("A name that nobody knows has no address")
    func unknown() async {
        #expect(await NameResolver().addresses(of: "nobody.invalid").isEmpty)
    }
}
