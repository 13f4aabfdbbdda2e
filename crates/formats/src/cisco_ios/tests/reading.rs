//! Lists in the shapes in which they come.

use super::*;
use crate::Detection;

#[test]
fn numbered_lists_are_scattered() {
    let text = "access-list 101 deny tcp any any eq 25\nip route 0.0.0.0 0.0.0.0 192.0.2.1\naccess-list 10 permit any\n\
                access-list 101 remark web\naccess-list 101 permit tcp any any\n";
    assert_eq!(names(text, "101"), ["101 10", "101 20"]);
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 tcp/25"), "deny by 101 10");
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 tcp/26"), "permit by 101 20");
    assert_eq!(set(&import(text), "101").entries[1].comment.as_deref(), Some("web"));
}

#[test]
fn entries_are_asked_by_number() {
    let text = "ip access-list extended A\n 20 permit ip any any\n 10 deny tcp any any eq 25\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.1 tcp/25"), "deny by A 10");
    // Entries stay in the order of the file.
    assert_eq!(names(text, "A"), ["A 20", "A 10"]);
    let twice = "ip access-list extended A\n 10 permit ip any any\n 10 deny ip any any\n";
    assert_eq!(problems(twice), ["two entries have one sequence number"]);
    assert_eq!(ask(twice, "A", "10.0.0.1 -> 192.0.2.1 tcp/25"), "permit by A 10");
    // A line that is no entry takes no number from one.
    let odd = "ip access-list A\n  ignore routable\n  10 deny tcp any any\n  20 permit ip any any\n";
    assert_eq!(problems(odd), ["the entry cannot be read: `ignore` is no entry"]);
    assert_eq!(status(odd, "10 deny").0, Status::Understood);
}

