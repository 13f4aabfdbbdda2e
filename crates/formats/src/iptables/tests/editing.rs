use proptest::prelude::*;
use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, RuleId, Side};

use super::writing::new_rule;
use super::*;
use crate::{Change, Edited, NewRule, Refusal};

fn web(name: &str, permit: bool) -> NewRule {
    let to: AddressSet = "192.0.2.1/32".parse::<ipnet::IpNet>().unwrap().into();
    let region = Region::any().to(to).service(space::protocol::TCP, IntervalSet::one(443));
    NewRule { name: name.to_owned(), permit, region }
}

fn id(text: &str, rule_set: &str, name: &str) -> RuleId {
    let export = import(text);
    let at = set(&export, rule_set).entries.iter().position(|entry| entry.name == name);
    RuleId(u32::try_from(at.unwrap_or_else(|| panic!("no {name}"))).unwrap())
}

fn try_edit(text: &str, rule_set: &str, changes: &[Change]) -> Result<Edited, Refusal> {
    let export = import(text);
    let index = export.rule_sets.iter().position(|set| set.name == rule_set).unwrap();
    Iptables.edit(text, &export, index, changes)
}

fn edit(text: &str, rule_set: &str, changes: &[Change]) -> (String, Edited) {
    let edited = try_edit(text, rule_set, changes).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let after = diagnostics::apply(text, &edited.edits).expect("edits fit");
    (after, edited)
}

const WEB: &str = "-d 192.0.2.1/32 -p tcp -m tcp --dport 443 -m comment --comment web -j ACCEPT";

#[test]
fn a_rule_before_the_one_to_blame() {
    let text = forward("-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A INPUT -j LOG\n-A FORWARD -j DROP");
    let before = Some(id(&text, "FORWARD", "FORWARD 2"));
    let (after, edited) = edit(&text, "FORWARD", &[Change::Insert { before, rule: web("web", true) }]);
    assert_eq!(after, text.replace("-A FORWARD -j DROP", &format!("-A FORWARD {WEB}\n-A FORWARD -j DROP")));
    assert_eq!(edited.commands, [format!("iptables -I FORWARD 2 {WEB}")]);
    assert_eq!(edited.rollback, ["iptables -D FORWARD 2"]);
}

#[test]
fn a_rule_after_all_others() {
    let text = forward("-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A INPUT -j LOG");
    let last = Change::Insert { before: None, rule: web("web", true) };
    let (after, edited) = edit(&text, "FORWARD", &[last.clone(), last.clone()]);
    assert_eq!(
        after,
        text.replace("-A INPUT -j LOG", &format!("-A FORWARD {WEB}\n-A FORWARD {WEB}\n-A INPUT -j LOG"))
    );
    assert_eq!(edited.commands, [format!("iptables -A FORWARD {WEB}"), format!("iptables -A FORWARD {WEB}")]);
    assert_eq!(edited.rollback, ["iptables -D FORWARD 3", "iptables -D FORWARD 2"]);
    // In a chain without rules it stands before the COMMIT.
    let (after, edited) = edit(&text, "OUTPUT", std::slice::from_ref(&last));
    assert_eq!(after, text.replace("COMMIT", &format!("-A OUTPUT {WEB}\nCOMMIT")));
    assert_eq!(edited.rollback, ["iptables -D OUTPUT 1"]);
    // And at the end of a file without a last line feed.
    let (after, _) = edit("-P FORWARD DROP\n-A FORWARD -s 10.0.0.1 -j ACCEPT", "FORWARD", &[last]);
    assert_eq!(names(&after, "FORWARD"), ["FORWARD 1", "FORWARD 2"]);
}

#[test]
fn counters_and_line_ends_are_kept() {
    let text = forward("[12:3400] -A FORWARD -j DROP").replace('\n', "\r\n");
    let before = Some(id(&text, "FORWARD", "FORWARD 1"));
    let (after, _) = edit(&text, "FORWARD", &[Change::Insert { before, rule: web("web", true) }]);
    assert!(
        after.contains(&format!("\r\n[0:0] -A FORWARD {WEB}\r\n[12:3400] -A FORWARD -j DROP\r\n")),
        "{after}"
    );
    let (after, _) =
        edit(&text, "FORWARD", &[Change::Replace { rule: RuleId(1), with: vec![web("web", true)] }]);
    assert!(after.contains(&format!("\r\n[0:0] -A FORWARD {WEB}\r\nCOMMIT\r\n")), "{after}");
}

