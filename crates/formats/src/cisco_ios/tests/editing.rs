//! Edits of the text, and commands that do the same on the device.

use std::collections::BTreeMap;

use diagnostics::apply;
use proptest::prelude::*;
use space::{IntervalSet, NameSet, Region, RuleId};

use super::round_trip::{any_rule_v4, as_rule_set, differs, net, rule, tcp};
use super::*;
use crate::cisco_ios::model::Family;
use crate::cisco_ios::write::{self, Dialect};
use crate::{Change, Edited, NewRule, Refusal};

fn edited(text: &str, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = import(text);
    let edited = CiscoIos.edit(text, &export, 0, changes)?;
    Ok((apply(text, &edited.edits).expect("the edits fit the text"), edited))
}

fn id(text: &str, name: &str) -> RuleId {
    let export = import(text);
    let at = export.rule_sets[0].entries.iter().position(|entry| entry.name == name);
    RuleId(u32::try_from(at.unwrap_or_else(|| panic!("no {name}"))).unwrap())
}

fn web() -> NewRule {
    rule("web", true, tcp(IntervalSet::one(443)).from(net("10.0.0.0/8")).to(net("192.0.2.0/24")))
}

fn web_from(source: &str) -> NewRule {
    rule("web", true, tcp(IntervalSet::one(443)).from(net(source)).to(net("192.0.2.0/24")))
}

fn insert(text: &str, before: &str) -> Change {
    Change::Insert { before: Some(id(text, before)), rule: web() }
}

#[test]
fn a_rule_gets_a_number_between_two() {
    let text =
        "ip access-list extended A\r\n 10 permit tcp any any eq 25\r\n 20 deny ip any any log\r\n!\r\n";
    let (new, edited) = edited(text, &[insert(text, "A 20")]).unwrap();
    let line = " 15 permit tcp 10.0.0.0 0.255.255.255 192.0.2.0 0.0.0.255 eq 443\r\n";
    assert_eq!(new, text.replace(" 20 deny", &format!("{line} 20 deny")));
    let entry = "permit tcp 10.0.0.0 0.255.255.255 192.0.2.0 0.0.0.255 eq 443";
    assert_eq!(edited.commands, ["ip access-list extended A".to_owned(), format!(" 15 {entry}")]);
    assert_eq!(edited.rollback, ["ip access-list extended A", " no 15"]);
}

#[test]
fn a_list_without_numbers_is_renumbered_on_the_device() {
    let text = "hostname r\ninterface Ethernet0\n ip access-group A in\nip access-list extended A\n remark mail\n permit tcp any any eq 25\n deny ip any any\n";
    let (new, edited) = edited(text, &[insert(text, "A 20")]).unwrap();
    assert_eq!(names(&new, "r"), ["Ethernet0 in: A", "A 10", "A 20", "A 30"]);
    assert!(
        new.contains("\n permit tcp 10.0.0.0 0.255.255.255 192.0.2.0 0.0.0.255 eq 443\n deny ip any any\n")
    );
    assert_eq!(edited.commands[0], "ip access-list resequence A 10 10");
    assert!(edited.commands[2].starts_with(" 15 permit tcp"), "{:?}", edited.commands);
    let numbered = "access-list 101 permit tcp any any eq 25\naccess-list 101 deny ip any any\n";
    let (new, edited) = super::editing::edited(numbered, &[insert(numbered, "101 20")]).unwrap();
    assert!(new.contains(
        "\naccess-list 101 permit tcp 10.0.0.0 0.255.255.255 192.0.2.0 0.0.0.255 eq 443\naccess-list 101 deny"
    ));
    assert_eq!(edited.commands[1], "ip access-list extended 101");
}

