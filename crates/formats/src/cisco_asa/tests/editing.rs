use proptest::prelude::*;
use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, RuleId, Set, Side, protocol};

use super::writing::{any_rule, rule, set};
use super::*;
use crate::{Change, Edited, NewRule, Refusal};

fn web() -> NewRule {
    let region = Region::any().to(set("10.0.0.8/32")).service(protocol::TCP, IntervalSet::one(443));
    rule("web", true, region)
}

const WEB: &str = "extended permit tcp any host 10.0.0.8 eq 443";

fn id(text: &str, name: &str) -> RuleId {
    let export = import(text);
    let at = firewall(&export).entries.iter().position(|entry| entry.name == name);
    RuleId(u32::try_from(at.unwrap_or_else(|| panic!("no {name}"))).unwrap())
}

fn try_edit(text: &str, changes: &[Change]) -> Result<Edited, Refusal> {
    CiscoAsa.edit(text, &import(text), 0, changes)
}

fn edit(text: &str, changes: &[Change]) -> (String, Edited) {
    let edited = try_edit(text, changes).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    (diagnostics::apply(text, &edited.edits).expect("edits fit"), edited)
}

const LIST: &str = "access-list OUT remark mail\naccess-list OUT extended permit tcp any any eq smtp log errors interval 60\n\
                    access-list OUT remark the rest\naccess-list OUT extended deny ip any any";

fn insert(before: Option<RuleId>, rule: NewRule) -> Change {
    Change::Insert { before, rule }
}

