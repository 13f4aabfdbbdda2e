use proptest::prelude::*;

use super::*;

const CLI: &str = r#"{
    "SecurityGroups": [
        {
            "GroupId": "sg-0a1",
            "IpPermissionsEgress": [],
            "GroupName": "web",
            "IpPermissions": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "Description": "office",
                            "CidrIp": "192.0.2.0/24"
                        },
                        {
                            "CidrIp": "0.0.0.0/0"
                        }
                    ],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                },
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "198.51.100.7/32"
                        }
                    ],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ]
        }
    ]
}
"#;

fn insert(rule: NewRule) -> Change {
    Change::Insert { before: None, rule }
}

#[test]
fn a_rule_goes_into_the_permission_for_its_ports() {
    let change = insert(new("admins", true, tcp(22).from(prefix("203.0.113.0/24"))));
    let (text, edited) = changed(CLI, Direction::Inbound, &[change]);
    let old = "                            \"CidrIp\": \"198.51.100.7/32\"\n                        }\n";
    let with = "                            \"CidrIp\": \"198.51.100.7/32\"\n                        },\n                        {\n                            \"CidrIp\": \"203.0.113.0/24\",\n                            \"Description\": \"admins\"\n                        }\n";
    assert_eq!(text, CLI.replace(old, with));
    let json = r#"'[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24", "Description": "admins"}]}]'"#;
    assert_eq!(
        edited.commands,
        [format!("aws ec2 authorize-security-group-ingress --group-id sg-0a1 --ip-permissions {json}")]
    );
    assert_eq!(
        edited.rollback,
        [format!("aws ec2 revoke-security-group-ingress --group-id sg-0a1 --ip-permissions {json}")]
    );
}

#[test]
fn a_permission_is_added_where_none_is_for_the_ports() {
    let change = insert(new("dns", true, Region::any().service(protocol::UDP, IntervalSet::one(53))));
    let (text, _) = changed(CLI, Direction::Inbound, std::slice::from_ref(&change));
    let added = r#"                },
                {
                    "IpProtocol": "udp",
                    "FromPort": 53,
                    "ToPort": 53,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "0.0.0.0/0",
                            "Description": "dns"
                        }
                    ],
                    "Ipv6Ranges": [
                        {
                            "CidrIpv6": "::/0",
                            "Description": "dns"
                        }
                    ],
                    "PrefixListIds": []
                }
            ]
"#;
    assert!(text.contains(added), "{text}");
    let (text, edited) = changed(CLI, Direction::Outbound, &[change]);
    assert!(
        text.contains(
            "\"IpPermissionsEgress\": [\n                {\n                    \"IpProtocol\": \"udp\",\n"
        ),
        "{text}"
    );
    assert!(edited.commands[0].contains("authorize-security-group-egress"));
}

#[test]
fn a_rule_goes_with_its_permission_where_it_is_the_last() {
    let export = read(CLI);
    let gone = |name| Change::Remove { rule: id(inbound(&export), name) };
    let (text, edited) = changed(CLI, Direction::Inbound, &[gone("inbound tcp/22 198.51.100.7/32")]);
    assert!(!text.contains("\"FromPort\": 22") && text.contains("0.0.0.0/0"), "{text}");
    assert_eq!(
        edited.commands,
        [
            r#"aws ec2 revoke-security-group-ingress --group-id sg-0a1 --ip-permissions '[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.7/32"}]}]'"#
        ]
    );
    assert!(edited.rollback[0].starts_with("aws ec2 authorize-security-group-ingress"));
    let (text, edited) = changed(CLI, Direction::Inbound, &[gone("inbound tcp/443 0.0.0.0/0")]);
    assert!(text.contains("192.0.2.0/24") && text.contains("198.51.100.7") && !text.contains("0.0.0.0/0"));
    assert_eq!(edited.edits.len(), 1);
    let all = ["inbound tcp/443 192.0.2.0/24", "inbound tcp/443 0.0.0.0/0", "inbound tcp/22 198.51.100.7/32"];
    let (text, _) = changed(CLI, Direction::Inbound, &all.map(gone));
    assert!(text.contains("\"IpPermissions\": []"), "{text}");
}

