use super::*;
use crate::Detection;

fn flat(id: &str, changes: Serde) -> Serde {
    let base = json!({
        "SecurityGroupRuleId": id, "GroupId": "sg-0a1", "GroupOwnerId": "111122223333", "IsEgress": false, "IpProtocol": "tcp",
        "FromPort": 443, "ToPort": 443, "CidrIpv4": "192.0.2.0/24", "Description": "office", "Tags": [],
    });
    changed_object(base, changes)
}

#[test]
fn flat_rules_make_groups() {
    let text = json!({"SecurityGroupRules": [
        flat("sgr-1", json!({})),
        flat("sgr-2", json!({"IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"})),
        flat("sgr-3", json!({"GroupId": "sg-0a2", "CidrIpv4": null, "ReferencedGroupInfo": {"GroupId": "sg-0a1", "UserId": "111122223333"}})),
        flat("sgr-4", json!({"GroupId": "sg-0a2", "CidrIpv4": null, "CidrIpv6": "2001:db8::/32"})),
        flat("sgr-5", json!({"GroupId": "sg-0a2", "CidrIpv4": null, "PrefixListId": "pl-1"})),
    ]})
    .to_string();
    let export = read(&text);
    let sets: Vec<(&str, Vec<&str>)> =
        export.rule_sets.iter().map(|set| (set.name.as_str(), names(set))).collect();
    assert_eq!(
        sets,
        [
            ("sg-0a1/inbound", vec!["sgr-1"]),
            ("sg-0a1/outbound", vec!["sgr-2"]),
            ("sg-0a2/inbound", vec!["sgr-3", "sgr-4", "sgr-5"]),
            ("sg-0a2/outbound", vec![]),
        ]
    );
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
    assert_eq!(inbound(&export).entries[0].comment.as_deref(), Some("office"));
    assert_eq!(
        export.coverage.totals().in_words(),
        "5 understood, 0 irrelevant, 0 approximated, 0 not understood"
    );
    assert_eq!(Aws.detect(&text), Detection::Sure);
}

#[test]
fn flat_rules_name_the_rules_of_a_group() {
    let mut text = group(vec![permission(json!({}))], vec![]);
    text["SecurityGroupRules"] =
        json!([flat("sgr-1", json!({})), flat("sgr-2", json!({"FromPort": 22, "ToPort": 22}))]);
    let export = read(&text.to_string());
    assert_eq!(export.rule_sets.len(), 2);
    // One is the group's rule, the other one more.
    assert_eq!(names(inbound(&export)), ["sgr-1", "sgr-2"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/22"), Verdict::Met);
}

#[test]
fn strange_flat_rules_are_not_known() {
    let cases = [
        (json!({"CidrIpv6": "::/0"}), "rule `sgr-1` names 2 sources or destinations, where there is one"),
        (
            json!({"CidrIpv4": null}),
            "rule `inbound tcp/443 nobody` names 0 sources or destinations, where there is one",
        ),
        (json!({"IsEgress": null}), "rule `sgr-1` does not say whether it is inbound or outbound"),
        (json!({"Until": "2027"}), "rule `sgr-1` has a property `Until` that is not known"),
    ];
    for (changes, message) in cases {
        let export = read(&json!({"SecurityGroupRules": [flat("sgr-1", changes), flat("sgr-2", json!({"FromPort": 1, "ToPort": 1}))]}).to_string());
        assert_eq!(
            verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"),
            Verdict::Undecided,
            "{message}"
        );
        assert_eq!(messages(&export.problems), [message]);
    }
    let cut =
        read(&json!({"SecurityGroupRules": [flat("sgr-1", json!({}))], "NextToken": "abc"}).to_string());
    assert_eq!(verdict(inbound(&cut), "192.0.2.1 -> 10.0.0.4 tcp/22"), Verdict::Undecided);
    assert_eq!(verdict(inbound(&cut), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
}

#[test]
fn one_file_may_have_several_answers() {
    let groups =
        group(vec![permission(json!({"IpRanges": [], "PrefixListIds": [{"PrefixListId": "pl-1"}]}))], vec![]);
    let acls = acl(vec![entry(100, json!({}))]);
    let list = json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}]});
    let one_object = changed_object(
        changed_object(groups.clone(), json!({"NetworkAcls": acls["NetworkAcls"]})),
        json!({"PrefixLists": [list]}),
    );
    let texts = [
        format!("{groups}\n{acls}\n{list}\n"),
        format!("\u{feff}{list}{groups}{acls}"),
        one_object.to_string(),
        json!([groups, acls, list]).to_string(),
        json!({"status_code": 200, "data": {"Response": one_object}}).to_string(),
        json!({"body": [groups["SecurityGroups"][0], acls["NetworkAcls"][0], list]}).to_string(),
    ];
    for text in texts {
        let export = read(&text);
        let sets: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(
            sets,
            ["web (sg-0a1)/inbound", "web (sg-0a1)/outbound", "acl-1/inbound", "acl-1/outbound"],
            "{text}"
        );
        assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met, "{text}");
        assert_eq!(Aws.detect(&text), Detection::Sure);
        assert_eq!(crate::detect(&text).map(|format| format.name()), Some("aws"));
        assert!(export.coverage.statements.is_sorted_by_key(|statement| statement.place));
    }
}

