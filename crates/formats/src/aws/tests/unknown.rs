use proptest::prelude::*;

use super::*;

const SOURCES: [&str; 4] = ["192.0.2.0/24", "192.0.2.1/32", "198.51.100.0/24", "0.0.0.0/0"];

/// The change moves the verdict to undecided, or leaves it; `None` where the file is refused, or the same.
fn never_turned_round(known: &Serde, unknown: &Serde, packet: &str) -> bool {
    let before = verdict(inbound(&read(&known.to_string())), packet);
    let Ok(after) = crate::import(&unknown.to_string(), Some("aws")) else { return true };
    let after = verdict(inbound(&after), packet);
    after == before || after == Verdict::Undecided
}

proptest! {
    /// Replacing any one thing of a group by an unknown one never turns a verdict round.
    #[test]
    fn of_a_group(
        rules in prop::collection::vec((prop::sample::select(SOURCES.to_vec()), prop::sample::select(vec![80, 400, 443])), 1..5),
        at in any::<prop::sample::Index>(),
        what in prop::sample::select(vec!["IpProtocol", "FromPort", "ToPort", "CidrIp", "IpRanges", "IpPermissions", "More", "all"]),
    ) {
        let known: Vec<Serde> = rules.iter().map(|(source, port)| {
            permission(json!({"FromPort": port, "ToPort": port + 10, "IpRanges": [{"CidrIp": source}]}))
        }).collect();
        let mut unknown = known.clone();
        let rule = &mut unknown[at.index(rules.len())];
        match what {
            "CidrIp" => rule["IpRanges"][0]["CidrIp"] = json!("?"),
            "all" => *rule = json!("?"),
            "IpPermissions" => {}
            what => rule[what] = json!("?"),
        }
        let mut text = group(unknown, vec![]);
        if what == "IpPermissions" {
            text["SecurityGroups"][0]["IpPermissions"] = json!("?");
        }
        let known = group(known, vec![]);
        prop_assert!(never_turned_round(&known, &text, "192.0.2.1 -> 10.0.0.4 tcp/443"));
        prop_assert!(never_turned_round(&known, &text, "192.0.2.1 -> 10.0.0.4 icmp/8.0"));
    }

    /// And of a network ACL, where denies stand between.
    #[test]
    fn of_a_network_acl(
        rules in prop::collection::vec((
            prop::sample::select(SOURCES.to_vec()), prop::sample::select(vec![80, 400, 443]), prop::sample::select(vec!["allow", "deny"]),
        ), 1..5),
        at in any::<prop::sample::Index>(),
        what in prop::sample::select(vec!["Protocol", "PortRange", "CidrBlock", "RuleAction", "RuleNumber", "Egress", "More", "all"]),
    ) {
        let numbered = rules.iter().zip(1..);
        let known: Vec<Serde> = numbered.map(|((source, port, action), number)| {
            entry(number, json!({"PortRange": {"From": port, "To": port + 10}, "CidrBlock": source, "RuleAction": action}))
        }).collect();
        let mut unknown = known.clone();
        let rule = &mut unknown[at.index(rules.len())];
        match what {
            "all" => *rule = json!("?"),
            what => rule[what] = json!("?"),
        }
        let (known, unknown) = (acl(known), acl(unknown));
        prop_assert!(never_turned_round(&known, &unknown, "192.0.2.1 -> 10.0.0.4 tcp/443"));
        prop_assert!(never_turned_round(&known, &unknown, "203.0.113.1 -> 10.0.0.4 tcp/405"));
    }
}
