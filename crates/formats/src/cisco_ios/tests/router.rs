//! Lists bound to interfaces, as one rule set.

use super::*;
use space::AddressSet;

const ROUTER: &str = "hostname edge\n\
interface GigabitEthernet0/0\n description outside\n ip address 203.0.113.1 255.255.255.0\n ip access-group OUT-IN in\n ip access-group IN-OUT out\n\
interface GigabitEthernet0/1\n ip address 10.0.1.1 255.255.255.0\n ip address 10.0.2.1 255.255.255.0 secondary\n\
interface Vlan30\n ip address 10.0.3.1 255.255.255.0\n ip access-group OUT-IN in\n\
ip route 0.0.0.0 0.0.0.0 203.0.113.254\nip route 10.9.0.0 255.255.0.0 10.0.1.9\nip route 192.0.2.0 255.255.255.0 Null0\n\
ip access-list extended OUT-IN\n permit tcp any host 10.0.1.5 eq 443\n\
ip access-list extended IN-OUT\n deny tcp any any eq 25\n permit ip any any\n\
access-list 10 permit 10.0.0.0 0.255.255.255\naccess-list 99 permit any\n\
line vty 0 4\n access-class 10 in\nsnmp-server community example RO 99\n";

#[test]
fn a_packet_passes_what_it_comes_in_by_and_what_it_leaves_by() {
    let from_outside = |rest: &str| {
        ask(
            ROUTER,
            "edge",
            &format!("198.51.100.1 -> 10.0.1.5 {rest} in GigabitEthernet0/0 out GigabitEthernet0/1"),
        )
    };
    assert_eq!(from_outside("tcp/443"), "permit by OUT-IN 10");
    assert_eq!(from_outside("tcp/80"), "deny by OUT-IN implicit deny");
    let to_outside = |rest: &str| {
        ask(
            ROUTER,
            "edge",
            &format!("10.0.1.5 -> 198.51.100.1 {rest} in GigabitEthernet0/1 out GigabitEthernet0/0"),
        )
    };
    assert_eq!(to_outside("tcp/25"), "deny by IN-OUT 10");
    assert_eq!(to_outside("tcp/26"), "permit by IN-OUT 20");
    // One list on two interfaces.
    assert_eq!(
        ask(ROUTER, "edge", "10.0.3.5 -> 10.0.1.5 tcp/80 in Vlan30 out GigabitEthernet0/1"),
        "deny by OUT-IN implicit deny"
    );
    // A list for IPv4 does not see IPv6.
    assert!(
        ask(ROUTER, "edge", "2001:db8::1 -> 2001:db8::2 tcp/80 in GigabitEthernet0/0 out GigabitEthernet0/1")
            .starts_with("permit")
    );
    // By which interface it comes decides.
    assert_eq!(ask(ROUTER, "edge", "198.51.100.1 -> 10.0.1.5 tcp/80"), "either");
}

#[test]
fn lists_for_other_purposes_filter_nothing() {
    let export = import(ROUTER);
    assert_eq!(export.rule_sets.len(), 1);
    let reason = |line: &str| status(ROUTER, line);
    assert_eq!(
        reason("access-list 10"),
        (
            Status::Irrelevant,
            "the list is used by access to the device itself, and filters no packets on their way through"
                .to_owned()
        )
    );
    assert_eq!(reason("access-list 99").0, Status::Irrelevant);
    assert_eq!(
        names(ROUTER, "edge"),
        [
            "GigabitEthernet0/0 in: OUT-IN",
            "GigabitEthernet0/0 out: IN-OUT",
            "Vlan30 in: OUT-IN",
            "OUT-IN 10",
            "IN-OUT 10",
            "IN-OUT 20"
        ]
    );
}

