//! What one entry matches.

use super::*;
use crate::Day;

#[test]
fn wildcard_masks_are_no_netmasks() {
    let entry = " permit ip 10.1.0.0 0.0.255.255 any";
    assert_eq!(verdict(entry, "10.1.200.9 -> 192.0.2.1 gre"), "permit");
    assert_eq!(verdict(entry, "10.2.0.1 -> 192.0.2.1 gre"), "deny");
    // With holes: every second network.
    let holes = " permit ip 10.0.0.0 0.0.254.255 any";
    assert_eq!(verdict(holes, "10.0.4.9 -> 192.0.2.1 gre"), "permit");
    assert_eq!(verdict(holes, "10.0.5.9 -> 192.0.2.1 gre"), "deny");
    // Broadcasts of all networks of a site.
    let last = " deny icmp any 172.16.0.255 0.0.255.0\n permit ip any any";
    assert_eq!(verdict(last, "10.0.0.1 -> 172.16.7.255 icmp/8"), "deny");
    assert_eq!(verdict(last, "10.0.0.1 -> 172.16.7.254 icmp/8"), "permit");
}

#[test]
fn a_mask_with_too_many_holes_is_an_unknown_within_its_bounds() {
    let entry = " permit ip any 10.0.0.1 0.255.255.0";
    assert_eq!(verdict(entry, "192.0.2.1 -> 10.3.4.1 gre"), "either");
    assert_eq!(verdict(entry, "192.0.2.1 -> 11.3.4.1 gre"), "deny");
    let text = "access-list 101 permit ip 10.0.0.0 255.255.255.0 any\n";
    assert_eq!(ask(text, "101", "10.0.0.1 -> 192.0.2.1 gre"), "either");
    assert_eq!(problems(text), ["`255.255.255.0` is a netmask, and is read as a wildcard mask"]);
    assert_eq!(status(text, "access-list 101").0, Status::Approximated);
}

#[test]
fn bits_under_the_wildcard_do_not_count() {
    let text = "access-list 101 permit ip 10.1.2.3 0.0.0.255 any\n";
    assert!(ask(text, "101", "10.1.2.200 -> 192.0.2.1 gre").starts_with("permit"));
    assert_eq!(problems(text), ["`10.1.2.3` has bits set that its wildcard mask ignores"]);
    assert!(problems("access-list 101 permit ip 10.1.0.1 0.0.255.0 any\n").is_empty());
}

#[test]
fn standard_lists_ask_for_the_source_alone() {
    let text = "access-list 10 deny 10.0.0.5\naccess-list 10 permit 10.0.0.0 0.0.0.255 log\naccess-list 1301 permit any\n";
    assert_eq!(ask(text, "10", "10.0.0.5 -> 192.0.2.1 tcp/80"), "deny by 10 10");
    assert_eq!(ask(text, "10", "10.0.0.6 -> 192.0.2.1 tcp/80"), "permit by 10 20");
    assert_eq!(ask(text, "10", "10.0.1.6 -> 192.0.2.1 tcp/80"), "deny by 10 implicit deny");
    assert_eq!(ask(text, "1301", "10.0.1.6 -> 192.0.2.1 tcp/80"), "permit by 1301 10");
    let named = "ip access-list standard X\n 10 permit host 10.0.0.1\n 20 permit 10.0.1.0/24\n";
    assert_eq!(ask(named, "X", "10.0.1.9 -> 192.0.2.1 tcp/80"), "permit by X 20");
}

#[test]
fn ports_stand_on_both_sides_and_several_may_follow_eq() {
    let several = " permit tcp any eq 20 21 host 192.0.2.1 eq www 443 8080";
    assert_eq!(verdict(several, "10.0.0.1 -> 192.0.2.1 tcp/443 from 21"), "permit");
    assert_eq!(verdict(several, "10.0.0.1 -> 192.0.2.1 tcp/443 from 22"), "deny");
    assert_eq!(verdict(several, "10.0.0.1 -> 192.0.2.1 tcp/81 from 21"), "deny");
    for (entry, port, expected) in [
        ("gt 1023", 1024, "permit"),
        ("gt 1023", 1023, "deny"),
        ("lt 1024", 1023, "permit"),
        ("lt 1024", 1024, "deny"),
        ("neq telnet", 23, "deny"),
        ("neq telnet", 24, "permit"),
        ("range ftp-data 22", 21, "permit"),
        ("range ftp-data 22", 23, "deny"),
    ] {
        let entry = format!(" permit tcp any any {entry}");
        assert_eq!(verdict(&entry, &format!("10.0.0.1 -> 192.0.2.1 tcp/{port}")), expected, "{entry}");
    }
    // A port of the source is none of the destination.
    assert_eq!(verdict(" permit udp any eq domain any", "10.0.0.1 -> 192.0.2.1 udp/53"), "deny");
    assert_eq!(verdict(" permit udp any eq domain any", "10.0.0.1 -> 192.0.2.1 udp/9 from 53"), "permit");
    // One name, two ports.
    assert_eq!(verdict(" permit udp any any eq syslog", "10.0.0.1 -> 192.0.2.1 udp/514"), "permit");
    assert_eq!(verdict(" permit tcp any any eq cmd", "10.0.0.1 -> 192.0.2.1 tcp/514"), "permit");
}

