use diagnostics::apply;
use proptest::prelude::*;
use space::{Action, AddressSet, Conditions, IntervalSet, Region, Rule, RuleId, Side, protocol};

use super::*;
use crate::{Change, Edited, NewRule, Refusal};

fn tcp(port: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(port))
}

fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().expect("a prefix").into()
}

fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn id(set: &RuleSetExport, name: &str) -> RuleId {
    let at = set.entries.iter().position(|entry| entry.name == name).expect("a rule of that name");
    RuleId(u32::try_from(at).expect("few rules"))
}

fn edit(text: &str, direction: Direction, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = read(text);
    let at = export.rule_sets.iter().position(|set| set.direction == direction).expect("a rule set");
    let edited = Windows.edit(text, &export, at, changes)?;
    let text = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((text, edited))
}

/// The rule set that the changes ask for.
fn expected(old: &RuleSetExport, changes: &[Change]) -> RuleSet {
    let implied =
        |rule: &Rule| old.entry(rule.id).is_some_and(|entry| entry.implied && entry.name.contains("default"));
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
    RuleSet::flat(rules, old.rules.stages[0].default)
}

/// Makes the changes, and checks that the text says what was asked for. Returns the new text and the commands.
fn changed(text: &str, direction: Direction, changes: &[Change]) -> (String, Edited) {
    let old = read(text);
    let (new, edited) = edit(text, direction, changes).expect("changes that Windows can make");
    let export = read(&new);
    same(&expected(one(&old, direction), changes), &one(&export, direction).rules);
    for set in &old.rule_sets {
        if set.direction != direction {
            same(&set.rules, &one(&export, set.direction).rules);
        }
    }
    assert_eq!(export.coverage.totals().not_understood, 0);
    (new, edited)
}

const WEB: &str = r#""Name": "{web}", "DisplayName": "web", "Protocol": "TCP", "LocalPort": ["443"]"#;
const NO: &str = r#""Name": "{no}", "DisplayName": "no", "Action": "Block", "RemoteAddress": ["192.0.2.0/24"], "Profile": "Domain, Public""#;
const OUT: &str = r#""Name": "{out}", "DisplayName": "out", "Direction": "Outbound", "Action": "Block", "Protocol": "TCP", "RemotePort": ["25"]"#;

const SCRIPT: &str = "# rules\r\nNew-NetFirewallRule -Name '{web}' -DisplayName web -Direction Inbound `\r\n    -Protocol TCP -LocalPort 443\r\nNew-NetFirewallRule -Name '{no}' -DisplayName no -Direction Inbound -Action Block -RemoteAddress 192.0.2.0/24 -Profile Domain, Public\r\nNew-NetFirewallRule -Name '{out}' -DisplayName out -Direction Outbound -Action Block -Protocol TCP -RemotePort 25\r\n";

fn table() -> String {
    let header = "Name;DisplayName;Enabled;Profile;Direction;Action;Protocol;LocalPort;RemotePort;IcmpType;LocalAddress;RemoteAddress;Program;Package;Service;InterfaceAlias;InterfaceType;LocalUser;RemoteUser;RemoteMachine;Authentication;Encryption;OverrideBlockRules;PolicyStoreSourceType";
    let rows = [
        "{web};web;True;Any;Inbound;Allow;TCP;443;Any;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False;Local",
        "{no};no;True;Domain, Public;Inbound;Block;Any;Any;Any;Any;Any;192.0.2.0/24;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False;Local",
        "{out};out;True;Any;Outbound;Block;TCP;Any;25;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False;Local",
    ];
    format!("{header}\n{}\n", rows.join("\n"))
}

fn files() -> [String; 3] {
    [collected(&[WEB, NO, OUT]), table(), SCRIPT.to_owned()]
}

