use std::collections::HashSet;

use space::Region;

use super::reuse::Book;
use super::script::{Keys, Layout, OBJECT_KINDS, objects, policy_lines};
use super::sections::Kind;
use super::write::wanted;
use crate::{Direction, NewRule, Refusal, RuleListing};

/// Writes a whole list of policies with the objects that they name, as a script for the command line of FortiOS 6.4 and
/// later.
pub(super) fn emit(listing: &RuleListing) -> Result<String, Refusal> {
    if listing.direction != Direction::Transit {
        return Err(Refusal::new(
            format!("policies are for what passes through, and `{}` is for one direction", listing.name),
            "write one list for both ways",
        ));
    }
    let mut book = Book::new();
    let mut taken = HashSet::new();
    let layout = Layout::default();
    let mut policies = String::new();
    // The implicit policy denies; a list without policies would be taken for an export that went wrong.
    let last = (listing.default_permit || listing.rules.is_empty()).then(|| NewRule {
        name: "default".to_owned(),
        permit: listing.default_permit,
        region: Region::any(),
    });
    for (number, rule) in (1_usize..).zip(listing.rules.iter().chain(&last)) {
        let lines = policy_lines(&wanted(rule)?, Keys::MERGED, &mut book, &mut taken)?;
        policies.push_str(&layout.entry(&number.to_string(), &lines));
    }
    let mut text = String::new();
    for kind in OBJECT_KINDS {
        let entries = objects(&layout, &book.new, kind);
        if !entries.is_empty() {
            text.push_str(&layout.section(kind, &entries));
        }
    }
    text.push_str(&layout.section(Kind::Policy, &policies));
    Ok(text)
}
