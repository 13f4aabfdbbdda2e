use proptest::prelude::*;

use super::*;

const ACL: &str = r#"{
    "NetworkAcls": [
        {
            "Associations": [{"SubnetId": "subnet-1"}],
            "Entries": [
                {
                    "CidrBlock": "0.0.0.0/0",
                    "Egress": false,
                    "PortRange": {
                        "From": 22,
                        "To": 22
                    },
                    "Protocol": "6",
                    "RuleAction": "deny",
                    "RuleNumber": 110
                },
                {
                    "CidrBlock": "0.0.0.0/0",
                    "Egress": false,
                    "Protocol": "-1",
                    "RuleAction": "allow",
                    "RuleNumber": 120
                },
                {
                    "CidrBlock": "0.0.0.0/0",
                    "Egress": false,
                    "Protocol": "-1",
                    "RuleAction": "deny",
                    "RuleNumber": 32767
                }
            ],
            "NetworkAclId": "acl-1"
        }
    ]
}
"#;

fn before(name: &str, rule: NewRule) -> Change {
    Change::Insert { before: Some(id(inbound(&read(ACL)), name)), rule }
}

#[test]
fn an_entry_is_put_between_two_others() {
    let change = before("120", new("ssh", true, tcp(22).from(prefix("192.0.2.0/24"))));
    let (text, edited) = changed(ACL, Direction::Inbound, &[change]);
    let added = r#"                    "RuleNumber": 32767
                },
                {
                    "CidrBlock": "192.0.2.0/24",
                    "Egress": false,
                    "PortRange": {
                        "From": 22,
                        "To": 22
                    },
                    "Protocol": "6",
                    "RuleAction": "allow",
                    "RuleNumber": 115
                }
            ],
"#;
    assert!(text.contains(added), "{text}");
    assert_eq!(
        edited.commands,
        [
            "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 115 --protocol 6 --port-range From=22,To=22 --cidr-block 192.0.2.0/24 --rule-action allow"
        ]
    );
    assert_eq!(
        edited.rollback,
        ["aws ec2 delete-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 115"]
    );
    // The last rule of the list stays last.
    let last = before("*", new("x", false, tcp(80)));
    let (text, _) = changed(ACL, Direction::Inbound, &[last]);
    assert!(text.contains("\"RuleNumber\": 130"), "{text}");
    let end = Change::Insert { before: None, rule: new("x", false, tcp(80)) };
    changed(ACL, Direction::Inbound, &[end]);
}

#[test]
fn an_entry_is_replaced_and_removed() {
    let export = read(ACL);
    let rule = id(inbound(&export), "110");
    let with = vec![
        new("a", false, tcp(23).from(prefix("192.0.2.0/24"))),
        new("b", true, tcp(22).from(prefix("2001:db8::/32"))),
    ];
    let (text, edited) = changed(ACL, Direction::Inbound, &[Change::Replace { rule, with }]);
    assert_eq!(order(inbound(&read(&text))), ["110", "115", "120", "*"]);
    assert_eq!(
        edited.commands[0],
        "aws ec2 replace-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 110 --protocol 6 --port-range From=23,To=23 --cidr-block 192.0.2.0/24 --rule-action deny"
    );
    assert_eq!(
        edited.rollback[1],
        "aws ec2 replace-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 110 --protocol 6 --port-range From=22,To=22 --cidr-block 0.0.0.0/0 --rule-action deny"
    );
    let (text, edited) = changed(ACL, Direction::Inbound, &[Change::Remove { rule }]);
    assert!(!text.contains("\"RuleNumber\": 110"));
    assert_eq!(
        edited.commands,
        ["aws ec2 delete-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 110"]
    );
    assert!(edited.rollback[0].contains("create-network-acl-entry"));
}

