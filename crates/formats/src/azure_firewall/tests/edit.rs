use diagnostics::apply;
use proptest::prelude::*;
use space::{Action, Conditions, IntervalSet, Rule, RuleId, Side, Symbol, SymbolKind, protocol};

use super::emit::{addresses, named, region};
use super::*;
use crate::azure_firewall::AzureFirewall;
use crate::{Change, Edited, Format as _, NewRule, Refusal};

fn new(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn to(destination: &str, port: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(port)).to(addresses(destination))
}

fn id(set: &RuleSetExport, name: &str) -> RuleId {
    let at = set.entries.iter().position(|entry| entry.name == name).expect("a rule of that name");
    RuleId(u32::try_from(at).expect("few rules"))
}

fn edit(text: &str, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = read(text);
    let edited = AzureFirewall.edit(text, &export, 0, changes)?;
    let text = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((text, edited))
}

/// The rule set that the changes ask for.
fn expected(old: &RuleSetExport, changes: &[Change]) -> RuleSet {
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
                let at =
                    before.and_then(|id| rules.iter().position(|rule| rule.id == id)).unwrap_or(rules.len());
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

/// Makes the changes, and checks that the text says what was asked for.
fn made(text: &str, changes: &[Change]) -> (String, Edited) {
    let old = read(text);
    let (new, edited) = edit(text, changes).expect("changes that Azure can make");
    same(&expected(&old.rule_sets[0], changes), &read(&new).rule_sets[0].rules);
    (new, edited)
}

const POLICY: &str = r#"[
  {
    "id": "/subscriptions/0/resourceGroups/hub/providers/Microsoft.Network/firewallPolicies/edge/ruleCollectionGroups/rules",
    "name": "rules",
    "priority": 200,
    "resourceGroup": "hub",
    "ruleCollections": [
      {
        "action": { "type": "Allow" },
        "name": "net",
        "priority": 200,
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "rules": [
          {
            "destinationAddresses": ["192.0.2.0/24"],
            "destinationPorts": ["22"],
            "ipProtocols": ["TCP"],
            "name": "ssh",
            "ruleType": "NetworkRule",
            "sourceIpGroups": ["/subscriptions/0/resourceGroups/hub/providers/Microsoft.Network/ipGroups/admins"]
          },
          {
            "destinationAddresses": ["192.0.2.53"],
            "destinationPorts": ["53"],
            "ipProtocols": ["UDP"],
            "name": "dns",
            "ruleType": "NetworkRule",
            "sourceAddresses": ["10.0.0.0/8"]
          }
        ]
      },
      {
        "action": { "type": "Deny" },
        "name": "bad",
        "priority": 300,
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "rules": [
          {
            "name": "evil",
            "protocols": [{ "protocolType": "Https", "port": 443 }],
            "ruleType": "ApplicationRule",
            "sourceAddresses": ["*"],
            "targetFqdns": ["*.example.org"]
          }
        ]
      }
    ]
  }
]
"#;

#[test]
fn a_rule_is_added_to_the_collection_that_it_fits() {
    let rule = new("Backup to vault", true, to("198.51.100.7/32", 8443));
    let (text, edited) = made(POLICY, &[Change::Insert { before: None, rule }]);
    assert_eq!(edited.edits.len(), 1);
    assert!(text.contains("            \"sourceAddresses\": [\"10.0.0.0/8\"]\n          },\n          {\n            \"ruleType\": \"NetworkRule\",\n            \"name\": \"Backup-to-vault\","), "{text}");
    assert_eq!(
        edited.commands,
        [
            "az network firewall policy rule-collection-group collection rule add --resource-group hub --policy-name edge \
         --rcg-name rules --collection-name net --name Backup-to-vault --rule-type NetworkRule --source-addresses '*' \
         --ip-protocols TCP --destination-addresses 198.51.100.7 --destination-ports 8443 --description 'Backup to vault'"
        ]
    );
    assert_eq!(
        edited.rollback,
        [
            "az network firewall policy rule-collection-group collection rule remove --resource-group hub --policy-name edge \
         --rcg-name rules --collection-name net --name Backup-to-vault"
        ]
    );
}

#[test]
fn a_network_rule_does_not_come_after_an_application_rule() {
    let web = new("web", true, to("198.51.100.7/32", 443));
    let refusal =
        edit(POLICY, &[Change::Insert { before: None, rule: web.clone() }]).expect_err("after `evil`");
    assert!(refusal.message.starts_with("`web` would be a network rule"), "{}", refusal.message);
    let export = read(POLICY);
    made(POLICY, &[Change::Insert { before: Some(id(&export.rule_sets[0], "evil")), rule: web }]);
}

#[test]
fn a_name_is_added_as_an_application_rule_in_a_new_collection() {
    let rule = new("web", true, named("www.example.com", (protocol::TCP, 443)).from(addresses("10.0.0.0/8")));
    let (text, edited) = made(POLICY, &[Change::Insert { before: None, rule }]);
    assert!(
        text.contains("\"name\": \"Allow-Application-400\"") && text.contains("\"targetFqdns\""),
        "{text}"
    );
    assert!(
        edited.commands[0].contains("add-filter-collection --resource-group hub"),
        "{:?}",
        edited.commands
    );
    assert!(edited.rollback[0].contains("collection remove --resource-group hub"), "{:?}", edited.rollback);
}

