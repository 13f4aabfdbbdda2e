//! The parser that pest makes of `grammar/flow.pest`, and what it has to say when a text does not fit.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};

#[derive(pest_derive::Parser)]
#[grammar = "../../../grammar/flow.pest"]
struct FlowParser;

pub(crate) type Node<'text> = Pair<'text, Rule>;
pub(crate) type Nodes<'text> = Pairs<'text, Rule>;

/// Where a text stops to fit, and the rules that would have fitted there.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub offset: usize,
    pub expected: Vec<Rule>,
}

/// Reads `text` by `rule`, which must reach to the end of it.
pub(crate) fn read(rule: Rule, text: &str) -> Result<Nodes<'_>, Misfit> {
    FlowParser::parse(rule, text).map_err(|error| {
        let offset = match error.location {
            InputLocation::Pos(offset) | InputLocation::Span((offset, _)) => offset,
        };
        let expected = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Misfit { offset, expected }
    })
}
