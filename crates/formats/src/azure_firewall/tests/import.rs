use super::*;

#[test]
fn kinds_then_groups_then_collections_decide_the_order() {
    let text = json!([
        group(
            "edge",
            "late",
            300,
            vec![
                collection("b", 200, "Allow", vec![network("late-b", json!({}))]),
                collection(
                    "a",
                    100,
                    "Allow",
                    vec![network("late-a", json!({})), network("late-a2", json!({}))]
                ),
            ]
        ),
        group(
            "edge",
            "early",
            100,
            vec![
                collection("web", 100, "Allow", vec![application("web", json!({}))]),
                collection("c", 900, "Allow", vec![network("early-c", json!({}))]),
            ]
        ),
    ]);
    let export = read(&text.to_string());
    assert_eq!(export.rule_sets.len(), 1);
    let set = &export.rule_sets[0];
    assert_eq!(set.name, "edge");
    assert_eq!(order(set), ["early-c", "late-a", "late-a2", "late-b", "web"], "array order means nothing");
    let listed: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(listed, ["late-b", "late-a", "late-a2", "web", "early-c"], "listed as the file has them");
    assert!(export.problems.is_empty(), "{:?}", export.problems);
}

#[test]
fn a_network_rule_that_matches_ends_it() {
    let export = read_one(vec![
        collection("names", 100, "Deny", vec![application("no-example", json!({}))]),
        collection(
            "web",
            65_000,
            "Allow",
            vec![network("web", json!({"destinationAddresses": ["192.0.2.0/24"]}))],
        ),
    ]);
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "10.0.0.1 -> 198.51.100.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 udp/443"), Verdict::Missing, "implicit deny");
}

#[test]
fn the_base_policy_comes_first_whatever_its_priorities() {
    let policy = |name: &str, base: Serde| json!({ "type": "Microsoft.Network/firewallPolicies", "name": name, "properties": base });
    let child = |name: &str, priority: i64, collections: Vec<Serde>| {
        json!({ "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "name": name,
            "properties": { "priority": priority, "ruleCollections": collections } })
    };
    let base =
        json!({ "basePolicy": { "id": "[resourceId('Microsoft.Network/firewallPolicies', 'base')]" } });
    let text = template(vec![
        policy("child", base.clone()),
        child("child/rules", 100, vec![collection("own", 100, "Allow", vec![network("own", json!({}))])]),
        policy("base", json!({})),
        child(
            "base/rules",
            5_000,
            vec![
                collection("web", 200, "Deny", vec![application("web", json!({}))]),
                collection(
                    "no",
                    300,
                    "Deny",
                    vec![network("no", json!({"destinationAddresses": ["192.0.2.1"]}))],
                ),
            ],
        ),
    ]);
    let text = text.to_string();
    let export = read(&text);
    let names: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["child", "base"]);
    assert_eq!(order(&export.rule_sets[0]), ["no", "own", "web"]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.2 tcp/443"), Verdict::Met);
    let rules = export
        .coverage
        .statements
        .iter()
        .filter(|statement| text[std::ops::Range::from(statement.place)].contains("ruleType"));
    assert_eq!(rules.count(), 3, "an inherited rule is counted once");

    let alone = read(&template(vec![policy("child", base), child("child/rules", 100, vec![])]).to_string());
    assert_eq!(verdict(&alone.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
}

#[test]
fn a_classic_firewall_in_both_shapes() {
    let rule = json!({ "name": "dns", "protocols": ["UDP"], "sourceAddresses": ["10.0.0.0/8"],
        "destinationAddresses": ["192.0.2.53"], "destinationPorts": ["53", "  "] });
    let web = json!({ "name": "web", "protocols": [{"protocolType": "Http", "port": 8080}],
        "sourceAddresses": ["*"], "targetFqdns": ["*.example.com"], "fqdnTags": [] });
    let body = json!({ "priority": 200, "action": {"type": "Allow"}, "rules": [rule] });
    let names = json!({ "priority": 200, "action": {"type": "Allow"}, "rules": [web] });
    let rest = json!({ "name": "fw", "type": "Microsoft.Network/azureFirewalls", "properties": {
        "networkRuleCollections": [{ "name": "net", "properties": body }],
        "applicationRuleCollections": [{ "name": "app", "properties": names }],
        "natRuleCollections": [], "threatIntelMode": "Alert",
    }});
    let mut flat = json!({ "name": "fw", "id": "/x/azureFirewalls/fw", "natRuleCollections": [] });
    let with = |name: &str, body: &Serde| {
        let mut body = body.clone();
        body["name"] = json!(name);
        json!([body])
    };
    flat["networkRuleCollections"] = with("net", &body);
    flat["applicationRuleCollections"] = with("app", &names);
    for text in [rest.to_string(), json!([flat]).to_string(), json!({"value": [rest]}).to_string()] {
        let export = read(&text);
        let set = &export.rule_sets[0];
        assert_eq!(set.name, "fw");
        assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.53 udp/53"), Verdict::Met);
        assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.53 tcp/53"), Verdict::Missing);
        assert_eq!(verdict(set, "10.0.0.1 -> a.b.example.com tcp/8080"), Verdict::Met);
        assert_eq!(verdict(set, "10.0.0.1 -> a.example.com tcp/80"), Verdict::Missing);
        assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 tcp/8080"), Verdict::Undecided, "by address only");
        assert_eq!(messages(&export.problems), ["a blank where a value should be: it matches nothing"]);
    }
}

#[test]
fn the_parameter_files_of_an_organisation() {
    let text = json!({
        "applicationRules": [{ "name": "app", "priority": 100, "action": "Allow", "rules": [
            { "name": "web", "sourceAddresses": ["10.0.0.0/8"], "targetFqdns": ["www.example.com"],
              "protocols": [{"protocolType": "Https", "port": "443"}] }] }],
        "networkRules": [{ "name": "net", "priority": 100, "action": {"type": "Deny"}, "rules": [
            { "name": "smb", "sourceAddresses": ["*"], "destinationAddresses": ["*"],
              "destinationPorts": ["445"], "protocols": ["TCP", "UDP"] }] }],
        "dnatRules": [],
    });
    let wrapped = json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0", "parameters": { "networkRules": {"value": text["networkRules"]},
        "applicationRules": {"value": text["applicationRules"]} } });
    for text in [text, wrapped] {
        let export = read(&text.to_string());
        let set = &export.rule_sets[0];
        assert_eq!(order(set), ["smb", "web"]);
        assert_eq!(verdict(set, "10.0.0.1 -> www.example.com tcp/443"), Verdict::Met);
        assert_eq!(verdict(set, "10.0.0.1 -> www.example.com tcp/445"), Verdict::Missing);
        assert!(export.problems.is_empty(), "{:?}", export.problems);
    }
}