#[test]
fn a_rule_before_another_and_before_its_remarks() {
    let text = outside(LIST);
    let (after, edited) = edit(&text, &[insert(Some(id(&text, "OUT line 4")), web())]);
    let lines = format!("access-list OUT remark web\naccess-list OUT {WEB}\naccess-list OUT remark the rest");
    assert_eq!(after, text.replace("access-list OUT remark the rest", &lines));
    assert_eq!(
        edited.commands,
        ["access-list OUT line 3 remark web".to_owned(), format!("access-list OUT line 4 {WEB}")]
    );
    assert_eq!(
        edited.rollback,
        [format!("no access-list OUT {WEB}"), "no access-list OUT line 3 remark web".to_owned()]
    );
    assert_eq!(ask(&after, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 4");
}

#[test]
fn a_rule_at_the_ends_of_a_list() {
    let text = outside(
        "access-list OUT extended permit tcp any any eq smtp\naccess-list X extended permit ip any any",
    );
    let end = id(&text, "implicit deny of access-group OUT in interface outside");
    let (after, edited) =
        edit(&text, &[insert(Some(end), web()), insert(None, rule("", true, web().region))]);
    let line = "access-list OUT extended permit tcp any any eq smtp\n";
    let new = format!("{line}access-list OUT remark web\naccess-list OUT {WEB}\naccess-list OUT {WEB}\n");
    assert_eq!(after, text.replace(line, &new));
    assert_eq!(edited.commands[2], format!("access-list OUT line 4 {WEB}"));
    let start = id(&text, "access-group OUT in interface outside");
    let (after, _) = edit(&text, &[insert(Some(start), web())]);
    assert!(after.contains(&format!("{WEB}\n{line}")), "{after}");
    // At the end of a file without a last line feed, in its dialect and with its line ends.
    let text = format!("{INTERFACES}access-group OUT in interface outside\naccess-list OUT deny ip any any")
        .replace('\n', "\r\n");
    let (after, _) = edit(&text, &[insert(None, web())]);
    let bare = WEB.trim_start_matches("extended ");
    assert!(
        after.ends_with(&format!(
            "deny ip any any\r\naccess-list OUT remark web\r\naccess-list OUT {bare}\r\n"
        )),
        "{after}"
    );
}

#[test]
fn a_rule_goes_with_the_remark_that_was_its_own() {
    let text = outside(LIST);
    let (after, edited) = edit(&text, &[Change::Remove { rule: id(&text, "OUT line 2") }]);
    assert_eq!(after, outside("access-list OUT remark the rest\naccess-list OUT extended deny ip any any"));
    assert_eq!(
        edited.commands,
        [
            "no access-list OUT extended permit tcp any any eq smtp log errors interval 60",
            "no access-list OUT line 1 remark mail"
        ]
    );
    assert_eq!(
        edited.rollback,
        [
            "access-list OUT line 1 remark mail",
            "access-list OUT line 2 extended permit tcp any any eq smtp log errors interval 60"
        ]
    );
    // A remark above several entries stays.
    let text = outside(
        "access-list OUT remark both\naccess-list OUT extended permit udp any any\naccess-list OUT extended deny ip any any",
    );
    let (after, _) = edit(&text, &[Change::Remove { rule: id(&text, "OUT line 2") }]);
    assert!(after.contains("remark both\naccess-list OUT extended deny"), "{after}");
}

#[test]
fn a_rule_is_replaced_and_logs_as_before() {
    let text = outside(LIST);
    let (after, edited) =
        edit(&text, &[Change::Replace { rule: id(&text, "OUT line 2"), with: vec![web()] }]);
    let old = "extended permit tcp any any eq smtp log errors interval 60";
    let new = format!("{WEB} log errors interval 60");
    assert_eq!(after, text.replace(old, &new));
    assert_eq!(
        edited.commands,
        [format!("access-list OUT line 2 {new}"), format!("no access-list OUT {old}")]
    );
    assert_eq!(
        edited.rollback,
        [format!("access-list OUT line 3 {old}"), format!("no access-list OUT {new}")]
    );
}

#[test]
fn objects_are_used_again_and_made_where_there_is_none() {
    let objects = "object-group network SERVERS\n network-object host 10.0.0.8\n network-object host 10.0.0.10\n\
                   object network SITE\n fqdn www.example.com\n\
                   object-group service WEB\n service-object tcp destination eq www\n service-object tcp destination eq https\n";
    let text = outside(&format!("{objects}{LIST}"));
    let ports = IntervalSet::from_ranges([(80, 80), (443, 443)]);
    let region = Region::any().to(set("10.0.0.8/32 10.0.0.10/32")).service(protocol::TCP, ports.clone());
    let (after, edited) =
        edit(&text, &[insert(Some(id(&text, "OUT line 4")), rule("a", true, region.clone()))]);
    assert!(
        after.contains("access-list OUT extended permit object-group WEB any object-group SERVERS\n"),
        "{after}"
    );
    assert_eq!(edited.commands.len(), 2);
    let named = Region::any().when(Conditions::named(Side::Destination, "www.example.com"));
    let (after, _) = edit(&text, &[insert(Some(id(&text, "OUT line 4")), rule("a", true, named))]);
    assert!(after.contains("extended permit ip any object SITE\n"), "{after}");
    // Others are made, ahead of the first list.
    let text = outside(LIST);
    let (after, edited) =
        edit(&text, &[insert(Some(id(&text, "OUT line 4")), rule("a", true, region.clone()))]);
    let sections = "object-group network a-dst\n network-object host 10.0.0.8\n network-object host 10.0.0.10\n\
                    object-group service a-svc\n service-object tcp destination eq 80\n service-object tcp destination eq 443\n";
    assert!(after.contains(&format!("{sections}access-list OUT remark mail\n")), "{after}");
    assert_eq!(edited.commands[0], "object-group network a-dst");
    assert_eq!(edited.rollback[2..], ["no object-group service a-svc", "no object-group network a-dst"]);
    assert_eq!(ask(&after, "192.0.2.9 -> 10.0.0.10 tcp/80 in outside out inside"), "permit by OUT line 4");
}

#[test]
fn an_interface_is_the_one_that_the_list_is_bound_to_or_that_the_routes_show() {
    let text = outside(LIST);
    let before = Some(id(&text, "OUT line 4"));
    let at = |from: &str, to: &str| Region {
        in_interface: NameSet::one(from),
        out_interface: NameSet::one(to),
        ..web().region
    };
    assert!(try_edit(&text, &[insert(before, rule("a", true, at("outside", "inside")))]).is_ok());
    let message = |region| try_edit(&text, &[insert(before, rule("a", true, region))]).unwrap_err().message;
    assert_eq!(
        message(at("inside", "outside")),
        "the list `OUT` is bound to another interface than the rule is for"
    );
    // To deny what never comes there takes no entry.
    let (after, edited) = edit(&text, &[insert(before, rule("a", false, at("inside", "outside")))]);
    assert!(after == text && edited.commands.is_empty());
    assert_eq!(
        message(Region { destination: AddressSet::any(), ..at("outside", "inside") }),
        "an entry of an access list cannot say the interface, and the routes do not show it"
    );
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let text = outside(LIST);
    let message = |text: &str, change: Change| try_edit(text, &[change]).unwrap_err().message;
    let level = id(&text, "implicit deny of security-level 100 of inside");
    assert_eq!(
        message(&text, insert(Some(level), web())),
        "`implicit deny of security-level 100 of inside` comes from security levels, and no access list is asked there"
    );
    assert_eq!(
        message(&text, Change::Remove { rule: level }),
        "`implicit deny of security-level 100 of inside` is no entry of an access list"
    );
    let one = outside("access-list OUT extended permit ip any any");
    assert_eq!(
        message(&one, Change::Remove { rule: id(&one, "OUT line 1") }),
        "the list `OUT` would be empty, and no longer bound"
    );
    let wild = Region::any().when(Conditions::named(Side::Destination, "*.example.com"));
    assert_eq!(
        message(&text, insert(Some(id(&text, "OUT line 2")), rule("a", true, wild))),
        "an ASA has no wildcards, and `*.example.com` is one"
    );
    let shown = "access-list A line 1 extended permit ip any any (hitcnt=0) 0x1\n";
    assert_eq!(
        message(shown, insert(None, web())),
        "the output of `show access-list` is no configuration that could be changed"
    );
    let old = text.replace("9.8(2)", "8.2(5)");
    let six = Region::any().to(set("2001:db8::/32"));
    assert_eq!(
        message(&old, insert(Some(id(&old, "OUT line 2")), rule("a", true, six))),
        "before ASA 9.0 IPv6 has access lists of its own, which are not written here"
    );
    let remove = Change::Remove { rule: id(&text, "OUT line 2") };
    assert_eq!(
        try_edit(&text, &[remove.clone(), remove]).unwrap_err().message,
        "rule `OUT line 2` is changed twice"
    );
}

/// What is done to a rule.
#[derive(Clone, Debug)]
enum Step {
    Keep,
    Before(Box<NewRule>),
    Replace(Vec<NewRule>),
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]
    #[test]
    fn edits_make_the_changes_and_no_other(
        rules in prop::collection::vec((any_rule(), prop_oneof![
            Just(Step::Keep),
            any_rule().prop_map(|rule| Step::Before(Box::new(rule))),
            prop::collection::vec(any_rule(), 1..3).prop_map(Step::Replace),
        ]), 1..5),
        last: Option<u8>,
    ) {
        let (mut rules, mut steps): (Vec<NewRule>, Vec<Step>) = rules.into_iter().unzip();
        // An entry that is there already is written once.
        let mut seen = std::collections::HashSet::new();
        let keep: Vec<bool> = rules.iter().map(|rule| seen.insert((rule.permit, rule.region.clone()))).collect();
        let mut flags = keep.iter();
        rules.retain(|_| *flags.next().unwrap());
        let mut flags = keep.iter();
        steps.retain(|_| *flags.next().unwrap());
        let listing = crate::RuleListing {
            name: "L".to_owned(),
            direction: crate::Direction::Transit,
            rules: rules.clone(),
            default_permit: false,
        };
        let text = CiscoAsa.emit(&[listing]).unwrap();
        let export = import(&text);
        let ids: Vec<RuleId> = (0..).zip(&firewall(&export).entries).filter(|(_, entry)| !entry.implied).map(|(at, _)| RuleId(at)).collect();
        prop_assert_eq!(ids.len(), rules.len());
        let (mut changes, mut expected) = (Vec::new(), Vec::new());
        for ((rule, step), id) in rules.into_iter().zip(steps).zip(ids) {
            match step {
                Step::Keep => expected.push(rule),
                Step::Before(new) => {
                    changes.push(insert(Some(id), (*new).clone()));
                    expected.extend([*new, rule]);
                }
                Step::Replace(new) => {
                    changes.push(Change::Replace { rule: id, with: new.clone() });
                    expected.extend(new);
                }
            }
        }
        if last.is_some() {
            changes.push(insert(None, web()));
            expected.push(web());
        }
        let (after, edited) = edit(&text, &changes);
        let read = import(&after);
        prop_assert_eq!(read.coverage.totals().not_understood, 0);
        prop_assert!(same(&super::writing::as_rule_set(&expected, false), &read.rule_sets[0].rules), "{}\n{}", text, after);
        prop_assert_eq!(edited.commands.is_empty(), changes.is_empty());
        // The commands put the lines in the same order, and the rollback takes them back.
        let lines = |text: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix("access-list L ")).map(str::to_owned).collect()
        };
        let mut running = lines(&text);
        run(&mut running, &edited.commands);
        prop_assert_eq!(&running, &lines(&after));
        run(&mut running, &edited.rollback);
        prop_assert_eq!(&running, &lines(&text));
    }
}

/// What the firewall makes of commands on one list.
fn run(lines: &mut Vec<String>, commands: &[String]) {
    for command in commands {
        if let Some(rest) = command.strip_prefix("no access-list L ") {
            let at = match rest.strip_prefix("line ").and_then(|rest| rest.split_once(' ')) {
                Some((number, text)) => {
                    let at = number.parse::<usize>().unwrap() - 1;
                    assert_eq!(lines[at], text);
                    at
                }
                None => lines.iter().position(|line| line == rest).unwrap_or_else(|| panic!("no {rest}")),
            };
            lines.remove(at);
        } else if let Some(rest) = command.strip_prefix("access-list L line ") {
            let (number, text) = rest.split_once(' ').unwrap();
            lines.insert(number.parse::<usize>().unwrap() - 1, text.to_owned());
        }
    }
}
