use super::*;

const BASE: &str = "set network interface ethernet ethernet1/1 layer3 ip 198.51.100.1/24\n\
    set network interface ethernet ethernet1/2 layer3 units ethernet1/2.10 ip 10.1.0.1/16\n\
    set network interface ethernet ethernet1/2 layer3 units ethernet1/2.10 ipv6 address 2001:db8:1::1/64\n\
    set network interface loopback units loopback.1 ip 192.0.2.1\n\
    set zone outside network layer3 ethernet1/1\nset zone inside network layer3 ethernet1/2.10\nset zone me network layer3 loopback.1\n\
    set network virtual-router default interface [ ethernet1/1 ethernet1/2.10 loopback.1 ]\n";

const ROUTE: &str = "set network virtual-router default routing-table ip static-route";

fn behind(more: &str) -> Vec<(String, String)> {
    let export = read(&format!("{BASE}{more}\n{}", rules(&[("r", ANY)])));
    let entries = export.inventory.interfaces.iter();
    entries.map(|entry| (entry.name.clone(), space::address_set(&entry.behind))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(zone, set)| ((*zone).to_owned(), (*set).to_owned())).collect()
}

const CONNECTED: [(&str, &str); 3] =
    [("outside", "198.51.100.0/24"), ("inside", "[10.1.0.0/16, 2001:db8:1::/64]"), ("me", "192.0.2.1")];

#[test]
fn connected_networks_stand_behind_their_zone() {
    assert_eq!(behind(""), pairs(&CONNECTED));
}

#[test]
fn the_longest_prefix_says_where_addresses_are() {
    let routes = format!(
        "{ROUTE} inner destination 10.0.0.0/8\n{ROUTE} inner nexthop ip-address 10.1.0.254\n\
         {ROUTE} part destination 10.2.0.0/16\n{ROUTE} part interface ethernet1/1\n\
         {ROUTE} hole destination 10.3.0.0/16\n{ROUTE} hole nexthop discard\n"
    );
    assert_eq!(
        behind(&routes),
        pairs(&[
            ("outside", "[10.2.0.0/16, 198.51.100.0/24]"),
            ("inside", "[10.0.0.0/15, 10.4.0.0-10.255.255.255, 2001:db8:1::/64]"),
            ("me", "192.0.2.1")
        ])
    );
}

#[test]
fn what_may_route_otherwise_leaves_the_connected_networks() {
    let routes = format!("{ROUTE} all destination 0.0.0.0/0\n{ROUTE} all interface ethernet1/1\n");
    let all = behind(&routes);
    assert!(all[0].1.contains("except"), "{all:?}");
    for more in [
        "set network virtual-router default protocol bgp enable yes",
        "set network virtual-router other interface ethernet1/3",
        "set rulebase pbf rules p action forward egress-interface ethernet1/1",
        &format!("{ROUTE} odd destination $branch"),
    ] {
        assert_eq!(behind(&format!("{routes}{more}\n")), pairs(&CONNECTED), "{more}");
    }
    assert_eq!(behind(&format!("{routes}set network virtual-router default protocol bgp enable no\n")), all);
    // Two routes to one network, or one that may vanish, settle nothing.
    let twice =
        format!("{routes}{ROUTE} again destination 0.0.0.0/0\n{ROUTE} again interface ethernet1/2.10\n");
    assert_eq!(behind(&twice), pairs(&CONNECTED));
    let watched = format!("{routes}{ROUTE} all path-monitor enable yes\n");
    assert_eq!(behind(&watched), pairs(&CONNECTED));
}
