use proptest::prelude::*;
use space::{RuleId, Verdict};

use super::*;
use crate::azure_nsg::AzureNsg;
use crate::{Change, Detection, Format as _};

const REST: &str = r#"{
  "name": "web", "id": "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/web",
  "etag": "W/\"1\"", "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope", "tags": {"a": "b"},
  "properties": {
    "provisioningState": "Succeeded",
    "securityRules": [
      {"name": "AllowWeb", "id": "x/securityRules/AllowWeb", "etag": "1", "type": "Microsoft.Network/networkSecurityGroups/securityRules",
       "properties": {"provisioningState": "Succeeded", "description": "public site", "protocol": "TCP", "sourcePortRange": "*",
         "destinationPortRanges": ["80", "443"], "sourceAddressPrefix": "Internet", "destinationAddressPrefix": "10.0.0.0/24",
         "access": "Allow", "priority": 100, "direction": "Inbound", "sourcePortRanges": [], "sourceAddressPrefixes": [],
         "destinationAddressPrefixes": []}},
      {"name": "DenyRest", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*",
         "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "access": "Deny", "priority": 4096, "direction": "Inbound"}}
    ]
  }
}"#;

const COMMAND_LINE: &str = r#"[{
  "name": "web", "id": "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/web",
  "etag": "1", "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope", "resourceGroup": "shop",
  "flowLogs": null, "networkInterfaces": null, "subnets": [{"id": "s", "resourceGroup": "shop"}], "tags": null,
  "defaultSecurityRules": [], "provisioningState": "Succeeded", "resourceGuid": "1",
  "securityRules": [
    {"name": "AllowWeb", "access": "allow", "description": "public site", "destinationAddressPrefix": "10.0.0.0/24",
     "destinationAddressPrefixes": [], "destinationApplicationSecurityGroups": null, "destinationPortRange": null,
     "destinationPortRanges": ["80", "443"], "direction": "inbound", "etag": "1", "id": "x", "priority": 100, "protocol": "Tcp",
     "provisioningState": "Succeeded", "resourceGroup": "shop", "sourceAddressPrefix": "INTERNET", "sourceAddressPrefixes": null,
     "sourceApplicationSecurityGroups": null, "sourcePortRange": "*", "sourcePortRanges": [], "type": "t"},
    {"name": "DenyRest", "access": "Deny", "description": null, "destinationAddressPrefix": "*", "destinationAddressPrefixes": [],
     "destinationApplicationSecurityGroups": null, "destinationPortRange": "*", "destinationPortRanges": [], "direction": "Inbound",
     "priority": 4096, "protocol": "*", "sourceAddressPrefix": "*", "sourceAddressPrefixes": [],
     "sourceApplicationSecurityGroups": null, "sourcePortRange": "*", "sourcePortRanges": []}
  ]
}]"#;

const POWERSHELL: &str = r#"{"value": [{
  "FlushConnection": false,
  "SecurityRules": [
    {"Protocol": "Tcp", "SourcePortRange": ["*"], "DestinationPortRange": ["80", "443"], "SourceAddressPrefix": ["Internet"],
     "DestinationAddressPrefix": ["10.0.0.0/24"], "Access": "Allow", "Priority": 100, "Direction": "Inbound",
     "ProvisioningState": "Succeeded", "SourceApplicationSecurityGroups": [], "DestinationApplicationSecurityGroups": [],
     "Description": "public site", "SourceApplicationSecurityGroupsText": "[]", "DestinationApplicationSecurityGroupsText": "[]",
     "Name": "AllowWeb", "Etag": "1", "Id": "x"},
    {"Protocol": "*", "SourcePortRange": ["*"], "DestinationPortRange": ["*"], "SourceAddressPrefix": ["*"],
     "DestinationAddressPrefix": ["*"], "Access": "Deny", "Priority": 4096, "Direction": "Inbound", "Name": "DenyRest"}
  ],
  "DefaultSecurityRules": [], "NetworkInterfaces": [], "Subnets": [{"Id": "s"}], "ProvisioningState": "Succeeded",
  "SecurityRulesText": "[ ]", "DefaultSecurityRulesText": "[ ]", "NetworkInterfacesText": "[]", "SubnetsText": "[]",
  "ResourceGroupName": "shop", "Location": "westeurope", "ResourceGuid": "1",
  "Type": "Microsoft.Network/networkSecurityGroups", "Tag": null, "TagsTable": null, "Name": "web", "Etag": "1",
  "Id": "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/web"
}], "Count": 1}"#;

