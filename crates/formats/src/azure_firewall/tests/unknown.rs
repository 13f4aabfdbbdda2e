use super::*;

#[test]
fn collections_of_different_kinds_may_share_a_priority() {
    let export = read_one(vec![
        collection("net", 100, "Deny", vec![network("net", json!({"destinationPorts": ["80"]}))]),
        collection("app", 100, "Allow", vec![application("app", json!({}))]),
    ]);
    assert!(export.problems.is_empty(), "{:?}", export.problems);
}

#[test]
fn of_two_collections_with_one_priority_either_may_decide() {
    let export = read_one(vec![
        collection("yes", 100, "Allow", vec![network("yes", json!({}))]),
        collection("no", 100, "Deny", vec![network("no", json!({"destinationAddresses": ["192.0.2.0/24"]}))]),
    ]);
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(set, "10.0.0.1 -> 198.51.100.1 tcp/443"), Verdict::Met);
    assert_eq!(messages(&export.problems), ["collection `no` has the priority of another one of its kind"]);
}

#[test]
fn a_collection_without_a_priority_may_stand_anywhere() {
    let mut yes = collection("yes", 100, "Allow", vec![network("yes", json!({}))]);
    yes["priority"] = json!("[parameters('priority')]");
    let export = read_one(vec![yes, collection("no", 200, "Deny", vec![network("no", json!({}))])]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn expressions_are_placeholders() {
    let rule = network("web", json!({ "destinationAddresses": "[parameters('clients')]" }));
    let here = network("here", json!({ "destinationAddresses": ["[variables('office')]"] }));
    let group = json!({ "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "name": "edge/rules",
        "properties": { "priority": 100, "ruleCollections": [collection("net", 100, "Allow", vec![rule, here])] } });
    let export = read(&template(vec![group]).to_string());
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(set, "10.0.0.1 -> 203.0.113.9 tcp/443"), Verdict::Met);
    assert_eq!(statuses(&export, Status::Approximated).len(), 1);
}

#[test]
fn what_is_not_known_is_not_skipped() {
    let strange = [
        network("x", json!({ "sourceZones": ["a"] })),
        network("x", json!({ "ruleType": "FutureRule" })),
        network("x", json!({ "ipProtocols": ["GRE"] })),
        network("x", json!({ "sourceAddresses": ["10.0.0.300"] })),
        network("x", json!({ "destinationPorts": ["70000"] })),
        network("x", json!({ "destinationAddresses": null })),
        network("x", json!({ "destinationAddresses": null, "destinationFqdns": ["*.example.com"] })),
        application("x", json!({ "targetFqdns": null })),
        application("x", json!({ "targetFqdns": null, "fqdnTags": ["WindowsUpdate"] })),
        application("x", json!({ "targetFqdns": null, "webCategories": ["news"] })),
        application("x", json!({ "targetFqdns": null, "targetUrls": ["www.example.com/a*"] })),
        application("x", json!({ "protocols": [{"protocolType": "Ftp", "port": 443}] })),
        application("x", json!({ "targetFqdns": ["www.*.com"] })),
    ];
    for rule in strange {
        for action in ["Allow", "Deny"] {
            let all = network(
                "all",
                json!({ "sourceAddresses": ["*"], "ipProtocols": ["Any"], "destinationPorts": ["*"] }),
            );
            let rest =
                if action == "Allow" { vec![] } else { vec![collection("all", 200, "Allow", vec![all])] };
            let text = [vec![collection("net", 100, action, vec![rule.clone()])], rest].concat();
            let export = read_one(text);
            let set = &export.rule_sets[0];
            if rule["ruleType"] == "ApplicationRule" && action == "Deny" {
                continue;
            }
            assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided, "{action} {rule}");
        }
    }
    let mut collection = collection("net", 100, "Maybe", vec![network("x", json!({}))]);
    assert_eq!(
        verdict(&read_one(vec![collection.clone()]).rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"),
        Verdict::Undecided
    );
    collection["action"] = json!(null);
    assert_eq!(
        verdict(&read_one(vec![collection]).rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"),
        Verdict::Undecided
    );
}

#[test]
fn a_group_that_the_file_does_not_have_leaves_all_open() {
    let policy = json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge",
        "ruleCollectionGroups": [{ "id": "/x/firewallPolicies/edge/ruleCollectionGroups/rules" }, { "id": "/x/other" }] });
    let rules =
        group("edge", "rules", 200, vec![collection("net", 100, "Allow", vec![network("web", json!({}))])]);
    let export = read(&json!([policy, rules]).to_string());
    let names: Vec<&str> = export.rule_sets[0].entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["rules of the rule collection group other", "web"]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn whatever_stands_in_a_file_is_read_or_refused() {
    let whole = json!([group(
        "edge",
        "rules",
        200,
        vec![
            collection(
                "net",
                100,
                "Allow",
                vec![network("web", json!({"destinationFqdns": ["a.example.com"]}))]
            ),
            collection("app", 200, "Deny", vec![application("app", json!({}))]),
        ]
    )])
    .to_string();
    for end in 0..whole.len() {
        if let Some(part) = whole.get(..end) {
            let _ = crate::import(part, Some("azure-firewall"));
        }
    }
    for (from, to) in [
        ("[", "{\"a\":["),
        ("\"*\"", "7"),
        ("\"TCP\"", "null"),
        ("{", "[{"),
        (":", ":[],\"x\":"),
        ("100", "-1"),
    ] {
        let _ = crate::import(&whole.replace(from, to), Some("azure-firewall"));
    }
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let _ = crate::import(&deep, Some("azure-firewall"));
    let many: Vec<Serde> = (0..3_000)
        .map(|at| {
            collection(
                "net",
                100,
                if at % 2 == 0 { "Allow" } else { "Deny" },
                vec![network("web", json!({}))],
            )
        })
        .collect();
    let export = read_one(many);
    assert_eq!(export.rule_sets[0].entries.len(), 3_000);
}

#[test]
fn reading_takes_time_in_proportion() {
    let rules = |count: usize| -> Vec<Serde> {
        (0..count).map(|at| network("same", json!({"destinationPorts": [at.to_string()]}))).collect()
    };
    let export = read_one(vec![
        collection("net", 100, "Allow", rules(10_000)),
        collection("net", 100, "Deny", rules(10_000)),
    ]);
    assert_eq!(export.rule_sets[0].entries.len(), 20_000);
}

#[test]
fn names_in_network_rules_need_the_dns_proxy() {
    let rule =
        network("ntp", json!({ "destinationAddresses": [], "destinationFqdns": ["time.example.com"] }));
    let rules = group("edge", "rules", 200, vec![collection("net", 100, "Allow", vec![rule])]);
    for (settings, approximated) in [(json!({"enableProxy": true}), 0), (json!({"enableProxy": false}), 1)] {
        let policy =
            json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge", "dnsSettings": settings });
        let export = read(&json!([policy, rules]).to_string());
        assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> time.example.com tcp/443"), Verdict::Met);
        assert_eq!(export.coverage.totals().approximated, approximated);
    }
}

#[test]
fn rule_groups_of_older_versions_are_not_lost() {
    let condition = json!({ "ruleConditionType": "NetworkRuleCondition", "name": "c", "ipProtocols": ["Any"],
        "sourceAddresses": ["*"], "destinationAddresses": ["*"], "destinationPorts": ["*"] });
    let rules = json!([{ "ruleType": "FirewallPolicyFilterRule", "name": "no", "priority": 100,
        "action": { "type": "Deny" }, "ruleConditions": [condition] }]);
    let properties = json!({ "priority": 100, "rules": rules });
    let kind = "Microsoft.Network/firewallPolicies/ruleGroups";
    let policy = json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge", "properties": {} });
    let allow =
        group("edge", "rules", 200, vec![collection("net", 100, "Allow", vec![network("web", json!({}))])]);
    let old = json!({ "type": kind, "name": "edge/old", "properties": properties });
    let nested = json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge", "properties": {},
        "resources": [{ "type": "ruleGroups", "name": "old", "properties": properties }] });
    let id = "/subscriptions/0/resourceGroups/hub/providers/Microsoft.Network/firewallPolicies/edge/ruleGroups/old";
    let untyped = json!({ "id": id, "name": "old", "properties": properties });
    let listed = json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge",
        "properties": { "ruleGroups": [{ "id": id }] } });
    for text in [
        template(vec![policy.clone(), old.clone(), allow.clone()]),
        template(vec![nested, allow.clone()]),
        json!([policy, untyped, allow]),
        json!([listed, allow]),
    ] {
        let export = read(&text.to_string());
        assert_eq!(export.rule_sets.len(), 1, "{text}");
        let set = &export.rule_sets[0];
        assert_eq!(order(set), ["rules of the rule group old", "web"], "{text}");
        assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided, "{text}");
        assert_eq!(export.coverage.totals().not_understood, 1, "{text}");
    }
    let error = error(&template(vec![old]).to_string());
    assert!(error.message.starts_with("nothing in the export was understood"), "{}", error.message);
}

