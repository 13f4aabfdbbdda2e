use super::*;

const WEB: &str = "10.0.0.1 -> 192.0.2.1 tcp/443";

#[test]
fn the_same_in_many_spellings() {
    for lines in [
        "tcp dport 443 accept",
        "tcp dport https accept",
        "tcp dport { 80, 443 } accept",
        "tcp dport { 80-90, https } accept",
        "tcp dport 400-500 accept",
        "tcp dport != 80 accept",
        "tcp dport != { 80, 444-65535 } accept",
        "tcp dport >= 443 accept",
        "tcp dport gt 442 accept",
        "ip protocol tcp accept",
        "ip protocol 6 accept",
        "meta l4proto { tcp, udp } th dport 443 accept",
        "meta l4proto tcp @th,16,16 443 accept",
        "meta l4proto . th dport { udp . 53, tcp . 400-443 } accept",
        "ip saddr . tcp dport { 10.0.0.0/8 . 443 } accept",
        "ip saddr 10.0.0.0/8 counter packets 1 bytes 2 log prefix \"a b\" accept",
        "ip saddr { 10.0.0.1, 10.0.1.0/24 } ip daddr 192.0.2.0-192.0.2.9 accept",
        "ip saddr & 255.0.0.255 == 10.0.0.1 accept",
        "ip saddr & 0xff000000 == 0x0a000000 accept",
        "ip saddr != 10.0.0.2 accept",
        "ip daddr 0.0.0.0/0 accept",
        "ct state new accept",
        "ct state { new, established } accept",
        "ct state new,established tcp dport 443 accept",
        "ct state != established accept",
        "ct state != established,new accept",
        "ct direction original accept",
        "tcp flags syn accept",
        "tcp flags & (fin|syn|rst|ack) == syn accept",
        "tcp flags syn / fin,syn,rst,ack accept",
        "tcp flags & (syn | ack) != 0 accept",
        "tcp flags ! ack,rst accept",
        "meta nfproto ipv4 accept",
        "meta protocol ip tcp sport 0-65535 accept",
        "ether type ip accept",
        "ip frag-off & 0x1fff == 0 accept",
        "tcp dport 443 accept comment \"it's # no comment\"",
        "tcp dport \\\n443 accept",
        "tcp dport vmap { 443 : accept, * : drop }",
        "tcp dport vmap { 22 : drop, * : accept }",
        "ip protocol vmap { tcp : accept, udp : drop }",
    ] {
        assert_eq!(decide(lines, WEB), "permit", "{lines}");
    }
}

#[test]
fn what_does_not_match_is_dropped() {
    for lines in [
        "tcp dport 80 accept",
        "udp dport 443 accept",
        "tcp sport 443 accept",
        "ip6 nexthdr tcp accept",
        "ip6 saddr ::/0 accept",
        "ip saddr != 10.0.0.0/8 accept",
        "ip saddr 10.0.0.2-10.0.0.9 accept",
        "ct state established,related accept",
        "ct state invalid accept",
        "ct state & (established | related) != 0 accept",
        "ct state { established, related } accept",
        "ct direction reply accept",
        "ct state untracked accept",
        "tcp flags ack accept",
        "tcp flags != syn accept",
        "tcp flags == 0x12 accept",
        "meta nfproto ipv6 accept",
        "meta protocol arp accept",
        "arp operation request accept",
        "icmp type echo-request accept",
        "ip frag-off & 0x1fff != 0 accept",
        "frag more-fragments 1 accept",
        "meta l4proto != tcp accept",
        "counter",
        "log prefix \"x\"",
        "limit rate 5/second",
        "meta mark set 0x1",
        "ct mark set meta mark",
        "tcp dport vmap { 22 : accept, 443 : continue, * : accept }",
        "continue",
    ] {
        assert_eq!(decide(lines, "10.0.0.1 -> 192.0.2.1 tcp/443 from 1024"), "deny", "{lines}");
    }
}

#[test]
fn what_the_packet_does_not_tell_is_not_known() {
    for lines in [
        "limit rate 5/second accept",
        "meta mark 0x1 accept",
        "ct mark 1 accept",
        "fib daddr type local accept",
        "meta skuid 1000 accept",
        "ip ttl > 5 accept",
        "meta hour \"08:00\"-\"17:00\" accept",
        "ct count over 5 accept",
        "quota over 10 mbytes accept",
        "add @seen { ip saddr } accept",
        "ip saddr @blocked accept",
        "ip saddr host.example.com accept",
        "tcp dport nosuchservice accept",
        "tcp dport $undefined accept",
        "tcp dport {{ port }} accept",
        "nonsense 5 accept",
        "queue num 1",
        "jump nowhere",
        "iif 5 accept",
        "@nh,8,16 5 accept",
        "numgen random mod 2 0 accept",
        "socket transparent 1 accept",
    ] {
        let text = "table inet filter {\n set seen { type ipv4_addr; flags dynamic; }\n set blocked { type ipv4_addr; flags timeout; }\n"
            .to_owned()
            + forward(lines).strip_prefix("table inet filter {").unwrap();
        assert_eq!(word(&text, "forward", WEB), "either", "{lines}");
        let (status, reason) = status(&text, lines);
        assert!(status >= Status::Approximated && !reason.is_empty(), "{lines}: {status:?}");
    }
}

#[test]
fn an_unknown_keeps_its_negation() {
    let lines =
        "fib daddr type != { local, broadcast } drop\nfib daddr type { local, broadcast } drop\naccept";
    assert_eq!(decide(lines, WEB), "deny");
    let lines = "fib daddr type != local accept\nfib daddr type local accept";
    assert_eq!(decide(lines, WEB), "permit");
    let limits = "limit rate 5/second accept\nlimit rate over 5/second accept";
    assert_eq!(decide(limits, WEB), "either", "two limits are two questions");
}

