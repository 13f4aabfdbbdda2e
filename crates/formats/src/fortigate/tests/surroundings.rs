use super::*;
use crate::Direction;

const INTERFACES: &str = "config system interface
    edit \"port1\"
        set vdom \"root\"
        set ip 10.1.0.1 255.255.255.0
    next
    edit \"port2\"
        set vdom \"root\"
        set ip 10.2.0.1 255.255.255.0
        set secondary-IP enable
        config secondaryip
            edit 1
                set ip 10.22.0.1 255.255.255.0
            next
        end
        config ipv6
            set ip6-address 2001:db8:2::1/64
        end
    next
    edit \"wan1\"
        set vdom \"root\"
        set ip 192.0.2.2 255.255.255.0
    next
    edit \"down\"
        set vdom \"root\"
        set ip 10.5.0.1 255.255.255.0
        set status down
    next
end
config router static
    edit 1
        set gateway 192.0.2.1
        set device \"wan1\"
    next
    edit 2
        set dst 10.1.0.128 255.255.255.128
        set gateway 10.2.0.9
        set device \"port2\"
    next
    edit 3
        set dst 10.66.0.0 255.255.0.0
        set blackhole enable
    next
end";

fn behind(text: &str) -> Vec<(String, Vec<String>)> {
    let interfaces = import(text).inventory.interfaces;
    let prefixes = |set: &space::AddressSet| set.prefixes().iter().map(ToString::to_string).collect();
    interfaces.into_iter().map(|it| (it.name, prefixes(&it.behind))).collect()
}

#[test]
fn routes_tell_what_is_behind_an_interface() {
    let text = with(INTERFACES, &[policy(1, "")]);
    let all = behind(&text);
    let of = |name: &str| all.iter().find(|(it, _)| it == name).unwrap().1.clone();
    assert_eq!(of("port1"), ["10.1.0.0/25"]);
    assert_eq!(of("port2"), ["10.1.0.128/25", "10.2.0.0/24", "10.22.0.0/24", "2001:db8:2::/64"]);
    let wan: space::AddressSet = {
        let export = import(&text);
        export.inventory.interfaces.iter().find(|it| it.name == "wan1").unwrap().behind.clone()
    };
    assert!(wan.contains("198.51.100.1".parse().unwrap()));
    for address in ["10.1.0.1", "10.66.1.1", "10.22.0.9"] {
        assert!(!wan.contains(address.parse().unwrap()), "{address}");
    }
    assert!(all.iter().all(|(name, _)| name != "down"));
}

#[test]
fn where_a_protocol_routes_only_what_is_connected_is_sure() {
    let ospf = "config router ospf\n    config area\n        edit 0.0.0.0\n        next\n    end\nend";
    let all = behind(&with(&format!("{INTERFACES}\n{ospf}"), &[policy(1, "")]));
    assert_eq!(all[0], ("port1".to_owned(), vec!["10.1.0.0/24".to_owned()]));
    assert_eq!(all.iter().find(|(name, _)| name == "wan1").unwrap().1, ["192.0.2.0/24"]);
    // Nor is it, where a template or an object says where a route leads.
    let elsewhere = format!(
        "{INTERFACES}\nconfig router static\n    edit 9\n        set dst ${{net}}\n        set device \"port1\"\n    next\nend"
    );
    let all = behind(&with(&elsewhere, &[policy(1, "")]));
    assert_eq!(all.iter().find(|(name, _)| name == "wan1").unwrap().1, ["192.0.2.0/24"]);
    // A section that every backup has runs nothing.
    let idle = "config router ospf\n    config redistribute \"connected\"\n    end\nend";
    let all = behind(&with(&format!("{INTERFACES}\n{idle}"), &[policy(1, "")]));
    assert!(all.iter().find(|(name, _)| name == "wan1").unwrap().1.len() > 5);
}

#[test]
fn policies_name_zones_and_not_the_interfaces_in_them() {
    let zones = format!(
        "{INTERFACES}\nconfig system zone\n    edit \"inside\"\n        set interface \"port1\" \"port2\"\n    next\nend"
    );
    let text = with(&zones, &[policy(1, "set srcintf \"inside\"\nset dstintf \"wan1\"")]);
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/80 in inside out wan1"), "permit by policy 1");
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/80 in wan1 out inside"), "deny by implicit deny");
    let all = behind(&text);
    assert_eq!(all[0].0, "inside");
    assert_eq!(all[0].1, ["10.1.0.0/24", "10.2.0.0/24", "10.22.0.0/24", "2001:db8:2::/64"]);
    // One that names a member all the same is not known to catch the whole zone.
    let text = with(&zones, &[policy(1, "set srcintf \"port1\"")]);
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/80 in inside"), "either");
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/80 in wan1"), "deny by implicit deny");
    assert_eq!(
        problems(&with(&zones, &[policy(1, "set srcintf \"port7\"")])),
        ["no interface is called `port7`"]
    );
}

