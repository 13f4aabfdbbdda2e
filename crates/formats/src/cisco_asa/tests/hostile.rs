use super::*;

/// Nothing that a stranger sends ends in a panic; what comes out can be decided.
fn survives(text: &str) {
    if let Ok(export) = CiscoAsa.import(text) {
        for set in &export.rule_sets {
            set.rules.check().unwrap();
            let mut ids: Vec<u32> = set.rules.rules().map(|rule| rule.id.0).collect();
            ids.sort_unstable();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(ids.last().is_none_or(|last| (*last as usize) < set.entries.len()));
            let mut names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert!(names.len() == count, "{names:?}");
        }
        let statements = &export.coverage.statements;
        assert!(statements.windows(2).all(|pair| pair[0].place.start < pair[1].place.start), "{text}");
        for statement in statements {
            assert!(text.get(std::ops::Range::from(statement.place)).is_some());
        }
    }
    CiscoAsa.detect(text);
}

const TEXT: &str = "ASA Version 9.8\nname 10.0.0.1 web\ninterface e0\n nameif outside\n ip address 192.0.2.1 255.255.255.0\n\
    object network o\n range 10.0.0.1 10.0.0.9\nobject-group service s tcp\n port-object range 1 9\n group-object s\n\
    time-range t\n absolute end 1:00 1 may 2026\n\
    access-list a line 1 extended permit tcp object o gt 5 host web object-group s log 5 interval 9 time-range t\n\
    access-list a extended permit icmp user x any4 2001:db8::/32 3 4 inactive\n\
    access-group a in interface outside\naccess-group a global\nroute outside 0 0 192.0.2.2 1\n\
    access-list b line 1 extended permit ip any object q (hitcnt=1) 0x1\n  access-list b line 1 extended permit ip any host 10.0.0.1\n";

#[test]
fn every_cut_and_every_small_change_of_a_file_is_survived() {
    for at in 0..=TEXT.len() {
        survives(&TEXT[..at]);
        for odd in ["\n", " ", "é", "\u{0}", "99999999999999999999", "/", ":", "object-group s ", "!", "#"] {
            survives(&format!("{}{odd}{}", &TEXT[..at], &TEXT[at..]));
            if at < TEXT.len() {
                survives(&format!("{}{odd}{}", &TEXT[..at], &TEXT[at + 1..]));
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(256) })]
    #[test]
    fn words_in_any_order_are_survived(lines in proptest::collection::vec(proptest::collection::vec(0..WORDS.len(), 0..9), 0..12)) {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| line.into_iter().map(|word| WORDS[word]).collect::<Vec<_>>().join(" "))
            .collect();
        survives(&lines.join("\n"));
        survives(&outside(&lines.iter().map(|line| format!("access-list OUT extended permit {line}\n")).collect::<String>()));
    }
}

const WORDS: &[&str] = &[
    "access-list",
    "OUT",
    "extended",
    "permit",
    "deny",
    "tcp",
    "ip",
    "icmp",
    "any",
    "host",
    "10.0.0.1",
    "255.0.0.0",
    "eq",
    "range",
    "www",
    "9",
    "object",
    "object-group",
    "network",
    "service",
    "g",
    "group-object",
    "network-object",
    "service-object",
    "port-object",
    "inactive",
    "log",
    "time-range",
    "interface",
    "nameif",
    "outside",
    "line",
    "access-group",
    "in",
    "out",
    "global",
    "route",
    "no",
    "clear",
    "configure",
    "name",
    "ip address",
    " ",
    "remark",
    "fqdn",
    "source",
    "destination",
    "exit",
    "!",
    "fw#",
    "show",
    "security-group",
    "user",
    "(hitcnt=1)",
    "0x1",
];

#[test]
fn depth_and_size_cost_no_more_than_they_should() {
    let started = std::time::Instant::now();
    let mut deep = String::from(INTERFACES);
    for at in 0..10_000 {
        deep.push_str(&format!(
            "object-group network g{at}\n network-object host 10.0.{}.{}\n group-object g{}\n",
            at / 256,
            at % 256,
            at + 1
        ));
    }
    deep.push_str(
        "access-list OUT extended permit ip any object-group g0\naccess-group OUT in interface outside\n",
    );
    survives(&deep);
    let mut long = String::from(INTERFACES);
    for at in 0..100_000 {
        long.push_str(&format!(
            "access-list OUT extended permit tcp any host 10.1.{}.{} eq 443\n",
            at / 256 % 256,
            at % 256
        ));
    }
    long.push_str("access-group OUT in interface outside\n");
    survives(&long);
    let mut names = String::from("object-group network g\n");
    for at in 0..3_000 {
        names.push_str(&format!(" group-object unknown{at}\n"));
    }
    for _ in 0..2_000 {
        names.push_str("access-list OUT extended permit ip object-group g object-group g\n");
    }
    survives(&outside(&names));
    survives(&format!("access-list a extended permit ip any host {}", "x".repeat(1_000_000)));
    let routes: String = (0..50_000)
        .map(|at| format!("route outside 10.{}.{}.0 255.255.255.0 192.0.2.2\n", at / 256 % 256, at % 256))
        .collect();
    survives(&format!("{INTERFACES}{routes}"));
    let levels: String = (0..3_000)
        .map(|at| format!("interface e{at}\n nameif n{at}\n security-level {}\n", at % 101))
        .collect();
    survives(&levels);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
