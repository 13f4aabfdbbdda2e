//! Import, check and diff of 10,000 iptables rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use bench::{Family, Rules};
use compiler::{Database, Date, File, FileKind, Project};
use divan::{Bencher, black_box};

const RULES: usize = 10_000;

fn main() {
    divan::main();
}

fn rules() -> Rules {
    Family::Enterprise.rules(RULES, 1)
}

#[divan::bench(sample_count = 10)]
fn import(bencher: Bencher<'_, '_>) {
    let text = rules().iptables();
    bencher
        .bench(|| formats::import(black_box(&text), Some("iptables")).map(|export| export.rule_sets.len()));
}

/// Every check on a policy of 100 flows, from the texts.
#[divan::bench(sample_count = 3)]
fn check(bencher: Bencher<'_, '_>) {
    let rules = rules();
    let (export, policy) = (rules.iptables().into(), rules.policy(100).into());
    bencher.bench(|| findings(&export, &policy, &checks::Settings::default()));
}

/// The same, one check alone: what it adds to import and to the verdicts.
#[divan::bench(sample_count = 1, args = checks::CHECKS.iter().map(|check| check.name))]
fn one_check(bencher: Bencher<'_, '_>, name: &str) {
    let rules = rules();
    let (export, policy) = (rules.iptables().into(), rules.policy(100).into());
    let others = checks::CHECKS.iter().filter(|check| check.name != name);
    let levels = others.map(|check| (check.name.to_owned(), diagnostics::Level::Off)).collect();
    let settings = checks::Settings { levels, ..checks::Settings::default() };
    bencher.bench(|| findings(&export, &policy, &settings));
}

fn findings(export: &Arc<str>, policy: &Arc<str>, settings: &checks::Settings) -> usize {
    let db = Database::default();
    let policy = File::new(&db, "policy.flow".to_owned(), Arc::clone(policy), FileKind::Policy);
    let kind = FileKind::Export { format: Some("iptables".to_owned()), mapping: None };
    let export = File::new(&db, "edge.rules".to_owned(), Arc::clone(export), kind);
    let day = Date { year: 2026, month: 1, day: 1 };
    let exports = vec![("edge".to_owned(), export)];
    let project = Project::new(&db, vec![policy], Vec::new(), BTreeMap::new(), exports, day);
    checks::report(&db, project, settings).findings.len()
}

/// The semantic difference of two exports of which one lacks every hundredth rule.
#[divan::bench(sample_count = 10)]
fn diff(bencher: Bencher<'_, '_>) {
    let rules = rules();
    let read = |text: String| formats::import(&text, Some("iptables")).ok();
    let (Some(old), Some(new)) = (read(rules.iptables()), read(rules.without_every(100).iptables())) else {
        return;
    };
    let (Some(old), Some(new)) = (old.rule_sets.first(), new.rule_sets.first()) else { return };
    bencher.bench(|| {
        let found = space::difference(black_box(&old.rules), black_box(&new.rules), &space::Effort::usual());
        found.map(|found| found.newly_denied.len())
    });
}
