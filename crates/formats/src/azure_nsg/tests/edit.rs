use diagnostics::apply;
use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, Region, Rule, RuleId, Side, Symbol, SymbolKind, protocol,
};

use super::*;
use crate::azure_nsg::AzureNsg;
use crate::{Change, Edited, Format as _, NewRule, Refusal};

fn to(destination: &str, port: u16) -> Region {
    let destination: ipnet::IpNet = destination.parse().expect("a prefix");
    Region::any().service(protocol::TCP, IntervalSet::one(port)).to(AddressSet::from(destination))
}

fn allow(name: &str, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit: true, region }
}

/// The id of the rule with this name.
fn id(set: &RuleSetExport, name: &str) -> RuleId {
    let at = set.entries.iter().position(|entry| entry.name == name).expect("a rule of that name");
    RuleId(u32::try_from(at).expect("few rules"))
}

fn index(direction: Direction) -> usize {
    usize::from(direction == Direction::Outbound)
}

fn edit(text: &str, direction: Direction, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = read(text);
    let edited = AzureNsg.edit(text, &export, index(direction), changes)?;
    let text = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((text, edited))
}

/// The rule set that the changes ask for.
fn expected(old: &RuleSetExport, changes: &[Change]) -> RuleSet {
    let implied = |rule: &Rule| old.entry(rule.id).is_some_and(|entry| entry.implied);
    let mut rules: Vec<Rule> = old.rules.rules().cloned().collect();
    let mut next = 10_000;
    let mut written = |rules: &[NewRule]| -> Vec<Rule> {
        let new = rules.iter().map(|rule| {
            next += 1;
            let action = if rule.permit { Action::Permit } else { Action::Deny };
            Rule { id: RuleId(next), matches: vec![rule.region.clone()], action }
        });
        new.collect()
    };
    for change in changes {
        match change {
            Change::Insert { before, rule } => {
                let at = before.and_then(|id| rules.iter().position(|rule| rule.id == id));
                let end = rules.iter().position(implied).unwrap_or(rules.len());
                let at = at.unwrap_or(end).min(end);
                rules.splice(at..at, written(std::slice::from_ref(rule)));
            }
            Change::Remove { rule: id } => rules.retain(|rule| rule.id != *id),
            Change::Replace { rule: id, with } => {
                let at = rules.iter().position(|rule| rule.id == *id).expect("a rule to replace");
                rules.splice(at..=at, written(with));
            }
        }
    }
    RuleSet::flat(rules, Action::Deny)
}

/// Makes the changes, and checks that the text says what was asked for. Returns the new text and the commands.
fn changed(text: &str, direction: Direction, changes: &[Change]) -> (String, Edited) {
    let old = read(text);
    let (new, edited) = edit(text, direction, changes).expect("changes that Azure can make");
    let export = read(&new);
    same(&expected(one(&old, direction), changes), &one(&export, direction).rules);
    let other = if direction == Direction::Inbound { Direction::Outbound } else { Direction::Inbound };
    same(&one(&old, other).rules, &one(&export, other).rules);
    (new, edited)
}

const REST: &str = r#"{
  "name": "web",
  "id": "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/web",
  "properties": {
    "securityRules": [
      {
        "name": "AllowWeb",
        "etag": "1",
        "properties": {
          "protocol": "Tcp",
          "sourceAddressPrefix": "*",
          "sourcePortRange": "*",
          "destinationAddressPrefix": "10.0.0.4",
          "destinationPortRange": "443",
          "access": "Allow",
          "priority": 100,
          "direction": "Inbound",
          "destinationPortRanges": []
        }
      },
      {
        "name": "DenyAll",
        "properties": {
          "protocol": "*",
          "sourceAddressPrefix": "*",
          "sourcePortRange": "*",
          "destinationAddressPrefix": "*",
          "destinationPortRange": "*",
          "access": "Deny",
          "priority": 110,
          "direction": "Inbound"
        }
      }
    ]
  }
}
"#;

