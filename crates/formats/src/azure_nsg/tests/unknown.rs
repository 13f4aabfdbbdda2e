//! What the file does not determine: it stays unknown, and never turns one verdict into the other.

use proptest::prelude::*;
use space::Verdict;

use super::*;

const PACKET: &str = "192.0.2.1 -> 10.0.0.4 tcp/443";

fn deny() -> Serde {
    rule("Deny", 4096, json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"}))
}

#[test]
fn two_rules_of_one_priority_decide_as_nobody_knows() {
    let allow = || rule("Allow", 100, json!({}));
    let no = |changes: Serde| rule("No", 100, changes);
    let export = read_group(vec![
        allow(),
        no(json!({"access": "Deny", "sourceAddressPrefix": "192.0.2.0/25"})),
        deny(),
    ]);
    assert_eq!(messages(&export.problems), ["2 inbound rules have priority 100: `Allow` and `No`"]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(
        verdict(inbound(&export), "192.0.2.200 -> 10.0.0.4 tcp/443"),
        Verdict::Met,
        "they do not meet here"
    );
    // The order of two that do the same is no matter, and neither is that of two directions.
    let export = read_group(vec![allow(), no(json!({})), deny()]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Met);
    assert_eq!(export.problems.len(), 1);
    let export = read_group(vec![allow(), no(json!({"access": "Deny", "direction": "Outbound"})), deny()]);
    assert_eq!(export.problems, []);
    // Of many, each may be the first.
    let mut many: Vec<Serde> = (0..20)
        .map(|at| rule(&format!("r{at}"), 100, json!({"access": if at % 2 == 0 { "Allow" } else { "Deny" }})))
        .collect();
    many.push(deny());
    assert_eq!(verdict(inbound(&read_group(many)), PACKET), Verdict::Undecided);
}

#[test]
fn a_rule_without_a_known_place_may_stand_anywhere() {
    for priority in [json!("[parameters('p')]"), json!("first"), json!(1.5), Serde::Null] {
        let mut odd = rule("Odd", 0, json!({"access": "Deny"}));
        odd["properties"]["priority"] = priority.clone();
        let export = read_group(vec![rule("Allow", 100, json!({})), odd, deny()]);
        assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided, "{priority}");
        assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/80"), Verdict::Missing, "{priority}");
    }
    let text = rule("Text", 0, json!({"priority": "150"}));
    let export = read_group(vec![rule("Late", 200, json!({"access": "Deny"})), text]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Met);
}

#[test]
fn a_rule_of_no_known_direction_or_access_may_do_anything_it_matches() {
    let export = read_group(vec![
        rule("Odd", 100, json!({"direction": "Sideways", "access": "Deny"})),
        rule("Allow", 110, json!({})),
    ]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 192.0.2.1 tcp/80"), Verdict::Met);
    assert_eq!(messages(&export.problems), ["rule `Odd` has no direction that Azure knows"]);
    assert_eq!(
        export
            .coverage
            .statements
            .iter()
            .filter(|statement| statement.status == Status::Approximated)
            .count(),
        1
    );

    let export = read_group(vec![rule("Odd", 100, json!({"access": "Log"})), deny()]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/80"), Verdict::Missing);
}

#[test]
fn a_property_that_is_not_known_may_change_the_rule() {
    let odd = json!({"access": "Deny", "sourceIpGroups": ["x"]});
    let text = group(vec![rule("Odd", 100, odd), rule("Allow", 110, json!({}))]).to_string();
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.4 tcp/80"), Verdict::Undecided);
    assert_eq!(
        messages(&export.problems),
        ["property `sourceIpGroups` of a rule is not known: it may change what the rule does"]
    );
    assert_eq!(export.coverage.totals().not_understood, 1);
    let empty = read_group(vec![rule("Fine", 100, json!({"sourceIpGroups": []}))]);
    assert_eq!(empty.problems, []);

    let twice = r#"{"name": "web", "securityRules": [{"name": "a", "access": "Allow", "access": "Deny", "priority": 100,
        "direction": "Inbound", "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "*"}]}"#;
    let export = read(twice);
    assert_eq!(messages(&export.problems), ["property `access` is there twice, with two values"]);
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
}

#[test]
fn a_property_of_the_group_that_is_not_known_is_counted() {
    let mut odd = group(vec![]);
    odd["properties"]["dhcp"] = json!(true);
    let export = read(&odd.to_string());
    assert_eq!(export.coverage.totals().not_understood, 1);
}

#[test]
fn an_expression_is_a_placeholder_and_a_variable_is_its_value() {
    let by = |source: &str| json!({"sourceAddressPrefix": source});
    let nsg = |rules: Vec<Serde>| template(vec![group(rules)]).to_string();
    for variable in ["[variables('office')]", "[ variables( 'TWICE' ) ]"] {
        let export = read(&nsg(vec![rule("Allow", 100, by(variable)), deny()]));
        assert_eq!(verdict(inbound(&export), "203.0.113.7 -> 10.0.0.4 tcp/443"), Verdict::Met);
        assert_eq!(verdict(inbound(&export), PACKET), Verdict::Missing);
    }
    // A default may be overridden: it is no value.
    let export = read(&nsg(vec![rule("Allow", 100, by("[parameters('name')]")), deny()]));
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 1);
    // The same expression is the same addresses; one that counts copies is not.
    let again = |expression: &str| {
        let no = rule("Deny", 100, json!({"access": "Deny", "sourceAddressPrefix": expression}));
        let export = read(&nsg(vec![no, rule("Allow", 110, by(expression))]));
        let rules = &inbound(&export).rules;
        let second = rules.rules().nth(1).expect("the second rule");
        space::shadowed(second, rules, &Effort::usual()).expect("little work").is_some()
    };
    assert!(again("[parameters('name')]"));
    assert!(!again("[parameters('name')[copyIndex()]]"));
    // Ports, protocol, lists.
    for changes in [
        json!({"destinationPortRange": null, "destinationPortRanges": "[parameters('ports')]"}),
        json!({"protocol": "[parameters('name')]"}),
        json!({"access": "[parameters('name')]"}),
        json!({"sourceAddressPrefix": null, "sourceApplicationSecurityGroups": "[parameters('ports')]"}),
        json!({"sourceAddressPrefix": null, "sourceApplicationSecurityGroups": [{"id": "[parameters('name')]"}]}),
    ] {
        let export = read(&nsg(vec![rule("Allow", 100, changes.clone()), deny()]));
        assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided, "{changes}");
        assert_eq!(export.problems, [], "{changes}");
    }
}

#[test]
fn an_expression_for_the_rules_may_be_any_rules() {
    for rules in [
        json!("[parameters('ports')]"),
        json!(["[parameters('name')]"]),
        json!("[concat(variables('a'), variables('b'))]"),
    ] {
        let mut nsg = group(vec![]);
        nsg["properties"]["securityRules"] = rules;
        let export = read(&template(vec![nsg]).to_string());
        assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 8.8.8.8 tcp/443"), Verdict::Undecided);
        assert_eq!(export.coverage.totals().not_understood, 1);
    }
    let mut nsg = group(vec![rule("Allow", 100, json!({}))]);
    nsg["properties"]["copy"] = json!([{"name": "securityRules", "count": 3, "input": {}}]);
    assert_eq!(verdict(inbound(&read(&template(vec![nsg]).to_string())), PACKET), Verdict::Undecided);
    // In a template a group without rules has none.
    let mut bare = group(vec![]);
    bare["properties"] = json!({});
    let export = read(&template(vec![bare]).to_string());
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 8.8.8.8 tcp/443"), Verdict::Met);
}

/// A rule as a resource of its own.
fn child(name: &str, changes: Serde) -> Serde {
    let mut child = rule("", 100, changes);
    child["name"] = json!(name);
    child["type"] = json!("Microsoft.Network/networkSecurityGroups/securityRules");
    child["apiVersion"] = json!("2023-09-01");
    child["dependsOn"] = json!(["x"]);
    child
}

#[test]
fn a_rule_of_its_own_belongs_to_the_group_that_it_names() {
    let read_template = |group_name: &str, child: Serde| {
        let mut nsg = group(vec![deny()]);
        nsg["name"] = json!(group_name);
        read(&template(vec![nsg, child]).to_string())
    };
    for (group_name, name) in [
        ("web", "web/Allow"),
        ("web", "[concat(variables('group'), '/Allow')]"),
        ("[parameters('name')]", "[concat(parameters('name'), '/', 'Allow')]"),
        ("[parameters('name')]", "[format('{0}/{1}', parameters('name'), 'Allow')]"),
    ] {
        let export = read_template(group_name, child(name, json!({})));
        assert_eq!(export.rule_sets.len(), 2, "{name}");
        assert_eq!(names(inbound(&export))[1], "Allow", "{name}");
        assert_eq!(verdict(inbound(&export), PACKET), Verdict::Met, "{name}");
    }
    // It may be a rule of this group, or of another.
    for (group_name, name) in
        [("web", "[concat(parameters('name'), '/Allow')]"), ("[parameters('name')]", "web/Allow")]
    {
        let export = read_template(group_name, child(name, json!({})));
        assert_eq!(export.rule_sets.len(), 4, "{name}");
        assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided, "{name}");
    }
    // It is a rule of another one, of which no more is known.
    let export = read_template("web", child("other/Allow", json!({})));
    let sets: Vec<_> = export.rule_sets.iter().map(|set| (set.name.as_str(), verdict(set, PACKET))).collect();
    assert_eq!(sets[0], ("web/inbound", Verdict::Missing));
    assert_eq!(sets[2], ("other/inbound", Verdict::Undecided));
}

