use diagnostics::apply;
use proptest::prelude::*;
use space::{Action, IntervalSet, Region, RuleId, difference};

use super::writing::{net, region, rule, tcp};
use super::*;
use crate::{Change, Edited, NewRule, Refusal};

const TEXT: &str = "flush ruleset

table inet filter { # handle 1
    chain aside {
        tcp dport 25 drop
    }

    chain forward { # handle 2
        type filter hook forward priority filter; policy drop;
        ct state established,related accept # handle 3
        # people
        tcp dport 22 accept comment \"ssh\" # handle 4
        tcp dport vmap { 80 : accept,
                         81 : drop } # handle 5
        ip saddr 192.0.2.1 drop; ip saddr 192.0.2.0/24 accept
        jump aside # handle 8
    }
}
";

fn edit(text: &str, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = import(text);
    let edited = Nftables.edit(text, &export, 0, changes)?;
    let after = apply(text, &edited.edits).expect("edits apply");
    Ok((after, edited))
}

fn id(text: &str, name: &str) -> RuleId {
    let export = import(text);
    let at = export.rule_sets[0].entries.iter().position(|entry| entry.name == name);
    RuleId(at.unwrap_or_else(|| panic!("no {name}")) as u32)
}

fn web() -> NewRule {
    rule("web", true, tcp(IntervalSet::one(443)).to(net("192.0.2.0/24")))
}

fn line(before: &str, after: &str) -> String {
    let old: Vec<&str> = before.lines().collect();
    after.lines().filter(|line| !old.contains(line)).collect::<Vec<_>>().join("|")
}

#[test]
fn a_rule_goes_before_another_one() {
    let change = Change::Insert { before: Some(id(TEXT, "inet filter forward 2")), rule: web() };
    let (after, edited) = edit(TEXT, &[change]).unwrap();
    assert_eq!(line(TEXT, &after), "        ip daddr 192.0.2.0/24 tcp dport 443 accept comment \"web\"");
    assert!(after.contains("# people\n        ip daddr"), "{after}");
    assert_eq!(
        edited.commands,
        [
            "nft insert rule inet filter forward handle 4 'ip daddr 192.0.2.0/24 tcp dport 443 accept comment \"web\"'"
        ]
    );
    assert_eq!(edited.rollback, ["nft -f EXPORT.nft"]);
    // Without a handle the place is a number, from 0.
    let plain = TEXT.replace(" # handle 4", "");
    let change = Change::Insert { before: Some(id(&plain, "inet filter forward 2")), rule: web() };
    let (_, edited) = edit(&plain, &[change.clone(), change]).unwrap();
    assert!(edited.commands[0].starts_with("nft insert rule inet filter forward index 1 "));
    assert!(edited.commands[1].starts_with("nft insert rule inet filter forward index 2 "));
}

#[test]
fn a_rule_goes_to_the_end_or_away() {
    let (after, edited) = edit(TEXT, &[Change::Insert { before: None, rule: web() }]).unwrap();
    assert!(after.contains("jump aside # handle 8\n        ip daddr 192.0.2.0/24 tcp dport 443"), "{after}");
    assert!(edited.commands[0].starts_with("nft add rule inet filter forward 'ip daddr"));

    let remove = |name: &str| edit(TEXT, &[Change::Remove { rule: id(TEXT, name) }]).unwrap();
    let (after, edited) = remove("inet filter forward 2");
    assert_eq!(after, TEXT.replace("        tcp dport 22 accept comment \"ssh\" # handle 4\n", ""));
    assert_eq!(edited.commands, ["nft delete rule inet filter forward handle 4"]);
    assert_eq!(
        edited.rollback,
        ["nft insert rule inet filter forward index 1 'tcp dport 22 accept comment \"ssh\"'"]
    );
    let (after, _) = remove("inet filter forward 4");
    assert_eq!(after, TEXT.replace("ip saddr 192.0.2.1 drop; ", ""));
    let (after, edited) = remove("inet filter forward 5");
    assert!(after.contains("        ip saddr 192.0.2.1 drop; \n"), "{after}");
    assert_eq!(edited.commands, ["nft -f EDITED.nft"], "it has no handle");
    let (after, edited) = remove("inet filter forward 6");
    assert!(!after.contains("jump"));
    assert_eq!(edited.rollback, ["nft add rule inet filter forward 'jump aside'"]);
    let (after, edited) = remove("inet filter aside 1");
    assert!(after.contains("chain aside {\n    }"), "{after}");
    assert_eq!(edited.commands, ["nft -f EDITED.nft"]);
}

#[test]
fn a_rule_is_replaced_by_others() {
    let with = vec![web(), rule("", false, Region::any().protocol(47))];
    let change = Change::Replace { rule: id(TEXT, "inet filter forward 2"), with };
    let (after, edited) = edit(TEXT, std::slice::from_ref(&change)).unwrap();
    assert_eq!(
        line(TEXT, &after),
        "        ip daddr 192.0.2.0/24 tcp dport 443 accept comment \"web\"|        meta l4proto 47 drop"
    );
    assert!(!after.contains("handle 4"));
    assert_eq!(
        edited.commands,
        [
            "nft insert rule inet filter forward handle 4 'ip daddr 192.0.2.0/24 tcp dport 443 accept comment \"web\"'",
            "nft replace rule inet filter forward handle 4 'meta l4proto 47 drop'"
        ]
    );
    let twice = edit(TEXT, &[change.clone(), change]).unwrap_err();
    assert!(twice.message.contains("changed twice"));
}