#[test]
fn rules_are_added_replaced_and_removed_in_every_shape() {
    for text in files() {
        let set = read(&text);
        let set = inbound(&set);
        let (web, no) = (id(set, "web"), id(set, "no"));
        let add = |before| Change::Insert {
            before,
            rule: rule("smb", true, tcp(445).from(net("10.0.0.0/8")).to(net("2001:db8::/33"))),
        };
        changed(&text, Direction::Inbound, &[add(None)]);
        changed(&text, Direction::Inbound, &[add(Some(web))]);
        let deny = Change::Insert {
            before: Some(no),
            rule: rule("deny", false, tcp(443).from(net("198.51.100.0/24"))),
        };
        changed(&text, Direction::Inbound, &[deny]);
        for gone in [web, no] {
            changed(&text, Direction::Inbound, &[Change::Remove { rule: gone }]);
        }
        changed(
            &text,
            Direction::Inbound,
            &[Change::Remove { rule: web }, Change::Remove { rule: no }, add(None)],
        );
        let narrower =
            vec![rule("web", true, tcp(443).from(net("10.0.0.0/8"))), rule("web", true, tcp(8443))];
        changed(&text, Direction::Inbound, &[Change::Replace { rule: web, with: narrower }, add(None)]);
        let set = read(&text);
        let out = id(outbound(&set), "out");
        // The one outbound rule of a file that would then say nothing of the direction stays.
        let alone = edit(&text, Direction::Outbound, &[Change::Remove { rule: out }]);
        assert_eq!(alone.is_ok(), text.starts_with('{'));
        let rules = vec![rule("mail", false, tcp(25).to(net("192.0.2.0/24")))];
        changed(&text, Direction::Outbound, &[Change::Replace { rule: out, with: rules }]);
        // An allowing rule at the end leaves its denials behind it.
        let part =
            Change::Insert { before: None, rule: rule("late", false, Region::any().from(net("10.0.0.0/8"))) };
        changed(&text, Direction::Inbound, &[part]);
    }
}

#[test]
fn commands_and_their_rollback() {
    let text = collected(&[WEB, NO, OUT]);
    let set = read(&text);
    let web = id(inbound(&set), "web");
    let with = vec![rule("web, narrow", true, tcp(443).from(net("10.0.0.0/8")))];
    let (_, edited) = changed(&text, Direction::Inbound, &[Change::Replace { rule: web, with }]);
    assert_eq!(
        edited.commands,
        [
            "New-NetFirewallRule -Name 'web- narrow' -DisplayName 'web, narrow' -Direction Inbound -Action Allow -RemoteAddress '10.0.0.0/8' -Protocol TCP -LocalPort 443",
            "Remove-NetFirewallRule -Name '{web}'",
        ]
    );
    assert_eq!(
        edited.rollback,
        [
            "New-NetFirewallRule -Name '{web}' -DisplayName web -Enabled True -Direction Inbound -Action Allow -Protocol TCP -LocalPort 443",
            "Remove-NetFirewallRule -Name 'web- narrow'",
        ]
    );
    // What the commands and their rollback say reads back as rules.
    assert_eq!(read(&edited.rollback.first().unwrap().clone()).rule_sets.len(), 1);
}

#[test]
fn a_collected_file_keeps_its_layout() {
    let text = collected(&[WEB, NO]);
    let change = Change::Insert { before: None, rule: rule("smb", true, tcp(445)) };
    let (new, _) = changed(&text, Direction::Inbound, &[change]);
    let lines: Vec<&str> =
        new.lines().filter(|line| line.contains("\"Name\": \"") && line.starts_with("    {")).collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[2].starts_with("    { \"Name\": \"smb\", \"DisplayName\": \"smb\", \"Description\": null"),
        "{}",
        lines[2]
    );
    let tall = text
        .replace("{\"Name\": \"{web}\", ", "{\n      \"Name\": \"{web}\",\n      ")
        .replace("\"False\"},\n", "\"False\"\n    },\n");
    let change = Change::Insert { before: None, rule: rule("smb", true, tcp(445)) };
    let (new, _) = changed(&tall, Direction::Inbound, &[change]);
    assert!(new.contains(",\n    {\n      \"Name\": \"smb\",\n      \"DisplayName\": \"smb\",\n"), "{new}");
}