#[test]
fn interfaces_have_their_networks_and_routes() {
    let export = import(ROUTER);
    let at = |name: &str, address: &str| {
        let entry = export.inventory.interfaces.iter().find(|it| it.name == name).unwrap();
        entry.behind.contains(address.parse().unwrap())
    };
    assert!(
        at("GigabitEthernet0/1", "10.0.1.77") && at("GigabitEthernet0/1", "10.0.2.77"),
        "and the secondary"
    );
    assert!(at("GigabitEthernet0/1", "10.9.1.1") && at("GigabitEthernet0/0", "198.51.100.1"));
    assert!(!at("GigabitEthernet0/0", "192.0.2.1"), "it goes to Null0");
    let dynamic = format!("{ROUTER}router ospf 1\n network 10.0.0.0 0.255.255.255 area 0\n");
    let export = import(&dynamic);
    let outside = &export.inventory.interfaces[0];
    assert_eq!(outside.behind, AddressSet::from("203.0.113.0/24".parse::<ipnet::IpNet>().unwrap()));
}

#[test]
fn an_empty_or_undefined_list_permits_everything_on_ios() {
    let text = |list: &str| format!("interface Ethernet0\n ip access-group A in\n{list}");
    let question = "10.0.0.1 -> 192.0.2.1 tcp/80 in Ethernet0 out Ethernet1";
    assert_eq!(ask(&text(""), "router", question), "permit by Ethernet0 in: A");
    assert_eq!(problems(&text("")), ["the access list `A` is not defined"]);
    assert_eq!(ask(&text("ip access-list extended A\n"), "router", question), "permit by A without entries");
    assert_eq!(ask(&format!("feature bgp\n{}", text("")), "router", question), "either");
    assert_eq!(ask(&text("ip access-list extended A\n remark nothing yet\n"), "router", question), "either");
}

#[test]
fn the_families_have_their_own_commands() {
    let text =
        "interface Ethernet0\n ipv6 traffic-filter S in\nipv6 access-list S\n permit tcp any any eq 443\n";
    let asked = |source: &str, service: &str| {
        ask(text, "router", &format!("{source} {service} in Ethernet0 out Ethernet1"))
    };
    assert_eq!(asked("2001:db8::1 -> 2001:db8::2", "tcp/80"), "deny by S implicit deny");
    assert!(asked("10.0.0.1 -> 192.0.2.1", "tcp/80").starts_with("permit"));
    let xr = "interface HundredGigE0/0/0/0\n ipv4 access-group A ingress\n ipv6 access-group S egress\n!\nipv4 access-list A\n 10 permit tcp any any eq 443\n!\nipv6 access-list S\n 10 deny ipv6 any any\n!\n";
    assert_eq!(
        ask(xr, "router", "10.0.0.1 -> 192.0.2.1 tcp/80 in HundredGigE0/0/0/0 out x"),
        "deny by A implicit deny"
    );
    assert_eq!(
        ask(xr, "router", "2001:db8::1 -> 2001:db8::2 tcp/80 in x out HundredGigE0/0/0/0"),
        "deny by S 10"
    );
}

#[test]
fn the_last_access_group_of_a_kind_holds() {
    let text = "interface Ethernet0\n ip access-group A in\n ip access-group B in\n!\nip access-list extended A\n deny ip any any\nip access-list extended B\n permit ip any any\n";
    assert!(ask(text, "router", "10.0.0.1 -> 192.0.2.1 gre in Ethernet0 out x").starts_with("permit"));
    assert_eq!(status(text, "ip access-group A").1, "replaced further down");
    let none = "interface Ethernet0\n ip access-group A in\n no ip access-group A in\n!\nip access-list extended A\n deny ip any any\n";
    assert!(ask(none, "router", "10.0.0.1 -> 192.0.2.1 gre in Ethernet0 out x").starts_with("permit"));
}

#[test]
fn a_list_on_a_switch_port_is_asked_of_its_frames() {
    let text = "interface Ethernet0\n switchport\n ip access-group A in\n!\nip access-list extended A\n deny ip any any\n";
    assert_eq!(ask(text, "router", "10.0.0.1 -> 192.0.2.1 gre in Vlan10 out Vlan20"), "either");
}

#[test]
fn a_router_without_lists_permits_everything() {
    let text = "hostname r1\ninterface Ethernet0\n ip address 10.0.0.1 255.255.255.0\naccess-list 101 deny ip any any\n";
    assert!(ask(text, "r1", "10.0.0.1 -> 192.0.2.1 gre").starts_with("permit"));
    assert_eq!(status(text, "access-list 101").1, "the list is bound to no interface");
}