#[test]
fn without_room_entries_are_made_again_elsewhere() {
    let text = acl(vec![
        entry(1, json!({"CidrBlock": "192.0.2.1/32"})),
        entry(2, json!({"RuleAction": "deny"})),
        entry(3, json!({})),
    ])
    .to_string();
    let change = Change::Insert { before: Some(RuleId(0)), rule: new("first", true, tcp(80)) };
    let (new_text, edited) = changed(&text, Direction::Inbound, std::slice::from_ref(&change));
    assert_eq!(inbound(&read(&new_text)).entries.len(), 3 + 2 + 1);
    // No number is taken twice on the way, and nothing is gone before it is there again.
    let mut there: std::collections::BTreeSet<i64> = [1, 2, 3].into();
    for command in &edited.commands {
        let number = command.split("--rule-number ").nth(1).expect("a number");
        let number: i64 = number.split(' ').next().expect("a number").parse().expect("a number");
        match command.contains("delete") {
            true => assert!(there.remove(&number), "{command}"),
            false => assert!(there.insert(number), "{command}"),
        }
    }
    assert_eq!(there.len(), 5);
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let message = |text: &str, changes: &[Change]| {
        edit(text, Direction::Inbound, changes).expect_err("refused").message
    };
    let last = id(inbound(&read(ACL)), "*");
    assert!(message(ACL, &[Change::Remove { rule: last }]).contains("ends the list"));
    let insert = |region| Change::Insert { before: None, rule: new("r", true, region) };
    let replies = tcp(50_000).when(Conditions::holds(crate::established()));
    assert!(message(ACL, &[insert(replies)]).contains("replies"));
    assert!(message(ACL, &[insert(tcp(1).when(listed(Side::Source, "pl-1")))]).contains("prefixes alone"));
    let typed = Region::any().service(protocol::ICMPV6, IntervalSet::one(128 * 256));
    assert!(message(ACL, &[insert(typed.clone())]).contains("between IPv4 addresses"));
    changed(ACL, Direction::Inbound, &[insert(typed.from(AddressSet::any_v6()))]);
    let hosts = (0..40_u32).map(|host| (host * 2, host * 2));
    let many = AddressSet { v4: IntervalSet::from_ranges(hosts), v6: IntervalSet::empty() };
    assert!(message(ACL, &[insert(tcp(1).from(many))]).contains("43 rules are needed one way"));
    let tied = acl(vec![entry(100, json!({})), entry(100, json!({"RuleAction": "deny"}))]).to_string();
    assert!(message(&tied, &[insert(tcp(1))]).contains("two rules have the number 100"));
    let unknown = acl(vec![entry(100, json!({"RuleNumber": null}))]).to_string();
    assert!(message(&unknown, &[insert(tcp(1))]).contains("which is not known"));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize, Box<NewRule>),
    Remove(usize),
    Replace(usize, Vec<NewRule>),
}

proptest! {
    #[test]
    fn edits_make_the_changes_and_no_other(
        entries in prop::collection::btree_map(1_i64..40, (prop::sample::select(vec!["allow", "deny"]), 0_u16..3), 0..6),
        steps in prop::collection::vec({
            let rule = || (emit::a_region(Direction::Inbound, false), any::<bool>()).prop_map(|(region, permit)| new("r", permit, region));
            prop_oneof![
                (0_usize..8, rule()).prop_map(|(at, rule)| Step::Insert(at, Box::new(rule))),
                (0_usize..8).prop_map(Step::Remove),
                (0_usize..8, prop::collection::vec(rule(), 0..3)).prop_map(|(at, with)| Step::Replace(at, with)),
            ]
        }, 0..4),
    ) {
        let entries: Vec<Serde> = entries.into_iter().map(|(number, (action, port))| {
            entry(number, json!({"RuleAction": action, "PortRange": {"From": port, "To": port + 400}, "CidrBlock": format!("0.0.{}.0/22", port * 4)}))
        }).collect();
        let count = entries.len();
        let text = acl(entries).to_string();
        let rule = |at: usize| RuleId(u32::try_from(at).expect("few"));
        let mut touched = std::collections::BTreeSet::new();
        let mut changes: Vec<Change> = steps.into_iter().filter_map(|step| match step {
            Step::Insert(at, new) => Some(Change::Insert { before: (at < count).then(|| rule(at)), rule: *new }),
            Step::Remove(at) => (at < count && touched.insert(at)).then(|| Change::Remove { rule: rule(at) }),
            Step::Replace(at, with) => (at < count && touched.insert(at)).then(|| Change::Replace { rule: rule(at), with }),
        }).collect();
        changes.sort_by_key(|change| !matches!(change, Change::Insert { .. }));
        match edit(&text, Direction::Inbound, &changes) {
            Ok(_) => {
                changed(&text, Direction::Inbound, &changes);
            }
            Err(refusal) => prop_assert!(
                ["rules are needed one way", "never has more than"].iter().any(|why| refusal.message.contains(why)), "{}", refusal.message
            ),
        }
    }
}