#[test]
fn what_a_template_may_not_deploy_may_not_be_there() {
    let with = |key: &str, value: Serde| {
        let mut child = child("web/Allow", json!({}));
        child[key] = value;
        read(&template(vec![group(vec![deny()]), child]).to_string())
    };
    assert_eq!(
        verdict(inbound(&with("condition", json!("[parameters('name')]"))), PACKET),
        Verdict::Undecided
    );
    assert_eq!(verdict(inbound(&with("condition", json!(true))), PACKET), Verdict::Met);
    let never = with("condition", json!(false));
    assert_eq!(verdict(inbound(&never), PACKET), Verdict::Missing);
    assert_eq!(
        (inbound(&never).entries[1].enabled, inbound(&never).entries[1].inactive),
        (false, Some("not deployed"))
    );
    assert_eq!(verdict(inbound(&with("copy", json!({"name": "c", "count": 2}))), PACKET), Verdict::Undecided);
}

#[test]
fn resources_that_are_no_group_are_counted() {
    let mut nested = group(vec![deny()]);
    nested["resources"] = json!([{"type": "securityRules", "name": "Allow", "properties": rule("", 100, json!({}))["properties"]}]);
    let vault = json!({"type": "Microsoft.KeyVault/vaults", "name": "v"});
    let export = read(&template(vec![vault.clone(), nested]).to_string());
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Met, "a resource in a resource");
    assert_eq!(export.coverage.totals().not_understood, 0);

    let inner = json!({"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"template": template(vec![group(vec![])])}});
    let export = read(&template(vec![group(vec![deny()]), inner]).to_string());
    assert_eq!(verdict(inbound(&export), PACKET), Verdict::Undecided);
    assert_eq!(
        messages(&export.problems),
        ["a nested template is not read, and it speaks of network security groups"]
    );
    let other = json!({"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"template": template(vec![vault])}});
    assert_eq!(read(&template(vec![group(vec![]), other]).to_string()).problems, []);

    // Newer templates name their resources.
    let mut named = template(vec![]);
    let mut there = group(vec![]);
    there["existing"] = json!(true);
    named["resources"] = json!({"nsg": group(vec![rule("Allow", 100, json!({}))]), "old": there});
    let export = read(&named.to_string());
    assert_eq!((export.rule_sets.len(), verdict(inbound(&export), PACKET)), (2, Verdict::Met));
}

fn a_rule() -> impl Strategy<Value = (i64, Serde)> {
    let addresses = prop::sample::select(vec![
        "*",
        "192.0.2.0/24",
        "192.0.2.1",
        "198.51.100.0/24",
        "Internet",
        "VirtualNetwork",
        "Storage",
    ]);
    let ports = prop::sample::select(vec!["*", "443", "80", "400-500"]);
    let protocols = prop::sample::select(vec!["Tcp", "Udp", "*", "Icmp"]);
    let access = prop::sample::select(vec!["Allow", "Deny"]);
    (100_i64..106, addresses, ports, protocols, access).prop_map(|(priority, source, port, protocol, access)| {
        let changes = json!({
            "sourceAddressPrefix": source, "destinationPortRange": port, "protocol": protocol, "access": access,
        });
        (priority, changes)
    })
}

proptest! {
    /// Replacing any one thing by an unknown moves a verdict to undecided or leaves it.
    #[test]
    fn an_unknown_never_turns_a_verdict_round(
        rules in prop::collection::vec(a_rule(), 1..5),
        at in 0_usize..5,
        what in prop::sample::select(vec![
            "sourceAddressPrefix", "destinationPortRange", "protocol", "access", "priority", "direction", "destinationAddressPrefix",
        ]),
    ) {
        let at = at % rules.len();
        let named = |(index, (priority, changes)): (usize, &(i64, Serde))| rule(&format!("r{index}"), *priority, changes.clone());
        let known: Vec<Serde> = rules.iter().enumerate().map(named).collect();
        let mut unknown = known.clone();
        unknown[at]["properties"][what] = json!("[parameters('name')]");
        let (known, unknown) = (read_group(known), read_group(unknown));
        for packet in [PACKET, "192.0.2.1 -> 10.0.0.4 udp/80", "203.0.113.7 -> 10.0.0.4 tcp/443", "10.0.0.9 -> 10.0.0.4 icmp/2048"] {
            let (before, after) = (verdict(inbound(&known), packet), verdict(inbound(&unknown), packet));
            prop_assert!(after == before || after == Verdict::Undecided, "{packet}: {before:?} became {after:?}");
        }
    }
}
