use space::{Effort, FlowSet, Region};

use crate::{NewRule, Refusal, RuleListing};

/// Cutting rules apart is worth this much work: what takes more would not be readable either.
const EFFORT: u64 = 200_000;
/// More pieces than this of one rule nobody can read.
const PIECE_LIMIT: usize = 256;

/// What becomes of a rule of an ordered list where blocking rules come before allowing ones, wherever they stand.
pub enum Placed {
    /// It is written for these regions.
    Regions(Vec<Region>),
    /// The default does the same.
    ByDefault,
}

/// The rules of a list so that they mean the same in any order of the allowing ones and of the blocking ones: of a
/// denying rule, what an earlier rule permits is taken out.
pub fn unordered(listing: &RuleListing) -> Result<Vec<Placed>, Refusal> {
    let rules = &listing.rules;
    let mut out = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        if rule.permit {
            out.push(Placed::Regions(vec![rule.region.clone()]));
            continue;
        }
        let later = || rules.iter().skip(at + 1).filter(|later| later.permit).map(|later| &later.region);
        if !listing.default_permit && !later().any(|region| region.overlaps(&rule.region)) {
            out.push(Placed::ByDefault);
            continue;
        }
        let earlier = rules.iter().take(at).filter(|earlier| earlier.permit).map(|earlier| &earlier.region);
        let later = (!listing.default_permit).then(|| later().collect());
        out.push(Placed::Regions(denied(rule, earlier, later)?));
    }
    Ok(out)
}

/// What a denying rule denies after those that permit before it. Where the default denies, what is permitted later is
/// all that has to be denied.
pub fn denied<'r>(
    rule: &NewRule,
    permitted_before: impl Iterator<Item = &'r Region>,
    permitted_later: Option<Vec<&'r Region>>,
) -> Result<Vec<Region>, Refusal> {
    let before: FlowSet = permitted_before.filter(|region| region.overlaps(&rule.region)).cloned().collect();
    if before.regions.is_empty() {
        return Ok(vec![rule.region.clone()]);
    }
    let too_much = || {
        Refusal::new(
            format!(
                "`{}` denies what many rules before it permit in part, and on Windows blocking rules come first",
                diagnostics::printable(&rule.name)
            ),
            "put it before the rules that permit, or make it deny less",
        )
    };
    let whole: FlowSet = match permitted_later {
        None => FlowSet::from(rule.region.clone()),
        Some(later) => later.into_iter().filter_map(|region| region.intersect(&rule.region)).collect(),
    };
    let rest = whole.subtract(&before, &Effort::limited(EFFORT)).map_err(|_| too_much())?;
    let rest = rest.canonical(&Effort::limited(EFFORT)).unwrap_or(rest);
    if rest.regions.len() > PIECE_LIMIT {
        return Err(too_much());
    }
    Ok(rest.regions)
}
