//! The engine on generated rule sets of all families and sizes, and on the largest real exports of `FLOWRIGHT_CORPUS`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use bench::Family;
use divan::{Bencher, black_box};
use space::{
    AddressSet, Effort, FlowSet, IntervalSet, Question, Region, RuleSet, conflicts, decide, difference,
    judge, redundant, shadowed, surely_excess,
};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    divan::main();
}

/// Each family in each size; policies become many more lines than rules.
fn sets() -> Vec<(&'static str, usize)> {
    let all = Family::ALL.into_iter().flat_map(|family| SIZES.map(|size| (family, size)));
    let some = all.filter(|(family, size)| *family != Family::Policy || *size < 100_000);
    some.map(|(family, size)| (family.name(), size)).collect()
}

fn text(name: &str, size: usize) -> String {
    Family::named(name).map_or_else(String::new, |family| family.rules(size, 1).iptables())
}

/// The rule set with the most rules.
fn read(text: &str, format: Option<&str>) -> RuleSet {
    let export = formats::import(text, format).ok();
    let sets = export.into_iter().flat_map(|export| export.rule_sets).map(|set| set.rules);
    sets.max_by_key(|set| set.rules().count()).unwrap_or_default()
}

fn superfluous(rules: &RuleSet) -> usize {
    let effort = Effort::usual;
    let mut found = 0;
    for rule in rules.rules() {
        found += usize::from(shadowed(rule, rules, &effort()).is_ok_and(|found| found.is_some()));
        found += usize::from(redundant(rule, rules, &effort()).is_ok_and(|found| found.is_some()));
    }
    found
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn import(bencher: Bencher<'_, '_>, (family, size): (&str, usize)) {
    let text = text(family, size);
    bencher.bench(|| read(black_box(&text), Some("iptables")).chains.len());
}

/// Shadowed and redundant rules, with those to blame; the index is made anew.
#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn shadowed_and_redundant(bencher: Bencher<'_, '_>, (family, size): (&str, usize)) {
    let rules = read(&text(family, size), Some("iptables"));
    bencher.with_inputs(|| rules.clone()).bench_values(|rules| superfluous(&rules));
}

#[divan::bench(args = [("enterprise", 1_000), ("enterprise", 10_000), ("enterprise", 100_000), ("acl1", 10_000)], sample_count = 3, sample_size = 1)]
fn conflicting(bencher: Bencher<'_, '_>, (family, size): (&str, usize)) {
    let rules = read(&text(family, size), Some("iptables"));
    bencher.with_inputs(|| rules.clone()).bench_values(|rules| {
        let found = rules
            .rules()
            .map(|rule| conflicts(rule, &rules, &Effort::usual()).map_or(0, |found| found.len()));
        found.sum::<usize>()
    });
}

/// What is permitted from one network, and not to the services that are declared.
#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn overbroad(bencher: Bencher<'_, '_>, size: usize) {
    let rules = read(&text("enterprise", size), Some("iptables"));
    let governed = Region::any().from(network([10, 0, 0, 0], 1 << 20)).to(AddressSet::any_v4());
    let declared: FlowSet = governed.clone().service(space::protocol::TCP, IntervalSet::one(443)).into();
    bencher.bench(|| {
        let effort = Effort::usual();
        let pieces = decide(std::slice::from_ref(black_box(&governed)), &rules, &effort)?;
        let permitted = pieces.into_iter().filter(|piece| piece.outcome == space::Outcome::Permit);
        let permitted: FlowSet = permitted.map(|piece| piece.region).collect();
        surely_excess(&permitted, &declared, &effort).map(|excess| excess.regions.len())
    });
}

/// So many addresses from one on.
fn network(first: [u8; 4], count: u32) -> AddressSet {
    let first = Ipv4Addr::from(first);
    AddressSet::range(first.into(), Ipv4Addr::from_bits(first.to_bits() + count - 1).into())
}

fn flow(source: AddressSet, destination: AddressSet) -> Region {
    Region::any().from(source).to(destination).service(space::protocol::TCP, IntervalSet::one(443))
}

#[divan::bench(args = SIZES)]
fn judge_a_flow(bencher: Bencher<'_, '_>, size: usize) {
    let rules = read(&text("enterprise", size), Some("iptables"));
    let question = Question::about(flow(network([10, 1, 0, 0], 1 << 12), network([10, 2, 3, 0], 16)));
    bencher.bench(|| judge(black_box(&question), &rules, &Effort::usual()).map(|judged| judged.pieces.len()));
}

#[divan::bench(args = SIZES)]
fn decide_a_flow(bencher: Bencher<'_, '_>, size: usize) {
    let rules = read(&text("enterprise", size), Some("iptables"));
    let region = flow(network([10, 1, 2, 3], 1), network([10, 2, 3, 4], 1));
    bencher.bench(|| {
        decide(std::slice::from_ref(black_box(&region)), &rules, &Effort::usual()).map(|pieces| pieces.len())
    });
}

/// The semantic difference of two exports of which one lacks every hundredth rule.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn semantic_diff(bencher: Bencher<'_, '_>, size: usize) {
    let rules = Family::Enterprise.rules(size, 1);
    let old = read(&rules.iptables(), Some("iptables"));
    let new = read(&rules.without_every(100).iptables(), Some("iptables"));
    bencher
        .bench(|| difference(black_box(&old), &new, &Effort::usual()).map(|found| found.newly_denied.len()));
}

/// How many of the largest files of the corpus.
const LARGEST: usize = 5;

/// The largest exports under `FLOWRIGHT_CORPUS` that we can read; none where it is not set.
#[expect(clippy::disallowed_methods, reason = "a bench is at the edge, as the command line is")]
fn corpus() -> Vec<String> {
    let Some(root) = std::env::var_os("FLOWRIGHT_CORPUS") else { return Vec::new() };
    let mut open = vec![PathBuf::from(root)];
    let mut files: Vec<(u64, PathBuf)> = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => open.push(entry.path()),
                Ok(about) => files.push((about.len(), entry.path())),
                Err(_) => {}
            }
        }
    }
    files.sort();
    let readable = files
        .into_iter()
        .rev()
        .filter(|(_, path)| opened(path).is_some_and(|text| read(&text, None).rules().count() > 0));
    readable.take(LARGEST).map(|(_, path)| path.display().to_string()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a bench is at the edge, as the command line is")]
fn opened(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

#[divan::bench(args = corpus(), sample_count = 5, sample_size = 1)]
fn corpus_shadowed_and_redundant(bencher: Bencher<'_, '_>, path: &str) {
    let rules = opened(Path::new(path)).map_or_else(RuleSet::default, |text| read(&text, None));
    bencher.with_inputs(|| rules.clone()).bench_values(|rules| superfluous(&rules));
}