#[test]
fn a_rule_goes_with_its_line_and_comes_back_as_it_was() {
    let text = forward(
        "-A FORWARD -m comment --comment \"it's \\\"$HOME\\\"\" -s 10.0.0.1,10.0.0.2 -j ACCEPT\n-A FORWARD -j DROP",
    );
    let rule = id(&text, "FORWARD", "FORWARD 1-2");
    let (after, edited) = edit(&text, "FORWARD", &[Change::Remove { rule }]);
    assert_eq!(after, forward("-A FORWARD -j DROP"));
    assert_eq!(edited.commands, ["iptables -D FORWARD 1", "iptables -D FORWARD 1"]);
    let back = |number: u32| {
        let words = r#"-m comment --comment 'it'\''s "$HOME"' -s 10.0.0."#;
        format!("iptables -I FORWARD {number} {words}{number} -j ACCEPT")
    };
    assert_eq!(edited.rollback, [back(1), back(2)]);
}

#[test]
fn numbers_hold_when_commands_run_in_order() {
    let text = forward(
        "-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A FORWARD -s 10.0.0.2 -j ACCEPT\n-A FORWARD -s 10.0.0.3 -j ACCEPT",
    );
    let rule = |number: u32| id(&text, "FORWARD", &format!("FORWARD {number}"));
    let (after, edited) = edit(
        &text,
        "FORWARD",
        &[
            Change::Insert { before: Some(rule(1)), rule: web("a", true) },
            Change::Remove { rule: rule(2) },
            Change::Insert { before: Some(rule(3)), rule: web("b", true) },
            Change::Replace { rule: rule(3), with: vec![web("c", false), web("d", true)] },
            Change::Insert { before: None, rule: web("e", true) },
        ],
    );
    let commands: Vec<String> = edited
        .commands
        .iter()
        .map(|command| command.split(' ').take(4).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        commands,
        [
            "iptables -I FORWARD 1",
            "iptables -D FORWARD 3",
            "iptables -I FORWARD 3",
            "iptables -R FORWARD 4",
            "iptables -I FORWARD 5",
            "iptables -A FORWARD -d"
        ]
    );
    assert_eq!(
        edited.rollback,
        [
            "iptables -D FORWARD 6",
            "iptables -D FORWARD 5",
            "iptables -R FORWARD 4 -s 10.0.0.3 -j ACCEPT",
            "iptables -D FORWARD 3",
            "iptables -I FORWARD 3 -s 10.0.0.2 -j ACCEPT",
            "iptables -D FORWARD 1"
        ]
    );
    let comments: Vec<&str> = after
        .lines()
        .filter(|line| line.starts_with("-A"))
        .map(|line| line.split(' ').nth_back(2).unwrap())
        .collect();
    assert_eq!(comments, ["a", "10.0.0.1", "b", "c", "d", "e"]);
}

