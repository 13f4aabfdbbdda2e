use super::*;

fn to(address: &str) -> String {
    let lines = address.replace('\n', "\n        ");
    with(
        &format!("config firewall address\n    edit \"it\"\n        {lines}\n    next\nend"),
        &[policy(1, "set dstaddr \"it\"")],
    )
}

fn catches(address: &str, destination: &str) -> bool {
    match ask(&to(address), &format!("10.0.0.1 -> {destination} tcp/80")).as_str() {
        "permit by policy 1" => true,
        "deny by implicit deny" => false,
        other => panic!("{other}: {address}"),
    }
}

#[test]
fn addresses_of_each_type() {
    assert!(catches("set subnet 192.0.2.0 255.255.255.0", "192.0.2.255"));
    assert!(!catches("set subnet 192.0.2.0 255.255.255.0", "192.0.3.0"));
    // Host bits are cut off, and without a value it is everything.
    assert!(catches("set subnet 192.0.2.9/24", "192.0.2.1"));
    assert!(catches("set associated-interface \"lan\"", "198.51.100.1"));
    assert!(catches("set type iprange\nset start-ip 192.0.2.5\nset end-ip 192.0.2.9", "192.0.2.9"));
    assert!(!catches("set type iprange\nset start-ip 192.0.2.5\nset end-ip 192.0.2.9", "192.0.2.10"));
    assert!(catches("set type wildcard\nset wildcard 10.0.0.1 255.0.0.255", "10.77.88.1"));
    assert!(!catches("set type wildcard\nset wildcard 10.0.0.1 255.0.0.255", "10.77.88.2"));
}

#[test]
fn what_is_kept_elsewhere_is_a_condition() {
    for address in [
        "set type geography\nset country \"NO\"",
        "set type dynamic\nset sdn \"aws\"",
        "set type mac\nset macaddr \"00:00:5e:00:53:01\"",
        "set type wildcard\nset wildcard 10.0.0.1 1.1.1.1",
        "set type route-tag",
        "set never-heard-of 7",
        "set type interface-subnet\nset interface \"port9\"",
    ] {
        assert_eq!(ask(&to(address), "10.0.0.1 -> 192.0.2.1 tcp/80"), "either", "{address}");
        assert_eq!(status(&to(address), "edit \"it\"").0, Status::Approximated, "{address}");
    }
}