#[test]
fn what_show_prints_is_read() {
    let text = "Standard IP access list 10\n    10 permit 10.0.0.0, wildcard bits 0.0.0.255 (5 matches) check=20\n    20 deny any\n\
                Extended IP access list A\n    10 permit tcp any host 192.0.2.1 eq www (12 matches)\n    \
                20 permit udp any any time-range t (inactive) (1 match)\n    30 deny ip any any log (99 matches)\n\
                IPv6 access list S\n    permit tcp any any eq www (3 matches) sequence 10\n    deny ipv6 any any sequence 20\n\
                Reflexive IP access list R\n     permit tcp host 192.0.2.1 eq www host 10.0.0.1 eq 50000 (5 matches) (time left 140)\n";
    let export = import(text);
    let sets: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(sets, ["10", "A", "S"]);
    assert_eq!(ask(text, "10", "10.0.0.9 -> 192.0.2.1 gre"), "permit by 10 10");
    assert_eq!(ask(text, "A", "10.0.0.9 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(ask(text, "A", "10.0.0.9 -> 192.0.2.1 tcp/81"), "deny by A 30");
    assert_eq!(ask(text, "S", "2001:db8::1 -> 2001:db8::2 tcp/80"), "permit by S 10");
    assert_eq!(ask(text, "S", "2001:db8::1 -> 2001:db8::2 tcp/81"), "deny by S 20");
    assert_eq!(status(text, "permit tcp host 192.0.2.1").0, Status::Irrelevant);
}

#[test]
fn a_banner_holds_anything() {
    let text = "banner motd ^C\naccess-list 101 permit ip any any\ninterface Ethernet0\n ip access-group 101 in\n^C\naccess-list 101 deny ip any any\n";
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 gre"), "deny by 101 10");
    assert_eq!(status(text, "banner"), (Status::Irrelevant, "a banner".to_owned()));
    let open = "banner motd #\naccess-list 101 deny ip any any\n";
    assert_eq!(problems(open), ["the banner is never closed"]);
    assert_eq!(status(open, "banner").0, Status::NotUnderstood);
}

#[test]
fn a_remark_holds_anything() {
    let text = "access-list 101 remark permit ip any any\naccess-list 101 remark ! \"x\"\naccess-list 101 deny ip any any\n";
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 gre"), "deny by 101 10");
    let export = import(text);
    assert_eq!(export.rule_sets[0].entries[0].comment.as_deref(), Some("permit ip any any ! \"x\""));
}

#[test]
fn a_list_of_one_family_says_nothing_of_the_other() {
    let text = "access-list 101 permit ip any any\n";
    assert_eq!(ask(text, "101", "2001:db8::1 -> 2001:db8::2 tcp/80"), "either");
    let pair = "ip access-list extended A\n permit tcp any any\nipv6 access-list A-v6\n permit udp any any\n";
    assert_eq!(import(pair).rule_sets.len(), 1);
    assert_eq!(ask(pair, "A", "2001:db8::1 -> 2001:db8::2 udp/53"), "permit by A-v6 10");
    assert_eq!(ask(pair, "A", "2001:db8::1 -> 2001:db8::2 tcp/80"), "deny by A-v6 implicit deny");
    assert_eq!(ask(pair, "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(
        import("access-list 101 permit ip any any\nipv6 access-list B\n permit ipv6 any any\n")
            .rule_sets
            .len(),
        2
    );
}

#[test]
fn neighbour_discovery_passes_ipv6_lists_by_itself() {
    let text = "ipv6 access-list A\n permit tcp any any\n";
    assert_eq!(ask(text, "A", "fe80::1 -> fe80::2 icmpv6/135"), "permit by A implicit permit nd-ns");
    assert_eq!(ask(text, "A", "fe80::1 -> fe80::2 icmpv6/136"), "permit by A implicit permit nd-na");
    assert_eq!(ask(text, "A", "fe80::1 -> fe80::2 icmpv6/134"), "deny by A implicit deny");
    assert_eq!(
        ask(&format!("{text} deny ipv6 any any\n"), "A", "fe80::1 -> fe80::2 icmpv6/135"),
        "deny by A 20"
    );
    assert_eq!(
        ask(&format!("feature bgp\n{text}"), "A", "fe80::1 -> fe80::2 icmpv6/134"),
        "permit by A implicit permit router-advertisement"
    );
}

#[test]
fn standard_lists_of_eos_are_of_both_families() {
    let text = "! device: leaf1 (DCS-7050, EOS-4.30)\nip access-list standard A\n   10 permit 10.0.0.0/8\nipv6 access-list standard S\n   10 permit 2001:db8::/32\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(ask(text, "S", "2001:db8::1 -> 2001:db8:1::2 tcp/80"), "permit by S 10");
    assert_eq!(ask(text, "S", "2001:db9::1 -> 2001:db8:1::2 tcp/80"), "deny by S implicit deny");
    assert_eq!(ask(text, "S", "2001:db9::1 -> 2001:db8:1::2 icmpv6/135"), "either");
}

#[test]
fn deletions_are_followed() {
    let text = "access-list 101 permit ip any any\nno access-list 101\naccess-list 101 deny ip any any\n";
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 gre"), "deny by 101 10");
    assert_eq!(status(text, "access-list 101 permit").0, Status::Irrelevant);
    let one = "ip access-list extended A\n 10 permit ip any any\n 20 permit tcp any any\n no 10\n";
    assert_eq!(names(one, "A"), ["A 20"]);
    let by_text = "ip access-list extended A\n 10 permit ip any any\n no permit ip any any\n";
    assert_eq!(ask(by_text, "A", "10.0.0.1 -> 192.0.2.1 gre"), "either");
    assert_eq!(status(by_text, "no permit").0, Status::NotUnderstood);
}

#[test]
fn lists_of_other_kinds_are_no_rule_sets() {
    let text = "access-list 101 permit ip any any\naccess-list 201 permit 0x0000 0xFFFF\nmac access-list extended M\n permit any any\n";
    let export = import(text);
    assert_eq!(export.rule_sets.len(), 1);
    assert_eq!(status(text, "access-list 201").0, Status::Irrelevant);
    assert!(CiscoIos.import("hostname a\nntp server 192.0.2.1\n").is_err());
    assert!(CiscoIos.import("access-list outside extended permit ip any any\n").is_err());
}

#[test]
fn every_line_is_a_statement_once() {
    let text = "! comment\nhostname r1\n\ninterface Ethernet0\n ip address 10.0.0.1 255.255.255.0\n ip access-group A in\n frob\n!\nip access-list extended A\n remark x\n permit ip any any\nfrobnicate now\n";
    let export = import(text);
    let lines: Vec<&str> =
        export.coverage.statements.iter().map(|it| &text[std::ops::Range::from(it.place)]).collect();
    let expected: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('!')).collect();
    assert_eq!(lines, expected);
    let totals = export.coverage.totals();
    assert_eq!((totals.understood, totals.irrelevant, totals.not_understood), (6, 1, 2));
}

#[test]
fn its_own_files_are_recognised_and_those_of_others_are_not() {
    for text in [
        "ip access-list extended A\n permit ip any any\n",
        "access-list 101 permit ip any any\n",
        "Extended IP access list A\n    10 permit ip any any\n",
        "ipv4 access-list A\n 10 permit ipv4 any any\n",
        "version 15.2\nhostname r1\ninterface Ethernet0\n ip address 10.0.0.1 255.255.255.0\nrouter ospf 1\n",
    ] {
        assert_eq!(CiscoIos.detect(text), Detection::Sure, "{text}");
    }
    for text in [
        "ASA Version 9.8(2)\naccess-list 101 permit ip any any\n",
        "PIX Version 6.3(5)\naccess-list 101 permit ip any any\n",
        "interface Ethernet0/0\n nameif outside\n security-level 0\naccess-list 101 permit ip any any\n",
        "access-list outside extended permit ip any any\naccess-group outside in interface outside\n",
        "access-list outside line 1 extended permit ip any any (hitcnt=0) 0x1\n",
        "set security policies from-zone a to-zone b policy c match source-address any\n",
        "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n",
        "config firewall policy\nedit 1\n",
        "",
    ] {
        assert_eq!(CiscoIos.detect(text), Detection::No, "{text}");
    }
}