#[test]
fn a_rule_is_narrowed_in_place() {
    let export = read(CLI);
    let with = vec![
        new("office", true, tcp(443).from(prefix("192.0.2.0/24"))),
        new("partner", true, tcp(443).from(prefix("203.0.113.0/24"))),
    ];
    let change = Change::Replace { rule: id(inbound(&export), "inbound tcp/443 0.0.0.0/0"), with };
    let (text, edited) = changed(CLI, Direction::Inbound, &[change]);
    // What is there already is not written again.
    assert_eq!(text.matches("192.0.2.0/24").count(), 1);
    assert!(
        edited.commands[0].contains("authorize") && edited.commands[0].contains("203.0.113.0/24"),
        "{:?}",
        edited.commands
    );
    assert!(edited.commands[1].contains("revoke") && edited.commands[1].contains("0.0.0.0/0"));
    assert!(edited.rollback[0].contains("authorize") && edited.rollback[1].contains("revoke"));
    // Replaced by itself and another, it stays.
    let with = vec![new("x", true, tcp(443).from(AddressSet::any_v4())), new("y", true, tcp(80))];
    let change = Change::Replace { rule: id(inbound(&export), "inbound tcp/443 0.0.0.0/0"), with };
    let (_, edited) = changed(CLI, Direction::Inbound, &[change]);
    assert_eq!(edited.commands.len(), 1, "{:?}", edited.commands);
}

#[test]
fn a_deny_is_taken_out_of_what_stands_below_it() {
    let export = read(CLI);
    let before = Some(id(inbound(&export), "inbound tcp/443 0.0.0.0/0"));
    let deny =
        Change::Insert { before, rule: new("no", false, Region::any().from(prefix("192.0.2.128/25"))) };
    let (text, _) = changed(CLI, Direction::Inbound, &[deny]);
    assert!(text.contains("\"192.0.2.0/24\""), "the rule above it stays: {text}");
    // After all rules it denies nothing that was permitted.
    let last = insert(new("no", false, Region::any()));
    let (text, edited) = changed(CLI, Direction::Inbound, &[last]);
    assert_eq!((text.as_str(), edited.commands.len()), (CLI, 0));
}

#[test]
fn flat_rules_are_changed_where_they_stand() {
    let text = r#"{"SecurityGroupRules": [
  {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-0a1", "GroupOwnerId": "1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "0.0.0.0/0", "Description": "ssh", "Tags": []},
  {"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-0a1", "GroupOwnerId": "1", "IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0", "Tags": []}
]}"#;
    let export = read(text);
    let with = vec![new("admins", true, tcp(22).from(prefix("192.0.2.0/24")))];
    let change = Change::Replace { rule: id(inbound(&export), "sgr-1"), with };
    let (new_text, edited) = changed(text, Direction::Inbound, &[change]);
    assert!(!new_text.contains("sgr-1") && new_text.contains("sgr-2"));
    assert!(
        new_text.contains(r#""IsEgress": false,"#) && new_text.contains(r#""CidrIpv4": "192.0.2.0/24","#),
        "{new_text}"
    );
    assert_eq!(
        edited.commands[1],
        "aws ec2 revoke-security-group-ingress --group-id sg-0a1 --security-group-rule-ids sgr-1"
    );
    assert!(edited.rollback[0].contains("\"Description\": \"ssh\""));
    let group = insert(new("db", true, tcp(5432).when(listed(Side::Destination, "sg-9"))));
    changed(text, Direction::Outbound, &[group]);
}