#[test]
fn empty_chains_and_files_of_commands_are_edited_too() {
    let append = [Change::Insert { before: None, rule: web() }];
    for text in [
        "table inet f {\n  chain c {\n    type filter hook forward priority 0; policy drop;\n  }\n}\n",
        "table inet f {\n  chain c { type filter hook forward priority 0; policy drop; }\n}\n",
        "table inet f {\n  chain c {\n    type filter hook forward priority 0\n    policy drop\n  }\n}\n",
        "add table inet f\nadd chain inet f c { type filter hook forward priority 0; policy drop; }\n",
        "add table inet f\nadd chain inet f c { type filter hook forward priority 0; policy drop; }\nadd rule inet f c udp dport 53 accept",
        "table inet f {\r\n  chain c {\r\n    type filter hook forward priority 0; policy drop;\r\n    accept;\r\n  }\r\n}\r\n",
        "table inet f { chain c { type filter hook forward priority 0; policy drop; udp dport 53 accept; }; }",
    ] {
        let (after, _) = edit(text, &append).unwrap_or_else(|refusal| panic!("{refusal:?} {text}"));
        let export = import(&after);
        assert!(export.problems.is_empty(), "{after}");
        assert_eq!(word(&after, "forward", "10.0.0.1 -> 192.0.2.7 tcp/443"), "permit", "{after}");
        assert_eq!(after.contains("\r\n"), text.contains("\r\n"));
        assert!(!after.replace("\r\n", "").contains('\r'));
    }
}

#[test]
fn what_cannot_be_changed_in_place_is_refused() {
    let refused = |text: &str, change: Change| {
        let refusal = edit(text, &[change]).unwrap_err();
        assert!(!refusal.help.is_empty());
        refusal.message
    };
    let element = id(TEXT, "inet filter forward 3.2");
    assert!(refused(TEXT, Change::Remove { rule: element }).contains("one element of a verdict map"));
    assert!(refused(TEXT, Change::Insert { before: Some(element), rule: web() }).contains("one element"));
    let first = Change::Insert { before: Some(id(TEXT, "inet filter forward 3.1")), rule: web() };
    assert!(edit(TEXT, &[first]).is_ok());
    assert!(refused(TEXT, Change::Remove { rule: RuleId(99) }).contains("no such rule"));

    let v6 = TEXT
        .replace("table inet", "table ip6")
        .replace("ip saddr 192.0.2.1 drop; ip saddr 192.0.2.0/24 accept", "");
    assert!(refused(&v6, Change::Insert { before: None, rule: web() }).contains("sees those of IPv6 only"));
    let implied = RuleId(0);
    assert!(refused(&v6, Change::Remove { rule: implied }).contains("no rule that the file holds"));

    let commands = "add table inet f\nadd chain inet f c { type filter hook forward priority 0; }\n\
                    add rule inet f c accept\ninsert rule inet f c tcp dport 22 drop\n";
    assert!(
        refused(commands, Change::Insert { before: None, rule: web() }).contains("put together by commands")
    );
    let json = r#"{"nftables": [{"table": {"family": "ip", "name": "t"}}, {"chain": {"family": "ip", "table": "t", "name": "f", "hook": "forward", "prio": 0}}]}"#;
    assert!(refused(json, Change::Insert { before: None, rule: web() }).contains("JSON"));
}

#[test]
fn a_chain_of_one_family_takes_its_half() {
    let text = "table ip f {\n chain c {\n  type filter hook forward priority 0; policy drop;\n }\n}\n";
    let both = rule("", true, tcp(IntervalSet::one(443)));
    let (after, _) = edit(text, &[Change::Insert { before: None, rule: both.clone() }]).unwrap();
    assert_eq!(line(text, &after), "  tcp dport 443 accept");
    let deny = NewRule { permit: false, ..both };
    assert!(edit(text, &[Change::Insert { before: None, rule: deny }]).is_err(), "IPv6 would still pass");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn an_insertion_is_read_back_as_one(
        region in region(), permit in any::<bool>(), at in prop::option::of(0_u32..7),
    ) {
        prop_assume!(!region.families().is_empty());
        let export = import(TEXT);
        let set = &export.rule_sets[0];
        let before = at.map(RuleId).filter(|id| set.entry(*id).is_some_and(|entry| !entry.name.ends_with("3.2")));
        let new = rule("new", permit, region.clone());
        let (after, _) = edit(TEXT, &[Change::Insert { before, rule: new }]).unwrap();
        // The same by hand, in the meaning.
        let mut rules = set.rules.clone();
        let action = if permit { Action::Permit } else { Action::Deny };
        let added = space::Rule { id: RuleId(1000), matches: vec![region], action };
        let chains: Vec<Vec<space::Rule>> = rules.chains.iter().enumerate().map(|(number, chain)| {
            let mut out = Vec::new();
            for one in &chain.rules {
                if Some(one.id) == before { out.push(added.clone()); }
                out.push(one.clone());
            }
            if before.is_none() && number == rules.stages[0].chain { out.push(added.clone()); }
            out
        }).collect();
        rules.chains = chains.into_iter().map(space::Chain::from).collect();
        let found = difference(&rules, &import(&after).rule_sets[0].rules, &Effort::usual()).unwrap();
        prop_assert!(found.is_empty(), "{after}\n{found:?}");
    }
}
