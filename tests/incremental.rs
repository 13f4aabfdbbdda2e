//! What is computed again after an edit, and what is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use checks::Settings;
use compiler::{Database, Date, File};
use diagnostics::Level;
use salsa::Setter;
use tests::project::{ExportText, Loaded, Texts, load};

const OSLO: &str = "\
role clients = 10.20.64.0/24

import std.netwrix.auditor as auditor {
  server = 10.20.4.10
}

web: clients -> 192.0.2.9 tcp/443
mail: clients -> 192.0.2.25 tcp/25

firewall oslo {
  export = \"oslo.csv\"
}
";

const BERGEN: &str = "\
role printers = 10.30.9.0/24

printing: printers -> 10.30.1.4 tcp/9100

firewall bergen {
  export = \"bergen.rules\"
  guards = printers -> any
}
";

const OSLO_EXPORT: &str = "\
name,action,source,destination,service
web,permit,10.20.64.0/24,192.0.2.9,tcp/443
other,deny,10.20.64.0/24,192.0.2.0/24,tcp/1-1000
";

const BERGEN_EXPORT: &str = "\
*filter
:FORWARD DROP [0:0]
-A FORWARD -s 10.30.9.0/24 -d 10.30.1.4/32 -p tcp -m tcp --dport 9100 -j ACCEPT
COMMIT
";

const FEED: &str = "\
[{\"id\": 1, \"serviceArea\": \"Exchange\", \"urls\": [\"outlook.office365.com\"], \"ips\": [\"198.51.100.0/24\"], \
\"tcpPorts\": \"443\", \"category\": \"Optimize\", \"required\": true}]
";

/// An edit of a text.
type Change = fn(&str) -> String;

/// A project of two policies and two firewalls, checked once, with what it computes written down from then on.
struct Checked {
    loaded: Loaded,
    log: Arc<Mutex<Vec<String>>>,
    settings: Settings,
}

impl Checked {
    fn new() -> Self {
        let export = |name: &str, text: &str| ExportText {
            name: name.to_owned(),
            format: None,
            mapping: None,
            text: text.to_owned(),
        };
        let texts = Texts {
            policies: vec![
                ("bergen.flow".to_owned(), BERGEN.to_owned()),
                ("oslo.flow".to_owned(), OSLO.to_owned()),
            ],
            modules: Vec::new(),
            exports: vec![export("oslo.csv", OSLO_EXPORT), export("bergen.rules", BERGEN_EXPORT)],
            feeds: vec![("m365-endpoints".to_owned(), FEED.to_owned())],
        };
        let (db, log) = Database::with_log();
        let loaded = load(db, &texts, Date { year: 2027, month: 1, day: 1 }).unwrap();
        let mut checked = Checked { loaded, log, settings: Settings::default() };
        let first = checked.report();
        for query in [
            "parsed",
            "names",
            "flow_value",
            "module_value",
            "imported",
            "interfaces_of",
            "rule_sets",
            "assessment",
        ] {
            assert!(
                first.contains_key(query),
                "`{query}` is not in the log of a first run, so it cannot be missed later: {first:?}"
            );
        }
        checked
    }

    /// Makes the report again, and counts what was computed for it, by the name of the query.
    fn report(&mut self) -> BTreeMap<String, usize> {
        self.log.lock().unwrap().clear();
        let report = checks::report(&self.loaded.db, self.loaded.project, &self.settings);
        // The last step of a report: places become lines.
        let all = report.errors.into_iter().chain(report.findings).collect();
        let _ = self.loaded.concretize(all);
        let mut counts = BTreeMap::new();
        for ran in self.log.lock().unwrap().iter() {
            let name = ran.split('(').next().unwrap_or(ran);
            *counts.entry(name.rsplit("::").next().unwrap_or(name).to_owned()).or_default() += 1;
        }
        counts
    }

    fn policy(&self, path: &str) -> File {
        let db = &self.loaded.db;
        *self.loaded.project.policies(db).iter().find(|file| file.path(db) == path).unwrap()
    }

    fn edit(&mut self, file: File, change: impl Fn(&str) -> String) -> BTreeMap<String, usize> {
        let before = file.text(&self.loaded.db).to_owned();
        let after = change(&before);
        assert_ne!(before, after, "the edit changes nothing");
        file.set_text(&mut self.loaded.db).to(after.into());
        self.report()
    }
}

fn count(counts: &BTreeMap<String, usize>, query: &str) -> usize {
    counts.get(query).copied().unwrap_or(0)
}

#[track_caller]
fn nothing_of(counts: &BTreeMap<String, usize>, queries: &[&str]) {
    for query in queries {
        assert_eq!(count(counts, query), 0, "`{query}` was computed again: {counts:?}");
    }
}

/// What may be computed again when a text is read again and says the same.
#[track_caller]
fn only(counts: &BTreeMap<String, usize>, queries: &[&str]) {
    let others: Vec<&String> = counts.keys().filter(|query| !queries.contains(&query.as_str())).collect();
    assert!(others.is_empty(), "{others:?} were computed again: {counts:?}");
}

#[test]
fn nothing_happens_without_an_edit() {
    let mut checked = Checked::new();
    assert_eq!(checked.report(), BTreeMap::new());
}