#[test]
fn the_implied_end_and_the_binding_are_places_too() {
    let text = "hostname r\ninterface Ethernet0\n ip access-group A in\n!\nip access-list extended A\n 10 permit tcp any any eq 25\n!\nend\n";
    let line = "permit tcp 10.0.0.0 0.255.255.255 192.0.2.0 0.0.0.255 eq 443\n";
    for (before, expected) in [
        ("A implicit deny", format!(" 10 permit tcp any any eq 25\n 20 {line}!\n")),
        ("Ethernet0 in: A", format!(" 5 {line} 10 permit tcp any any eq 25\n!\n")),
    ] {
        let (new, _) = edited(text, &[insert(text, before)]).unwrap();
        assert!(new.contains(&expected), "{new}");
    }
    let (new, _) = edited(text, &[Change::Insert { before: None, rule: web() }]).unwrap();
    assert!(new.contains(&format!("\n 20 {line}!")), "{new}");
}

#[test]
fn where_there_is_no_room_the_list_is_renumbered() {
    let text = "ip access-list A\n  10 remark mail\n  20 permit tcp any any eq smtp\n  21 deny ip any any\n";
    let text = format!("feature bgp\n{text}");
    let (new, edited) = edited(&text, &[insert(&text, "A 21")]).unwrap();
    let entry = "permit tcp 10.0.0.0/8 192.0.2.0/24 eq 443";
    assert_eq!(
        new,
        format!(
            "feature bgp\nip access-list A\n  10 remark mail\n  20 permit tcp any any eq smtp\n  25 {entry}\n  30 deny ip any any\n"
        )
    );
    assert_eq!(
        edited.commands,
        [
            "resequence ip access-list A 10 10".to_owned(),
            "ip access-list A".to_owned(),
            format!(" 25 {entry}")
        ]
    );
}

#[test]
fn a_removed_rule_is_put_back_by_the_rollback() {
    let text = "Extended IP access list A\n    10 permit tcp any any eq 25 (4 matches)\n    20 deny ip any any log (2 matches)\n";
    let (new, edited) = edited(text, &[Change::Remove { rule: id(text, "A 10") }]).unwrap();
    assert_eq!(new, "Extended IP access list A\n    20 deny ip any any log (2 matches)\n");
    assert_eq!(edited.commands, ["ip access-list extended A", " no 10"]);
    assert_eq!(edited.rollback, ["ip access-list extended A", " 10 permit tcp any any eq 25"]);
}

#[test]
fn one_for_one_keeps_the_number() {
    let text = "ip access-list standard 10\n 10 permit 10.0.0.0 0.0.0.255\n 20 permit any\n";
    let host = rule("", true, Region::any().from(net("10.0.0.7/32")));
    let (new, edited) =
        edited(text, &[Change::Replace { rule: id(text, "10 10"), with: vec![host] }]).unwrap();
    assert_eq!(new, "ip access-list standard 10\n 10 permit host 10.0.0.7\n 20 permit any\n");
    assert_eq!(edited.commands, ["ip access-list standard 10", " no 10", " 10 permit host 10.0.0.7"]);
    assert_eq!(edited.rollback, ["ip access-list standard 10", " no 10", " 10 permit 10.0.0.0 0.0.0.255"]);
}

#[test]
fn a_list_never_loses_its_last_entry() {
    // Without one, it would permit everything.
    let text = "ip access-list extended A\n 10 permit tcp any any\n";
    let (new, edited) = edited(text, &[Change::Remove { rule: RuleId(0) }]).unwrap();
    assert_eq!(new, "ip access-list extended A\n 10 deny ip any any\n");
    assert_eq!(edited.commands, ["ip access-list extended A", " no 10", " 10 deny ip any any"]);
}

#[test]
fn ipv6_lists_of_ios_have_their_own_words() {
    let text = "ipv6 access-list S\n permit tcp any any eq 25\n deny ipv6 any any\n";
    let six =
        rule("", true, tcp(IntervalSet::one(443)).from(net("2001:db8::/32")).to(net("2001:db8:1::/48")));
    let change = Change::Insert { before: Some(id(text, "S 20")), rule: six };
    let (new, edited) = edited(text, &[change]).unwrap();
    let lines =
        " eq 25\n sequence 15 permit tcp 2001:db8::/32 2001:db8:1::/48 eq 443\n sequence 20 deny ipv6";
    assert!(new.contains(lines), "{new}");
    assert_eq!(
        edited.commands,
        ["ipv6 access-list S", " sequence 15 permit tcp 2001:db8::/32 2001:db8:1::/48 eq 443"]
    );
    assert_eq!(edited.rollback, ["ipv6 access-list S", " no sequence 15"]);
}