#[test]
fn keys_come_in_three_spellings_and_lists_out_of_answers() {
    let camel = r#"{"securityGroups": [{"groupId": "sg-1", "groupName": "a", "ipPermissions": [
        {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv4Ranges": [{"cidrIp": "192.0.2.0/24"}], "ipRanges": ["192.0.2.0/24"], "ipv6Ranges": [], "userIdGroupPairs": [], "prefixListIds": []}],
        "ipPermissionsEgress": []}]}"#;
    let snake = r#"[{"group_id": "sg-1", "group_name": "a", "ip_permissions": [
        {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "ip_ranges": [{"cidr_ip": "192.0.2.0/24"}], "ipv6_ranges": [], "user_id_group_pairs": [], "prefix_list_ids": []}],
        "ip_permissions_egress": []}]"#;
    let powershell = r#"{"GroupId": "sg-1", "GroupName": "a", "IpPermissions": {"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp",
        "Ipv4Ranges": {"CidrIp": "192.0.2.0/24", "Description": null}, "IpRanges": ["192.0.2.0/24"], "Ipv6Ranges": [], "PrefixListIds": []},
        "IpPermissionsEgress": []}"#;
    for text in [camel, snake, powershell] {
        let export = read(text);
        assert_eq!(
            names(inbound(&export)),
            ["inbound tcp/22 192.0.2.0/24"],
            "the range is said once: {text}"
        );
        assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/22"), Verdict::Met);
        assert_eq!((export.problems.len(), export.coverage.totals().not_understood), (0, 0), "{text}");
        assert_eq!(Aws.detect(text), Detection::Sure);
    }
    let entries = json!([entry(100, json!({})), entry(90, json!({"RuleAction": "deny"}))]);
    let export = read(&entries.to_string());
    assert_eq!(
        (inbound(&export).name.as_str(), order(inbound(&export))),
        ("network ACL/inbound", vec!["90", "100"])
    );
}

#[test]
fn files_without_a_filter_say_what_to_do() {
    let cases = [
        (json!({"SecurityGroups": []}), "no security group and no network ACL in it"),
        (
            json!({"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1"}]}),
            "no security group and no network ACL in it",
        ),
        (
            json!({"Reservations": [{"Instances": [{"SecurityGroups": [{"GroupId": "sg-1"}]}]}]}),
            "no security group and no network ACL in it",
        ),
        (
            json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "a"}]}),
            "it names security groups or network ACLs, and has no rules of them",
        ),
        (
            json!({"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["192.0.2.0/24"]}]}),
            "prefix lists alone filter nothing",
        ),
        (json!({"Entries": [{"Cidr": "192.0.2.0/24"}]}), "prefix lists alone filter nothing"),
        (json!([permission(json!({}))]), "permissions, and neither whose nor which way they go"),
        (json!({"terraform_version": "1.9.0", "values": {}}), "this is Terraform, not what runs in AWS"),
        (
            json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": {}}}}),
            "this is a CloudFormation template, not what was deployed",
        ),
        (json!({}), "no security group and no network ACL in it"),
        (json!([1, "x", null]), "no security group and no network ACL in it"),
    ];
    for (text, message) in cases {
        let error = error(&text.to_string());
        assert_eq!(error.message, message, "{text}");
        assert!(error.help.contains("aws ec2 describe-security-groups"), "{}", error.help);
    }
    assert!(error("SECURITYGROUPS\tweb").help.contains("--output json"));
    assert!(error("{\"SecurityGroups\": [").help.contains("ends in the middle"));
}

#[test]
fn entries_that_do_not_name_their_list_are_not_used() {
    let groups =
        group(vec![permission(json!({"IpRanges": [], "PrefixListIds": [{"PrefixListId": "pl-1"}]}))], vec![]);
    let text = format!("{groups}{}", json!({"Entries": [{"Cidr": "192.0.2.0/24"}]}));
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Undecided);
    assert_eq!(
        messages(&export.problems),
        ["entries of a prefix list, and not which: the answer does not name it"]
    );
    assert_eq!(export.coverage.totals().not_understood, 1);
}

#[test]
fn others_are_left_alone() {
    for text in [
        "",
        "hello",
        "*filter\nCOMMIT\n",
        "{\"securityRules\": []}",
        "{\"rules\": [{\"action\": \"permit\"}]}",
        "action,source,destination,service\n",
    ] {
        assert_eq!(Aws.detect(text), Detection::No, "{text}");
    }
    assert_eq!(Aws.detect("{\"Vpcs\": [{\"VpcId\": \"vpc-1\"}]}"), Detection::Perhaps);
}
