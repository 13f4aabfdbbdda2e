use diagnostics::Edit;
use space::{Region, RuleId};

use crate::Direction;

/// A rule to be written, in no vendor's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// A name or comment for it; vendors make it fit.
    pub name: String,
    pub permit: bool,
    /// What it matches. A destination (or source) name is a condition on a symbol of kind `Name`; a vendor that cannot
    /// match names refuses.
    pub region: Region,
}

/// A whole rule set to be written: rules in order, and what becomes of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleListing {
    pub name: String,
    pub direction: Direction,
    pub rules: Vec<NewRule>,
    pub default_permit: bool,
}

/// One change to a rule set.
#[expect(clippy::large_enum_variant, reason = "there are a handful at a time")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new rule right before `before`; with `None`, after all rules of the list that the last stage walks.
    Insert {
        before: Option<RuleId>,
        rule: NewRule,
    },
    Remove {
        rule: RuleId,
    },
    /// The new rules, in order, in the place of `rule`.
    Replace {
        rule: RuleId,
        with: Vec<NewRule>,
    },
}

/// A change in the vendor's words, not yet proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// Edits of the export's text.
    pub edits: Vec<Edit>,
    /// Commands that make the change on the running firewall, in order.
    pub commands: Vec<String>,
    /// Commands that take it back.
    pub rollback: Vec<String>,
}

/// Why a vendor cannot say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What cannot be expressed, in the message style.
    pub message: String,
    /// What would do instead.
    pub help: String,
}

impl RuleListing {
    /// The one listing, for a vendor that writes one rule set to a file.
    pub fn only(listings: &[RuleListing]) -> Result<&RuleListing, Refusal> {
        match listings {
            [listing] => Ok(listing),
            _ => Err(Refusal::new(
                format!("{} rule sets do not go into one file of this format", listings.len()),
                "write one file for each",
            )),
        }
    }
}

impl Refusal {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal { message: message.into(), help: help.into() }
    }
}