#[test]
fn values_that_are_wrong_are_told_and_never_guessed() {
    for address in [
        "set subnet 192.0.2.0 255.0.255.0",
        "set subnet 192.0.2.300/24",
        "set type iprange\nset start-ip 192.0.2.9\nset end-ip 192.0.2.5",
        "set type fqdn\nset fqdn \"no name\"",
    ] {
        assert_eq!(ask(&to(address), "10.0.0.1 -> 192.0.2.1 tcp/80"), "either", "{address}");
        assert_eq!(problems(&to(address)).len(), 1, "{address}");
    }
    assert_eq!(ask(&to("set subnet ${net} ${mask}"), "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
    assert_eq!(problems(&to("set subnet ${net} ${mask}")), [] as [String; 0]);
}

#[test]
fn names_match_by_name_and_wildcards_below_only() {
    let question = |name: &str, asked: &str| {
        ask(&to(&format!("set type fqdn\nset fqdn \"{name}\"")), &format!("10.0.0.1 -> {asked} tcp/443"))
    };
    assert_eq!(question("login.example.com", "login.example.com"), "permit by policy 1");
    assert_eq!(question("Login.Example.com", "login.example.com"), "permit by policy 1");
    assert_eq!(question("login.example.com", "192.0.2.1"), "either");
    assert_eq!(question("*.example.com", "a.b.example.com"), "permit by policy 1");
    assert_eq!(question("*.example.com", "example.com"), "either");
    // A star that is not the whole first label covers the name, all below it, and more.
    assert_eq!(question("*example.com", "example.com"), "permit by policy 1");
    assert_eq!(question("*example.com", "a.example.com"), "permit by policy 1");
    assert_eq!(question("*example.com", "badexample.com"), "either");
    assert_eq!(question("autodiscover.*.example.com", "autodiscover.x.example.com"), "either");
    let patterns = |name: &str| {
        let pattern =
            import(&to(&format!("set type fqdn\nset fqdn \"{name}\""))).inventory.patterns.remove(0);
        (pattern.written, pattern.covers)
    };
    assert_eq!(patterns("*.example.com").1, ["*.example.com"]);
    assert_eq!(patterns("*example.com"), ("*example.com".to_owned(), vec![]));
}

#[test]
fn groups_are_partly_known_and_may_exclude() {
    let sections = "config firewall address
    edit \"lan\"
        set subnet 10.0.0.0/8
    next
    edit \"printers\"
        set subnet 10.9.0.0/16
    next
    edit \"site\"
        set type fqdn
        set fqdn \"www.example.com\"
    next
end
config firewall addrgrp
    edit \"some\"
        set member \"lan\" \"site\" \"gone\"
        set exclude enable
        set exclude-member \"printers\"
    next
    edit \"all of it\"
        set member \"some\"
    next
    edit \"not excluding\"
        set member \"lan\"
        set exclude-member \"printers\"
    next
    edit \"a\"
        set member \"b\" \"lan\"
    next
    edit \"b\"
        set member \"a\"
    next
end";
    let text = |group: &str| with(sections, &[policy(1, &format!("set dstaddr \"{group}\""))]);
    assert_eq!(ask(&text("all of it"), "10.0.0.1 -> 10.1.0.1 tcp/80"), "permit by policy 1");
    // A printer could be the host behind the undefined name; it is excluded all the same.
    assert_eq!(ask(&text("all of it"), "10.0.0.1 -> 10.9.0.1 tcp/80"), "deny by implicit deny");
    assert_eq!(ask(&text("all of it"), "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
    assert_eq!(ask(&text("not excluding"), "10.0.0.1 -> 10.9.0.1 tcp/80"), "permit by policy 1");
    // Each is a member of the other: the known part is known, the rest is not.
    assert_eq!(ask(&text("a"), "10.0.0.1 -> 10.9.0.1 tcp/80"), "permit by policy 1");
    assert_eq!(ask(&text("a"), "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
    assert!(problems(&text("a")).iter().any(|problem| problem.ends_with("is a member of itself")));
}

#[test]
fn the_inventory_lists_what_administrators_made() {
    let sections = "config firewall address
    edit \"all\"
    next
    edit \"web\"
        set subnet 192.0.2.1 255.255.255.255
    next
    edit \"web again\"
        set type iprange
        set start-ip 192.0.2.1
        set end-ip 192.0.2.1
    next
end
config firewall addrgrp
    edit \"group\"
        set member \"web\"
    next
end
config firewall service custom
    edit \"HTTPS\"
        set tcp-portrange 443
    next
    edit \"agent\"
        set tcp-portrange 6160
    next
end
config firewall schedule onetime
    edit \"once\"
        set end 00:00 2031/01/01
    next
end";
    let lines = "set dstaddr \"group\" \"web\"\nset service \"agent\" \"HTTPS\"\nset status disable";
    let export = import(&with(sections, &[policy(1, lines)]));
    let objects: Vec<(&str, &str, u32)> =
        export.inventory.objects.iter().map(|it| (it.kind, it.name.as_str(), it.uses)).collect();
    assert_eq!(
        objects,
        [
            ("address", "web", 2),
            ("address", "web again", 0),
            ("address group", "group", 1),
            ("service", "agent", 1),
            ("one-time schedule", "once", 0),
        ]
    );
    let content =
        |name: &str| export.inventory.objects.iter().find(|it| it.name == name).unwrap().content.clone();
    assert_eq!(content("web"), content("web again"));
    assert_eq!(content("web").as_deref(), Some("192.0.2.1-192.0.2.1"));
}

#[test]
fn the_devices_of_the_fabric_are_not_all_addresses() {
    let sections = "config firewall address
    edit \"FABRIC_DEVICE\"
        set comment \"IPv4 addresses of Fabric Devices.\"
    next
end";
    let text = with(sections, &[policy(1, "set srcaddr \"FABRIC_DEVICE\"")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(status(&text, "edit \"FABRIC_DEVICE\"").0, Status::Approximated);
}
