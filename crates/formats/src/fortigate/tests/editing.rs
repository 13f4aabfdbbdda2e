use diagnostics::apply;
use proptest::prelude::*;
use space::{
    AddressSet, Conditions, Effort, IntervalSet, Region, RuleId, RuleSet, Side, difference, protocol,
};

use super::writing::{any_rule, one_family, split};
use super::*;
use crate::{Change, Edited, NewRule, Refusal};

const FILE: &str = r#"#config-version=FGT60F-7.0.10-FW-build0450-230101:opmode=0:vdom=0:user=admin
config firewall address
    edit "all"
    next
    edit "h-10.0.0.4"
        set subnet 10.0.0.4 255.255.255.255
    next
    edit "h-10.0.0.5"
        set subnet 10.0.0.5 255.255.255.255
    next
    edit "tied"
        set subnet 10.0.0.6 255.255.255.255
        set associated-interface "lan"
    next
end
config firewall service custom
    edit "ALL"
        set protocol IP
    next
    edit "HTTP"
        set tcp-portrange 80
    next
    edit "HTTPS"
        set tcp-portrange 443
    next
end
config firewall policy
    edit 4
        set name "web"
        set uuid 5f7cfd44-0000-51ee-aaaa-000000000001
        set srcintf "lan"
        set dstintf "wan"
        set action accept
        set srcaddr "all"
        set dstaddr "all"
        set schedule "always"
        set service "HTTPS"
        set utm-status enable
        set av-profile "default"
        set comments "two
lines"
        set nat enable
    next
    edit 2
        set srcintf "any"
        set dstintf "any"
        set srcaddr "all"
        set dstaddr "all"
        set schedule "always"
        set service "ALL"
    next
end
"#;

fn allow(name: &str, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit: true, region }
}

fn to(destination: &str, ports: &[u16]) -> Region {
    let destination: ipnet::IpNet = destination.parse().unwrap();
    let ports = IntervalSet::from_ranges(ports.iter().map(|port| (*port, *port)));
    Region::any().from(AddressSet::any_v4()).service(protocol::TCP, ports).to(AddressSet::from(destination))
}

fn edit(text: &str, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = import(text);
    let edited = Fortigate.edit(text, &export, 0, changes)?;
    let new = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((new, edited))
}

/// Carries out commands as the command line would, by reading them behind the file.
fn carried_out(text: &str, commands: &[String]) -> RuleSet {
    let script = format!("{text}{}\n", commands.join("\n"));
    split(&import(&script).rule_sets[0].rules)
}

fn same(a: &RuleSet, b: &RuleSet) {
    for (old, new) in [(a, b), (b, a)] {
        let found = difference(old, new, &Effort::usual()).unwrap();
        assert!(found.is_empty(), "{found:?}");
    }
}

/// Makes the changes, and checks that the file, the commands and the rollback say what they should.
fn changed(text: &str, changes: &[Change]) -> (String, Edited) {
    let (new, edited) = edit(text, changes).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let after = split(&import(&new).rule_sets[0].rules);
    same(&after, &carried_out(text, &edited.commands));
    let back: Vec<String> = edited.commands.iter().chain(&edited.rollback).cloned().collect();
    same(&split(&import(text).rule_sets[0].rules), &carried_out(text, &back));
    (new, edited)
}

#[test]
fn a_policy_is_put_before_another_with_the_objects_that_there_are() {
    let rule = allow("agents: tcp", to("10.0.0.5/32", &[80, 443]));
    let (text, edited) = changed(FILE, &[Change::Insert { before: Some(RuleId(1)), rule }]);
    let added = r#"    edit 5
        set name "agents: tcp"
        set srcintf "any"
        set dstintf "any"
        set action accept
        set srcaddr "all"
        set dstaddr "h-10.0.0.5"
        set schedule "always"
        set service "HTTP" "HTTPS"
        set logtraffic all
    next
"#;
    assert_eq!(text, FILE.replace("    edit 2\n", &format!("{added}    edit 2\n")));
    assert_eq!(edited.commands.first().unwrap(), "config firewall policy");
    assert_eq!(edited.commands[edited.commands.len() - 2..], ["move 5 before 2", "end"]);
    assert_eq!(edited.rollback, ["config firewall policy", "delete 5", "end"]);
    assert_eq!(ask(&text, "10.9.9.9 -> 10.0.0.5 tcp/80"), "permit by policy 5");
}

#[test]
fn new_objects_are_named_as_the_others_are() {
    let rule =
        allow("r", to("10.0.0.9/32", &[6160]).from("10.7.0.0/24".parse::<ipnet::IpNet>().unwrap().into()));
    let (text, edited) = changed(FILE, &[Change::Insert { before: None, rule }]);
    assert!(
        text.contains(
            "    edit \"h-10.0.0.9\"\n        set subnet 10.0.0.9 255.255.255.255\n    next\nend\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("    edit \"tcp-6160\"\n        set tcp-portrange 6160\n    next\nend\n"),
        "{text}"
    );
    assert!(text.ends_with("        set logtraffic all\n    next\nend\n"));
    assert!(
        edited.rollback.ends_with(&[
            "config firewall address".into(),
            "delete \"10.7.0.0/24\"".into(),
            "delete \"h-10.0.0.9\"".into(),
            "end".into()
        ]),
        "{:?}",
        edited.rollback
    );
    // One that is tied to an interface is left alone.
    let (text, _) =
        changed(FILE, &[Change::Insert { before: None, rule: allow("r", to("10.0.0.6/32", &[80])) }]);
    assert!(text.contains("set dstaddr \"h-10.0.0.6\""), "{text}");
}

