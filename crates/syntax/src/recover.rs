//! Of a block that does not fit, the parts that do not, so that they alone are lost.

use crate::diagnose::Part;
use crate::grammar::{self, Misfit, Rule};
use crate::layout::opens_ports;
use crate::tokens::{Bracket, Token, TokenKind};

/// The braces of entries or of a test's rules.
pub(crate) struct Block {
    pub open: usize,
    close: usize,
    part: Part,
}

/// An entry or a rule that does not fit.
pub(crate) struct BrokenPart {
    pub first: usize,
    pub last: usize,
    pub kind: Part,
    /// Counts from the start of the part.
    pub misfit: Misfit,
}

/// The block that ends the statement of the tokens `first..=last`, whose brackets are in order.
pub(crate) fn find_block(source: &str, tokens: &[Token], first: usize, last: usize) -> Option<Block> {
    let part = if tokens[first].is_word(source, "rules") { Part::Rule } else { Part::Entry };
    let mut depth = 0_usize;
    let mut open = None;
    for position in first..=last {
        match tokens[position].kind {
            TokenKind::Open(bracket) => {
                if depth == 0 && bracket == Bracket::Curly && !opens_ports(source, tokens, position) {
                    open = open.or(Some(position));
                }
                depth += 1;
            }
            TokenKind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && open.is_some() {
            return open.filter(|_| position == last).map(|open| Block { open, close: position, part });
        }
    }
    None
}

/// All parts of `block` that do not fit, in order.
pub(crate) fn broken_parts(source: &str, tokens: &[Token], block: &Block) -> Vec<BrokenPart> {
    let significant: Vec<(usize, usize)> = with_depth(tokens, block.open + 1, block.close)
        .filter(|&(position, _)| !tokens[position].kind.is_trivia())
        .collect();
    let begins = |index: usize| {
        let (position, depth) = significant[index];
        let token = &tokens[position];
        let near = |other: Option<&(usize, usize)>| other.map(|&(position, _)| tokens[position].kind);
        depth == 0
            && token.kind == TokenKind::Word
            && match block.part {
                Part::Rule => {
                    matches!(token.text(source), "allow" | "deny")
                        && near(index.checked_sub(1).and_then(|before| significant.get(before)))
                            != Some(TokenKind::Dot)
                }
                _ => near(significant.get(index + 1)) == Some(TokenKind::Equal),
            }
    };
    let mut broken = Vec::new();
    let mut start = 0;
    for index in 1..=significant.len() {
        if index == significant.len() || begins(index) {
            if let Some(part) = significant.get(start..index) {
                broken_lines(source, tokens, block.part, part, &mut broken);
            }
            start = index;
        }
    }
    broken
}

/// The lines of one part that do not fit. Lines that follow a complete entry, or a broken one, are looked at on
/// their own: a line of nonsense does not cost the entry above it.
fn broken_lines(
    source: &str,
    tokens: &[Token],
    kind: Part,
    part: &[(usize, usize)],
    broken: &mut Vec<BrokenPart>,
) {
    let goal = if kind == Part::Rule { Rule::strict_rule } else { Rule::strict_entry };
    let starts_line =
        |&index: &usize| index == 0 || (tokens[part[index].0].first_on_line && part[index].1 == 0);
    let lines: Vec<usize> = (0..part.len()).filter(starts_line).collect();
    let start_of = |line: usize| lines.get(line).copied().unwrap_or(part.len());
    let text = |from: usize, to: usize| {
        let range = tokens[part[from].0].range.cover(tokens[part[to - 1].0].range);
        source.get(range.start as usize..range.end as usize).unwrap_or_default()
    };
    let mut line = 0;
    while line < lines.len() {
        let from = start_of(line);
        // One line, then two, four, …: what a failure costs grows with the text it was given, not with where it is.
        let mut count = 1;
        let (found, misfit) = loop {
            let to = start_of(line + count);
            match grammar::read(goal, text(from, to)) {
                Ok(_) if to == part.len() => return,
                Ok(_) => {}
                Err(misfit) => {
                    let offset = tokens[part[from].0].range.start as usize + misfit.offset;
                    let found =
                        part.partition_point(|&(position, _)| tokens[position].range.end as usize <= offset);
                    if found < to || to == part.len() {
                        break (found, misfit);
                    }
                }
            }
            count *= 2;
        };
        let found_line = lines.partition_point(|&start| start <= found.min(part.len() - 1)) - 1;
        let to = start_of(found_line + 1);
        let complete_before =
            found_line > line && grammar::read(goal, text(from, start_of(found_line))).is_ok();
        let (from, misfit) = if complete_before {
            // Told as what is wrong with the line by itself.
            let from = start_of(found_line);
            let alone = grammar::read(goal, text(from, to)).err();
            (from, alone.unwrap_or(Misfit { offset: 0, expected: vec![Rule::EOI] }))
        } else {
            (from, misfit)
        };
        broken.push(BrokenPart { first: part[from].0, last: part[to - 1].0, kind, misfit });
        line = found_line + 1;
    }
}

/// Positions with how many brackets are open there; a bracket itself counts as outside of what it opens.
fn with_depth(tokens: &[Token], start: usize, end: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut depth = 0_usize;
    (start..end).map(move |position| match tokens[position].kind {
        TokenKind::Open(_) => {
            depth += 1;
            (position, depth - 1)
        }
        TokenKind::Close(_) => {
            depth = depth.saturating_sub(1);
            (position, depth)
        }
        _ => (position, depth),
    })
}