#[test]
fn indentation_that_was_lost_is_no_other_section() {
    let text = "interface Ethernet0\nip address 10.0.0.1 255.255.255.0\nip access-group A in\nshutdown\nip access-list extended A\npermit tcp any any\n10 deny ip any any\n";
    assert_eq!(names(text, "router"), ["Ethernet0 in: A", "A 10", "A 10 (2)"]);
    let nested = "router ospf 1\n area 0\n  interface Loopback0\n  !\n!\ninterface Ethernet0\n ip access-group A in\nipv4 access-list A\n 10 deny ipv4 any any\n";
    assert_eq!(names(nested, "router"), ["Ethernet0 in: A", "A 10"]);
}

#[test]
fn zones_are_a_second_policy() {
    let text = "zone security a\nzone security b\nzone security c\nzone-pair security ab source a destination b\n service-policy type inspect P\n\
                interface Ethernet0\n zone-member security a\ninterface Ethernet1\n zone-member security a\ninterface Ethernet2\n zone-member security b\n\
                interface Ethernet3\n zone-member security c\ninterface Ethernet4\ninterface Ethernet5\n";
    let asked = |from: u8, to: u8, state: &str| {
        let question = format!("10.0.0.1 -> 192.0.2.1 tcp/80 in Ethernet{from} out Ethernet{to} is {state}");
        ask(text, "router", &question).split(' ').next().unwrap().to_owned()
    };
    assert_eq!(asked(0, 1, "first"), "permit", "within a zone");
    assert_eq!(asked(0, 2, "first"), "either", "by the policy");
    assert_eq!(asked(2, 0, "first"), "deny", "no pair that way");
    assert_eq!(asked(2, 0, "reply"), "either", "replies may be let through");
    assert_eq!(asked(0, 3, "first"), "deny");
    assert_eq!(asked(0, 4, "first"), "deny", "between a zone and none");
    assert_eq!(asked(4, 5, "first"), "permit");
    assert_eq!(status(text, "service-policy").0, Status::Approximated);
}

#[test]
fn translated_packets_are_not_known_to_lists_behind_the_translation() {
    let text = "interface Ethernet0\n ip address 10.0.0.1 255.255.255.0\n ip nat inside\n\
                interface Ethernet1\n ip address 203.0.113.1 255.255.255.0\n ip nat outside\n ip access-group A out\n\
                ip nat inside source list 10 interface Ethernet1 overload\naccess-list 10 permit 10.0.0.0 0.0.0.255\n\
                ip access-list extended A\n permit ip host 203.0.113.1 any\n";
    assert_eq!(ask(text, "router", "10.0.0.5 -> 192.0.2.1 tcp/80 in Ethernet0 out Ethernet1"), "either");
    assert_eq!(
        ask(text, "router", "10.0.7.5 -> 192.0.2.1 tcp/80 in Ethernet0 out Ethernet1"),
        "deny by A implicit deny"
    );
}

#[test]
fn what_may_filter_and_is_not_modelled_leaves_things_open() {
    for line in [
        "vlan filter M vlan-list 10",
        "interface Ethernet0\n ip ips I in",
        "interface Ethernet0\n ip access-group common C A ingress",
    ] {
        let text = format!("{line}\ninterface Ethernet1\n ip address 10.0.0.1 255.255.255.0\n");
        assert_eq!(
            ask(&text, "router", "10.0.0.1 -> 192.0.2.1 gre in Ethernet0 out Ethernet1"),
            "either",
            "{line}"
        );
        assert!(import(&text).coverage.totals().not_understood > 0, "{line}");
    }
    let policy = "policy-map P\n class C\n  drop\ninterface Ethernet0\n service-policy input P\n";
    assert_eq!(ask(policy, "router", "10.0.0.1 -> 192.0.2.1 gre in Ethernet0 out Ethernet1"), "either");
    let harmless =
        "policy-map P\n class C\n  priority percent 10\ninterface Ethernet0\n service-policy input P\n";
    assert!(
        ask(harmless, "router", "10.0.0.1 -> 192.0.2.1 gre in Ethernet0 out Ethernet1").starts_with("permit")
    );
}
