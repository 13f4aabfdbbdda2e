use proptest::prelude::*;

use super::*;

#[test]
fn there_is_an_end() {
    // Many rules, many equal names, one long list.
    let ranges = vec!["{\"CidrIp\":\"10.0.0.0/8\"}"; 100_000].join(",");
    let text = format!(
        "{{\"SecurityGroups\":[{{\"GroupId\":\"sg-1\",\"IpPermissions\":[{{\"IpProtocol\":\"-1\",\"IpRanges\":[{ranges}]}}],\"IpPermissionsEgress\":[]}}]}}"
    );
    let export = read(&text);
    assert_eq!(inbound(&export).entries.len(), 100_000);
    let gone = Change::Remove { rule: RuleId(50_000) };
    assert!(Aws.edit(&text, &export, 0, &[gone]).is_ok());
    let wrong = vec!["{}"; 50_000].join(",");
    let export = read(&format!(
        "{{\"GroupId\":\"sg-1\",\"IpPermissions\":[1],\"IpPermissionsEgress\":[{{\"IpRanges\":[{wrong}]}}]}}"
    ));
    assert!(export.problems.len() <= super::super::PROBLEM_LIMIT + 1);
    // Many entries of one number, and of none.
    let entries = vec![
        "{\"RuleNumber\":1,\"RuleAction\":\"allow\",\"Protocol\":\"-1\"},{\"RuleNumber\":\"\",\"RuleAction\":\"deny\",\"Protocol\":\"6\"}";
        20_000
    ];
    let export = read(&format!("{{\"NetworkAclId\":\"acl-1\",\"Entries\":[{}]}}", entries.join(",")));
    assert_eq!(inbound(&export).entries.len(), 40_000);
    // Many documents, much depth, no end.
    assert!(crate::import(&"{}".repeat(200_000), Some("aws")).is_err());
    assert!(crate::import(&"[".repeat(200_000), Some("aws")).is_err());
    assert!(crate::import(&"{\"data\":".repeat(100), Some("aws")).is_err());
    let many =
        vec!["{\"GroupId\":\"sg-1\",\"IpPermissions\":[],\"IpPermissionsEgress\":[]}"; 50_001].join(" ");
    assert_eq!(error(&many).message, "more groups or rules than an export of AWS holds");
    let equal =
        vec!["{\"GroupId\":\"sg-1\",\"IpPermissions\":[],\"IpPermissionsEgress\":[]}"; 20_000].join(" ");
    assert_eq!(read(&equal).rule_sets.len(), 40_000);
}

#[test]
fn names_are_shown_and_never_obeyed() {
    let hostile = "x'; rm -rf / #\u{1b}[31m";
    let text = json!({"GroupId": hostile, "GroupName": hostile, "IpPermissions": [permission(json!({"FromPort": 9, "ToPort": 8}))], "IpPermissionsEgress": []}).to_string();
    let export = read(&text);
    assert!(export.problems.iter().all(|problem| !problem.message.contains('\u{1b}')));
    let rule = new("y'; reboot", true, tcp(22).from(prefix("192.0.2.0/24")));
    let (_, edited) =
        edit(&text, Direction::Inbound, &[Change::Insert { before: None, rule }]).expect("a change");
    for command in edited.commands.iter().chain(&edited.rollback) {
        assert!(!command.contains('\u{1b}') && command.contains("'x'\\''; rm -rf / #"), "{command}");
        assert!(!command.contains("y'"), "a description has no quotes: {command}");
    }
}

proptest! {
    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"SecurityGroups\"", "\"IpPermissions\"", "\"IpRanges\"", "\"CidrIp\"", "\"10.0.0.0/8\"",
            "\"IpProtocol\"", "\"tcp\"", "\"-1\"", "22", "\"FromPort\"", "\"ToPort\"", "\"NetworkAclId\"", "\"Entries\"", "\"RuleNumber\"",
            "\"Egress\"", "true", "null", "\"PrefixListId\"", "\"GroupId\"", "\"sg-1\"", "\"IsEgress\"", "\"data\"", "\"ø\u{1b}\"",
        ]), 0..60),
    ) {
        let _ = crate::import(&parts.concat(), Some("aws"));
        Aws.detect(&parts.concat());
    }

    /// Any value in the place of any other: no panic, all places within the text, all counted.
    #[test]
    fn any_value_may_be_any_other(
        at in any::<prop::sample::Index>(),
        value in prop::sample::select(vec!["null", "[]", "{}", "7", "-1", "true", "\"\"", "\"x\"", "[{}]", "[null, [1], \"a\"]", "{\"a\": {}}", "1e99"]),
    ) {
        let text = format!("{}{}", group(
            vec![permission(json!({"UserIdGroupPairs": [{"GroupId": "sg-1"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}))],
            vec![permission(json!({"IpProtocol": "-1"}))],
        ), acl(vec![entry(5, json!({}))]));
        let json = crate::json::Json::parse_sequence(&text).expect("JSON");
        let mut places = Vec::new();
        let mut open: Vec<crate::json::Value<'_>> = json.root().elements().collect();
        while let Some(value) = open.pop() {
            places.push(value.place());
            open.extend(value.elements());
            open.extend(value.members().map(|member| member.value));
        }
        let place = std::ops::Range::from(places[at.index(places.len())]);
        let spoilt = format!("{}{value}{}", &text[..place.start], &text[place.end..]);
        if let Ok(export) = crate::import(&spoilt, Some("aws")) {
            for statement in &export.coverage.statements {
                prop_assert!(spoilt.get(std::ops::Range::from(statement.place)).is_some());
            }
            for set in &export.rule_sets {
                prop_assert_eq!(set.rules.check(), Ok(()));
                prop_assert!(set.rules.rules().all(|rule| (rule.id.0 as usize) < set.entries.len()));
                let mut names = names(set);
                names.sort_unstable();
                names.dedup();
                prop_assert_eq!(names.len(), set.entries.len());
            }
        }
    }
}
