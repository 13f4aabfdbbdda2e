use super::*;

/// Nothing that a stranger sends ends in a panic; what comes out can be decided, and every place is in the text.
fn survives(text: &str) {
    Fortigate.detect(text);
    if let Ok(export) = Fortigate.import(text) {
        for set in &export.rule_sets {
            set.rules.check().unwrap();
            assert!(set.rules.rules().all(|rule| (rule.id.0 as usize) < set.entries.len()));
        }
        let places = export.coverage.statements.iter().map(|statement| statement.place);
        for place in places.chain(export.problems.iter().map(|problem| problem.place)) {
            assert!(text.get(std::ops::Range::from(place)).is_some(), "{place:?} in {text:?}");
        }
        let statements = &export.coverage.statements;
        assert!(statements.windows(2).all(|pair| pair[0].place.start <= pair[1].place.start));
        for rule in 0..2 {
            let change = crate::Change::Remove { rule: space::RuleId(rule) };
            if let Ok(edited) = Fortigate.edit(text, &export, 0, &[change]) {
                assert!(diagnostics::apply(text, &edited.edits).is_some());
            }
        }
    }
}

#[test]
fn every_cut_and_every_small_change_of_a_file_is_survived() {
    let text = "config vdom\nedit v\nconfig firewall address\nedit \"a\"\nset subnet 10.0.0.0/8\nnext\nrename a to b\nend\n\
                config firewall vip\nedit w\nset extip 192.0.2.1\nset portforward enable\nset extport 1-2\nset mappedport 3-4\nnext\nend\n\
                config firewall policy\nedit 1\nset srcaddr \"b\"\nset dstaddr w\nset internet-service-x y\nset service HTTP\nset srcintf any\nset dstintf any\nconfig z\nedit 1\nnext\nend\nnext\nclone 1 to 2\nend\nend\n";
    for at in 0..=text.len() {
        survives(&text[..at]);
        for odd in ["\"", "\\", "'", "-", "\n", " ", "é", "\u{0}", "99999999999999999999", "end\n", "#"] {
            survives(&format!("{}{odd}{}", &text[..at], &text[at..]));
            if at < text.len() {
                survives(&format!("{}{odd}{}", &text[..at], &text[at + 1..]));
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(400) })]
    #[test]
    fn commands_in_any_order_are_survived(lines in proptest::collection::vec(0..LINES.len(), 0..40)) {
        let lines: Vec<&str> = lines.into_iter().map(|line| LINES[line]).collect();
        survives(&format!("{}\nend\nend\nend\nend\n", lines.join("\n")));
        survives(&format!("config firewall policy\nedit 1\n{}\nend\nend\nend\nend\n", lines.join("\n")));
    }
}

const LINES: &[&str] = &[
    "config firewall policy",
    "config firewall address",
    "config firewall addrgrp",
    "config firewall service custom",
    "config firewall vip",
    "config system zone",
    "config system interface",
    "config vdom",
    "config global",
    "config secondaryip",
    "config",
    "edit 1",
    "edit 2",
    "edit \"a\"",
    "edit",
    "next",
    "end",
    "move 1 before 2",
    "clone 1 to 3",
    "rename a to b",
    "delete 1",
    "purge",
    "set member a b",
    "append member 1",
    "unset member",
    "set srcaddr a 1 all",
    "set dstaddr b",
    "set service HTTP a",
    "set srcintf any",
    "set dstintf a",
    "set action accept",
    "set subnet 10.0.0.1 255.0.0.0",
    "set type wildcard",
    "set wildcard 1.2.3.4 0.255.0.255",
    "set type fqdn",
    "set fqdn *.*.example.com",
    "set extip 192.0.2.1-192.0.2.0",
    "set portforward enable",
    "set extport 65535",
    "set mappedport 1-65535",
    "set tcp-portrange 70000 1:2:3",
    "set internet-service enable",
    "set internet-serviceé x",
    "set interface a",
    "set intrazone allow",
    "set",
    "unset",
    "garbage",
];

#[test]
fn deep_nests_end() {
    let deep = |inner: &str| {
        format!(
            "config firewall policy\nedit 1\n{}{inner}{}next\nend\n",
            "config x\nedit 1\n".repeat(10_000),
            "next\nend\n".repeat(10_000)
        )
    };
    survives(&deep(""));
    survives(&"config vdom\nedit a\n".repeat(10_000));
    survives(&format!("config log x\n{}", "config y\n".repeat(100_000)));
    // Groups of groups of groups.
    let mut groups = String::from("config firewall addrgrp\n");
    for number in 0..20_000 {
        groups.push_str(&format!("edit g{number}\nset member g{} g{}\nnext\n", number + 1, number + 2));
    }
    groups.push_str("end");
    survives(&with(&groups, &[policy(1, "set srcaddr g0")]));
}

#[test]
fn long_lists_take_no_quadratic_time() {
    let members: String = (0..100_000).map(|number| format!(" h{number}")).collect();
    let mut text = String::from("config firewall address\n");
    for number in 0..100_000_u32 {
        text.push_str(&format!(
            "edit h{number}\nset subnet 10.{}.{}.{}/32\nnext\n",
            number >> 16,
            number >> 8 & 255,
            number & 255
        ));
    }
    text.push_str("end\n");
    let policies: Vec<String> =
        (1..20_000).map(|number| policy(number, &format!("set srcaddr h{number}"))).collect();
    let text = with(
        &format!("{text}config firewall addrgrp\nedit all-of-them\nset member{members}\nnext\nend"),
        &policies,
    );
    let start = std::time::Instant::now();
    survives(&text);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn what_multiplies_is_bounded() {
    let names: String = (0..600)
        .map(|number| format!("edit n{number}\nset type fqdn\nset fqdn n{number}.example.com\nnext\n"))
        .collect();
    let list: String = (0..600).map(|number| format!(" n{number}")).collect();
    let sections = format!("config firewall address\n{names}end");
    let lines = format!("set srcaddr{list}\nset dstaddr{list}");
    let policies: Vec<String> = (1..4).map(|number| policy(number, &lines)).collect();
    let text = with(&sections, &policies);
    assert_eq!(status(&text, "edit 1").0, Status::NotUnderstood);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
}

#[test]
fn many_policies_beside_many_virtual_ips_take_no_quadratic_time() {
    let mut vips = String::from("config firewall vip\n");
    for number in 0..3000 {
        vips.push_str(&format!(
            "edit \"v{number}\"\nset extip 198.18.{}.{}\nset mappedip 10.0.0.1\nset extintf any\nnext\n",
            number / 250,
            number % 250
        ));
    }
    let policies: Vec<String> = (0..12_000)
        .map(|number| match number {
            0..3000 => policy(number + 1, &format!("set dstaddr \"v{number}\"")),
            _ => policy(number + 1, "set dstaddr \"a\""),
        })
        .collect();
    let sections =
        format!("{vips}end\nconfig firewall address\nedit \"a\"\nset subnet 192.0.2.0/24\nnext\nend");
    let text = with(&sections, &policies);
    let export = import(&text);
    let last = &export.rule_sets[0].rules.chains[0].rules[11_999];
    assert!(!last.matches[0].conditions.is_none());
    assert!(export.rule_sets[0].rules.chains[0].rules[3_000].matches[0].conditions.is_none());
}
