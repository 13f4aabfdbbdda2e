use super::*;

#[test]
fn a_permission_is_a_rule_for_each_source() {
    let export = inbound_of(vec![permission(json!({
        "IpRanges": [{ "CidrIp": "192.0.2.0/24", "Description": "office" }, { "CidrIp": "198.51.100.7/32" }],
        "Ipv6Ranges": [{ "CidrIpv6": "2001:db8::/32" }],
        "PrefixListIds": [{ "PrefixListId": "pl-1" }],
        "UserIdGroupPairs": [{ "GroupId": "sg-9", "UserId": "111122223333" }],
    }))]);
    let set = inbound(&export);
    assert_eq!(set.name, "web (sg-0a1)/inbound");
    assert!(set.stateful);
    let expected = [
        "inbound tcp/443 192.0.2.0/24",
        "inbound tcp/443 198.51.100.7/32",
        "inbound tcp/443 2001:db8::/32",
        "inbound tcp/443 pl-1",
        "inbound tcp/443 sg-9",
    ];
    assert_eq!(names(set), expected);
    assert_eq!(set.entries[0].comment.as_deref(), Some("office"));
    assert_eq!(verdict(set, "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "2001:db8::1 -> 2001:db8:1::1 tcp/443"), Verdict::Met);
    // The members of a list or a group are not in the file: not any, and not nobody.
    assert_eq!(verdict(set, "203.0.113.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(set, "203.0.113.1 -> 10.0.0.4 tcp/80"), Verdict::Missing);
    // A permission for IPv4 says nothing of IPv6.
    let v4 = inbound_of(vec![permission(json!({"IpRanges": [{ "CidrIp": "0.0.0.0/0" }]}))]);
    assert_eq!(verdict(inbound(&v4), "2001:db8::1 -> 2001:db8:1::1 tcp/443"), Verdict::Missing);
}

#[test]
fn all_protocols_have_no_ports() {
    // `describe-security-groups` leaves the ports out, `describe-security-group-rules` says -1, PowerShell says 0.
    for ports in [
        json!({"FromPort": null, "ToPort": null}),
        json!({"FromPort": -1, "ToPort": -1}),
        json!({"FromPort": 0, "ToPort": 0}),
    ] {
        let all = changed_object(permission(ports), json!({"IpProtocol": "-1"}));
        let export = inbound_of(vec![all]);
        for packet in ["tcp/443", "udp/53", "icmp/8.0", "gre"] {
            assert_eq!(
                verdict(inbound(&export), &format!("192.0.2.1 -> 10.0.0.4 {packet}")),
                Verdict::Met,
                "{packet}"
            );
        }
        assert_eq!(names(inbound(&export)), ["inbound all 192.0.2.0/24"]);
        assert_eq!(messages(&export.problems), Vec::<&str>::new());
    }
    // Of a protocol that AWS tells no ports of, ports say nothing either.
    let gre = inbound_of(vec![permission(json!({"IpProtocol": "47"}))]);
    assert_eq!(verdict(inbound(&gre), "192.0.2.1 -> 10.0.0.4 gre"), Verdict::Met);
}

#[test]
fn types_and_codes_stand_where_ports_do() {
    let icmp = |from: i64, to: i64| {
        inbound_of(vec![permission(json!({"IpProtocol": "icmp", "FromPort": from, "ToPort": to}))])
    };
    let of =
        |export: &Export, packet: &str| verdict(inbound(export), &format!("192.0.2.1 -> 10.0.0.4 {packet}"));
    let echo = icmp(8, 0);
    assert_eq!(names(inbound(&echo)), ["inbound icmp/8.0 192.0.2.0/24"]);
    assert_eq!(
        (of(&echo, "icmp/8.0"), of(&echo, "icmp/0.0"), of(&echo, "icmp/3.0")),
        (Verdict::Met, Verdict::Missing, Verdict::Missing)
    );
    let any_code = icmp(3, -1);
    assert_eq!((of(&any_code, "icmp/3.4"), of(&any_code, "icmp/4.0")), (Verdict::Met, Verdict::Missing));
    assert_eq!(of(&icmp(-1, -1), "icmp/13.0"), Verdict::Met);
    assert_eq!(of(&icmp(-1, -1), "tcp/443"), Verdict::Missing);
    // All types and one code: AWS does not take it.
    let strange = icmp(-1, 3);
    assert_eq!(of(&strange, "icmp/3.3"), Verdict::Undecided);
    assert_eq!(
        messages(&strange.problems),
        ["rule `inbound icmp 192.0.2.0/24` is for all ICMP types and one code, which AWS does not take"]
    );
    let v6 = permission(json!({
        "IpProtocol": "icmpv6", "FromPort": null, "ToPort": null, "IpRanges": [], "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }));
    assert_eq!(
        verdict(inbound(&inbound_of(vec![v6])), "2001:db8::1 -> 2001:db8::2 icmpv6/128.0"),
        Verdict::Met
    );
}

#[test]
fn protocols_may_be_numbers() {
    for tcp in [json!("tcp"), json!("6"), json!(6), json!("TCP")] {
        let export = inbound_of(vec![permission(json!({"IpProtocol": tcp}))]);
        assert_eq!(names(inbound(&export)), ["inbound tcp/443 192.0.2.0/24"]);
    }
}

#[test]
fn the_sides_are_those_of_the_direction() {
    let text = group(vec![permission(json!({}))], vec![permission(json!({"FromPort": 0, "ToPort": 65535}))])
        .to_string();
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/7"), Verdict::Met);
    assert_eq!(names(outbound(&export)), ["outbound tcp 192.0.2.0/24"]);
}

#[test]
fn no_rule_is_no_permission_and_no_list_is_not_known() {
    let export = inbound_of(vec![]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    let half = json!({"GroupId": "sg-1", "IpPermissions": [permission(json!({}))]}).to_string();
    let export = read(&half);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(messages(&export.problems), ["the outbound rules of `sg-1` are not in the file"]);
    let nobody = inbound_of(vec![permission(json!({"IpRanges": []}))]);
    assert_eq!(verdict(inbound(&nobody), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Missing);
    assert_eq!(names(inbound(&nobody)), Vec::<&str>::new());
    // A list that `--query` left out may have named somebody.
    let cut = inbound_of(vec![permission(json!({"IpRanges": [], "UserIdGroupPairs": null}))]);
    assert_eq!(verdict(inbound(&cut), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(cut.coverage.totals().not_understood, 1);
}

#[test]
fn groups_are_told_apart_by_id_and_shown_by_name() {
    let pair = |changes: Serde| {
        let text = changed_object(json!({"GroupId": "sg-9", "UserId": "444455556666"}), changes);
        permission(json!({"IpRanges": [], "UserIdGroupPairs": [text]}))
    };
    let mut text = group(
        vec![
            pair(json!({"GroupId": "sg-0a1"})),
            pair(
                json!({"VpcId": "vpc-2", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "active", "GroupName": "db"}),
            ),
            pair(json!({"GroupId": null, "GroupName": "amazon-elb-sg", "UserId": "amazon-elb"})),
            pair(json!({"GroupId": "sg-8", "PeeringStatus": "deleted"})),
        ],
        vec![],
    );
    text["SecurityGroups"].as_array_mut().expect("groups").push(json!({
        "GroupName": "web", "GroupId": "sg-0a2", "VpcId": "vpc-2", "IpPermissions": [], "IpPermissionsEgress": [pair(json!({"GroupId": "sg-0a1"}))],
    }));
    let export = read(&text.to_string());
    assert_eq!(
        names(inbound(&export)),
        [
            "inbound tcp/443 sg-0a1 (web)",
            "inbound tcp/443 sg-9 (db)",
            "inbound tcp/443 amazon-elb/amazon-elb-sg",
            "inbound tcp/443 sg-8",
        ]
    );
    let sets: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(
        sets,
        ["web (sg-0a1)/inbound", "web (sg-0a1)/outbound", "web (sg-0a2)/inbound", "web (sg-0a2)/outbound"]
    );
    assert_eq!(messages(&export.problems), ["the peering to `sg-8` is `deleted`: the rule is stale"]);
    let symbol = |set: &RuleSetExport| {
        let rule = set.rules.rules().next().expect("a rule");
        rule.matches[0]
            .conditions
            .iter()
            .map(|(symbol, held)| (symbol.side, symbol.name.to_string(), *held))
            .collect::<Vec<_>>()
    };
    assert_eq!(symbol(inbound(&export)), [(Side::Source, "sg-0a1".to_owned(), true)]);
    assert_eq!(symbol(&export.rule_sets[3]), [(Side::Destination, "sg-0a1".to_owned(), true)]);
}

#[test]
fn a_prefix_list_in_the_file_is_its_addresses() {
    let uses = permission(
        json!({"IpRanges": [], "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "offices"}]}),
    );
    let with = |lists: Serde| {
        let mut text = group(vec![uses.clone()], vec![]);
        text["PrefixLists"] = lists;
        read(&text.to_string())
    };
    let of =
        |export: &Export, source: &str| verdict(inbound(export), &format!("{source} -> 10.0.0.4 tcp/443"));
    let known = with(
        json!([{"PrefixListId": "pl-1", "PrefixListName": "offices", "OwnerId": "111122223333", "Entries": [{"Cidr": "192.0.2.0/24"}, {"Cidr": "198.51.100.0/25", "Description": "Oslo"}]}]),
    );
    assert_eq!((of(&known, "192.0.2.1"), of(&known, "198.51.100.200")), (Verdict::Met, Verdict::Missing));
    let objects = &known.inventory.objects;
    assert_eq!((objects[0].kind, objects[0].name.as_str(), objects[0].uses), ("prefix list", "pl-1", 1));
    assert_eq!(objects[0].content.as_deref(), Some("192.0.2.0/24 198.51.100.0/25"));
    // The older answer, and AWS's own list, which no administrator keeps.
    let own = with(
        json!([{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "Cidrs": ["192.0.2.0/24"]}]),
    );
    assert_eq!((of(&own, "192.0.2.1"), own.inventory.objects.len()), (Verdict::Met, 0));
    // Its name alone says nothing of its addresses; an empty list is nobody.
    let named = with(
        json!([{"PrefixListId": "pl-1", "PrefixListName": "offices", "State": "create-complete", "MaxEntries": 10}]),
    );
    assert_eq!(of(&named, "192.0.2.1"), Verdict::Undecided);
    let empty = with(json!([{"PrefixListId": "pl-1", "Entries": []}]));
    assert_eq!(
        (of(&empty, "192.0.2.1"), inbound(&empty).entries[0].inactive),
        (Verdict::Missing, Some("its prefix list is empty"))
    );
    // Partly known: what it surely has, and perhaps more.
    for partly in [
        json!([{"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}, {"Cidr": "Oslo"}]}]),
        json!([{"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}], "NextToken": "x"}]),
        json!([{"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}]}, {"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.0.0/16"}]}]),
    ] {
        let export = with(partly);
        assert_eq!((of(&export, "192.0.2.1"), of(&export, "192.0.9.1")), (Verdict::Met, Verdict::Undecided));
    }
    // Name and entries from two answers.
    let both = with(
        json!([{"PrefixListId": "pl-1", "PrefixListName": "offices"}, {"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}]}]),
    );
    assert_eq!((of(&both, "192.0.2.1"), of(&both, "192.0.9.1")), (Verdict::Met, Verdict::Missing));
}

#[test]
fn what_aws_would_not_give_is_not_known() {
    let cases = [
        (json!({"FromPort": null, "ToPort": null}), "has no range of ports"),
        (json!({"FromPort": 90, "ToPort": 80}), "has ports that end before they start"),
        (json!({"FromPort": 0, "ToPort": 65536}), "has ports that are not from 0 to 65535"),
        (json!({"FromPort": "http", "ToPort": 80}), "has ports that are not from 0 to 65535"),
        (json!({"IpProtocol": null}), "has no protocol"),
        (json!({"IpProtocol": "http"}), "has the protocol `http`, which AWS does not know"),
        (
            json!({"IpProtocol": "icmp", "FromPort": 256, "ToPort": 0}),
            "has an ICMP type or code that is not from 0 to 255, or -1 for all",
        ),
        (json!({"IpRanges": [{"CidrIp": "192.0.2.1"}]}), "which is no prefix"),
        (json!({"IpRanges": [{"CidrIp": "2001:db8::/32"}]}), "which is no prefix"),
        (json!({"IpRanges": [{"Description": "x"}]}), "which is no prefix"),
        (
            json!({"IpRanges": [{"CidrIp": "192.0.2.0/24", "Except": "192.0.2.1/32"}]}),
            "has a property `Except` that is not known",
        ),
        (json!({"Schedule": "nights"}), "has a property `Schedule` that is not known"),
        (json!({"IpRanges": "192.0.2.0/24"}), "has no list in `IpRanges`"),
    ];
    for (changes, message) in cases {
        let text =
            group(vec![permission(changes), permission(json!({"FromPort": 22, "ToPort": 22}))], vec![])
                .to_string();
        let export = read(&text);
        let set = inbound(&export);
        let packet = if message.contains("ICMP") { "icmp/3.0" } else { "tcp/443" };
        assert_eq!(verdict(set, &format!("192.0.2.1 -> 10.0.0.4 {packet}")), Verdict::Undecided, "{message}");
        // All rules permit: what one of them may do takes nothing from another.
        assert_eq!(verdict(set, "192.0.2.1 -> 10.0.0.4 tcp/22"), Verdict::Met, "{message}");
        assert_eq!(export.problems.len(), 1, "{message}: {:?}", export.problems);
        assert!(export.problems[0].message.contains(message), "{:?}", export.problems);
        let totals = export.coverage.totals();
        assert_eq!(totals.approximated + totals.not_understood, 1, "{message}");
    }
}

#[test]
fn host_bits_are_masked_and_reported() {
    let export = inbound_of(vec![permission(json!({"IpRanges": [{"CidrIp": "192.0.2.7/24"}]}))]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(messages(&export.problems), ["`192.0.2.7/24` has host bits: AWS takes it as `192.0.2.0/24`"]);
}

#[test]
fn every_statement_is_counted_once() {
    let text = group(
        vec![permission(json!({"IpRanges": [{"CidrIp": "192.0.2.0/24"}, {"CidrIp": "192.0.3.0/24"}]}))],
        vec![permission(json!({}))],
    );
    let text = changed_object(text, json!({"ResponseMetadata": {"RequestId": "1"}})).to_string();
    let export = read(&text);
    assert_eq!(
        statements(&export, &text, Status::Understood),
        [
            ("\"GroupName\":\"web\"", ""),
            ("\"GroupId\":\"sg-0a1\"", ""),
            ("{\"CidrIp\":\"192.0.2.0/24\"}", ""),
            ("{\"CidrIp\":\"192.0.3.0/24\"}", ""),
            ("{\"CidrIp\":\"192.0.2.0/24\"}", ""),
        ]
    );
    assert_eq!(
        export.coverage.totals().in_words(),
        "5 understood, 4 irrelevant, 0 approximated, 0 not understood"
    );
    let entry = &inbound(&export).entries[1];
    assert_eq!(&text[std::ops::Range::from(entry.place)], "{\"CidrIp\":\"192.0.3.0/24\"}");
    assert_eq!(&text[std::ops::Range::from(entry.head)], "\"192.0.3.0/24\"");
}