#[test]
fn an_ipv6_list_keeps_its_numbers_for_the_next_change() {
    let text =
        "ipv6 access-list S\n permit tcp any any eq 25\n permit udp any any eq 53\n deny ipv6 any any\n";
    let six = |port| {
        rule("", true, tcp(IntervalSet::one(port)).from(net("2001:db8::/32")).to(net("2001:db8:1::/48")))
    };
    let before =
        |text: &str, name: &str, port| Change::Insert { before: Some(id(text, name)), rule: six(port) };
    let (first, one) = edited(text, &[before(text, "S 10", 443)]).unwrap();
    assert!(one.commands[1].starts_with(" sequence 5 permit"), "{:?}", one.commands);
    assert_eq!(names(&first, "S")[..4], ["S 5", "S 10", "S 20", "S 30"], "{first}");
    let (second, two) = edited(&first, &[before(&first, "S 10", 22)]).unwrap();
    assert!(two.commands[1].starts_with(" sequence 7 permit"), "{:?}", two.commands);
    let (third, three) = edited(&second, &[Change::Remove { rule: id(&second, "S 10") }]).unwrap();
    assert_eq!(three.commands, ["ipv6 access-list S", " no sequence 10"]);
    assert_eq!(names(&third, "S")[..4], ["S 5", "S 7", "S 20", "S 30"], "{third}");
    let bare = text.replace("\n ", "\n");
    let (new, _) = edited(&bare, &[before(&bare, "S 20", 443)]).unwrap();
    assert_eq!(names(&new, "S")[..4], ["S 10", "S 15", "S 20", "S 30"], "{new}");
}

#[test]
fn changes_one_after_the_other_are_taken_back_in_reverse() {
    for text in [
        "access-list 101 permit tcp any any eq 25\naccess-list 101 permit udp any any eq 53\naccess-list 101 deny ip any any\n",
        "ip access-list extended 101\n 1 permit tcp any any eq 25\n 2 permit udp any any eq 53\n 3 deny ip any any\n",
    ] {
        let starts =
            [10, 20, 30].iter().map(|number| if text.contains(" 1 ") { number / 10 } else { *number });
        let entries = ["permit tcp any any eq 25", "permit udp any any eq 53", "deny ip any any"];
        let first: BTreeMap<u32, String> = starts.zip(entries.map(str::to_owned)).collect();
        let (mut device, mut text, mut rollbacks) = (first.clone(), text.to_owned(), Vec::new());
        for step in 0..3 {
            let rules = import(&text).rule_sets[0].entries.clone();
            let change = match step {
                0 => Change::Replace { rule: RuleId(1), with: vec![web(), web_from("172.16.0.0/12")] },
                1 => Change::Insert { before: Some(RuleId(0)), rule: web_from("192.168.0.0/16") },
                _ => Change::Remove { rule: RuleId(1) },
            };
            assert!(rules.len() > 3);
            let (new, edited) = edited(&text, &[change]).unwrap();
            obeys(&mut device, &edited.commands);
            rollbacks.push(edited.rollback);
            text = new;
        }
        assert_eq!(device.len(), 4, "{device:?}");
        for rollback in rollbacks.iter().rev() {
            obeys(&mut device, rollback);
        }
        assert_eq!(device.values().collect::<Vec<_>>(), first.values().collect::<Vec<_>>());
    }
}

#[test]
fn a_pair_of_lists_takes_each_family_where_it_belongs() {
    let text = "ip access-list extended A\n permit tcp any any\nipv6 access-list A-v6\n permit tcp any any\n";
    let udp = rule("", true, Region::any().protocol(17));
    let (new, _) = edited(text, &[Change::Insert { before: None, rule: udp }]).unwrap();
    assert_eq!(
        new,
        "ip access-list extended A\n permit tcp any any\n permit udp any any\nipv6 access-list A-v6\n permit tcp any any\n permit udp any any\n"
    );
}

