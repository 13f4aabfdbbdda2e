use crate::{Conditions, Decider, Effort, Exhausted, Outcome, Piece, Question, Set, Side, Symbol};

/// Something that is not known and that decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Whether a symbol holds of the packet; `settles` says that knowing this alone would be enough.
    Symbol {
        symbol: Symbol,
        settles: bool,
    },
    /// The address behind the question's own name.
    Address(Side),
    /// The interface or zone by which the packet comes in or leaves.
    InInterface,
    OutInterface,
    /// A port that the question leaves open.
    Port(Side),
    /// What a rule does with the packet.
    Action(Decider),
}

/// What the outcome of `pieces` hangs on: each thing whose value alone, all else equal, turns one outcome into another.
pub(crate) fn unknowns(
    question: &Question,
    pieces: &[Piece],
    effort: &Effort,
) -> Result<Vec<Unknown>, Exhausted> {
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if piece.outcome == Outcome::Unknown {
            found.push(Unknown::Action(piece.decider));
        }
        effort.look(pieces.len() - at)?;
        let others = pieces.iter().skip(at + 1).filter(|other| other.outcome != piece.outcome);
        found.extend(others.flat_map(|other| pivot(question, piece, other)));
        if found.len() > pieces.len() {
            found.sort();
            found.dedup();
        }
    }
    found.sort();
    found.dedup();
    for unknown in &mut found {
        if let Unknown::Symbol { symbol, settles } = unknown {
            *settles = settled(question, pieces, symbol, true, effort)?
                && settled(question, pieces, symbol, false, effort)?;
        }
    }
    found.sort_by_key(|unknown| !matches!(unknown, Unknown::Symbol { settles: true, .. }));
    Ok(found)
}

/// The one unknown thing by which alone two pieces with packets in common differ; nothing where they differ by more,
/// or by what the question demands. Both ends, where it is the family of addresses.
fn pivot(question: &Question, one: &Piece, other: &Piece) -> Vec<Unknown> {
    let (a, b) = (&one.region, &other.region);
    if !a.protocol.overlaps(&b.protocol) {
        return Vec::new();
    }
    let hidden = &question.hidden;
    let axes = [
        (a.source.overlaps(&b.source), hidden.source.then_some(Unknown::Address(Side::Source))),
        (
            a.destination.overlaps(&b.destination),
            hidden.destination.then_some(Unknown::Address(Side::Destination)),
        ),
        (a.source_port.overlaps(&b.source_port), hidden.source_port.then_some(Unknown::Port(Side::Source))),
        (
            a.destination_port.overlaps(&b.destination_port),
            hidden.destination_port.then_some(Unknown::Port(Side::Destination)),
        ),
        (a.in_interface.overlaps(&b.in_interface), Some(Unknown::InInterface)),
        (a.out_interface.overlaps(&b.out_interface), Some(Unknown::OutInterface)),
    ];
    let mut found: Vec<Unknown> = Vec::new();
    for (same, unknown) in axes {
        if !same {
            match unknown {
                Some(unknown) => found.push(unknown),
                None => return Vec::new(),
            }
        }
    }
    for (symbol, value) in a.conditions.iter() {
        if b.conditions.get(symbol).is_some_and(|theirs| theirs != *value) {
            let holding = if *value { &a.conditions } else { &b.conditions };
            // A wildcard cannot cease to hold while a name under it does.
            let needed = holding.iter().any(|(narrower, held)| *held && symbol.covers(narrower));
            if needed || question.demands(symbol) {
                return Vec::new();
            }
            found.push(Unknown::Symbol { symbol: symbol.clone(), settles: false });
        }
    }
    match found.as_slice() {
        [_] => found,
        [Unknown::Address(_), Unknown::Address(_)] if a.source.v4.is_empty() != b.source.v4.is_empty() => {
            found
        }
        _ => Vec::new(),
    }
}

/// Whether no packet's end is open any more once `symbol` has this value.
fn settled(
    question: &Question,
    pieces: &[Piece],
    symbol: &Symbol,
    value: bool,
    effort: &Effort,
) -> Result<bool, Exhausted> {
    let known = Conditions::literal(symbol, value);
    let left: Vec<_> = pieces.iter().filter(|piece| !piece.region.conditions.contradict(&known)).collect();
    let shadows: Vec<_> = left.iter().map(|piece| question.project(&piece.region)).collect();
    for (at, (piece, shadow)) in left.iter().zip(&shadows).enumerate() {
        effort.look(left.len() - at)?;
        let mut others = left.iter().zip(&shadows).skip(at + 1);
        if piece.outcome == Outcome::Unknown
            || others.any(|(other, theirs)| other.outcome != piece.outcome && theirs.overlaps(shadow))
        {
            return Ok(false);
        }
    }
    Ok(true)
}
