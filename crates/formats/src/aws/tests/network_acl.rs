use super::*;

fn of(export: &Export, packet: &str) -> Verdict {
    verdict(inbound(export), packet)
}

const PACKET: &str = "192.0.2.1 -> 10.0.0.4 tcp/443";

fn read_acl(entries: Vec<Serde>) -> Export {
    read(&acl(entries).to_string())
}

#[test]
fn the_lowest_number_is_asked_first() {
    let export = read_acl(vec![
        entry(200, json!({"RuleAction": "deny"})),
        entry(100, json!({})),
        entry(90, json!({"RuleAction": "deny", "CidrBlock": "192.0.2.9/32"})),
        entry(100, json!({"Egress": true, "CidrBlock": "203.0.113.0/24"})),
    ]);
    let set = inbound(&export);
    assert_eq!((set.name.as_str(), set.stateful), ("acl-1/inbound", false));
    assert_eq!(names(set), ["200", "100", "90", "*"]);
    assert_eq!(order(set), ["90", "100", "200", "*"]);
    assert_eq!(
        set.entries.iter().map(|entry| entry.implied).collect::<Vec<_>>(),
        [false, false, false, true]
    );
    assert_eq!(
        (of(&export, PACKET), of(&export, "192.0.2.9 -> 10.0.0.4 tcp/443")),
        (Verdict::Met, Verdict::Missing)
    );
    assert_eq!(outbound(&export).name, "acl-1/outbound");
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 203.0.113.9 tcp/443"), Verdict::Met);
    assert_eq!(verdict(outbound(&export), PACKET), Verdict::Missing);
}

#[test]
fn what_no_rule_allows_is_denied_without_a_last_rule_too() {
    let mut text = acl(vec![]);
    text["NetworkAcls"][0]["Entries"] = json!([entry(100, json!({}))]);
    let export = read(&text.to_string());
    assert_eq!(
        (of(&export, PACKET), of(&export, "192.0.2.1 -> 10.0.0.4 tcp/80")),
        (Verdict::Met, Verdict::Missing)
    );
    assert_eq!(verdict(outbound(&export), "2001:db8::1 -> 2001:db8::2 tcp/443"), Verdict::Missing);
}

#[test]
fn protocols_are_numbers_and_only_some_have_ports() {
    let all = json!({"Protocol": "-1", "PortRange": null});
    assert_eq!(of(&read_acl(vec![entry(1, all)]), "192.0.2.1 -> 10.0.0.4 gre"), Verdict::Met);
    // CreateNetworkAclEntry: with -1 and other protocols, ports are not looked at.
    for protocol in ["-1", "47"] {
        let export = read_acl(vec![entry(1, json!({"Protocol": protocol}))]);
        assert_eq!(of(&export, "192.0.2.1 -> 10.0.0.4 gre"), Verdict::Met);
    }
    let udp = read_acl(vec![entry(1, json!({"Protocol": "17", "PortRange": {"From": 1024, "To": 65535}}))]);
    assert_eq!(of(&udp, "192.0.2.1 -> 10.0.0.4 udp/5000"), Verdict::Met);
    assert_eq!(of(&udp, "192.0.2.1 -> 10.0.0.4 tcp/5000"), Verdict::Missing);
    let icmp = |kind: i64, code: i64| {
        read_acl(vec![entry(
            1,
            json!({"Protocol": "1", "PortRange": null, "IcmpTypeCode": {"Code": code, "Type": kind}}),
        )])
    };
    assert_eq!(of(&icmp(8, -1), "192.0.2.1 -> 10.0.0.4 icmp/8.0"), Verdict::Met);
    assert_eq!(of(&icmp(8, -1), "192.0.2.1 -> 10.0.0.4 icmp/0.0"), Verdict::Missing);
    assert_eq!(of(&icmp(-1, -1), "192.0.2.1 -> 10.0.0.4 icmp/0.0"), Verdict::Met);
    // ICMPv6 beside an IPv4 prefix is all of it, beside an IPv6 prefix it is the type.
    let v6 = json!({"Protocol": "58", "PortRange": null, "CidrBlock": null, "Ipv6CidrBlock": "2001:db8::/32", "IcmpTypeCode": {"Code": 0, "Type": 128}});
    let v6 = read_acl(vec![entry(1, v6)]);
    assert_eq!(of(&v6, "2001:db8::1 -> 2001:db8:1::1 icmpv6/128.0"), Verdict::Met);
    assert_eq!(of(&v6, "2001:db8::1 -> 2001:db8:1::1 icmpv6/129.0"), Verdict::Missing);
}