#[test]
fn a_deny_comes_before_what_it_denies() {
    let export = read(POLICY);
    let set = &export.rule_sets[0];
    let rule = new("no dns", false, Region::any().service(protocol::UDP, IntervalSet::one(53)));
    let (text, _) = made(POLICY, &[Change::Insert { before: Some(id(set, "dns")), rule }]);
    assert_eq!(
        order(&read(&text).rule_sets[0]),
        ["no-dns", "ssh", "dns", "evil"],
        "nothing of it is in common with ssh"
    );
    let all = new("no", false, Region::any());
    let refusal = edit(POLICY, &[Change::Insert { before: Some(id(set, "dns")), rule: all }]);
    assert!(refusal.is_err(), "it would have to split the collection");
}

#[test]
fn rules_are_removed_and_replaced() {
    let export = read(POLICY);
    let set = &export.rule_sets[0];
    let (text, edited) = made(POLICY, &[Change::Remove { rule: id(set, "ssh") }]);
    assert!(!text.contains("\"ssh\""));
    assert!(
        edited.rollback[0].contains("rule add")
            && edited.rollback[0].contains("--source-ip-groups /subscriptions/0"),
        "{:?}",
        edited.rollback
    );
    let (text, edited) = made(POLICY, &[Change::Remove { rule: id(set, "evil") }]);
    assert!(!text.contains("\"bad\""), "a collection without rules goes");
    assert!(edited.rollback[0].contains("--collection-priority 300 --action Deny"), "{:?}", edited.rollback);
    let admins = Conditions::holds(Symbol::new(Side::Source, SymbolKind::AddressGroup, "admins"));
    let with = vec![
        new("ssh", true, to("192.0.2.7/32", 22).when(admins.clone())),
        new("ssh", true, to("192.0.2.9/32", 22).when(admins)),
        new("ssh", true, named("*.example.net", (protocol::TCP, 443))),
    ];
    let (text, _) = made(
        POLICY,
        &[Change::Replace { rule: id(set, "ssh"), with }, Change::Remove { rule: id(set, "dns") }],
    );
    assert_eq!(text.matches("ipGroups/admins").count(), 2);
}

#[test]
fn a_classic_firewall_keeps_its_own_words() {
    let text = r#"{"name": "fw", "id": "/subscriptions/0/resourceGroups/hub/providers/Microsoft.Network/azureFirewalls/fw",
"applicationRuleCollections": [],
"networkRuleCollections": [{"action": {"type": "Allow"}, "name": "net", "priority": 200, "rules": [{"name": "dns", "protocols": ["UDP"], "sourceAddresses": ["*"], "destinationAddresses": ["192.0.2.53"], "destinationPorts": ["53"]}]}]}"#;
    let web = new("web", true, named("*.example.com", (protocol::TCP, 443)));
    let rule = new("ntp", true, Region::any().service(protocol::UDP, IntervalSet::one(123)));
    let (new_text, edited) =
        made(text, &[Change::Insert { before: None, rule }, Change::Insert { before: None, rule: web }]);
    assert!(!new_text.contains("ruleType") && new_text.contains(r#""protocols": ["UDP"]}"#), "{new_text}");
    assert!(edited.commands[0].starts_with("az network firewall network-rule create --resource-group hub --firewall-name fw --collection-name net --name ntp"));
    assert!(edited.commands[1].ends_with("--priority 100 --action Allow"), "{:?}", edited.commands);
    assert_eq!(
        edited.rollback[0],
        "az network firewall application-rule collection delete --resource-group hub --firewall-name fw --collection-name Allow-Application-100"
    );
}

proptest! {
    #[test]
    fn changes_are_made_and_no_others(
        inserts in prop::collection::vec((any::<bool>(), region(), 0_u32..5), 0..3),
        removed in prop::option::of(0_u32..3),
    ) {
        let mut changes: Vec<Change> = inserts
            .into_iter()
            .map(|(permit, region, before)| {
                let before = (before < 3 && Some(before) != removed).then_some(RuleId(before));
                Change::Insert { before, rule: new("new rule", permit, region) }
            })
            .collect();
        changes.extend(removed.map(|rule| Change::Remove { rule: RuleId(rule) }));
        let old = read(POLICY);
        if let Ok((text, _)) = edit(POLICY, &changes) {
            same(&expected(&old.rule_sets[0], &changes), &read(&text).rule_sets[0].rules);
        }
    }
}

#[test]
fn a_rule_with_two_ports_of_one_protocol_comes_back_as_two() {
    // `--protocols` of the commands for a policy is a dictionary.
    let protocols = json!([{ "protocolType": "Https", "port": 443 }, { "protocolType": "Http", "port": 80 },
        { "protocolType": "Https", "port": 8443 }]);
    let rules = vec![application("web", json!({ "protocols": protocols })), application("other", json!({}))];
    let text = json!([group("edge", "rules", 200, vec![collection("app", 100, "Allow", rules)])]).to_string();
    let export = read(&text);
    let (_, edited) = made(&text, &[Change::Remove { rule: id(&export.rule_sets[0], "web") }]);
    let rollback = &edited.rollback[0];
    let parts: Vec<&str> = rollback.split(" && ").collect();
    assert_eq!(parts.len(), 2, "{rollback}");
    assert!(
        parts[0].contains("--name web ") && parts[0].contains("--protocols Https=443 Http=80 "),
        "{rollback}"
    );
    assert!(parts[1].contains("--name web-2 ") && parts[1].contains("--protocols Https=8443 "), "{rollback}");
    assert!(parts.iter().all(|part| part.ends_with("--target-fqdns www.example.com")), "{rollback}");
}
