use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn quick<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = work();
    // Unoptimised, on a busy machine: quadratic work would take minutes.
    assert!(start.elapsed() < Duration::from_secs(30), "{what} took {:?}", start.elapsed());
    out
}

#[test]
fn nesting_without_end_ends() {
    let depth = 20_000;
    let xml =
        format!("<config urldb=\"x\">{}<rulebase/>{}</config>", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(quick("xml", || PanOs.import(&xml)).is_err());
    let same =
        format!("<config urldb=\"x\">{}{}</config>", "<config>".repeat(depth), "</config>".repeat(depth));
    assert!(PanOs.import(&same).is_err());
    let braces = format!("rulebase {{ {} }} {}", "a { ".repeat(depth), "} ".repeat(depth));
    assert!(quick("braces", || PanOs.import(&braces)).is_err());
    let words = format!("set rulebase security rules r {}\n", "a ".repeat(100_000));
    assert!(quick("words", || PanOs.import(&words)).is_ok());
}

#[test]
fn long_files_take_their_length() {
    let mut text = String::new();
    for number in 0..5_000 {
        let _ = writeln!(text, "set address a{number} ip-netmask 10.{}.{}.1", number / 250, number % 250);
        let next = number + 1;
        let _ = writeln!(text, "set address-group g{number} static [ a{number} g{next} ]");
        let _ = writeln!(text, "set zone z{number} network layer3 ethernet1/{number}");
        text.push_str(&rules(&[(
            &format!("r{number}"),
            &with(&format!("source g{number}; rule-type intrazone")),
        )]));
    }
    let export = quick("groups and zones", || PanOs.import(&text)).expect("a long file");
    assert_eq!(export.rule_sets[0].entries.len(), 5_001);
    let lines = "set rulebase security rules r \"x\n".repeat(20_000);
    let _ = quick("quotes", || PanOs.import(&lines));
    let removed: String = (0..5_000)
        .map(|number| format!("set address a{number} ip-netmask 192.0.2.1\ndelete address a{number}\n"))
        .collect();
    let _ = quick("deletions", || PanOs.import(&format!("{removed}{}", rules(&[("r", ANY)]))));
    let groups: String =
        (0..3_000).map(|number| format!("set device-group d{number} devices {number}\n")).collect();
    let shared: String = (0..1_500)
        .map(|number| format!("set shared pre-rulebase security rules r{number} action deny\n"))
        .collect();
    let error = quick("device groups", || PanOs.import(&format!("{groups}{shared}"))).expect_err("too much");
    assert!(error.help.contains("one device group"));
}

#[test]
fn too_many_combinations_are_an_unknown() {
    let names: String =
        (0..1_100).map(|number| format!("set address n{number} fqdn n{number}.example.com\n")).collect();
    let members: Vec<String> = (0..1_100).map(|number| format!("n{number}")).collect();
    let members = members.join(" ");
    let export = one(&names, &format!("source [ {members} ]; destination [ {members} ]"));
    let set = &export.rule_sets[0];
    assert_eq!(set.rules.chains[0].rules[0].action, Action::Unknown);
    assert_eq!(matches(&export, "r").len(), 1);
}

#[test]
fn files_that_are_cut_off_are_errors_or_counted() {
    let whole = "<config urldb=\"x\"><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><rulebase><security>\
         <rules><entry name=\"r\"><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices>\
         </config>";
    assert!(PanOs.import(whole).is_ok());
    for end in 0..whole.len() {
        let error = PanOs.import(&whole[..end]).expect_err("a piece of XML");
        assert!(!error.message.is_empty() && !error.help.is_empty());
    }
    assert!(PanOs.import("<!DOCTYPE x [<!ENTITY a \"b\">]><config><rules/></config>").is_err());
    assert!(PanOs.import("rulebase { security { rules { r { action allow;").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        words in "(set |delete |move |rulebase |security |rules |a |b |top|before |source |from |any|\\[|\\]|\"|\n|\n|<|>|/|\\{|\\}|;|address |ip-netmask |10\\.0\\.0\\.1|\u{0}|ø|#){0,60}",
    ) {
        for text in [words.clone(), format!("set rulebase security rules a action allow\n{words}"), format!("rulebase {{ {words}")] {
            PanOs.detect(&text);
            if let Ok(export) = PanOs.import(&text) {
                let places = export.coverage.statements.iter().map(|statement| statement.place);
                let problems = export.problems.iter().map(|problem| problem.place);
                let entries = export.rule_sets.iter().flat_map(|set| &set.entries);
                let entries = entries.flat_map(|entry| [entry.place, entry.head]);
                for place in places.chain(problems).chain(entries) {
                    prop_assert!(text.get(std::ops::Range::from(place)).is_some(), "{:?} in {:?}", place, text);
                }
                for set in &export.rule_sets {
                    prop_assert_eq!(set.rules.check(), Ok(()));
                    prop_assert!(set.rules.rules().all(|rule| set.entry(rule.id).is_some()));
                }
            }
        }
    }
}
