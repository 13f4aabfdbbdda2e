//! Times the engine on an iptables export, import aside: every rule is asked whether it is shadowed, and whether redundant.

use std::io::Write;
use std::time::Instant;

use space::{Effort, redundant, shadowed};

const RUNS: usize = 5;

#[expect(clippy::disallowed_methods, reason = "a program of its own, at the edge")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which export?")?;
    let export =
        formats::import(&std::fs::read_to_string(path)?, Some("iptables")).map_err(|_| "not read")?;
    let sets = export.rule_sets.into_iter().map(|set| set.rules);
    let rules = sets.max_by_key(|set| set.rules().count()).ok_or("no rules")?;
    let (mut times, mut counts) = (Vec::new(), (0, 0, 0));
    for _ in 0..RUNS {
        // A copy has no index yet: to make it is part of the time.
        let rules = rules.clone();
        let start = Instant::now();
        counts = (0, 0, 0);
        for rule in rules.rules() {
            let answers = (
                shadowed(rule, &rules, &Effort::usual()).map(|found| found.is_some()),
                redundant(rule, &rules, &Effort::usual()).map(|found| found.is_some()),
            );
            match answers {
                (Ok(shadowed), Ok(redundant)) => {
                    counts.0 += usize::from(shadowed);
                    counts.1 += usize::from(redundant);
                }
                _ => counts.2 += 1,
            }
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (shadowed, redundant, unanswered) = counts;
    let median = times.get(RUNS / 2).copied().unwrap_or_default();
    Ok(writeln!(
        std::io::stdout(),
        "{} rules: median {median:.3} ms; shadowed {shadowed}, redundant {redundant}, unanswered {unanswered}",
        rules.rules().count(),
    )?)
}
