//! Object groups.

use super::*;

const GROUPS: &str = "object-group network servers\n description x\n host 192.0.2.1\n 198.51.100.0 255.255.255.0\n range 203.0.113.5 203.0.113.9\n\
    object-group network all\n group-object servers\n 10.0.0.0 255.0.0.0\n\
    object-group service web\n tcp eq www\n tcp eq 443\n tcp source gt 1023 range 8000 8010\n icmp echo\n udp\n\
    ip access-list extended A\n permit object-group web object-group all object-group servers\n permit tcp object-group all any eq 22\n";

#[test]
fn groups_of_ios_have_netmasks() {
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 198.51.100.77 tcp/443"), "permit by A 10");
    assert_eq!(ask(GROUPS, "A", "203.0.113.7 -> 203.0.113.9 tcp/8005"), "permit by A 10");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.1 tcp/8005 from 80"), "deny by A implicit deny");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.1 udp/9"), "permit by A 10");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.1 icmp/8"), "permit by A 10");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.1 icmp/0"), "deny by A implicit deny");
    assert_eq!(ask(GROUPS, "A", "10.1.1.1 -> 192.0.2.2 tcp/80"), "deny by A implicit deny");
    assert!(problems(GROUPS).is_empty());
    let export = import(GROUPS);
    let uses: Vec<(&str, u32)> =
        export.inventory.objects.iter().map(|it| (it.name.as_str(), it.uses)).collect();
    assert_eq!(uses, [("servers", 2), ("all", 2), ("web", 1)]);
}

#[test]
fn groups_of_nexus_have_wildcards_and_lengths() {
    let text = "feature bgp\nobject-group ip address hosts\n  10 host 192.0.2.1\n  20 198.51.100.0/24\n  30 10.0.0.0 0.255.0.255\n\
                object-group ip port ports\n  10 eq 80\n  20 range 8010 8000\n  30 gt 65000\n\
                ip access-list A\n  10 permit tcp addrgroup hosts portgroup ports any\n  20 permit tcp any addrgroup hosts portgroup ports\n";
    assert_eq!(ask(text, "A", "10.7.0.9 -> 203.0.113.1 tcp/9 from 8005"), "permit by A 10");
    assert_eq!(ask(text, "A", "10.7.1.9 -> 203.0.113.1 tcp/9 from 8005"), "deny by A implicit deny");
    assert_eq!(ask(text, "A", "203.0.113.1 -> 198.51.100.9 tcp/65001"), "permit by A 20");
    assert_eq!(ask(text, "A", "203.0.113.1 -> 198.51.100.9 tcp/81"), "deny by A implicit deny");
}

#[test]
fn groups_of_xr_say_their_family() {
    let text = "object-group network ipv4 hosts\n 192.0.2.0/24\n host 198.51.100.1\n!\nobject-group port ports\n eq 443\n!\n\
                ipv4 access-list A\n 10 permit tcp any net-group hosts port-group ports\n!\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.7 tcp/443"), "permit by A 10");
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.7 tcp/80"), "deny by A implicit deny");
}

#[test]
fn what_is_not_defined_is_an_unknown() {
    let text = "ip access-list extended A\n permit tcp any object-group gone eq 80\n deny ip any any\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.7 tcp/80"), "either");
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.7 tcp/81"), "deny by A 20");
    assert_eq!(problems(text), ["the object-group `gone` is not defined"]);
    assert_eq!(import(text).inventory.undefined.len(), 1);
    // On the side of the packet that it is asked of, the same group is the same question.
    let twice = " permit tcp any object-group gone\n deny tcp any object-group gone\n permit ip any any";
    assert_eq!(verdict(twice, "10.0.0.1 -> 192.0.2.7 tcp/80"), "permit");
}

#[test]
fn a_group_may_be_known_in_part() {
    let text = "object-group network hosts\n host 192.0.2.1\n frobnicate\n group-object gone\n\
                ip access-list extended A\n permit tcp any object-group hosts\n";
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(ask(text, "A", "10.0.0.1 -> 192.0.2.2 tcp/80"), "either");
    assert_eq!(status(text, "permit").0, Status::Approximated);
    assert_eq!(status(text, "frobnicate").0, Status::Approximated);
    let empty = "object-group network none\nip access-list extended A\n permit tcp any object-group none\n";
    assert_eq!(ask(empty, "A", "10.0.0.1 -> 192.0.2.2 tcp/80"), "either");
}

#[test]
fn groups_in_a_circle_and_nested_deep_are_survived() {
    let circle = "object-group network a\n group-object b\n host 192.0.2.1\nobject-group network b\n group-object a\n\
                  ip access-list extended A\n permit ip any object-group a\n";
    assert_eq!(ask(circle, "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
    assert_eq!(ask(circle, "A", "10.0.0.1 -> 192.0.2.2 tcp/80"), "either");
    let mut deep = String::new();
    for level in 0..10_000 {
        deep.push_str(&format!("object-group network g{level}\n group-object g{}\n", level + 1));
    }
    deep.push_str("object-group network g10000\n host 192.0.2.1\nip access-list extended A\n permit ip any object-group g0\n");
    assert_eq!(ask(&deep, "A", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by A 10");
}