#[test]
fn names_need_a_dynamic_keyword() {
    let named = || rule("exo", true, tcp(443).when(Conditions::named(Side::Destination, "*.example.com")));
    let change = || vec![Change::Insert { before: None, rule: named() }];
    let (text, edited) = changed(&collected(&[WEB, OUT]), Direction::Outbound, &change());
    assert!(edited.commands[0].starts_with("New-NetFirewallDynamicKeywordAddress"));
    assert!(edited.rollback[1].starts_with("Remove-NetFirewallDynamicKeywordAddress"));
    // The next rule for the name uses what is there.
    let (_, edited) = changed(&text, Direction::Outbound, &change());
    assert_eq!(edited.commands.len(), 1);
    changed(SCRIPT, Direction::Outbound, &change());
    let refusal = edit(&table(), Direction::Outbound, &change()).unwrap_err();
    assert!(refusal.message.contains("a table cannot say"), "{}", refusal.message);
}

#[test]
fn what_cannot_be_done_is_refused() {
    let text = collected(&[WEB, NO, OUT]);
    let set = read(&text);
    let no = id(inbound(&set), "no");
    let before_block =
        Change::Insert { before: Some(no), rule: rule("x", true, tcp(1).from(net("192.0.2.0/25"))) };
    let refusal = edit(&text, Direction::Inbound, &[before_block]).unwrap_err();
    assert!(refusal.message.contains("would come before `no`"), "{}", refusal.message);
    let twice = [Change::Remove { rule: no }, Change::Remove { rule: no }];
    assert!(edit(&text, Direction::Inbound, &twice).unwrap_err().message.contains("changed twice"));
    let wild = collected(&[r#""Name": "*", "DisplayName": "w""#, WEB]);
    let all = Change::Remove { rule: RuleId(0) };
    assert!(edit(&wild, Direction::Inbound, &[all]).unwrap_err().message.contains("pattern"));
    let alone = collected(&[WEB]);
    let last = Change::Remove { rule: RuleId(0) };
    assert!(edit(&alone, Direction::Inbound, &[last]).unwrap_err().message.contains("would be left"));
    let ignored = collected_with(&[WEB], r#""AllowLocalFirewallRules": "False","#, "");
    let add = || Change::Insert { before: None, rule: rule("x", true, tcp(1)) };
    assert!(edit(&ignored, Direction::Inbound, &[add()]).unwrap_err().help.contains("group policy"));
    for text in [
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Name=a|\n",
        "netsh advfirewall firewall add rule name=a dir=in action=allow\n",
    ] {
        assert!(
            edit(text, Direction::Inbound, &[add()]).unwrap_err().message.contains("not edited in place")
        );
    }
    let export = read(&text);
    assert!(
        Windows.edit(&wild, &export, 0, &[add()]).unwrap_err().message.contains("not the one that was read")
    );
    let policy = collected(&[
        r#""Name": "p", "DisplayName": "p", "PolicyStoreSourceType": "GroupPolicy", "PolicyStoreSource": "Base""#,
        WEB,
    ]);
    let (_, edited) = changed(&policy, Direction::Inbound, &[Change::Remove { rule: RuleId(0) }]);
    assert_eq!(edited.commands, [r"Remove-NetFirewallRule -Name 'p' -PolicyStore '<domain>\Base'"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn edits_make_the_changes_and_no_other(
        shape in 0_usize..3,
        picks in proptest::collection::vec((0_u8..3, 0_usize..2, any::<bool>(), super::emit::region(Direction::Inbound)), 1..4),
    ) {
        let text = &files()[shape];
        let set = read(text);
        let ids = [id(inbound(&set), "web"), id(inbound(&set), "no")];
        let mut gone = Vec::new();
        let mut changes = Vec::new();
        for (kind, at, permit, region) in picks {
            let new = rule("new", permit, region);
            let known = ids[at];
            let free = !gone.contains(&known);
            changes.push(match kind {
                0 if free => {
                    gone.push(known);
                    Change::Remove { rule: known }
                }
                1 if free => {
                    gone.push(known);
                    Change::Replace { rule: known, with: vec![new] }
                }
                _ => Change::Insert { before: free.then_some(known), rule: new },
            });
        }
        // An insertion before a rule that goes in the same breath has no place.
        let before_gone = changes.iter().any(|change| matches!(change, Change::Insert { before: Some(id), .. } if gone.contains(id)));
        prop_assume!(!before_gone);
        if edit(text, Direction::Inbound, &changes).is_ok() {
            changed(text, Direction::Inbound, &changes);
        }
    }
}