#[test]
fn what_an_edit_cannot_say_is_refused() {
    let refused = |text: &str, change: Change| edited(text, &[change]).expect_err("this is refused").message;
    let text = "hostname r\ninterface Ethernet0\n ip address 10.0.0.1 255.0.0.0\n ip access-group A in\ninterface Ethernet1\n ip address 192.0.2.1 255.255.255.0\n ip access-group A in\n\
                ip access-list extended A\n 10 permit tcp any any\n";
    let six = rule("", true, Region::any().from(net("2001:db8::/32")));
    assert_eq!(
        refused(text, Change::Insert { before: Some(id(text, "A 10")), rule: six }),
        "the access list `A` is for IPv4, and the rule is not"
    );
    let at = |name: &str, rule: NewRule| NewRule {
        region: Region { in_interface: NameSet::one(name), ..rule.region.clone() },
        ..rule
    };
    // Its sources are behind that interface: the list need not say it.
    assert!(
        edited(text, &[Change::Insert { before: Some(id(text, "A 10")), rule: at("Ethernet0", web()) }])
            .is_ok()
    );
    assert_eq!(
        refused(text, Change::Insert { before: Some(id(text, "A 10")), rule: at("Ethernet1", web()) }),
        "an access list knows no interfaces, and the rule is for `Ethernet1` alone"
    );
    let remove = Change::Remove { rule: id(text, "A 10") };
    assert_eq!(edited(text, &[remove.clone(), remove]).unwrap_err().message, "rule `A 10` is changed twice");
    assert_eq!(
        refused(text, Change::Remove { rule: id(text, "A implicit deny") }),
        "`A implicit deny` is no entry that a list has"
    );
    let standard = "access-list 10 permit any\n";
    assert_eq!(
        refused(standard, Change::Insert { before: Some(RuleId(0)), rule: web() }),
        "a standard access list matches source addresses alone"
    );
    let empty = "hostname r\ninterface Ethernet0\n ip access-group A in\nip access-list extended A\n";
    assert!(refused(empty, insert(empty, "A without entries")).contains("has no entries"));
    assert!(CiscoIos.edit(text, &import(text), 7, &[]).is_err());
    assert!(edited(text, &[Change::Remove { rule: RuleId(99) }]).is_err());
    let shown = "Extended IP access list A\n    permit tcp any any\n";
    assert!(refused(shown, Change::Remove { rule: RuleId(0) }).contains("without the numbers"));
}

/// How a file writes its list.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Numbered,
    Named,
    NamedWithNumbers,
    Nexus,
}

fn file(shape: Shape, rules: &[NewRule], step: u32) -> String {
    let dialect =
        Dialect { family: Family::V4, standard: false, prefixes: matches!(shape, Shape::Nexus), xr: false };
    let mut text = match shape {
        Shape::Numbered => String::new(),
        Shape::Named | Shape::NamedWithNumbers => "ip access-list extended 101\n".to_owned(),
        Shape::Nexus => "feature bgp\nip access-list 101\n".to_owned(),
    };
    for (number, rule) in (1..).zip(rules) {
        let entry = write::entries(rule, dialect).unwrap().pop().unwrap();
        match shape {
            Shape::Numbered => text.push_str(&format!("access-list 101 {entry}\n")),
            Shape::Named => text.push_str(&format!(" {entry}\n")),
            _ => text.push_str(&format!("  {} {entry}\n", number * step)),
        }
    }
    text
}