#[test]
fn what_aws_would_not_give_is_not_known() {
    let cases = [
        (json!({"PortRange": null}), "rule `100` has no range of ports"),
        (json!({"PortRange": {"From": 9, "To": 8}}), "rule `100` has ports that end before they start"),
        (json!({"Protocol": null}), "rule `100` has no protocol"),
        (json!({"RuleAction": "drop"}), "rule `100` neither allows nor denies"),
        (json!({"RuleAction": null}), "rule `100` neither allows nor denies"),
        (json!({"Egress": null}), "rule `100` does not say whether it is for egress"),
        (json!({"RuleNumber": null}), "rule `no number` has no number that can be read"),
        (json!({"CidrBlock": null}), "rule `100` does not have one prefix"),
        (json!({"Ipv6CidrBlock": "::/0"}), "rule `100` does not have one prefix"),
        (json!({"CidrBlock": "192.0.2.0"}), "rule `100` is for `192.0.2.0`, which is no prefix"),
        (json!({"Schedule": "nights"}), "rule `100` has a property `Schedule` that is not known"),
    ];
    for (changes, message) in cases {
        // It may allow what the other denies.
        let export = read_acl(vec![entry(100, changes), entry(110, json!({"RuleAction": "deny"}))]);
        assert_eq!(of(&export, PACKET), Verdict::Undecided, "{message}");
        assert_eq!(messages(&export.problems), [message]);
        assert_eq!(export.coverage.totals().understood, 2 + 3, "{message}");
    }
}

#[test]
fn what_may_stand_anywhere_may_decide_everywhere() {
    let export =
        read_acl(vec![entry(100, json!({})), entry(7, json!({"RuleNumber": "*", "RuleAction": "deny"}))]);
    assert_eq!(of(&export, PACKET), Verdict::Undecided);
    assert_eq!(of(&export, "192.0.2.1 -> 10.0.0.4 tcp/80"), Verdict::Missing);
}

#[test]
fn two_rules_of_one_number_are_reported_and_in_no_order() {
    let deny = json!({"RuleAction": "deny", "CidrBlock": "192.0.2.1/32"});
    let export = read_acl(vec![entry(100, json!({})), entry(100, deny)]);
    assert_eq!(messages(&export.problems), ["2 inbound rules have the number 100: `100` and `100 (2)`"]);
    assert_eq!(of(&export, PACKET), Verdict::Undecided);
    let alike = read_acl(vec![entry(100, json!({})), entry(100, json!({"CidrBlock": "198.51.100.0/24"}))]);
    assert_eq!((of(&alike, PACKET), alike.problems.len()), (Verdict::Met, 1));
    // The last rules are two, one for each family.
    let both = read_acl(vec![entry(
        32768,
        json!({"CidrBlock": null, "Ipv6CidrBlock": "::/0", "Protocol": "-1", "RuleAction": "deny"}),
    )]);
    assert_eq!(names(inbound(&both)), ["*", "* (2)"]);
    assert!(both.problems.is_empty() && inbound(&both).entries.iter().all(|entry| entry.implied));
}

#[test]
fn an_acl_without_a_subnet_filters_nothing() {
    let mut text = acl(vec![]);
    text["NetworkAcls"][0]["Associations"] = json!([]);
    let export = read(&text.to_string());
    assert_eq!(messages(&export.problems), ["`acl-1` is associated with no subnet: it filters nothing"]);
}

#[test]
fn replies_are_a_matter_of_ports() {
    // Stateless: the reply comes from 443 to a port of the client, which the rule for 443 does not allow.
    let export = read_acl(vec![entry(100, json!({"Egress": true, "CidrBlock": "0.0.0.0/0"}))]);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 203.0.113.9 tcp/443"), Verdict::Met);
    assert_eq!(of(&export, "203.0.113.9 -> 10.0.0.4 tcp/50000"), Verdict::Missing);
}

#[test]
fn entries_of_several_network_acls_in_one_list_are_not_one() {
    let end = |egress: bool| json!({ "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767 });
    let one = read(&json!([entry(100, json!({})), end(true), end(false)]).to_string());
    assert_eq!(verdict(inbound(&one), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    let both =
        read(&json!([entry(100, json!({})), end(true), end(false), end(true), end(false)]).to_string());
    assert_eq!(verdict(inbound(&both), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert!(
        messages(&both.problems)
            .contains(&"the list has entries of several network ACLs, and not which is whose")
    );
}