#[test]
fn within_a_zone_no_policy_is_needed_where_it_says_so() {
    let zone = |more: &str| {
        format!(
            "config system zone\n    edit \"inside\"\n        set interface \"port1\" \"port2\"\n        {more}\n    next\nend"
        )
    };
    let within = "10.1.0.1 -> 10.2.0.1 tcp/80 in inside out inside";
    let text = |more: &str, lines: &str| with(&zone(more), &[policy(1, lines)]);
    assert_eq!(ask(&text("", "set srcintf \"wan1\""), within), "deny by implicit deny");
    let allowed = text("set intrazone allow", "set srcintf \"wan1\"");
    assert_eq!(ask(&allowed, within), "permit by zone inside intrazone");
    // A policy is asked first.
    assert_eq!(ask(&text("set intrazone allow", "set action deny"), within), "deny by policy 1");
    let single = allowed.replace(" \"port2\"", "");
    assert_eq!(ask(&single, within), "either");
}

#[test]
fn members_of_sdwan_are_in_zones_too() {
    let sdwan = format!(
        "{INTERFACES}\nconfig system sdwan\n    set status enable\n    config zone\n        edit \"virtual-wan-link\"\n        next\n        edit \"overlay\"\n        next\n    end\n    config members\n        edit 1\n            set interface \"wan1\"\n        next\n        edit 2\n            set interface \"port2\"\n            set zone \"overlay\"\n        next\n    end\nend"
    );
    let text = with(&sdwan, &[policy(1, "set dstintf \"virtual-wan-link\"")]);
    assert_eq!(problems(&text), [] as [String; 0]);
    let names: Vec<String> = behind(&text).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["overlay", "port1", "virtual-wan-link"]);
}

#[test]
fn each_virtual_domain_has_rules_of_its_own() {
    let inner = |net: &str| {
        format!(
            "config firewall address\n    edit \"lan\"\n        set subnet {net}\n    next\nend\n{}",
            with("", &[policy(1, "set srcaddr \"lan\"")])
        )
    };
    let text = format!(
        "config vdom\nedit root\nnext\nedit dmz\nnext\nend\nconfig global\nconfig system interface\n    edit \"port1\"\n        set vdom \"dmz\"\n        set ip 10.1.0.1/24\n    next\nend\nend\nconfig vdom\nedit root\n{}end\nconfig vdom\nedit dmz\n{}end\n",
        inner("10.0.0.0/8"),
        inner("172.16.0.0/12")
    );
    let names: Vec<String> = import(&text).rule_sets.into_iter().map(|set| set.name).collect();
    assert_eq!(names, ["root", "dmz"]);
    assert_eq!(ask_in(&text, "root", "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
    assert_eq!(ask_in(&text, "dmz", "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
    assert_eq!(ask_in(&text, "dmz", "172.16.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
    assert_eq!(behind(&text), [("port1".to_owned(), vec!["10.1.0.0/24".to_owned()])]);
}

#[test]
fn what_is_for_the_firewall_itself_comes_after() {
    let local = "config firewall local-in-policy\n    edit 1\n        set intf \"wan1\"\n        set srcaddr \"all\"\n        set dstaddr \"all\"\n        set service \"HTTPS\"\n        set schedule \"always\"\n    next\nend";
    let text = with(local, &[policy(1, "")]);
    let export = import(&text);
    let directions: Vec<Direction> = export.rule_sets.iter().map(|set| set.direction).collect();
    assert_eq!(directions, [Direction::Transit, Direction::Inbound]);
    let itself = |question: &str| ask_in(&text, "local-in-policy", question);
    assert_eq!(itself("10.0.0.1 -> 192.0.2.1 tcp/443 in wan1"), "deny by local-in-policy 1");
    // What each interface serves is no policy.
    assert_eq!(itself("10.0.0.1 -> 192.0.2.1 tcp/22 in wan1"), "either");
    assert_eq!(
        ask_in(local, "local-in-policy", "10.0.0.1 -> 192.0.2.1 tcp/443 in wan1"),
        "deny by local-in-policy 1"
    );
}