/// A device that has the list, and obeys commands.
fn obeys(entries: &mut BTreeMap<u32, String>, commands: &[String]) {
    for command in commands {
        let words: Vec<&str> = command.split_ascii_whitespace().collect();
        match words[..] {
            [.., "101", start, step] if command.contains("resequence") => {
                let (start, step): (u32, u32) = (start.parse().unwrap(), step.parse().unwrap());
                let old: Vec<String> = std::mem::take(entries).into_values().collect();
                entries.extend(old.into_iter().zip(0..).map(|(entry, nth)| (start + nth * step, entry)));
            }
            ["no", number] => {
                assert!(entries.remove(&number.parse().unwrap()).is_some(), "{command}");
            }
            ["ip", "access-list", ..] => {}
            [number, ..] => {
                let text = command.trim().split_once(' ').unwrap().1;
                assert!(entries.insert(number.parse().unwrap(), text.to_owned()).is_none(), "{command}");
            }
            [] => panic!("an empty command"),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Keep,
    Before(Vec<NewRule>),
    Remove,
    Replace(Vec<NewRule>),
    Both(Box<NewRule>),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Keep),
        1 => prop::collection::vec(any_rule_v4(), 1..3).prop_map(Step::Before),
        1 => Just(Step::Remove),
        1 => prop::collection::vec(any_rule_v4(), 0..3).prop_map(Step::Replace),
        1 => any_rule_v4().prop_map(|rule| Step::Both(Box::new(rule)))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn edits_and_commands_make_the_changes_and_no_other(
        shape in prop::sample::select(vec![Shape::Numbered, Shape::Named, Shape::NamedWithNumbers, Shape::Nexus]),
        rules in prop::collection::vec((any_rule_v4(), any_step()), 1..5),
        last in prop::collection::vec(any_rule_v4(), 0..2),
        step in prop::sample::select(vec![1_u32, 3, 10]),
    ) {
        // One entry a rule: each keeps the last of those it would become.
        let dialect = Dialect { family: Family::V4, standard: false, prefixes: false, xr: false };
        let whole: Vec<NewRule> = rules.iter().map(|(rule, _)| rule.clone()).collect();
        let text = file(shape, &whole, step);
        let export = import(&text);
        let before: Vec<NewRule> = export.rule_sets[0]
            .rules
            .rules()
            .zip(&whole)
            .map(|(read, rule)| NewRule { region: read.matches[0].clone(), ..rule.clone() })
            .collect();
        let (mut changes, mut expected) = (Vec::new(), Vec::new());
        for ((rule, (_, step)), id) in before.iter().zip(rules).zip((0..).map(RuleId)) {
            match step {
                Step::Keep => expected.push(rule.clone()),
                Step::Before(new) => {
                    changes.extend(new.iter().map(|rule| Change::Insert { before: Some(id), rule: rule.clone() }));
                    expected.extend(new);
                    expected.push(rule.clone());
                }
                Step::Remove => changes.push(Change::Remove { rule: id }),
                Step::Replace(new) => {
                    changes.push(Change::Replace { rule: id, with: new.clone() });
                    expected.extend(new);
                }
                Step::Both(new) => {
                    changes.push(Change::Remove { rule: id });
                    changes.push(Change::Insert { before: Some(id), rule: (*new).clone() });
                    expected.push(*new);
                }
            }
        }
        changes.extend(last.iter().map(|rule| Change::Insert { before: None, rule: rule.clone() }));
        expected.extend(last);
        prop_assert!(expected.iter().all(|rule| !write::entries(rule, dialect).unwrap().is_empty()));
        let edited = CiscoIos.edit(&text, &export, 0, &changes).unwrap();
        let new_text = apply(&text, &edited.edits).unwrap();
        let new = import(&new_text);
        prop_assert_eq!(&new.problems, &[], "{}", &new_text);
        let meant = as_rule_set(&expected, false);
        let found = differs(&meant, &new.rule_sets[0].rules, &[true, false]);
        prop_assert!(found.is_empty(), "{:?}\n{}\n{}", found, text, new_text);

        // The device comes to the same, and back.
        let stands = |text: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.find("permit").or_else(|| line.find("deny")).map(|at| line[at..].to_owned()));
            lines.collect()
        };
        let mut device: BTreeMap<u32, String> = match shape {
            Shape::Numbered | Shape::Named => stands(&text).into_iter().zip((1..).map(|number| number * 10)).map(|(entry, number)| (number, entry)).collect(),
            _ => stands(&text).into_iter().zip((1..).map(|number| number * step)).map(|(entry, number)| (number, entry)).collect(),
        };
        obeys(&mut device, &edited.commands);
        prop_assert_eq!(device.values().cloned().collect::<Vec<_>>(), stands(&new_text));
        obeys(&mut device, &edited.rollback);
        prop_assert_eq!(device.into_values().collect::<Vec<_>>(), stands(&text));
        if changes.is_empty() {
            prop_assert_eq!(new_text, text);
        }
    }
}