#[test]
fn a_rule_is_put_between_two_others() {
    let export = read(REST);
    let change = Change::Insert {
        before: Some(id(inbound(&export), "DenyAll")),
        rule: allow("ssh: admins", to("10.0.0.5/32", 22)),
    };
    let (text, edited) = changed(REST, Direction::Inbound, &[change]);
    let added = r#"          "direction": "Inbound"
        }
      },
      {
        "name": "ssh-admins",
        "properties": {
          "description": "ssh: admins",
          "protocol": "Tcp",
          "sourceAddressPrefix": "*",
          "sourcePortRange": "*",
          "destinationAddressPrefix": "10.0.0.5",
          "destinationPortRange": "22",
          "access": "Allow",
          "priority": 105,
          "direction": "Inbound"
        }
      }
    ]
  }
}
"#;
    assert!(text.ends_with(added), "{text}");
    assert!(text.starts_with(&REST[..REST.len() - 20]), "nothing else is touched");
    let target = "--resource-group shop --nsg-name web";
    assert_eq!(
        edited.commands,
        [format!(
            "az network nsg rule create {target} --name ssh-admins --priority 105 --direction Inbound --access Allow --protocol Tcp \
             --source-address-prefixes '*' --source-port-ranges '*' --destination-address-prefixes 10.0.0.5 \
             --destination-port-ranges 22 --description 'ssh: admins'"
        )]
    );
    assert_eq!(edited.rollback, [format!("az network nsg rule delete {target} --name ssh-admins")]);
}

#[test]
fn a_rule_goes_with_its_comma() {
    let export = read(REST);
    for (gone, left) in [("AllowWeb", "DenyAll"), ("DenyAll", "AllowWeb")] {
        let change = Change::Remove { rule: id(inbound(&export), gone) };
        let (text, edited) = changed(REST, Direction::Inbound, &[change]);
        assert!(text.contains(left) && !text.contains(gone));
        assert!(
            text.contains("    \"securityRules\": [\n      {\n")
                && text.contains("\n      }\n    ]\n  }\n}\n"),
            "{text}"
        );
        assert_eq!(edited.commands.len(), 1);
        assert!(
            edited.rollback[0]
                .contains(&format!("create --resource-group shop --nsg-name web --name {gone} --priority"))
        );
    }
    let both = ["AllowWeb", "DenyAll"].map(|name| Change::Remove { rule: id(inbound(&export), name) });
    let (text, _) = changed(REST, Direction::Inbound, &both);
    assert!(text.contains("\"securityRules\": []"), "{text}");
    let instead = Change::Insert { before: None, rule: allow("only", to("10.0.0.9/32", 22)) };
    let (text, _) = changed(REST, Direction::Inbound, &[both[0].clone(), instead, both[1].clone()]);
    assert!(
        text.contains(
            "\"securityRules\": [\n      {\n        \"name\": \"only\",\n        \"properties\": {\n"
        ),
        "{text}"
    );
}

#[test]
fn a_replaced_rule_keeps_its_name_and_what_does_not_change() {
    let export = read(REST);
    let region = Region {
        destination_port: IntervalSet::from_ranges([(80, 80), (443, 443)]),
        ..to("10.0.0.4/32", 443)
    };
    let change =
        Change::Replace { rule: id(inbound(&export), "AllowWeb"), with: vec![allow("other", region)] };
    let (text, edited) = changed(REST, Direction::Inbound, &[change]);
    let before = "          \"destinationPortRange\": \"443\",\n";
    let after = "          \"destinationPortRange\": null,\n";
    let ports =
        "          \"destinationPortRanges\": [\n            \"80\",\n            \"443\"\n          ]\n";
    let wanted = REST.replace(before, after).replace("          \"destinationPortRanges\": []\n", ports);
    assert_eq!(text, wanted);
    let target = "--resource-group shop --nsg-name web --name AllowWeb --access Allow --protocol Tcp --source-address-prefixes '*' --source-port-ranges '*'";
    assert_eq!(
        edited.commands,
        [format!(
            "az network nsg rule update {target} --destination-address-prefixes 10.0.0.4 --destination-port-ranges 80 443"
        )]
    );
    assert_eq!(
        edited.rollback,
        [format!(
            "az network nsg rule update {target} --destination-address-prefixes 10.0.0.4 --destination-port-ranges 443"
        )]
    );
    // More than one rule: the others come right after it.
    let with = vec![allow("AllowWeb", to("10.0.0.4/32", 80)), allow("AllowWeb", to("10.0.0.5/32", 443))];
    let change = Change::Replace { rule: id(inbound(&export), "AllowWeb"), with };
    let (text, _) = changed(REST, Direction::Inbound, &[change]);
    assert_eq!(order(inbound(&read(&text)))[..3], ["AllowWeb", "AllowWeb-3", "DenyAll"]);
    let nothing = Change::Replace { rule: id(inbound(&export), "AllowWeb"), with: vec![] };
    changed(REST, Direction::Inbound, &[nothing]);
}