#[test]
fn interfaces_by_name_and_beginning() {
    let cases = |question: &'static str, wanted: &'static str| (question, wanted);
    expect(
        "iifname \"eth*\" accept",
        &[
            cases("10.0.0.1 -> 192.0.2.1 gre in eth0", "permit"),
            cases("10.0.0.1 -> 192.0.2.1 gre in et", "deny"),
            cases("10.0.0.1 -> 192.0.2.1 gre in wlan0", "deny"),
        ],
    );
    expect("iifname \"eth\\*\" accept", &[("10.0.0.1 -> 192.0.2.1 gre in eth0", "deny")]);
    expect("iif eth0 oif != eth1 accept", &[("10.0.0.1 -> 192.0.2.1 gre in eth0 out eth2", "permit")]);
    expect("iifname { lo, \"wg*\" } accept", &[("10.0.0.1 -> 192.0.2.1 gre in wg1", "permit")]);
    expect(
        "meta oifname . ip daddr { eth1 . 192.0.2.1 } accept",
        &[("10.0.0.1 -> 192.0.2.1 gre out eth1", "permit")],
    );
}

#[test]
fn a_match_names_its_family() {
    expect(
        "ip saddr != 10.0.0.1 accept",
        &[("10.0.0.2 -> 192.0.2.1 gre", "permit"), ("2001:db8::1 -> 2001:db8::2 gre", "deny")],
    );
    expect(
        "icmp type echo-request accept",
        &[("10.0.0.2 -> 192.0.2.1 icmp/8", "permit"), ("2001:db8::1 -> 2001:db8::2 icmp/8", "deny")],
    );
    // nft adds the family only where the rule does not say the protocol.
    expect(
        "meta l4proto icmp icmp type 8 accept",
        &[("10.0.0.2 -> 192.0.2.1 icmp/8", "permit"), ("2001:db8::1 -> 2001:db8::2 icmp/8", "permit")],
    );
    expect(
        "icmpv6 type { nd-neighbor-solicit, 128 } accept",
        &[
            ("2001:db8::1 -> 2001:db8::2 icmpv6/128", "permit"),
            ("2001:db8::1 -> 2001:db8::2 icmpv6/1", "deny"),
        ],
    );
    expect(
        "icmp type 3 icmp code { frag-needed, 1 } accept",
        &[("10.0.0.2 -> 192.0.2.1 icmp/3.4", "permit"), ("10.0.0.2 -> 192.0.2.1 icmp/3.5", "deny")],
    );
}

#[test]
fn neighbour_discovery_is_not_new() {
    let ask = |lines: &str| decide(lines, "fe80::1 -> fe80::2 icmpv6/135");
    assert_eq!(ask("ct state new accept"), "deny");
    assert_eq!(ask("ct state untracked accept"), "permit");
    assert_eq!(ask("ct state invalid drop\nicmpv6 type 135 accept"), "permit");
    assert_eq!(decide("ct state new accept", "fe80::1 -> fe80::2 icmpv6/128"), "permit");
}

#[test]
fn what_a_transport_header_is_hangs_on_the_protocol() {
    expect(
        "th dport 53 accept",
        &[
            ("10.0.0.1 -> 192.0.2.1 udp/53", "permit"),
            ("10.0.0.1 -> 192.0.2.1 udp/54", "deny"),
            ("10.0.0.1 -> 192.0.2.1 gre", "either"),
        ],
    );
    expect("@th,0,16 0x0800 accept", &[("10.0.0.1 -> 192.0.2.1 icmp/8.0", "permit")]);
}

#[test]
fn values_out_of_range_are_problems_and_unknowns() {
    for (lines, message) in [
        ("tcp dport 70000 accept", "not a value that fits"),
        ("tcp dport 90-80 accept", "runs backwards"),
        ("ip saddr 10.0.0.0/33 accept", "no prefix"),
        ("ip saddr 300.1.1.1 accept", "not an address"),
        ("ip saddr 2001:db8::1 accept", "not an address"),
        ("iifname \"sixteen_letters_\" accept", "cannot be the name"),
        ("ip saddr . tcp dport { 10.0.0.1 } accept", "not as many parts"),
        ("tcp dport vmap 5", "no map"),
    ] {
        let text = forward(lines);
        assert_eq!(word(&text, "forward", WEB), "either", "{lines}");
        let problems = import(&text).problems;
        assert!(problems.iter().any(|problem| problem.message.contains(message)), "{lines}: {problems:?}");
        assert_eq!(status(&text, lines).0, Status::NotUnderstood, "{lines}");
    }
}

#[test]
fn concatenations_are_every_combination_and_no_other() {
    let lines = "ip saddr . ip daddr . tcp dport { 10.0.0.1 . 192.0.2.1 . 80-90, 10.0.0.2 . 192.0.2.0/24 . 443 } accept";
    expect(
        lines,
        &[
            ("10.0.0.1 -> 192.0.2.1 tcp/85", "permit"),
            ("10.0.0.1 -> 192.0.2.1 tcp/443", "deny"),
            ("10.0.0.2 -> 192.0.2.77 tcp/443", "permit"),
            ("10.0.0.2 -> 192.0.2.1 tcp/85", "deny"),
        ],
    );
    let negated = lines.replace("tcp dport {", "tcp dport != {");
    expect(
        &negated,
        &[
            ("10.0.0.1 -> 192.0.2.1 tcp/85", "deny"),
            ("10.0.0.1 -> 192.0.2.1 tcp/443", "permit"),
            ("10.0.0.1 -> 192.0.2.1 udp/443", "deny"),
        ],
    );
}