#[test]
fn other_tables_chains_and_families_are_named() {
    let text = "# Generated by ip6tables-save\n*mangle\n:FORWARD ACCEPT [0:0]\n:a.b$ - [0:0]\n-A FORWARD -j a.b$\n-A a.b$ -j DROP\nCOMMIT\n\
                *filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";
    let before = Some(id(text, "FORWARD", "mangle a.b$ 1"));
    let rule = NewRule { name: String::new(), permit: true, region: Region::any() };
    let (after, edited) = edit(text, "FORWARD", &[Change::Insert { before, rule }]);
    assert!(after.contains("-A a.b$ -j ACCEPT\n-A a.b$ -j DROP\n"));
    assert_eq!(edited.commands, ["ip6tables -t mangle -I 'a.b$' 1 -j ACCEPT"]);
    assert_eq!(edited.rollback, ["ip6tables -t mangle -D 'a.b$' 1"]);
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let refusal = |text: &str, change: Change| try_edit(text, "FORWARD", &[change]).unwrap_err().message;
    let text = forward("-A FORWARD -s 10.0.0.1 -j ACCEPT");
    let implied = Change::Remove { rule: RuleId(0) };
    assert_eq!(refusal(&text, implied), "`IPv6 (not in this export)` is no rule that the file holds");
    assert!(refusal(&text, Change::Remove { rule: RuleId(9) }).contains("no such rule"));
    let shuffled = forward("-A FORWARD -s 10.0.0.1 -j ACCEPT\n-I FORWARD -s 10.0.0.2 -j ACCEPT");
    assert!(refusal(&shuffled, Change::Remove { rule: RuleId(1) }).contains("put together by commands"));
    assert!(
        refusal(&shuffled, Change::Insert { before: None, rule: web("", true) })
            .contains("put together by commands")
    );
    let resolved = forward("-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A FORWARD -d mail.example.com -j ACCEPT");
    assert!(refusal(&resolved, Change::Remove { rule: RuleId(1) }).contains("host names"));
    assert!(refusal(&resolved, Change::Insert { before: None, rule: web("", true) }).contains("host names"));
    let named = NewRule {
        region: Region::any().when(Conditions::named(Side::Destination, "x.example.com")),
        ..web("", true)
    };
    assert!(
        refusal(&text, Change::Insert { before: None, rule: named }).contains("`x.example.com` is a name")
    );
    let v6: AddressSet = "2001:db8::/32".parse::<ipnet::IpNet>().unwrap().into();
    let other = NewRule { region: Region::any().to(v6), ..web("", true) };
    let message = refusal(&text, Change::Insert { before: None, rule: other });
    assert_eq!(message, "the rule is for addresses of IPv6, and the rule set for those of IPv4");
    let out =
        NewRule { region: Region { out_interface: NameSet::one("eth0"), ..Region::any() }, ..web("", true) };
    assert!(try_edit(&text, "INPUT", &[Change::Insert { before: None, rule: out }]).is_err());
    let twice = [Change::Remove { rule: RuleId(1) }, Change::Remove { rule: RuleId(1) }];
    assert!(try_edit(&text, "FORWARD", &twice).unwrap_err().message.contains("changed twice"));
    let nat = "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";
    assert!(refusal(nat, Change::Insert { before: Some(RuleId(1)), rule: web("", false) }).contains("nat"));
    assert!(refusal(nat, Change::Insert { before: None, rule: web("", true) }).contains("no table filter"));
}

/// Runs commands on chains the way the kernel would.
fn run(commands: &[String], chain: &mut Vec<String>) {
    for command in commands {
        let words: Vec<&str> = command.splitn(5, ' ').collect();
        let number = || words[3].parse::<usize>().unwrap() - 1;
        match words[1] {
            "-A" => chain.push(words[3..].join(" ")),
            "-I" => chain.insert(number(), words[4].to_owned()),
            "-D" => drop(chain.remove(number())),
            "-R" => chain[number()] = words[4].to_owned(),
            other => panic!("{other}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn commands_and_edits_do_the_same_and_are_taken_back(
        count in 1_u32..6,
        plan in prop::collection::vec((0_u8..4, 0_u32..6, prop::collection::vec(new_rule(false), 0..3)), 0..6),
    ) {
        let rules: String = (1..=count).map(|n| format!("-A FORWARD -s 10.0.0.{n}/32 -j ACCEPT\n-A INPUT -j LOG\n")).collect();
        let text = forward(rules.trim_end());
        let mut used = std::collections::HashSet::new();
        let mut changes = Vec::new();
        for (kind, at, new) in plan {
            let rule = id(&text, "FORWARD", &format!("FORWARD {}", at % count + 1));
            changes.extend(match kind {
                0 => new.into_iter().next().map(|rule| Change::Insert { before: None, rule }),
                1 => new.into_iter().next().map(|new| Change::Insert { before: Some(rule), rule: new }),
                2 => used.insert(rule).then_some(Change::Remove { rule }),
                _ => used.insert(rule).then_some(Change::Replace { rule, with: new }),
            });
        }
        let edited = match try_edit(&text, "FORWARD", &changes) {
            Ok(edited) => edited,
            Err(refusal) => {
                prop_assert!(refusal.message.contains("lines of iptables"), "{refusal:?}");
                return Ok(());
            }
        };
        let after = diagnostics::apply(&text, &edited.edits).unwrap();
        // Comments are quoted one way in a file and another way in a shell: compare what is left of them.
        let plain = |line: &str| line.replace(['"', '\'', '\\'], "");
        let lines = |text: &str| -> Vec<String> { text.lines().filter_map(|line| line.strip_prefix("-A FORWARD ")).map(str::to_owned).collect() };
        let before = lines(&text);
        let mut chain = before.clone();
        run(&edited.commands, &mut chain);
        let (ran, written): (Vec<String>, Vec<String>) =
            (chain.iter().map(|line| plain(line)).collect(), lines(&after).iter().map(|line| plain(line)).collect());
        prop_assert_eq!(ran, written);
        run(&edited.rollback, &mut chain);
        prop_assert_eq!(chain, before);
    }
}