#[test]
fn ports_that_cannot_be_are_told() {
    let text = |ports: &str| format!("ip access-list extended A\n permit tcp any any {ports}\n");
    assert_eq!(problems(&text("gt 65535")), ["no port is greater than 65535"]);
    assert_eq!(ask(&text("gt 65535"), "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by A implicit deny");
    assert_eq!(problems(&text("range 90 80")).len(), 2);
    assert_eq!(ask(&text("range 90 80"), "A", "10.0.0.1 -> 192.0.2.1 tcp/85"), "either");
    // NX-OS exchanges the two.
    let nexus = "feature bgp\nip access-list A\n permit tcp any any range 90 80\n";
    assert_eq!(ask(nexus, "A", "10.0.0.1 -> 192.0.2.1 tcp/85"), "permit by A 10");
    assert_eq!(ask(&text("eq nonsense"), "A", "10.0.0.1 -> 192.0.2.1 tcp/85"), "either");
    assert_eq!(status(&text("eq nonsense"), "permit").0, Status::NotUnderstood);
    assert_eq!(ask(&text("eq 70000"), "A", "10.0.0.1 -> 192.0.2.1 tcp/85"), "either");
}

#[test]
fn established_is_for_replies_alone() {
    let entry = " permit tcp any any established";
    assert_eq!(verdict(entry, "10.0.0.1 -> 192.0.2.1 tcp/80 is first"), "deny");
    assert_eq!(verdict(entry, "10.0.0.1 -> 192.0.2.1 tcp/80 is reply"), "permit");
    assert_eq!(verdict(entry, "10.0.0.1 -> 192.0.2.1 udp/80 is reply"), "deny");
}

#[test]
fn flags_that_all_replies_have_are_established() {
    for (flags, first, reply) in [
        ("match-any +ack +rst", "deny", "permit"),
        ("match-all +syn -ack", "permit", "deny"),
        ("match-all -syn", "deny", "either"),
        ("syn", "permit", "either"),
        ("rst", "deny", "either"),
        ("ack rst", "deny", "either"),
        ("match-any +syn +ack +rst", "permit", "permit"),
    ] {
        let entry = format!(" permit tcp any any {flags}");
        assert_eq!(verdict(&entry, "10.0.0.1 -> 192.0.2.1 tcp/80 is first"), first, "{flags}");
        assert_eq!(verdict(&entry, "10.0.0.1 -> 192.0.2.1 tcp/80 is reply"), reply, "{flags}");
    }
}

#[test]
fn messages_have_types_and_codes() {
    for (entry, message, expected) in [
        ("icmp any any", "8", "permit"),
        ("icmp any any echo", "8", "permit"),
        ("icmp any any echo", "0", "deny"),
        ("icmp any any 8", "8.3", "permit"),
        ("icmp any any 3 4", "3.4", "permit"),
        ("icmp any any 3 4", "3.3", "deny"),
        ("icmp any any packet-too-big", "3.4", "permit"),
        ("icmp any any unreachable", "3.9", "permit"),
        ("icmp any any host-unreachable", "3.1", "permit"),
        ("icmp any any time-exceeded log", "11.1", "permit"),
    ] {
        let question = format!("10.0.0.1 -> 192.0.2.1 icmp/{message}");
        assert_eq!(verdict(&format!(" permit {entry}"), &question), expected, "{entry}");
    }
    let v6 = "ipv6 access-list A\n permit icmp any any echo-request\n";
    assert_eq!(ask(v6, "A", "2001:db8::1 -> 2001:db8::2 icmpv6/128"), "permit by A 10");
}

#[test]
fn matches_that_are_not_modelled_are_unknowns() {
    for option in [
        "dscp ef",
        "precedence critical",
        "tos 8",
        "ttl lt 5",
        "ttl range 1 5",
        "option any-options",
        "time-range work",
    ] {
        let text = format!("ip access-list extended A\n permit ip any any {option} log\n");
        assert_eq!(ask(&text, "A", "10.0.0.1 -> 192.0.2.1 gre"), "either", "{option}");
        assert_eq!(status(&text, "permit").0, Status::Approximated, "{option}");
        assert!(set(&import(&text), "A").entries[0].logs);
    }
    // The same words are the same question.
    let twice = " permit ip any any dscp ef\n deny ip any any dscp ef\n permit ip any any";
    assert_eq!(verdict(twice, "10.0.0.1 -> 192.0.2.1 gre"), "permit");
    // A word that is not known narrows the entry by an unknown of its own.
    let odd = "ip access-list extended A\n permit ip any any frobnicate\n";
    assert_eq!(ask(odd, "A", "10.0.0.1 -> 192.0.2.1 gre"), "either");
    assert_eq!(status(odd, "permit").0, Status::NotUnderstood);
    let own = " permit ip any any frobnicate\n deny ip any any frobnicate\n permit ip any any";
    assert_eq!(verdict(own, "10.0.0.1 -> 192.0.2.1 gre"), "either");
}

#[test]
fn entries_for_fragments_match_no_whole_packet() {
    let text = "ip access-list extended A\n deny ip any any fragments\n permit ip any any\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.1 gre"), "permit by A 20");
    assert_eq!(set(&import(text), "A").entries[0].inactive, Some("for fragments"));
}