#[test]
fn sections_that_are_missing_are_made_before_the_policies() {
    let text = with("", &[policy(1, "set action deny")]);
    let region = to("10.0.0.9/32", &[6160]).when(Conditions::named(Side::Source, "*.example.com"));
    let (text, _) = changed(&text, &[Change::Insert { before: Some(RuleId(0)), rule: allow("r", region) }]);
    let order = ["config firewall address\n", "config firewall service custom\n", "config firewall policy\n"];
    let places: Vec<usize> = order.iter().map(|section| text.find(section).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_policy_goes() {
    let (text, edited) = changed(FILE, &[Change::Remove { rule: RuleId(0) }]);
    assert!(!text.contains("edit 4\n") && text.contains("config firewall policy\n    edit 2\n"), "{text}");
    assert_eq!(edited.commands, ["config firewall policy", "delete 4", "end"]);
    assert!(edited.rollback.contains(&"set comments \"two\nlines\"".to_owned()));
    assert!(edited.rollback.contains(&"move 4 before 2".to_owned()));
}

#[test]
fn a_replaced_policy_keeps_what_does_not_match() {
    let with = vec![allow("first", to("10.0.0.4/32", &[443])), allow("second", to("10.0.0.5/32", &[80]))];
    let (text, edited) = changed(FILE, &[Change::Replace { rule: RuleId(0), with }]);
    assert!(text.contains("    edit 4\n        set name \"web\"\n        set uuid 5f7cfd44-0000-51ee-aaaa-000000000001\n        set srcintf \"any\"\n"), "{text}");
    assert!(text.contains("        set dstaddr \"h-10.0.0.4\"\n"));
    assert!(text.contains("    next\n    edit 5\n        set name \"second\"\n"));
    assert_eq!(text.matches("set av-profile \"default\"").count(), 2);
    assert_eq!(text.matches("set nat enable").count(), 2);
    assert!(edited.commands.contains(&"move 5 before 2".to_owned()));
    // What a policy was narrowed by goes with its packets.
    let users =
        FILE.replace("        set nat enable\n", "        set nat enable\n        set groups \"admins\"\n");
    let change = Change::Replace { rule: RuleId(0), with: vec![allow("r", to("10.0.0.4/32", &[443]))] };
    let (text, edited) = changed(&users, &[change]);
    assert!(!text.contains("set groups") && edited.commands.contains(&"unset groups".to_owned()));
    assert!(edited.rollback.contains(&"set groups \"admins\"".to_owned()));
    // A policy that denies inspects nothing.
    let deny = NewRule { permit: false, ..allow("no", to("10.0.0.4/32", &[443])) };
    let (text, _) = changed(FILE, &[Change::Replace { rule: RuleId(0), with: vec![deny] }]);
    assert!(!text.contains("av-profile") && text.contains("set action deny"), "{text}");
}

#[test]
fn the_layout_of_the_file_is_kept() {
    let compact = FILE
        .replace("        set", "set")
        .replace("    edit", "edit")
        .replace("    next", "next")
        .replace('\n', "\r\n");
    let rule = allow("r", to("10.0.0.9/32", &[443]));
    let (text, _) = changed(&compact, &[Change::Insert { before: Some(RuleId(0)), rule }]);
    assert!(text.contains("\r\nedit 5\r\nset name \"r\"\r\nset srcintf \"any\"\r\n"), "{text}");
    assert!(!text.replace("\r\n", "").contains('\n') || text.contains("two"), "{text}");
}

#[test]
fn each_virtual_domain_is_changed_in_its_place() {
    let inner = with(
        "config firewall address\n    edit \"x\"\n        set subnet 10.0.0.9/32\n    next\nend",
        &[policy(1, "set action deny")],
    );
    let text = format!("config vdom\nedit root\n{inner}end\nconfig vdom\nedit dmz\n{inner}end\n");
    let export = import(&text);
    let change = Change::Insert { before: Some(RuleId(0)), rule: allow("r", to("10.0.0.8/32", &[443])) };
    let edited = Fortigate.edit(&text, &export, 1, &[change]).unwrap();
    let new = apply(&text, &edited.edits).unwrap();
    assert_eq!(ask_in(&new, "root", "10.1.1.1 -> 10.0.0.8 tcp/443"), "deny by policy 1");
    assert_eq!(ask_in(&new, "dmz", "10.1.1.1 -> 10.0.0.8 tcp/443"), "permit by policy 2");
    assert_eq!(edited.commands[..2], ["config vdom", "edit \"dmz\""]);
    assert_eq!(edited.commands.last().unwrap(), "end");
}

#[test]
fn before_the_lists_were_merged_each_family_has_its_own() {
    let six = policy(1, "set action deny");
    let text = format!(
        "#config-version=FGT60F-6.0.9-FW-build0335-200121:opmode=0:vdom=0\n{}config firewall policy6\n{six}end\n",
        with("", &[policy(1, "set action deny")])
    );
    let both = Region::any().service(protocol::TCP, IntervalSet::one(443));
    let (new, _) = changed(&text, &[Change::Insert { before: None, rule: allow("r", both.clone()) }]);
    assert_eq!(new.matches("set name \"r\"").count(), 2);
    assert!(!new.contains("srcaddr6"));
    let refusal =
        edit(&text, &[Change::Insert { before: Some(RuleId(0)), rule: allow("r", both) }]).unwrap_err();
    assert_eq!(refusal.message, "this list of policies has no IPv6 addresses");
    let one: space::AddressSet = "2001:db8::/32".parse::<ipnet::IpNet>().unwrap().into();
    let six = Region::any().service(protocol::TCP, IntervalSet::one(443)).from(one);
    let (new, _) = changed(&text, &[Change::Insert { before: Some(RuleId(1)), rule: allow("r", six) }]);
    assert_eq!(ask(&new, "2001:db8::1 -> 2001:db8::2 tcp/443"), "permit by policy6 2");
}

#[test]
fn what_cannot_be_done_is_refused() {
    let message = |text: &str, changes: &[Change]| edit(text, changes).expect_err("this is refused").message;
    let remove = |rule| Change::Remove { rule: RuleId(rule) };
    assert_eq!(message(FILE, &[remove(0), remove(0)]), "`policy 4` is changed twice");
    assert_eq!(message(FILE, &[remove(7)]), "there is no such policy in the list");
    let moved = FILE.replace(
        "        set service \"ALL\"\n    next\nend",
        "        set service \"ALL\"\n    next\n    move 2 before 4\nend",
    );
    assert_eq!(
        message(&moved, &[remove(0)]),
        "commands make the order of `config firewall policy`, and no policy has its place there"
    );
    let unnumbered = FILE.replace("edit 2", "edit 0");
    assert_eq!(message(&unnumbered, &[remove(0)]), "a policy of `config firewall policy` has no number yet");
    let zone = format!(
        "config system zone\n    edit \"in\"\n        set interface \"a\" \"b\"\n        set intrazone allow\n    next\nend\n{FILE}"
    );
    assert_eq!(
        message(&zone, &[remove(0)]),
        "`zone in intrazone` is no policy, and cannot be removed or replaced"
    );
    let export = import(FILE);
    assert!(Fortigate.edit(&FILE.replace("edit 2", "edit 3"), &export, 0, &[]).is_err());
    assert!(Fortigate.edit(FILE, &export, 3, &[]).is_err());
}

/// What is done to a policy.
#[derive(Clone, Debug)]
enum Step {
    Keep,
    InsertBefore(Vec<NewRule>),
    Remove,
    Replace(Vec<NewRule>),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Keep),
        1 => prop::collection::vec(any_rule(), 1..3).prop_map(Step::InsertBefore),
        1 => Just(Step::Remove),
        1 => prop::collection::vec(any_rule(), 1..3).prop_map(Step::Replace)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn edits_make_the_changes_and_no_other(
        rules in prop::collection::vec((any_rule(), any_step()), 1..5),
        last in prop::collection::vec(any_rule(), 0..2),
    ) {
        let (rules, steps): (Vec<NewRule>, Vec<Step>) = rules.into_iter().unzip();
        let listing = crate::RuleListing {
            name: "edge".to_owned(),
            direction: crate::Direction::Transit,
            rules: rules.clone(),
            default_permit: false,
        };
        let text = Fortigate.emit(&[listing]).unwrap();
        let (mut changes, mut expected) = (Vec::new(), Vec::new());
        for ((rule, step), id) in rules.into_iter().zip(steps).zip((0..).map(RuleId)) {
            match step {
                Step::Keep => expected.push(rule),
                Step::InsertBefore(new) => {
                    changes.extend(new.iter().map(|rule| Change::Insert { before: Some(id), rule: rule.clone() }));
                    expected.extend(new);
                    expected.push(rule);
                }
                Step::Remove => changes.push(Change::Remove { rule: id }),
                Step::Replace(new) => {
                    changes.push(Change::Replace { rule: id, with: new.clone() });
                    expected.extend(new);
                }
            }
        }
        changes.extend(last.iter().map(|rule| Change::Insert { before: None, rule: rule.clone() }));
        expected.extend(last);
        let (new, _) = changed(&text, &changes);
        let read = split(&import(&new).rule_sets[0].rules);
        let meant = one_family(&expected, false);
        for (old, new_rules) in [(&meant, &read), (&read, &meant)] {
            let found = difference(old, new_rules, &Effort::usual()).unwrap();
            prop_assert!(found.is_empty(), "{:?}\n{}\n{}", found, text, new);
        }
        if changes.is_empty() {
            prop_assert_eq!(new, text);
        }
    }
}
