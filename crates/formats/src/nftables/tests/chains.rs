use super::*;
use crate::Direction;

#[test]
fn a_packet_must_pass_all_base_chains_in_the_order_of_their_priority() {
    let text = "
table inet late {
    chain b { type filter hook forward priority 10; policy drop; tcp dport { 80, 443 } accept; }
}
table ip early {
    chain a { type filter hook forward priority filter - 5; tcp dport 80 drop; accept; }
}";
    assert_eq!(ask(text, "forward", "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by ip early a 1");
    assert_eq!(ask(text, "forward", "10.0.0.1 -> 192.0.2.1 tcp/443"), "permit by inet late b 1");
    assert_eq!(word(text, "forward", "10.0.0.1 -> 192.0.2.1 tcp/22"), "deny");
    let export = import(text);
    let stages: Vec<&str> = set(&export, "forward").stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(
        stages,
        ["policy of chain ip early a, which is accept where none is given", "policy of chain inet late b"]
    );
    // A table of the family ip sees no IPv6, and lets it pass.
    assert_eq!(word(text, "forward", "2001:db8::1 -> 2001:db8::2 tcp/80"), "permit");
}

#[test]
fn what_drops_before_routing_drops() {
    let text = "
table inet raw { chain pre { type filter hook prerouting priority raw; ip saddr 192.0.2.0/24 drop; } }
table inet filter {
    chain forward { type filter hook forward priority 0; policy accept; }
    chain input { type filter hook input priority 0; policy accept; }
    chain output { type filter hook output priority 0; policy drop; ip daddr 192.0.2.0/24 accept; }
}";
    for name in ["forward", "input"] {
        assert_eq!(ask(text, name, "192.0.2.1 -> 10.0.0.1 udp/53"), "deny by inet raw pre 1");
        assert_eq!(word(text, name, "10.0.0.2 -> 10.0.0.1 udp/53"), "permit");
    }
    assert_eq!(word(text, "output", "10.0.0.1 -> 192.0.2.1 udp/53"), "permit");
    let directions: Vec<(String, Direction)> =
        import(text).rule_sets.into_iter().map(|set| (set.name, set.direction)).collect();
    assert_eq!(
        directions,
        [
            ("forward".to_owned(), Direction::Transit),
            ("input".to_owned(), Direction::Inbound),
            ("output".to_owned(), Direction::Outbound)
        ]
    );
}

#[test]
fn jumps_come_back_and_gotos_do_not() {
    let table = |rule: &str| {
        format!(
            "table ip t {{\n chain aside {{\n tcp dport 22 accept\n tcp dport 23 return\n }}\n \
             chain f {{\n type filter hook forward priority 0; policy drop;\n {rule}\n tcp dport 23-25 accept\n }}\n}}"
        )
    };
    let ask =
        |rule: &str, port: u16| word(&table(rule), "forward", &format!("10.0.0.1 -> 192.0.2.1 tcp/{port}"));
    assert_eq!(ask("jump aside", 22), "permit");
    assert_eq!(ask("jump aside", 23), "permit");
    assert_eq!(ask("jump aside", 26), "deny");
    assert_eq!(ask("goto aside", 22), "permit");
    assert_eq!(ask("goto aside", 23), "deny");
    assert_eq!(ask("return", 23), "deny");
    assert_eq!(ask("jump { tcp dport 24 drop; }", 24), "deny");
    assert_eq!(ask("jump { tcp dport 24 drop; }", 25), "permit");
    assert_eq!(ask("goto { tcp dport 26 accept; }", 25), "deny");
}

#[test]
fn verdict_maps_are_the_policy() {
    let text = "
table inet filter {
    map ports { type inet_service : verdict; elements = { 22 : accept, 8000-8080 : jump web } }
    map late { type ifname : verdict; }
    chain web { ip saddr 10.0.0.0/8 accept }
    chain lan { accept }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iifname vmap { \"lan\" : jump lan, \"wan\" : continue, * : drop }
        tcp dport vmap @ports
        iifname vmap @late
    }
}";
    let ask = |question: &str| word(text, "forward", question);
    assert_eq!(ask("192.0.2.1 -> 10.0.0.1 udp/5 in lan"), "permit");
    assert_eq!(ask("192.0.2.1 -> 10.0.0.1 tcp/22 in wan"), "permit");
    assert_eq!(ask("192.0.2.1 -> 10.0.0.1 tcp/22 in dmz"), "deny");
    assert_eq!(ask("10.0.0.1 -> 192.0.2.1 tcp/8001 in wan"), "permit");
    // What fills the other map is not in the file.
    assert_eq!(ask("192.0.2.1 -> 10.0.0.1 tcp/8001 in wan"), "either");
    let export = import(text);
    let set = set(&export, "forward");
    let names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert!(
        names.contains(&"inet filter forward 1.3") && names.contains(&"inet filter forward 3.2"),
        "{names:?}"
    );
    let first = set.entries.iter().find(|entry| entry.name == "inet filter forward 1.1").unwrap();
    assert_eq!(first.inactive, Some("for replies"));
}

#[test]
fn the_rest_of_a_map_is_what_no_element_has() {
    // The element that jumps comes back, and the rest does not take it.
    let lines = "tcp dport vmap { 22 : jump aside, * : drop }\naccept";
    let text = forward(lines).replacen("\tchain forward", "\tchain aside { counter; }\n\tchain forward", 1);
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 192.0.2.1 tcp/22"), "permit");
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 192.0.2.1 tcp/23"), "deny");
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 192.0.2.1 udp/23"), "permit");
}

#[test]
fn sets_are_known_as_far_as_the_file_shows_them() {
    let text = |flags: &str, elements: &str| {
        format!(
            "table ip filter {{\n set s {{ type ipv4_addr; {flags} {elements} }}\n chain f {{\n \
             type filter hook forward priority 0; policy drop;\n ip saddr @s accept\n }}\n}}"
        )
    };
    let ask = |flags: &str, elements: &str, source: &str| {
        word(&text(flags, elements), "forward", &format!("{source} -> 192.0.2.1 udp/53"))
    };
    let three = "elements = { 10.0.0.1 comment \"a, } b\", 10.1.0.0/16,\n 10.9.0.1-10.9.0.5 }";
    assert_eq!(ask("flags interval;", three, "10.1.2.3"), "permit");
    assert_eq!(ask("flags interval;", three, "10.2.2.3"), "deny");
    assert_eq!(ask("flags interval,timeout;", three, "10.1.2.3"), "permit");
    assert_eq!(ask("flags interval,timeout;", three, "10.2.2.3"), "either");
    assert_eq!(ask("flags dynamic;", "", "10.2.2.3"), "either");
    assert_eq!(ask("", "", "10.2.2.3"), "either", "an empty set is there to be filled");
    assert_eq!(ask("flags constant;", "", "10.2.2.3"), "deny");
    assert_eq!(ask("", "elements = { 10.0.0.1 timeout 1h expires 5m }", "10.0.0.1"), "either");
    let export = import(&text("flags interval;", three));
    let set = export.inventory.objects.iter().find(|object| object.kind == "set").unwrap();
    assert_eq!((set.name.as_str(), set.uses), ("ip filter s", 1));
    assert_eq!(set.content.as_deref(), Some("set 10.0.0.1, 10.1.0.0/16, 10.9.0.1-10.9.0.5"));
}

#[test]
fn a_set_that_rules_change_is_another_one_for_each_rule() {
    let text = "
table ip filter {
    set seen { type ipv4_addr; flags dynamic; }
    chain f {
        type filter hook forward priority 0; policy drop;
        ip saddr != @seen drop
        ip saddr @seen accept
        add @seen { ip saddr }
    }
}";
    assert_eq!(word(text, "forward", "10.0.0.1 -> 192.0.2.1 udp/53"), "either");
    assert_eq!(
        word(&text.replace("add @seen { ip saddr }", "counter"), "forward", "10.0.0.1 -> 192.0.2.1 udp/53"),
        "either"
    );
    let same = text.replace("add @seen { ip saddr }", "counter").replace("flags dynamic", "flags timeout");
    assert_eq!(
        word(&same.replace("ip saddr @seen accept", "accept"), "forward", "10.0.0.1 -> 192.0.2.1 udp/53"),
        "either"
    );
    let both = same.replace("ip saddr != @seen drop", "ip saddr @seen accept").replacen(
        "ip saddr @seen accept\n        add",
        "x",
        0,
    );
    let both = both.replacen("ip saddr @seen accept", "ip saddr != @seen accept", 1);
    assert_eq!(word(&both, "forward", "10.0.0.1 -> 192.0.2.1 udp/53"), "permit", "{both}");
}

#[test]
fn translation_changes_what_later_chains_see() {
    let text = "
table ip nat {
    chain pre { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 10.0.0.5:8080; }
    chain post { type nat hook postrouting priority srcnat; oifname \"wan\" masquerade; }
}
table ip filter { chain forward { type filter hook forward priority filter; policy drop; ip daddr 10.0.0.5 accept; tcp dport 443 accept; } }";
    assert_eq!(word(text, "forward", "10.1.0.1 -> 192.0.2.1 tcp/80"), "either");
    assert_eq!(word(text, "forward", "10.1.0.1 -> 192.0.2.1 tcp/443 out wan"), "permit");
    assert_eq!(word(text, "forward", "10.1.0.1 -> 192.0.2.1 tcp/22"), "deny");
}

#[test]
fn hooks_that_do_not_know_an_interface_compare_with_none() {
    let text = "
table inet filter {
    chain input { type filter hook input priority 0; policy drop; oifname \"eth0\" accept; oifname != \"eth0\" tcp dport 22 accept; }
    chain output { type filter hook output priority 0; policy drop; iifname \"lo\" accept; oifname \"lo\" accept; }
}";
    assert_eq!(word(text, "input", "10.0.0.1 -> 192.0.2.1 udp/53"), "deny");
    assert_eq!(word(text, "input", "10.0.0.1 -> 192.0.2.1 tcp/22"), "permit");
    assert_eq!(word(text, "output", "10.0.0.1 -> 192.0.2.1 udp/53 out lo"), "permit");
    assert_eq!(word(text, "output", "10.0.0.1 -> 192.0.2.1 udp/53 out eth0"), "deny");
}

#[test]
fn connection_tracking_comes_after_the_raw_priority() {
    let text = "
table inet raw { chain pre { type filter hook prerouting priority raw; ct state invalid drop; } }
table inet filter { chain input { type filter hook input priority 0; policy accept; ct state invalid drop; } }";
    assert_eq!(word(text, "input", "10.0.0.1 -> 192.0.2.1 udp/53"), "either");
    assert_eq!(
        word(&text.replace("priority raw", "priority mangle"), "input", "10.0.0.1 -> 192.0.2.1 udp/53"),
        "permit"
    );
    let exempt = text.replace(
        "ct state invalid drop; } }\ntable inet filter",
        "udp dport 53 notrack; } }\ntable inet filter",
    );
    let exempt = exempt.replace("policy accept; ct state invalid drop", "policy drop; ct state new accept");
    assert_eq!(word(&exempt, "input", "10.0.0.1 -> 192.0.2.1 udp/53"), "either");
}

#[test]
fn an_interface_of_its_own_and_a_bridge() {
    let text = "
table netdev early { chain in { type filter hook ingress device \"eth0\" priority 0; ip saddr 192.0.2.0/24 drop; } }
table inet filter { chain forward { type filter hook forward priority 0; policy accept; } }
table bridge b { chain f { type filter hook forward priority filter; policy drop; ether type ip accept; } }";
    assert_eq!(word(text, "forward", "192.0.2.1 -> 10.0.0.1 gre in eth0"), "deny");
    assert_eq!(
        word(text, "forward", "192.0.2.1 -> 10.0.0.1 gre in eth0.5"),
        "either",
        "a VLAN of it may be above it"
    );
    assert_eq!(word(text, "forward", "10.0.0.2 -> 10.0.0.1 gre in eth1"), "permit");
    assert_eq!(word(text, "bridge forward", "10.0.0.2 -> 10.0.0.1 gre in eth0"), "permit");
    assert_eq!(word(text, "bridge forward", "2001:db8::1 -> 2001:db8::2 gre in eth0"), "deny");
}

#[test]
fn a_part_of_a_ruleset_is_asked_by_chain() {
    let text = "table inet filter {\n chain web { tcp dport 443 accept; }\n chain used { drop; }\n chain more { jump used; }\n}";
    let export = import(text);
    let names: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["inet filter web", "inet filter more"]);
    assert_eq!(word(text, "inet filter web", "10.0.0.1 -> 192.0.2.1 tcp/443"), "permit");
    assert_eq!(word(text, "inet filter web", "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
}

#[test]
fn a_dormant_table_and_one_for_arp_decide_nothing() {
    let text = "
table inet off { flags dormant; chain f { type filter hook forward priority 0; policy drop; udp dport 53 drop; } }
table arp a { chain i { type filter hook input priority 0; policy drop; } }
table inet on { chain f { type filter hook forward priority 0; policy accept; } }";
    assert_eq!(word(text, "forward", "10.0.0.1 -> 192.0.2.1 udp/53"), "permit");
    assert_eq!(status(text, "udp dport 53 drop").0, Status::Irrelevant);
}