#[test]
fn a_time_range_may_end() {
    let text = "ip access-list extended A\n permit ip any any time-range project\ntime-range project\n absolute start 08:00 01 January 2026 end 18:00 31 March 2026\n";
    let export = import(text);
    assert_eq!(export.rule_sets[0].entries[0].expires, Some(Day { year: 2026, month: 3, day: 31 }));
    assert_eq!(export.inventory.objects[0].uses, 1);
    assert!(problems(text).is_empty());
    assert_eq!(
        problems("access-list 101 permit ip any any time-range no\n"),
        ["the time-range `no` is not defined"]
    );
}

#[test]
fn addresses_have_lengths_on_other_systems() {
    for text in [
        "ip access-list A\n 10 permit tcp 10.0.0.0/8 host 192.0.2.1 eq 80\n",
        "ipv4 access-list A\n 10 permit tcp 10.0.0.0 0.255.255.255 192.0.2.1/32 eq www\n",
        "IP access list A\n        10 permit tcp 10.0.0.0/8 192.0.2.1/32 eq 80 [match=66] \n",
    ] {
        assert_eq!(ask(text, "A", "10.9.9.9 -> 192.0.2.1 tcp/80"), "permit by A 10", "{text}");
        assert_eq!(ask(text, "A", "11.9.9.9 -> 192.0.2.1 tcp/80"), "deny by A implicit deny", "{text}");
    }
    let odd = "ip access-list A\n permit ip 10.0.0.1/24 any\n";
    assert_eq!(problems(odd), ["`10.0.0.1/24` has bits set beyond its prefix"]);
    assert_eq!(ask(odd, "A", "10.0.0.9 -> 192.0.2.1 gre"), "permit by A 10");
}

#[test]
fn an_entry_that_cannot_be_read_may_do_anything() {
    for entry in [
        "permit",
        "permit ip",
        "permit ip any",
        "permit nothing any any",
        "permit ip 10.0.0.0 any",
        "permit 0 any any",
    ] {
        let text = format!("ip access-list extended A\n {entry}\n permit ip any any\n");
        assert_eq!(ask(&text, "A", "10.0.0.1 -> 192.0.2.1 gre"), "either", "{entry}");
        assert_eq!(status(&text, entry).0, Status::NotUnderstood, "{entry}");
        assert_eq!(problems(&text).len(), 1);
    }
    // A host name was resolved when the line was entered: to which address is not in the file.
    let host = "ip access-list extended A\n permit ip host mail.example.com any\n";
    assert_eq!(ask(host, "A", "10.0.0.1 -> 192.0.2.1 gre"), "either");
    assert_eq!(status(host, "permit").0, Status::Approximated);
}
