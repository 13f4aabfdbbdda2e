//! What a change means, without any vendor: the rule set after it.

use formats::{Change, NewRule};
use space::{Action, Rule, RuleId, RuleSet};

/// The rules after the changes, in order. A new rule without a place comes to the end of `last`'s chain.
pub fn changed(rules: &RuleSet, last: usize, changes: &[Change]) -> RuleSet {
    let mut rules = rules.clone();
    // A number that no rule of a file has.
    let mut next = 1 << 24;
    let mut new = |rule: &NewRule| {
        next += 1;
        let action = if rule.permit { Action::Permit } else { Action::Deny };
        Rule { id: RuleId(next), matches: vec![rule.region.clone()], action }
    };
    for change in changes {
        let (at, with, length): (Option<RuleId>, Vec<Rule>, usize) = match change {
            Change::Insert { before, rule } => (*before, vec![new(rule)], 0),
            Change::Remove { rule } => (Some(*rule), Vec::new(), 1),
            Change::Replace { rule, with } => (Some(*rule), with.iter().map(&mut new).collect(), 1),
        };
        match at {
            None => rules.chains[last].rules.extend(with),
            Some(id) => {
                for chain in &mut rules.chains {
                    if let Some(place) = chain.rules.iter().position(|rule| rule.id == id) {
                        chain.rules.splice(place..place + length, with);
                        break;
                    }
                }
            }
        }
    }
    rules
}