#[test]
fn the_style_of_the_file_is_kept() {
    let snake = "[{\"group_id\": \"sg-1\", \"ip_permissions\": [{\"ip_protocol\": \"tcp\", \"from_port\": 22, \"to_port\": 22, \"ip_ranges\": [{\"cidr_ip\": \"192.0.2.0/24\"}]}], \"ip_permissions_egress\": []}]";
    let changes = [
        insert(new("a", true, tcp(22).from(prefix("2001:db8::/32")))),
        insert(new("b", true, tcp(23).from(prefix("192.0.2.0/24")))),
    ];
    let (text, _) = changed(snake, Direction::Inbound, &changes);
    assert!(text.contains("{\"cidr_ip\": \"192.0.2.0/24\"}], \"ipv6_ranges\": [{\"cidr_ipv6\": \"2001:db8::/32\", \"description\": \"a\"}]}"), "{text}");
    assert!(text.contains(", {\"ip_protocol\": \"tcp\", \"from_port\": 23, \"to_port\": 23, \"ip_ranges\": [{\"cidr_ip\": \"192.0.2.0/24\", \"description\": \"b\"}]}]"), "{text}");
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let message = |text: &str, changes: &[Change]| {
        edit(text, Direction::Inbound, changes).expect_err("refused").message
    };
    let export = read(CLI);
    let rule = id(inbound(&export), "inbound tcp/443 0.0.0.0/0");
    assert!(message(CLI, &[Change::Remove { rule }, Change::Remove { rule }]).contains("changed twice"));
    assert!(message(CLI, &[Change::Remove { rule: RuleId(9) }]).contains("no such rule"));
    let near = new("r", true, tcp(80).to(prefix("10.0.0.4/32")));
    assert!(message(CLI, &[insert(near)]).contains("picks the destination"));
    let other = CLI.replace("192.0.2.0/24", "192.0.3.0/24");
    let refusal = Aws.edit(&other, &export, 0, &[]).expect_err("another text");
    assert_eq!(refusal.message, "the text is not the one that was read");
    // A rule for a group cannot be cut down to what a deny leaves of it.
    let grouped =
        group(vec![permission(json!({"IpRanges": [], "UserIdGroupPairs": [{"GroupId": "sg-9"}]}))], vec![])
            .to_string();
    let deny = Change::Insert {
        before: Some(RuleId(0)),
        rule: new("no", false, Region::any().from(prefix("192.0.2.0/24"))),
    };
    assert!(message(&grouped, &[deny]).contains("cut down"));
    // One that stands there in two shapes.
    let mut twice = group(vec![permission(json!({}))], vec![]);
    twice["SecurityGroupRules"] = json!([{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-0a1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "192.0.2.0/24"}]);
    assert!(
        message(&twice.to_string(), &[Change::Remove { rule: RuleId(0) }]).contains("twice, in two shapes")
    );
    // A group of which the inbound rules are not in the file.
    let half = json!({"GroupId": "sg-1", "IpPermissionsEgress": []}).to_string();
    assert!(message(&half, &[insert(new("r", true, tcp(80)))]).contains("are not in the file"));
    // The quota, a prefix list taking what it may come to.
    let mut full =
        group(vec![permission(json!({"IpRanges": [], "PrefixListIds": [{"PrefixListId": "pl-1"}]}))], vec![]);
    full["PrefixLists"] = json!([{"PrefixListId": "pl-1", "MaxEntries": 1000}]);
    assert!(
        message(&full.to_string(), &[insert(new("r", true, tcp(80)))])
            .contains("1001 rules are needed one way")
    );
}