#[test]
fn what_copy_makes_may_be_any_rule() {
    let copy = |what: &str| json!([{ "name": what, "count": 2, "input": {} }]);
    let mut copied = collection("net", 100, "Allow", vec![]);
    copied.as_object_mut().expect("an object").remove("rules");
    copied["copy"] = copy("rules");
    let export = read_one(vec![copied, collection("all", 200, "Allow", vec![network("web", json!({}))])]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);

    let firewall = json!({ "type": "Microsoft.Network/azureFirewalls", "name": "edge", "properties": {
        "copy": copy("networkRuleCollections"),
        "applicationRuleCollections": [{ "name": "app", "properties": { "priority": 100, "action": { "type": "Allow" },
            "rules": [application("app", json!({ "ruleType": null }))] } }] } });
    let export = read(&template(vec![firewall]).to_string());
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> www.example.com tcp/443"), Verdict::Undecided);
}

#[test]
fn what_is_not_known_of_a_collection_may_change_its_rules() {
    let mut strange = collection("net", 100, "Allow", vec![network("web", json!({}))]);
    strange["schedule"] = json!("nights");
    let export = read_one(vec![strange]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn policies_of_one_name_in_two_resource_groups_are_two() {
    let rules = |action: &str| {
        group("edge", "rules", 200, vec![collection("net", 100, action, vec![network("web", json!({}))])])
    };
    let east = rules("Allow");
    let mut west =
        serde_json::from_str::<Serde>(&rules("Deny").to_string().replace("/hub/", "/West/")).expect("JSON");
    west["resourceGroup"] = json!("west");
    let policy = |of: &str| {
        json!({ "type": "Microsoft.Network/FirewallPolicies", "name": "edge",
        "id": format!("/subscriptions/0/resourceGroups/{of}/providers/Microsoft.Network/firewallPolicies/edge") })
    };
    for text in [json!([west, east]), json!([policy("west"), policy("hub"), east, west])] {
        let export = read(&text.to_string());
        let set = |name: &str| export.rule_sets.iter().find(|set| set.name == name).expect("a rule set");
        assert_eq!(export.rule_sets.len(), 2, "{text}");
        assert_eq!(verdict(set("hub/edge"), "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Met);
        assert_eq!(verdict(set("west/edge"), "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    }
}

#[test]
fn a_base_policy_is_the_one_of_its_resource_group() {
    let id = |of: &str, name: &str| {
        format!("/subscriptions/0/resourceGroups/{of}/providers/Microsoft.Network/firewallPolicies/{name}")
    };
    let policy = |of: &str, name: &str| json!({ "type": "Microsoft.Network/FirewallPolicies", "name": name, "id": id(of, name) });
    let mut child = policy("hub", "edge");
    child["basePolicy"] = json!({ "id": id("west", "base") });
    let other =
        group("base", "rules", 100, vec![collection("net", 100, "Allow", vec![network("web", json!({}))])]);
    let export = read(&json!([policy("hub", "base"), child, other]).to_string());
    let set = export.rule_sets.iter().find(|set| set.name == "edge").expect("a rule set");
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn an_ip_group_is_the_one_of_its_id() {
    let id = |of: &str| {
        format!("/subscriptions/0/resourceGroups/{of}/providers/Microsoft.Network/ipGroups/office")
    };
    let ip_group = |of: &str, address: &str| {
        json!({ "type": "Microsoft.Network/IpGroups", "name": "office", "id": id(of),
        "ipAddresses": [address] })
    };
    let rule = network("web", json!({ "sourceAddresses": [], "sourceIpGroups": [id("west")] }));
    let rules = group("edge", "rules", 200, vec![collection("net", 100, "Allow", vec![rule])]);
    let (east, west) = (ip_group("east", "198.51.100.0/24"), ip_group("West", "203.0.113.0/24"));
    let export = read(&json!([east, west, rules]).to_string());
    assert_eq!(verdict(&export.rule_sets[0], "203.0.113.1 -> 192.0.2.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(&export.rule_sets[0], "198.51.100.1 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    let export = read(&json!([east, rules]).to_string());
    assert_eq!(verdict(&export.rule_sets[0], "198.51.100.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn lists_of_any_name_beside_known_ones_are_read() {
    let list = |action: &str, priority: i64| json!({ "value": [collection("c", priority, action, vec![network("web", json!({}))])] });
    let text = json!({ "parameters": { "networkRules": list("Allow", 200), "blocked": list("Deny", 100),
        "applicationRules": { "value": [] } } });
    let export = read(&text.to_string());
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Missing);
}