#[test]
fn without_a_free_number_the_fewest_rules_move() {
    let numbered = |priorities: &[i64]| {
        let rules = priorities.iter().map(|priority| {
            rule(&format!("r{priority}"), *priority, json!({"destinationPortRange": priority.to_string()}))
        });
        group(rules.collect()).to_string()
    };
    let text = numbered(&[100, 101, 102, 300]);
    let export = read(&text);
    let change = Change::Insert {
        before: Some(id(inbound(&export), "r101")),
        rule: allow("new", to("10.0.0.0/8", 101)),
    };
    let (new, edited) = changed(&text, Direction::Inbound, &[change]);
    assert_eq!(order(inbound(&read(&new)))[..5], ["r100", "new", "r101", "r102", "r300"]);
    assert_eq!(edited.edits.len(), 3, "one rule, and two that move: {:?}", edited.edits);
    let numbers: Vec<&str> = edited
        .commands
        .iter()
        .map(|command| {
            command.split("--name ").nth(1).expect("a name").split(" --direction").next().expect("a start")
        })
        .collect();
    // From the highest down: no number is taken twice on the way.
    assert_eq!(numbers, ["r102 --priority 250", "r101 --priority 200", "new --priority 150"]);
    assert_eq!(
        edited.rollback[1],
        "az network nsg rule update --resource-group shop --nsg-name web --name r101 --priority 101"
    );

    let text = numbered(&(100..=4096).collect::<Vec<_>>());
    let insert = Change::Insert { before: None, rule: allow("new", to("10.0.0.0/8", 1)) };
    let refusal = edit(&text, Direction::Inbound, &[insert]).expect_err("no room");
    assert!(refusal.message.contains("at most 1000"), "{}", refusal.message);
}

#[test]
fn at_the_end_means_before_the_default_rules() {
    let mut listed = group(vec![rule("Late", 4090, json!({}))]);
    listed["properties"]["defaultSecurityRules"] = json!([rule(
        "DenyAllInBound",
        65500,
        json!({"access": "Deny", "protocol": "*", "destinationPortRange": "*"})
    )]);
    for text in [listed.to_string(), group(vec![rule("Late", 4090, json!({}))]).to_string()] {
        let export = read(&text);
        let default = id(inbound(&export), "DenyAllInBound");
        for before in [None, Some(default)] {
            let change = Change::Insert { before, rule: allow("last", to("10.0.0.0/8", 22)) };
            let (new, edited) = changed(&text, Direction::Inbound, &[change]);
            assert_eq!(order(inbound(&read(&new)))[..2], ["Late", "last"]);
            assert!(edited.commands[0].contains("--priority 4093 "));
        }
        for change in [Change::Remove { rule: default }, Change::Replace { rule: default, with: vec![] }] {
            let refusal = edit(&text, Direction::Inbound, &[change]).expect_err("nobody can");
            assert_eq!(
                refusal.message,
                "`DenyAllInBound` is a default rule, which Azure neither removes nor changes"
            );
        }
    }
}