#[test]
fn ranges_that_stand_there_as_objects_and_as_texts_stay() {
    let text = |ranges: Serde| {
        let own = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv4Ranges": [{"CidrIp": "192.0.2.0/24"}], "IpRanges": ranges});
        group(vec![own], vec![]).to_string()
    };
    let gone = Change::Remove { rule: RuleId(0) };
    let twice = text(json!(["192.0.2.0/24"]));
    let refusal =
        edit(&twice, Direction::Inbound, std::slice::from_ref(&gone)).expect_err("it would be there still");
    assert!(refusal.message.contains("twice, in two shapes"));
    let more = insert(new("more", true, tcp(22).from(prefix("198.51.100.0/24"))));
    let (new_text, _) = changed(&twice, Direction::Inbound, &[more]);
    assert!(
        new_text.contains(r#""Ipv4Ranges":[{"CidrIp":"192.0.2.0/24"}, {"CidrIp": "198.51.100.0/24""#),
        "{new_text}"
    );
    changed(&text(json!([])), Direction::Inbound, &[gone]);
}

/// A group of some permissions, written in one of two ways.
fn a_group() -> impl Strategy<Value = String> {
    let target = prop::sample::select(vec![
        ("IpRanges", "CidrIp", "192.0.2.0/24"),
        ("IpRanges", "CidrIp", "0.0.0.0/0"),
        ("IpRanges", "CidrIp", "0.0.0.0/24"),
        ("Ipv6Ranges", "CidrIpv6", "::/120"),
        ("PrefixListIds", "PrefixListId", "pl-1"),
        ("UserIdGroupPairs", "GroupId", "sg-9"),
    ]);
    let service = prop::sample::select(vec![("tcp", 443), ("tcp", 22), ("udp", 53), ("-1", -1), ("icmp", 8)]);
    let permission =
        (service, prop::collection::btree_set(target, 1..4)).prop_map(|((protocol, port), targets)| {
            let mut out =
                json!({"IpProtocol": protocol, "IpRanges": [], "Ipv6Ranges": [], "UserIdGroupPairs": []});
            if port >= 0 {
                out["FromPort"] = json!(port);
                out["ToPort"] = if protocol == "icmp" { json!(0) } else { json!(port + 3) };
            }
            for (list, key, value) in targets {
                if out[list].is_null() {
                    out[list] = json!([]);
                }
                out[list].as_array_mut().expect("a list").push(json!({ key: value }));
            }
            out
        });
    (prop::collection::vec(permission, 0..4), any::<bool>()).prop_map(|(permissions, pretty)| {
        let text = group(permissions, vec![]);
        if pretty { serde_json::to_string_pretty(&text).expect("JSON") } else { text.to_string() }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize, Box<NewRule>),
    Remove(usize),
    Replace(usize, Vec<NewRule>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rule = || {
        let permit = emit::a_region(Direction::Inbound, true).prop_map(|region| new("p", true, region));
        let deny = emit::a_region(Direction::Inbound, false).prop_map(|region| new("d", false, region));
        prop_oneof![4 => permit, 1 => deny]
    };
    let step = prop_oneof![
        (0_usize..9, rule()).prop_map(|(at, rule)| Step::Insert(at, Box::new(rule))),
        (0_usize..9).prop_map(Step::Remove),
        (0_usize..9, prop::collection::vec(rule(), 0..3)).prop_map(|(at, with)| Step::Replace(at, with)),
    ];
    prop::collection::vec(step, 0..4)
}

proptest! {
    #[test]
    fn edits_make_the_changes_and_no_other(text in a_group(), steps in steps()) {
        let export = read(&text);
        let count = inbound(&export).entries.len();
        let mut touched = std::collections::BTreeSet::new();
        let changes: Vec<Change> = steps.into_iter().filter_map(|step| {
            let rule = |at: usize| RuleId(u32::try_from(at).expect("few"));
            match step {
                Step::Insert(at, new) => {
                    let before = (at < count).then(|| rule(at));
                    (!before.is_some_and(|rule| touched.contains(&rule))).then_some(Change::Insert { before, rule: *new })
                }
                Step::Remove(at) => (at < count && touched.insert(rule(at))).then(|| Change::Remove { rule: rule(at) }),
                Step::Replace(at, with) => (at < count && touched.insert(rule(at))).then(|| Change::Replace { rule: rule(at), with }),
            }
        }).collect();
        // The order of changes is that of their places: what stands before a rule that goes is put there first.
        let mut changes = changes;
        changes.sort_by_key(|change| !matches!(change, Change::Insert { .. }));
        match edit(&text, Direction::Inbound, &changes) {
            Ok(_) => {
                changed(&text, Direction::Inbound, &changes);
            }
            Err(refusal) => prop_assert!(
                ["cut down", "never has more than", "takes too many", "does not hold"].iter().any(|why| refusal.message.contains(why)),
                "{}", refusal.message
            ),
        }
    }
}
