use space::{Set, Verdict, protocol};

use super::*;

#[test]
fn rules_are_asked_by_number_and_listed_as_the_file_has_them() {
    let export = read_group(vec![
        rule("Late", 300, json!({"access": "Deny"})),
        rule("Out", 100, json!({"direction": "Outbound", "access": "Deny"})),
        rule("Early", 200, json!({})),
    ]);
    let inbound = inbound(&export);
    assert_eq!(inbound.name, "web/inbound");
    assert!(inbound.stateful);
    assert_eq!(
        names(inbound),
        ["Late", "Early", "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound"]
    );
    assert_eq!(order(inbound)[..2], ["Early", "Late"]);
    assert_eq!(verdict(inbound, "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(order(outbound(&export))[0], "Out");
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/443"), Verdict::Missing);
}

#[test]
fn default_rules_are_there_whether_the_file_lists_them_or_not() {
    let without = read_group(vec![rule("Early", 200, json!({}))]);
    let entries = &inbound(&without).entries;
    assert_eq!(entries.iter().map(|entry| entry.implied).collect::<Vec<_>>(), [false, true, true, true]);
    let text = group(vec![rule("Early", 200, json!({}))]).to_string();
    assert_eq!(&text[std::ops::Range::from(entries[3].place)], "\"web\"", "they stand at the group's name");

    let default =
        |name: &str, priority: i64, direction: &str, access: &str, source: &str, destination: &str| {
            rule(
                name,
                priority,
                json!({
                    "direction": direction, "access": access, "protocol": "*", "destinationPortRange": "*",
                    "sourceAddressPrefix": source, "destinationAddressPrefix": destination,
                }),
            )
        };
    let mut listed = group(vec![rule("Early", 200, json!({}))]);
    listed["properties"]["defaultSecurityRules"] = json!([
        default("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        default("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
        default("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
        default("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        default("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
        default("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
    ]);
    let listed = read(&listed.to_string());
    for (old, new) in without.rule_sets.iter().zip(&listed.rule_sets) {
        assert_eq!(names(old), names(new));
        assert_eq!(old.rules, new.rules);
        assert!(new.entries.iter().filter(|entry| entry.name != "Early").all(|entry| entry.implied));
    }
}

#[test]
fn every_public_address_is_reached_and_a_private_one_hangs_on_the_virtual_network() {
    let export = read_group(vec![]);
    let outbound = outbound(&export);
    for public in ["8.8.8.8", "52.96.0.1", "203.0.113.9"] {
        assert_eq!(verdict(outbound, &format!("10.0.0.4 -> {public} tcp/443")), Verdict::Met, "{public}");
    }
    assert_eq!(verdict(outbound, "fd00::1 -> 2603:1006::1 tcp/443"), Verdict::Met);
    for uncertain in ["10.9.9.9", "192.168.1.1", "100.64.0.1", "198.18.0.1"] {
        assert_eq!(
            verdict(outbound, &format!("10.0.0.4 -> {uncertain} tcp/443")),
            Verdict::Undecided,
            "{uncertain}"
        );
    }
    let inbound = inbound(&export);
    assert_eq!(verdict(inbound, "168.63.129.16 -> 10.0.0.4 tcp/443"), Verdict::Met, "a health probe");
    // A route may put any address into the virtual network.
    assert_eq!(verdict(inbound, "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
}

#[test]
fn the_internet_is_not_every_address() {
    let deny = json!({
        "direction": "Outbound", "access": "Deny", "protocol": "*", "destinationPortRange": "*",
        "destinationAddressPrefix": "Internet",
    });
    let export = read_group(vec![rule("NoInternet", 100, deny)]);
    let outbound = outbound(&export);
    // Denied if it is outside the virtual network, allowed if it is inside (a route may have put it there).
    assert_eq!(verdict(outbound, "10.0.0.4 -> 8.8.8.8 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(outbound, "10.0.0.4 -> 10.9.9.9 tcp/443"), Verdict::Undecided);
    let only = outbound.rules.rules().next().expect("a rule").matches.clone();
    assert!(only.iter().all(|region| !region.destination.is_any() && !region.conditions.is_none()));
    assert!(only.iter().all(|region| !region.destination.contains("10.9.9.9".parse().expect("an address"))));
}

#[test]
fn tags_of_one_name_are_one_symbol_in_any_case() {
    let deny = json!({"access": "Deny", "sourceAddressPrefix": "storage.westeurope"});
    let allow = json!({"sourceAddressPrefix": "Storage.WestEurope"});
    let export = read_group(vec![rule("Deny", 100, deny), rule("Allow", 110, allow)]);
    let shadow = space::shadowed(
        inbound(&export).rules.rules().nth(1).expect("the second rule"),
        &inbound(&export).rules,
        &Effort::usual(),
    );
    assert!(shadow.expect("little work").is_some());
    let tag = export.rule_sets[0].rules.rules().next().expect("a rule").matches[0]
        .conditions
        .iter()
        .next()
        .cloned();
    assert_eq!(
        tag.map(|(symbol, held)| (symbol.name.to_string(), held)),
        Some(("Storage.westeurope".to_owned(), true))
    );
}

#[test]
fn a_tag_is_neither_any_nor_nothing() {
    let allow = json!({"sourceAddressPrefix": "AzureCloud"});
    let deny = json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"});
    let export = read_group(vec![rule("Allow", 100, allow), rule("Deny", 4096, deny)]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/80"), Verdict::Missing);
    assert_eq!(export.coverage.totals().approximated, 0, "a tag is known: its extension is not");
}

#[test]
fn the_near_side_is_in_the_virtual_network() {
    let allow = json!({"destinationAddressPrefix": "VirtualNetwork"});
    let export = read_group(vec![rule("Allow", 100, allow)]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    let odd = json!({"destinationAddressPrefix": "Internet"});
    let export = read_group(vec![rule("Odd", 100, odd)]);
    assert_eq!(
        messages(&export.problems),
        ["the destination of inbound traffic is in the virtual network: `Internet` there matches nothing"]
    );
}

#[test]
fn ports_come_in_every_form() {
    let met = |ports: Serde, port: u16| {
        let mut changes = json!({"destinationPortRange": null});
        for (key, value) in ports.as_object().expect("an object") {
            changes[key] = value.clone();
        }
        let deny = json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"});
        let export = read_group(vec![rule("Allow", 100, changes), rule("Deny", 4096, deny)]);
        verdict(inbound(&export), &format!("192.0.2.1 -> 10.0.0.4 tcp/{port}"))
    };
    assert_eq!(met(json!({"destinationPortRange": "22-22"}), 22), Verdict::Met);
    assert_eq!(met(json!({"destinationPortRange": 22}), 22), Verdict::Met);
    assert_eq!(met(json!({"destinationPortRange": "0-65535"}), 22), Verdict::Met);
    assert_eq!(
        met(json!({"destinationPortRange": "", "destinationPortRanges": ["80", 443, "8000-8010"]}), 8005),
        Verdict::Met
    );
    assert_eq!(met(json!({"destinationPortRange": "22", "destinationPortRanges": ["80"]}), 22), Verdict::Met);
    assert_eq!(met(json!({"destinationPortRange": "22", "destinationPortRanges": ["80"]}), 80), Verdict::Met);
    assert_eq!(met(json!({"destinationPortRange": "22", "destinationPortRanges": []}), 80), Verdict::Missing);
    // A blank beside a port is nothing; a blank alone is an unknown.
    assert_eq!(met(json!({"destinationPortRanges": ["443", "  "]}), 443), Verdict::Met);
    assert_eq!(met(json!({"destinationPortRanges": ["443", "  "]}), 80), Verdict::Missing);
    for unknown in [json!({"destinationPortRanges": ["  "]}), json!({}), json!({"destinationPortRanges": []})]
    {
        assert_eq!(met(unknown, 443), Verdict::Undecided);
    }
    for refused in ["70000", "90-80", "80,443", "http", "22 80"] {
        assert_eq!(met(json!({"destinationPortRange": refused}), 80), Verdict::Undecided, "{refused}");
        assert_eq!(met(json!({"destinationPortRanges": [refused, "443"]}), 443), Verdict::Met, "{refused}");
    }
}

#[test]
fn what_is_blank_or_wrong_is_reported_at_its_place() {
    let text = group(vec![rule(
        "Allow",
        100,
        json!({"destinationPortRange": null, "destinationPortRanges": ["443", "  ", "70000"]}),
    )])
    .to_string();
    let export = read(&text);
    let problems: Vec<_> = export
        .problems
        .iter()
        .map(|problem| (&text[std::ops::Range::from(problem.place)], problem.message.as_str()))
        .collect();
    assert_eq!(
        problems,
        [
            ("\"  \"", "a blank where a value should be: it matches nothing"),
            ("\"70000\"", "`70000` is above the highest port, 65535"),
        ]
    );
}

#[test]
fn any_protocol_with_a_port_says_nothing_certain_of_icmp() {
    let any = json!({"protocol": "*"});
    let deny = json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"});
    let export = read_group(vec![rule("Allow", 100, any), rule("Deny", 4096, deny)]);
    let set = inbound(&export);
    assert_eq!(verdict(set, "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "192.0.2.1 -> 10.0.0.4 udp/443"), Verdict::Met);
    assert_eq!(verdict(set, "192.0.2.1 -> 10.0.0.4 tcp/444"), Verdict::Missing);
    for other in ["icmp/2048", "esp", "sctp/443", "sctp/444"] {
        assert_eq!(verdict(set, &format!("192.0.2.1 -> 10.0.0.4 {other}")), Verdict::Undecided, "{other}");
    }
    assert_eq!(export.coverage.totals().approximated, 1);
}

#[test]
fn icmp_is_that_of_the_address_family() {
    let regions = |changes: Serde| {
        let export = read_group(vec![rule("Icmp", 100, changes)]);
        let rules = &inbound(&export).rules;
        rules.rules().next().expect("a rule").matches.clone()
    };
    let any = regions(json!({"protocol": "ICMP", "destinationPortRange": "*"}));
    assert!(any[0].protocol.contains(protocol::ICMP) && any[0].protocol.contains(protocol::ICMPV6));
    let v4 = regions(
        json!({"protocol": "icmp", "destinationPortRange": "*", "sourceAddressPrefix": "10.0.0.0/8"}),
    );
    assert!(v4[0].protocol.contains(protocol::ICMP) && !v4[0].protocol.contains(protocol::ICMPV6));
    let v6 =
        regions(json!({"protocol": "Icmp", "destinationPortRange": "*", "destinationAddressPrefix": "::/0"}));
    assert!(!v6[0].protocol.contains(protocol::ICMP) && v6[0].protocol.contains(protocol::ICMPV6));
    // Some say the port is ignored, some that it is the type: either way it is not known.
    let typed = regions(json!({"protocol": "Icmp", "destinationPortRange": "8"}));
    assert!(typed.iter().all(|region| !region.conditions.is_none()));
    let whole = regions(json!({"protocol": "Icmp", "destinationPortRange": "0-65535"}));
    assert!(whole[0].conditions.is_none());
}

#[test]
fn protocols_have_names_in_any_case() {
    for (name, number) in [("TCP", 6), ("uDp", 17), ("Esp", 50), ("AH", 51)] {
        let export =
            read_group(vec![rule("One", 100, json!({"protocol": name, "destinationPortRange": "*"}))]);
        let rules: Vec<_> = inbound(&export).rules.rules().collect();
        assert_eq!(rules[0].matches[0].protocol, space::IntervalSet::one(number), "{name}");
    }
    let export = read_group(vec![rule("One", 100, json!({"protocol": "Gre"}))]);
    assert_eq!(messages(&export.problems), ["protocol `Gre` is not known"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
}

#[test]
fn addresses_come_in_every_form() {
    let source = |changes: Serde, address: &str| {
        let deny = json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"});
        let export = read_group(vec![rule("Allow", 100, changes), rule("Deny", 4096, deny)]);
        let to = if address.contains(':') { "fd00::4" } else { "10.0.0.4" };
        verdict(inbound(&export), &format!("{address} -> {to} tcp/443"))
    };
    let one = |prefix: &str| json!({"sourceAddressPrefix": prefix});
    assert_eq!(source(one("*"), "2001:db8::1"), Verdict::Met);
    assert_eq!(source(one("Any"), "2001:db8::1"), Verdict::Met);
    assert_eq!(source(one("0.0.0.0/0"), "192.0.2.1"), Verdict::Met);
    assert_eq!(source(one("0.0.0.0/0"), "2001:db8::1"), Verdict::Missing);
    assert_eq!(source(one("::/0"), "2001:db8::1"), Verdict::Met);
    assert_eq!(source(one("192.0.2.1"), "192.0.2.1"), Verdict::Met);
    assert_eq!(source(one("192.0.2.77/24"), "192.0.2.1"), Verdict::Met, "host bits do not count");
    let several =
        json!({"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.1.0.0/16", "192.0.2.0/24"]});
    assert_eq!(source(several.clone(), "192.0.2.1"), Verdict::Met);
    assert_eq!(source(several, "10.2.0.1"), Verdict::Missing);
    for refused in [
        "10.0.0.1-10.0.0.9",
        "10.0.0.0/33",
        "300.1.1.1",
        "www.example.com",
        "010.0.0.1",
        "10.0.0.0/8, 192.0.2.0/24",
    ] {
        assert_eq!(source(one(refused), "192.0.2.1"), Verdict::Undecided, "{refused}");
    }
    for absent in [
        json!({"sourceAddressPrefix": null}),
        json!({"sourceAddressPrefix": "", "sourceAddressPrefixes": []}),
    ] {
        assert_eq!(source(absent, "192.0.2.1"), Verdict::Undecided);
    }
    let bits = read_group(vec![rule("Bits", 100, one("10.0.0.7/24"))]);
    assert_eq!(messages(&bits.problems), ["`10.0.0.7/24` has host bits: Azure takes it as `10.0.0.0/24`"]);
}

#[test]
fn an_application_security_group_is_not_any() {
    let id = |group: &str, name: &str| json!([{"id": format!("/subscriptions/0/resourceGroups/{group}/providers/Microsoft.Network/applicationSecurityGroups/{name}")}]);
    let by = |asgs: Serde| json!({"sourceAddressPrefix": "", "sourceAddressPrefixes": [], "sourceApplicationSecurityGroups": asgs});
    let deny = || rule("Deny", 4096, json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"}));
    let export = read_group(vec![rule("Allow", 100, by(id("shop", "Web"))), deny()]);
    let symbols = |export: &Export, at: usize| -> Vec<String> {
        let rules = &inbound(export).rules;
        let rule = rules.rules().nth(at).expect("a rule");
        rule.matches
            .iter()
            .flat_map(|region| region.conditions.iter())
            .map(|(symbol, _)| symbol.name.to_string())
            .collect()
    };
    assert_eq!(symbols(&export, 0), ["Web"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);

    // The same group, spelled otherwise, is the same; two of one name are two.
    let same = read_group(vec![rule("A", 100, by(id("shop", "Web"))), rule("B", 110, by(id("SHOP", "web")))]);
    assert_eq!(symbols(&same, 0), symbols(&same, 1));
    let two = read_group(vec![rule("A", 100, by(id("shop", "web"))), rule("B", 110, by(id("back", "web")))]);
    assert_ne!(symbols(&two, 0), symbols(&two, 1));

    // Azure takes addresses or groups. With both, only what is in both is sure.
    let mut both = by(id("shop", "web"));
    both["sourceAddressPrefix"] = json!("192.0.2.0/24");
    let export = read_group(vec![rule("Both", 100, both), deny()]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "198.51.100.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(export.problems.len(), 1);
}

#[test]
fn a_group_bound_to_nothing_is_reported() {
    let mut unbound = group(vec![]);
    unbound["properties"]["subnets"] = json!([]);
    assert!(read(&unbound.to_string()).problems.is_empty(), "the other list is not there");
    unbound["properties"]["networkInterfaces"] = Serde::Null;
    let export = read(&unbound.to_string());
    assert_eq!(
        messages(&export.problems),
        ["`web` is associated with no subnet or network interface: it filters nothing"]
    );
    unbound["properties"]["subnets"] = json!([{"id": "/subscriptions/0/subnets/a"}]);
    assert!(read(&unbound.to_string()).problems.is_empty());
}