#[test]
fn a_rule_is_written_as_its_neighbours_are() {
    let flat = "[\r\n\t{\r\n\t\t\"name\": \"web\", \"resourceGroup\": \"shop\",\r\n\t\t\"securityRules\": [\r\n\t\t\t{\"name\": \"A\", \"access\": \"Allow\", \"priority\": 100, \"direction\": \"Outbound\", \"protocol\": \"*\", \"sourceAddressPrefix\": \"*\", \"sourcePortRange\": \"*\", \"destinationAddressPrefix\": \"10.0.0.0/8\", \"destinationPortRange\": \"*\", \"resourceGroup\": \"shop\"}\r\n\t\t]\r\n\t}\r\n]\r\n";
    let insert = |region: Region| Change::Insert { before: None, rule: allow("B", region) };
    let (text, _) = changed(flat, Direction::Outbound, &[insert(to("192.0.2.0/24", 443))]);
    assert!(
        text.contains("},\r\n\t\t\t{\r\n\t\t\t\t\"name\": \"B\",\r\n\t\t\t\t\"description\": null,\r\n"),
        "{text:?}"
    );
    assert!(
        text.contains("\"sourceAddressPrefixes\": [],\r\n")
            && text.contains("\"sourceApplicationSecurityGroups\": [],"),
        "{text:?}"
    );

    let shell = r#"{"Name": "web", "SecurityRules": [{"Name": "A", "Access": "Allow", "Priority": 100, "Direction": "Outbound", "Protocol": "*", "SourceAddressPrefix": ["*"], "SourcePortRange": ["*"], "DestinationAddressPrefix": ["10.0.0.0/8"], "DestinationPortRange": ["*"]}]}"#;
    let (text, _) = changed(shell, Direction::Outbound, &[insert(to("192.0.2.0/24", 443))]);
    let added = r#"}, {"Name": "B", "Protocol": "Tcp", "SourceAddressPrefix": ["*"], "SourcePortRange": ["*"], "DestinationAddressPrefix": ["192.0.2.0/24"], "DestinationPortRange": ["443"], "Access": "Allow", "Priority": 110, "Direction": "Outbound"}]}"#;
    assert!(text.ends_with(added), "{text}");
    let change = Change::Replace { rule: RuleId(0), with: vec![allow("A", to("192.0.2.0/24", 443))] };
    let (text, _) = changed(shell, Direction::Outbound, &[change]);
    assert!(
        text.contains(r#""Protocol": "Tcp", "SourceAddressPrefix": ["*"]"#) && text.contains(r#"["443"]"#),
        "{text}"
    );

    // A list of one, written as the one; an empty list; no list at all.
    let lone = r#"{"Name": "web", "SecurityRules": {"Name": "A", "Access": "Allow", "Priority": 100, "Direction": "Outbound", "Protocol": "*", "SourceAddressPrefix": "*", "SourcePortRange": "*", "DestinationAddressPrefix": "*", "DestinationPortRange": "*"}}"#;
    changed(lone, Direction::Outbound, &[insert(to("192.0.2.0/24", 443))]);
    changed(lone, Direction::Outbound, &[Change::Remove { rule: RuleId(0) }]);
    changed(
        lone,
        Direction::Outbound,
        &[Change::Remove { rule: RuleId(0) }, insert(to("192.0.2.0/24", 443))],
    );
    for empty in ["[]", "null", "[\n  ]"] {
        let text = format!(
            "{{\n  \"name\": \"web\",\n  \"properties\": {{\n    \"securityRules\": {empty}\n  }}\n}}\n"
        );
        let (text, _) = changed(&text, Direction::Outbound, &[insert(to("192.0.2.0/24", 443))]);
        assert!(
            text.contains(
                "    \"securityRules\": [\n      {\n        \"name\": \"B\",\n        \"properties\": {\n"
            ),
            "{text}"
        );
    }
    for properties in [json!({}), json!({"flushConnection": false})] {
        let mut bare = group(vec![]);
        bare["properties"] = properties;
        changed(&template(vec![bare]).to_string(), Direction::Outbound, &[insert(to("192.0.2.0/24", 443))]);
    }
}

#[test]
fn rules_that_are_resources_are_changed_where_they_stand() {
    let mut child = rule("", 200, json!({"access": "Deny"}));
    child["name"] = json!("web/Child");
    child["type"] = json!("Microsoft.Network/networkSecurityGroups/securityRules");
    let text = serde_json::to_string_pretty(&template(vec![group(vec![rule("A", 100, json!({}))]), child]))
        .expect("JSON");
    let export = read(&text);
    let child = id(inbound(&export), "Child");
    changed(&text, Direction::Inbound, &[Change::Remove { rule: child }]);
    changed(
        &text,
        Direction::Inbound,
        &[Change::Replace { rule: child, with: vec![allow("x", to("10.0.0.1/32", 22))] }],
    );
    let before = Change::Insert { before: Some(child), rule: allow("[x]", to("10.0.0.1/32", 22)) };
    let (new, edited) = changed(&text, Direction::Inbound, &[before]);
    assert!(new.contains("\"description\": \"[[x]\""), "a bracket would begin an expression");
    assert!(edited.commands[0].contains("--description '[x]'"));
}

#[test]
fn what_would_be_a_guess_is_refused() {
    let insert = || Change::Insert { before: None, rule: allow("new", to("10.0.0.1/32", 22)) };
    let refused =
        |text: &str, change: Change| edit(text, Direction::Inbound, &[change]).expect_err("a guess").message;
    let odd =
        group(vec![rule("Odd", 0, json!({"priority": "[parameters('p')]"})), rule("A", 100, json!({}))])
            .to_string();
    assert_eq!(refused(&odd, insert()), "a new rule could get the priority of `Odd`, which is not known");
    let before = Change::Insert { before: Some(RuleId(0)), rule: allow("new", to("10.0.0.1/32", 22)) };
    assert_eq!(refused(&odd, before), "where `Odd` stands among the rules is not known");
    changed(&odd, Direction::Inbound, &[Change::Remove { rule: RuleId(1) }]);

    let twice = [Change::Remove { rule: RuleId(1) }, Change::Remove { rule: RuleId(1) }];
    assert_eq!(edit(&odd, Direction::Inbound, &twice).expect_err("twice").message, "`A` is changed twice");
    assert_eq!(refused(&odd, Change::Remove { rule: RuleId(99) }), "there is no such rule in the group");

    let name = Region::any().when(Conditions::named(Side::Destination, "example.com"));
    let named = Change::Insert { before: None, rule: allow("new", name) };
    assert!(refused(REST, named).contains("addresses, not names"));

    let export = read(REST);
    let other =
        AzureNsg.edit(&REST.replace("AllowWeb", "AllowVpn"), &export, 0, &[]).expect_err("another text");
    assert_eq!(other.message, "the text is not the one that was read");

    let mut variable = template(vec![group(vec![])]);
    variable["variables"]["one"] = rule("V", 100, json!({}));
    variable["resources"][0]["properties"]["securityRules"] = json!(["[variables('one')]"]);
    for change in [
        Change::Remove { rule: RuleId(0) },
        Change::Replace { rule: RuleId(0), with: vec![allow("x", to("10.0.0.1/32", 22))] },
    ] {
        assert!(refused(&variable.to_string(), change).contains("a variable"));
    }
    let mut list = template(vec![group(vec![])]);
    list["variables"]["all"] = json!([rule("V", 100, json!({}))]);
    list["resources"][0]["properties"]["securityRules"] = json!("[variables('all')]");
    for change in [insert(), Change::Remove { rule: RuleId(0) }] {
        assert!(refused(&list.to_string(), change).contains("a variable"));
    }
    let mut number = template(vec![group(vec![
        rule("A", 100, json!({"priority": "[variables('n')]"})),
        rule("B", 101, json!({})),
    ])]);
    number["variables"]["n"] = json!(100);
    let before = Change::Insert { before: Some(RuleId(1)), rule: allow("new", to("10.0.0.1/32", 22)) };
    changed(&number.to_string(), Direction::Inbound, &[before]);
}

#[test]
fn a_group_is_written_with_the_id_that_the_file_has() {
    let asg = "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/applicationSecurityGroups/db";
    let by = json!({"destinationAddressPrefix": null, "destinationApplicationSecurityGroups": [{"id": asg}]});
    let text = group(vec![rule("Db", 100, by)]).to_string();
    let to_group = |name: &str| {
        Region::any().service(protocol::TCP, IntervalSet::one(1433)).when(Conditions::holds(Symbol::new(
            Side::Destination,
            SymbolKind::ApplicationSecurityGroup,
            name,
        )))
    };
    let change = Change::Insert { before: Some(RuleId(0)), rule: allow("sql", to_group("db")) };
    let (_, edited) = changed(&text, Direction::Inbound, &[change]);
    assert!(edited.commands[1].contains(&format!("--destination-asgs {asg} ")), "{:?}", edited.commands);
    let change = Change::Insert { before: None, rule: allow("sql", to_group("web")) };
    assert!(
        edit(&text, Direction::Inbound, &[change])
            .expect_err("no id")
            .message
            .contains("its id is not known")
    );
    // A rule has addresses or groups: what `update` would leave behind is not left.
    let change = Change::Replace { rule: RuleId(0), with: vec![allow("Db", to("10.0.0.1/32", 1433))] };
    let (_, edited) = changed(&text, Direction::Inbound, &[change]);
    assert!(edited.commands[0].contains(" delete ") && edited.commands[1].contains(" create "));
    assert!(
        edited.rollback[0].contains(" delete ")
            && edited.rollback[1].contains(&format!("--destination-asgs {asg} "))
    );
}

#[test]
fn nothing_in_a_name_is_obeyed_by_the_shell() {
    let mut hostile = group(vec![rule("a'; rm -rf $HOME #\n", 100, json!({"sourceAddressPrefix": "`id`"}))]);
    hostile["name"] = json!("$(id)");
    let text = hostile.to_string();
    let edited =
        AzureNsg.edit(&text, &read(&text), 0, &[Change::Remove { rule: RuleId(0) }]).expect("a change");
    assert_eq!(
        edited.commands,
        [
            r"az network nsg rule delete --resource-group shop --nsg-name '$(id)' --name 'a'\''; rm -rf $HOME #\u{a}'"
        ]
    );
    assert!(edited.rollback[0].contains(" --source-address-prefixes '`id`' "));
    let symbolic = template(vec![json!({"type": "Microsoft.Network/networkSecurityGroups", "name": "[parameters('name')]", "properties": {"securityRules": [rule("A", 100, json!({}))]}})]).to_string();
    let edited = AzureNsg
        .edit(&symbolic, &read(&symbolic), 0, &[Change::Remove { rule: RuleId(0) }])
        .expect("a change");
    assert_eq!(
        edited.commands,
        [
            "az network nsg rule delete --resource-group <resource-group> --nsg-name <network-security-group> --name A"
        ]
    );
}

/// The same group in three shapes, with rules of these numbers.
fn a_text() -> impl Strategy<Value = String> {
    let rules = prop::collection::btree_set(100_i64..112, 0..7);
    (rules, 0..4, prop::bool::ANY).prop_map(|(priorities, shape, pretty)| {
        let rules: Vec<Serde> = priorities
            .into_iter()
            .rev()
            .map(|priority| {
                let way = if priority % 4 == 0 { "Outbound" } else { "Inbound" };
                let access = if priority % 3 == 0 { "Deny" } else { "Allow" };
                let ports = json!({"direction": way, "access": access, "destinationPortRange": format!("{}-{}", priority, priority + 3)});
                let mut rule = rule(&format!("r{priority}"), priority, ports);
                if shape == 0 {
                    return rule;
                }
                let mut flat = rule["properties"].take();
                flat["name"] = rule["name"].take();
                if shape == 1 {
                    return flat;
                }
                let pascal = |key: &str| format!("{}{}", key[..1].to_uppercase(), &key[1..]);
                let lists = |value: &Serde, key: &str| if key.contains("Range") || key.contains("Prefix") { json!([value]) } else { value.clone() };
                let members = flat.as_object().expect("an object").iter();
                Serde::Object(members.map(|(key, value)| (pascal(key), lists(value, key))).collect())
            })
            .collect();
        let whole = match shape {
            0 => group(rules),
            1 => json!([{"name": "web", "resourceGroup": "shop", "securityRules": rules}]),
            2 => json!({"Name": "web", "SecurityRules": rules}),
            _ => json!({"value": [{"Name": "web", "SecurityRules": rules, "Subnets": []}], "Count": 1}),
        };
        if pretty { serde_json::to_string_pretty(&whole).expect("JSON") } else { whole.to_string() }
    })
}

proptest! {
    #[test]
    fn the_text_says_what_was_asked_for(
        text in a_text(),
        out in prop::bool::ANY,
        kinds in prop::collection::vec((0..3, 0_usize..20), 1..5),
        mut rules in super::emit::new_rules(6),
    ) {
        let direction = if out { Direction::Outbound } else { Direction::Inbound };
        let export = read(&text);
        let set = one(&export, direction);
        let own: Vec<RuleId> = set.rules.rules().map(|rule| rule.id).filter(|id| set.entry(*id).is_some_and(|entry| !entry.implied)).collect();
        let mut used = Vec::new();
        let mut changes = Vec::new();
        for (kind, at) in kinds {
            let picked = own.get(at % (own.len() + 1)).copied();
            match (kind, picked) {
                (0, before) => changes.extend(rules.pop().map(|rule| Change::Insert { before, rule })),
                (1, Some(rule)) if !used.contains(&rule) => {
                    used.push(rule);
                    changes.push(Change::Remove { rule });
                }
                (2, Some(rule)) if !used.contains(&rule) => {
                    used.push(rule);
                    let with = rules.split_off(rules.len().saturating_sub(2));
                    changes.push(Change::Replace { rule, with });
                }
                _ => {}
            }
        }
        // An insertion before a rule that goes has no rule to go by in the model: those come first.
        changes.sort_by_key(|change| !matches!(change, Change::Insert { .. }));
        let (new, edited) = changed(&text, direction, &changes);
        prop_assert_eq!(edited.commands.len(), edited.rollback.len());
        prop_assert!(read(&new).problems.iter().all(|problem| !problem.message.contains("priority")), "{}", new);
    }
}