#[test]
fn a_wildcard_has_every_name_under_it_and_not_the_apex() {
    let rule = |names: Serde| {
        collection("web", 100, "Allow", vec![application("web", json!({"targetFqdns": names}))])
    };
    let export = read_one(vec![rule(json!(["*.example.com"]))]);
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.0.0.1 -> a.b.example.com tcp/443"), Verdict::Met);
    assert_ne!(verdict(set, "10.0.0.1 -> example.com tcp/443"), Verdict::Met);
    let export = read_one(vec![rule(json!(["*example.com"]))]);
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.0.0.1 -> example.com tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "10.0.0.1 -> www.example.com tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "10.0.0.1 -> bad-example.com tcp/443"), Verdict::Undecided);
    assert!(export.inventory.patterns[0].covers.is_empty());
    let export = read_one(vec![rule(json!(["*"]))]);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> 192.0.2.1 tcp/444"), Verdict::Missing);
    assert_eq!(verdict(&export.rule_sets[0], "10.0.0.1 -> www.example.com tcp/443"), Verdict::Met);
}

#[test]
fn ip_groups_are_what_the_file_says_they_are() {
    let ip_group = |name: &str, addresses: Serde| json!({ "type": "Microsoft.Network/ipGroups", "name": name, "properties": { "ipAddresses": addresses } });
    let pointer = "[resourceId('Microsoft.Network/ipGroups', variables('Group'))]";
    let rule = network("web", json!({ "sourceAddresses": [], "sourceIpGroups": [pointer] }));
    let policy = json!({ "type": "Microsoft.Network/firewallPolicies", "name": "edge", "properties": {},
        "resources": [{ "type": "ruleCollectionGroups", "name": "rules", "properties": { "priority": 200,
            "ruleCollections": [collection("net", 100, "Allow", vec![rule])] } }] });
    let known = json!(["10.1.0.0/24", "10.2.0.0-10.2.0.9"]);
    let export = read(&template(vec![ip_group("clients", known), policy.clone()]).to_string());
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.2.0.9 -> 192.0.2.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "10.2.0.10 -> 192.0.2.1 tcp/443"), Verdict::Missing);
    assert_eq!(export.inventory.objects[0].uses, 1);

    let open = json!(["10.1.0.0/24", "[parameters('clients')]"]);
    let export = read(&template(vec![ip_group("clients", open), policy.clone()]).to_string());
    let set = &export.rule_sets[0];
    assert_eq!(verdict(set, "10.1.0.9 -> 192.0.2.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "10.2.0.9 -> 192.0.2.1 tcp/443"), Verdict::Undecided);

    let export = read(&template(vec![policy.clone()]).to_string());
    assert_eq!(verdict(&export.rule_sets[0], "10.2.0.9 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    let literals: Vec<String> = matches(&export.rule_sets[0], "web")[0]
        .conditions
        .iter()
        .map(|(symbol, _)| symbol.name.to_string())
        .collect();
    assert_eq!(literals, ["clients"]);

    let export = read(&template(vec![ip_group("clients", json!([])), policy]).to_string());
    assert_eq!(
        verdict(&export.rule_sets[0], "10.2.0.9 -> 192.0.2.1 tcp/443"),
        Verdict::Missing,
        "an empty group is skipped"
    );
}

#[test]
fn dnat_lets_pass_what_comes_to_the_public_address() {
    let rule = json!({ "ruleType": "NatRule", "name": "rdp", "ipProtocols": ["TCP"], "sourceAddresses": ["198.51.100.0/24"],
        "destinationAddresses": ["203.0.113.4"], "destinationPorts": ["8443"], "translatedAddress": "10.0.0.4", "translatedPort": "443" });
    let nat = json!({ "ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "nat", "priority": 60_000,
        "action": {"type": "DNAT"}, "rules": [rule] });
    let deny = network(
        "deny",
        json!({ "sourceAddresses": ["*"], "destinationPorts": ["*"], "ipProtocols": ["Any"] }),
    );
    let export = read_one(vec![collection("deny", 100, "Deny", vec![deny]), nat]);
    let set = &export.rule_sets[0];
    assert_eq!(order(set), ["rdp", "deny"], "NAT rules come first");
    assert_eq!(verdict(set, "198.51.100.1 -> 203.0.113.4 tcp/8443"), Verdict::Met);
    assert_eq!(
        verdict(set, "198.51.100.1 -> 10.0.0.4 tcp/443"),
        Verdict::Undecided,
        "only what was translated"
    );
    assert_eq!(verdict(set, "198.51.100.1 -> 10.0.0.4 tcp/8443"), Verdict::Missing);
    assert_eq!(export.coverage.totals().approximated, 1);
}

#[test]
fn protocols_and_tags() {
    let rule = network(
        "all",
        json!({ "ipProtocols": ["Any"], "destinationPorts": ["*"], "destinationAddresses": ["azurecloud.WestEurope"] }),
    );
    let ping = network(
        "ping",
        json!({ "ipProtocols": ["ICMP"], "destinationPorts": ["*"], "destinationAddresses": ["192.0.2.1"] }),
    );
    let export = read_one(vec![collection("net", 100, "Allow", vec![rule, ping])]);
    let set = &export.rule_sets[0];
    let tag = matches(set, "all")[0].conditions.iter().next().map(|(symbol, _)| symbol.clone());
    assert_eq!(
        tag.map(|tag| (tag.kind, tag.name.to_string())),
        Some((space::SymbolKind::ServiceTag, "AzureCloud.westeurope".to_owned()))
    );
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 icmp"), Verdict::Met);
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 gre"), Verdict::Undecided);
}

#[test]
fn what_is_no_azure_firewall_says_what_would_do() {
    for (text, message) in [
        ("{}", "no Azure Firewall, firewall policy or rule collection in it"),
        ("[1, 2]", "no Azure Firewall, firewall policy or rule collection in it"),
        (
            r#"{"type": "Microsoft.Network/azureFirewalls", "name": "fw", "properties": {"firewallPolicy": {"id": "/x"}}}"#,
            "the firewall has no rules of its own: they are in its firewall policy",
        ),
        ("[{", "this is not valid JSON: expected a key in quotes or `}`, found the end of the text"),
    ] {
        assert_eq!(error(text).message, message, "{text}");
    }
    assert!(
        crate::detect(
            &json!([group("edge", "rules", 200, vec![collection("a", 100, "Allow", vec![])])]).to_string()
        )
        .is_some()
    );
}
