use diagnostics::TextRange;

use crate::{Change, Direction, Edited, Export, FORMATS, Refusal, RuleListing};

/// A vendor's format. One folder each; vendors do not know each other.
pub trait Format: Sync {
    /// The name on the command line and in policies, in kebab-case: `azure-nsg`.
    fn name(&self) -> &'static str;

    /// What it is, in the vendor's words, for `flowright import --help` and messages.
    fn title(&self) -> &'static str;

    /// Whether `text` is of this format, from its content alone. Cheap: it looks at the beginning, or for landmarks.
    fn detect(&self, text: &str) -> Detection;

    /// Reads an export.
    ///
    /// An error means that nothing of it can be used: another format, truncated, or no rule at all in it. A
    /// statement that is not understood is not an error: it is kept as an unknown and counted.
    fn import(&self, text: &str) -> Result<Export, ImportError>;

    /// Writes whole rule sets as one file, so that [`import`](Format::import) of the result gives, for each listing, a
    /// rule set of its direction that decides the same; the caller proves it.
    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal>;

    /// The edits of `text` (read before as `export`) that make `changes` to the rule set with index `rule_set`, and the
    /// vendor's commands that do the same on the running firewall, and those that take it back.
    fn edit(
        &self,
        text: &str,
        export: &Export,
        rule_set: usize,
        changes: &[Change],
    ) -> Result<Edited, Refusal>;

    /// Reads an export by a mapping, a TOML text that tells what its columns and words mean.
    fn import_with(&self, _text: &str, _mapping: &str) -> Result<Export, ImportError> {
        let message = format!("{} takes no mapping", self.title());
        Err(ImportError::new(TextRange::default(), message, "remove the mapping, or name the format `csv`"))
    }

    /// Writes whole rule sets as the mapping says.
    fn emit_with(&self, _listings: &[RuleListing], _mapping: &str) -> Result<String, Refusal> {
        Err(Refusal::new(format!("{} takes no mapping", self.title()), "leave the mapping out"))
    }

    /// The rule sets that a policy becomes: one for what passes through, or one for each way to and from what stands
    /// behind it.
    fn directions(&self) -> &'static [Direction] {
        &[Direction::Transit]
    }

    /// Whether replies pass by themselves in what [`emit`](Format::emit) writes.
    fn stateful(&self) -> bool {
        true
    }

    /// Whether a rule can name the hosts that it protects. Where it names the far side only, what the rule set is bound to
    /// tells the near side.
    fn names_near_side(&self) -> bool {
        true
    }

    /// How a DNS name or wildcard in a rule matches on this vendor's firewalls, in a sentence for messages; `None`
    /// where rules cannot have names.
    fn wildcards(&self) -> Option<&'static str> {
        None
    }
}

/// How sure a format is that a text is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detection {
    No,
    /// It could be: taken when no other format is sure.
    Perhaps,
    Sure,
}

/// Why an export cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// Where in the text; the whole of it where no place is to blame.
    pub place: TextRange,
    pub message: String,
    /// The one next step.
    pub help: String,
}

impl ImportError {
    pub fn new(place: TextRange, message: impl Into<String>, help: impl Into<String>) -> Self {
        ImportError { place, message: message.into(), help: help.into() }
    }
}

/// The format with this name (`azure-nsg`; underscores, as policies write them, count as dashes).
pub fn find(name: &str) -> Option<&'static dyn Format> {
    let name = name.replace('_', "-");
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The format of `text`, by its content. `None` where none is likely, or two are equally so.
pub fn detect(text: &str) -> Option<&'static dyn Format> {
    let best = FORMATS.iter().map(|format| format.detect(text)).max()?;
    let mut likely = FORMATS.iter().filter(|format| format.detect(text) == best);
    let first = likely.next().copied();
    if best == Detection::No || likely.next().is_some() { None } else { first }
}

/// Reads `text` as the format with the given name, or as the one its content shows. See [`import_with`].
pub fn import(text: &str, format: Option<&str>) -> Result<Export, ImportError> {
    import_with(text, format, None)
}

/// Reads `text` as the format with the given name, or as the one its content shows; where there is a mapping, as the table
/// that it is for.
///
/// The rule sets of the result are well formed ([`space::RuleSet::check`]), and at least one statement in it was
/// understood.
pub fn import_with(text: &str, format: Option<&str>, mapping: Option<&str>) -> Result<Export, ImportError> {
    let start = TextRange::new(0, 0);
    let names = || FORMATS.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ");
    let format = match format {
        Some(name) => find(name).ok_or_else(|| {
            ImportError::new(
                start,
                format!("no format is called `{name}`"),
                format!("use one of: {}", names()),
            )
        })?,
        None if text.trim().is_empty() => {
            return Err(ImportError::new(start, "the export is empty", "export the rules again"));
        }
        None if mapping.is_some() => find("csv")
            .ok_or_else(|| ImportError::new(start, "no format takes a mapping", "remove the mapping"))?,
        None => detect(text).ok_or_else(|| {
            let help = format!("if you know what it is, name the format: one of {}", names());
            ImportError::new(start, "the format of the export is not recognised", help)
        })?,
    };
    let export = match mapping {
        Some(mapping) => format.import_with(text, mapping)?,
        None => format.import(text)?,
    };
    if export.coverage.totals().understood == 0 || export.rule_sets.is_empty() {
        let message = format!("nothing in the export was understood as {}", format.title());
        return Err(ImportError::new(start, message, "check that the file is whole and of that format"));
    }
    for rule_set in &export.rule_sets {
        if let Err(error) = rule_set.rules.check() {
            return Err(structure_error(rule_set, &error));
        }
    }
    Ok(export)
}

fn structure_error(rule_set: &crate::RuleSetExport, error: &space::StructureError) -> ImportError {
    let (rule, message) = match error {
        space::StructureError::NoSuchChain { rule } => {
            (*rule, "a rule leads to a chain that is not there".to_owned())
        }
        space::StructureError::Cycle { rules } => {
            let names: Vec<&str> =
                rules.iter().filter_map(|id| rule_set.entry(*id)).map(|entry| entry.name.as_str()).collect();
            let shown = if names.len() > 6 { &names[names.len() - 6..] } else { &names[..] };
            (
                rules.last().copied(),
                format!("the chains of `{}` lead in a circle: {}", rule_set.name, shown.join(", ")),
            )
        }
    };
    let place = rule.and_then(|id| rule_set.entry(id)).map_or(TextRange::new(0, 0), |entry| entry.place);
    ImportError::new(place, message, "no firewall loads such a rule set: export it again")
}