#[test]
fn the_shapes_say_the_same() {
    let rest = read(REST);
    for text in [COMMAND_LINE, POWERSHELL] {
        let other = read(text);
        assert_eq!(other.problems, []);
        for (old, new) in rest.rule_sets.iter().zip(&other.rule_sets) {
            assert_eq!((&old.name, names(old)), (&new.name, names(new)));
            assert_eq!(old.rules, new.rules);
        }
        assert_eq!(other.rule_sets[0].entries[0].comment.as_deref(), Some("public site"));
        assert_eq!(other.coverage.totals().not_understood, 0);
    }
}

#[test]
fn every_statement_is_counted_once_and_in_order() {
    for text in [REST, COMMAND_LINE, POWERSHELL] {
        let export = read(text);
        let places: Vec<_> = export.coverage.statements.iter().map(|statement| statement.place).collect();
        assert!(places.is_sorted_by(|a, b| a.end <= b.start), "{places:?}");
        let understood = statements(&export, text, Status::Understood);
        assert_eq!(understood.iter().filter(|(text, _)| text.starts_with('{')).count(), 2, "the rules");
    }
    let export = read(REST);
    let irrelevant = statements(&export, REST, Status::Irrelevant);
    assert!(irrelevant.contains(&(r#""tags": {"a": "b"}"#, "resource tags: no packet is matched by them")));
}

#[test]
fn a_rule_stands_at_its_object() {
    for text in [REST, COMMAND_LINE, POWERSHELL] {
        let export = read(text);
        let place = std::ops::Range::from(inbound(&export).entries[1].place);
        assert!(text[place.clone()].starts_with('{') && text[place.clone()].ends_with('}'));
        assert!(text[place].contains("DenyRest"));
    }
}

#[test]
fn groups_of_one_name_are_told_apart_by_their_resource_group() {
    let mut other = group(vec![]);
    other["id"] =
        json!("/subscriptions/0/resourceGroups/back/providers/Microsoft.Network/networkSecurityGroups/web");
    let mut lone = group(vec![]);
    lone["name"] = json!("db");
    let export = read(&json!([group(vec![]), other, lone, other]).to_string());
    let names: Vec<_> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    let expected = [
        "shop/web/inbound",
        "shop/web/outbound",
        "back/web/inbound",
        "back/web/outbound",
        "db/inbound",
        "db/outbound",
        "back/web (2)/inbound",
        "back/web (2)/outbound",
    ];
    assert_eq!(names, expected);
}

#[test]
fn lists_come_wrapped() {
    let wrapped = [
        json!({"value": [group(vec![])]}),
        json!({"count": 1, "data": [group(vec![])], "skip_token": null}),
        json!({"status_code": 200, "body": {"value": [group(vec![])]}}),
        json!([{"id": "/x/virtualNetworks/v", "type": "Microsoft.Network/virtualNetworks"}, group(vec![])]),
        json!({"template": template(vec![group(vec![])])}),
    ];
    for text in wrapped {
        let export = read(&text.to_string());
        assert_eq!(export.rule_sets.len(), 2, "{text}");
        assert_eq!(export.problems, []);
    }
    let more = json!({"value": [group(vec![])], "nextLink": "https://management.azure.com/more"});
    assert_eq!(
        messages(&read(&more.to_string()).problems),
        ["the list goes on at another address: not all groups are in the file"]
    );
}

#[test]
fn a_list_of_names_has_no_rules_to_trust() {
    // `az resource list` says nothing of the rules.
    let mut stub = group(vec![]);
    stub.as_object_mut().expect("an object").remove("properties");
    let export = read(&stub.to_string());
    assert_eq!(messages(&export.problems), ["the rules of `web` are not in the file"]);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 8.8.8.8 tcp/443"), Verdict::Undecided);
}

#[test]
fn what_powershell_cut_off_is_not_skipped() {
    // `ConvertTo-Json` without `-Depth` writes what is deep as its type.
    let mut cut = group(vec![]);
    cut["properties"]["securityRules"] = json!(["Microsoft.Azure.Commands.Network.Models.PSSecurityRule"]);
    let export = read(&cut.to_string());
    assert_eq!(messages(&export.problems), ["a rule is an object, and this is none"]);
    assert_eq!(export.coverage.totals().not_understood, 1);
    assert_eq!(verdict(outbound(&export), "10.0.0.4 -> 8.8.8.8 tcp/443"), Verdict::Undecided);
    // One rule by itself is a list of one.
    let mut lone = group(vec![]);
    lone["properties"]["securityRules"] = rule("Lone", 100, json!({}));
    assert_eq!(verdict(inbound(&read(&lone.to_string())), "192.0.2.1 -> 10.0.0.4 tcp/443"), Verdict::Met);
}

#[test]
fn what_is_no_export_is_an_error_with_a_place() {
    let truncated = &REST[..REST.len() / 2];
    let refused = error(truncated);
    assert_eq!(refused.message, "this is not valid JSON: expected `\"`, found the end of the text");
    assert_eq!(refused.place.start as usize, truncated.len());
    assert_eq!(refused.help, "the file ends in the middle: export it again");
    assert_eq!(error("{\"a\": 1,}").message, "this is not valid JSON: expected a key in quotes, found `}`");
    let deep = format!("{{\"securityRules\": {}", "[".repeat(10_000));
    assert_eq!(error(&deep).message, "this is not valid JSON: nested more than 128 levels deep");
    for none in [
        "{}",
        "[]",
        "[1, 2]",
        "null",
        "{\"value\": []}",
        "{\"type\": \"Microsoft.Network/virtualNetworks\", \"properties\": {}}",
    ] {
        assert_eq!(error(none).message, "no network security group in it", "{none}");
    }
    let many = format!("[{}]", vec!["{\"securityRules\":[]}"; 50_001].join(","));
    assert_eq!(error(&many).message, "more groups or rules than an export of Azure holds");
}

#[test]
fn the_format_is_seen_in_the_content() {
    for text in [REST, COMMAND_LINE, POWERSHELL, &template(vec![group(vec![])]).to_string()] {
        assert_eq!(AzureNsg.detect(text), Detection::Sure);
    }
    assert_eq!(AzureNsg.detect("// deploys it\n{ \"securityRules\": [] }"), Detection::Perhaps);
    for other in ["", "{}", "*filter", "{\"networkRules\": []}", "the \"securityRules\" of"] {
        assert_eq!(AzureNsg.detect(other), Detection::No, "{other}");
    }
}

#[test]
fn names_from_a_file_are_made_printable() {
    let text = group(vec![rule("a\u{1b}[31m\nb", 5, json!({}))]).to_string();
    let export = read(&text);
    assert_eq!(
        messages(&export.problems),
        [r"priority 5 of `a\u{1b}[31m\u{a}b` is not between 100 and 4096"]
    );
}

proptest! {
    /// Whatever becomes of an export on its way, it is read or refused, and what is read can be changed.
    #[test]
    fn no_damage_breaks_it(
        shape in 0_usize..3,
        damages in prop::collection::vec((0.0..1.0, 0_usize..40, prop::sample::select(vec![
            "", "null", "[]", "{}", "\"\"", "0", "-1", "1e9", "\"*\"", ",", "\"[variables('x')]\"", "\"[concat('a', 'b')]\"", "[[]]",
            "{\"id\": \"a/b\"}", "true", "\"Any\"", "\\u0000", "ø", "\"copy\": [{\"name\": \"securityRules\"}],",
        ])), 1..4),
        whole in prop::bool::ANY,
    ) {
        let mut text = [REST, COMMAND_LINE, POWERSHELL][shape].to_owned();
        if whole && shape == 0 {
            text = format!("{{\"contentVersion\": \"1\", \"variables\": {{\"x\": 100}}, \"resources\": [{text}]}}");
        }
        for (at, length, with) in damages {
            // At the start of a value the damage is more likely to be JSON still.
            let from = text.floor_char_boundary((text.len() as f64 * at) as usize);
            let start = text[from..].find(": ").map_or(from, |colon| from + colon + 2);
            let end = if length < 20 {
                text[start..].find([',', '}', ']']).map_or(text.len(), |end| start + end)
            } else {
                text.floor_char_boundary((start + length).min(text.len()))
            };
            text.replace_range(start..end, with);
        }
        let Ok(export) = crate::import(&text, Some("azure-nsg")) else { return Ok(()) };
        for (at, set) in export.rule_sets.iter().enumerate() {
            prop_assert!(set.rules.check().is_ok());
            for rule in set.rules.rules() {
                prop_assert!(set.entry(rule.id).is_some());
            }
            if let Ok(edited) = AzureNsg.edit(&text, &export, at, &[Change::Remove { rule: RuleId(0) }]) {
                let after = diagnostics::apply(&text, &edited.edits).expect("edits that do not overlap");
                let after = crate::import(&after, Some("azure-nsg")).expect("still an export");
                prop_assert_eq!(after.rule_sets[at].entries.len() + 1, set.entries.len());
            }
        }
        for problem in &export.problems {
            prop_assert!(text.get(std::ops::Range::from(problem.place)).is_some());
        }
    }
}