#[test]
fn a_blank_line_or_a_comment_in_a_policy_analyses_nothing() {
    let mut checked = Checked::new();
    let oslo = checked.policy("oslo.flow");
    let edits: [Change; 4] = [
        |text| format!("\n{text}"),
        |text| format!("# what passes Oslo\n{text}"),
        |text| text.replace("tcp/443\n", "tcp/443   # the shop\n"),
        |text| format!("{text}\n\n# the end\n"),
    ];
    for edit in edits {
        let counts = checked.edit(oslo, edit);
        assert_eq!(count(&counts, "parsed"), 1, "{counts:?}");
        nothing_of(
            &counts,
            &[
                "flow_value",
                "module_value",
                "firewall_value",
                "imported",
                "interfaces_of",
                "rule_sets",
                "assessment",
            ],
        );
    }
}

#[test]
fn an_edit_of_one_policy_analyses_nothing_of_the_other() {
    let mut checked = Checked::new();
    let bergen = checked.policy("bergen.flow");
    let counts = checked.edit(bergen, |text| text.replace("9100", "9101"));
    assert_eq!(count(&counts, "parsed"), 1, "{counts:?}");
    assert_eq!(count(&counts, "flow_value"), 1, "{counts:?}");
    nothing_of(&counts, &["module_value", "firewall_value", "imported", "interfaces_of", "rule_sets"]);
    // The flow that changed is asked about at both firewalls, and no other flow is.
    assert_eq!(count(&counts, "assessment"), 2, "{counts:?}");
}

#[test]
fn an_edit_of_a_policy_reads_no_export_again() {
    let mut checked = Checked::new();
    let oslo = checked.policy("oslo.flow");
    for edit in [
        (|text: &str| text.replace("10.20.64.0/24", "10.20.65.0/24")) as Change,
        |text| text.replace("10.20.4.10", "10.20.4.11"),
        |text| format!("{text}\nrole more = 10.20.99.0/24\n"),
    ] {
        nothing_of(&checked.edit(oslo, edit), &["imported", "interfaces_of", "rule_sets"]);
    }
}

#[test]
fn an_edit_of_one_export_decides_only_what_is_bound_to_it() {
    let mut checked = Checked::new();
    let all = compiler::requirements(&checked.loaded.db, checked.loaded.project).len();
    let oslo = checked.loaded.exports["oslo.csv"];
    let counts = checked.edit(oslo, |text| text.replace("tcp/443", "tcp/8443"));
    assert_eq!((count(&counts, "imported"), count(&counts, "rule_sets")), (1, 1), "{counts:?}");
    assert_eq!(count(&counts, "assessment"), all, "{counts:?}");
    only(&counts, &["imported", "interfaces_of", "rule_sets", "assessment"]);
}

#[test]
fn a_blank_line_or_a_comment_in_an_export_decides_nothing() {
    let mut checked = Checked::new();
    let edits: [(&str, Change); 3] = [
        ("oslo.csv", |text| format!("# saved on Monday\n\n{text}")),
        ("bergen.rules", |text| format!("# saved on Monday\n\n{text}")),
        ("bergen.rules", |text| text.replace("DROP [0:0]", "DROP [17:4711]")),
    ];
    for (name, edit) in edits {
        let counts = checked.edit(checked.loaded.exports[name], edit);
        assert_eq!((count(&counts, "imported"), count(&counts, "rule_sets")), (1, 1), "{counts:?}");
        only(&counts, &["imported", "interfaces_of", "rule_sets"]);
    }
}

#[test]
fn another_feed_reads_neither_policies_nor_exports_again() {
    let mut checked = Checked::new();
    let feed = checked.loaded.project.feeds(&checked.loaded.db)[0];
    let counts = checked.edit(feed, |text| text.replace("198.51.100.0/24", "198.51.101.0/24"));
    nothing_of(&counts, &["parsed", "names", "flow_value", "module_value", "imported"]);
    let asked_again = count(&counts, "assessment");
    let counts = checked.edit(feed, |text| format!("{text}\n"));
    assert!(asked_again > 0, "nothing hangs on the feed, so that this tests nothing");
    nothing_of(
        &counts,
        &[
            "parsed",
            "names",
            "flow_value",
            "module_value",
            "imported",
            "interfaces_of",
            "rule_sets",
            "assessment",
        ],
    );
}

#[test]
fn how_findings_are_shown_computes_nothing() {
    let mut checked = Checked::new();
    checked.settings.strict = true;
    assert_eq!(checked.report(), BTreeMap::new());
    checked.settings.levels.insert("overbroad-rule".to_owned(), Level::Error);
    checked.settings.levels.insert("missing-flow".to_owned(), Level::Note);
    assert_eq!(checked.report(), BTreeMap::new());
}

#[test]
fn another_day_decides_nothing() {
    let mut checked = Checked::new();
    checked.loaded.project.set_as_of(&mut checked.loaded.db).to(Date { year: 2028, month: 2, day: 29 });
    nothing_of(
        &checked.report(),
        &["parsed", "flow_value", "module_value", "imported", "interfaces_of", "rule_sets", "assessment"],
    );
}
