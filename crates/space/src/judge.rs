use crate::{
    AddressSet, Conditions, Decider, Effort, Exhausted, FlowSet, NameSet, Outcome, Piece, Region, RuleSet,
    Set, Symbol, SymbolKind, decide, pattern_covers, unknown::unknowns,
};

/// A set of packets that is asked about, with what of it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub region: Region,
    pub hidden: Hidden,
}

/// Which coordinates a question does not demand whole: the packet has some value there, which is not known.
///
/// Interfaces are always of this kind, and so is every symbol that the question does not assert. A destination that
/// is only known by name has an address that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    pub source: bool,
    pub destination: bool,
    pub source_port: bool,
    pub destination_port: bool,
}

/// What is proved of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Surely permitted, whatever the unknown things are. Only the demanded coordinates count.
    pub permitted: FlowSet,
    /// Surely denied.
    pub denied: FlowSet,
    /// One or the other.
    pub either: FlowSet,
    /// How the rules cut the question, unknown things and all.
    pub pieces: Vec<Piece>,
    /// What `either` hangs on, and nothing else; first those of which one alone would settle it.
    pub unknowns: Vec<crate::Unknown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every packet is surely permitted.
    Met,
    /// Every packet is surely denied.
    Missing,
    /// Some are surely permitted, the others surely denied.
    Partial,
    /// Some hang on what is not known.
    Undecided,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missing => "missing",
            Verdict::Partial => "partial",
            Verdict::Undecided => "undecided",
        }
    }
}

impl Judgement {
    pub fn verdict(&self) -> Verdict {
        match (self.permitted.is_empty(), self.denied.is_empty(), self.either.is_empty()) {
            (_, _, false) => Verdict::Undecided,
            (_, true, true) => Verdict::Met,
            (true, false, true) => Verdict::Missing,
            (false, false, true) => Verdict::Partial,
        }
    }

    /// The rules and defaults that deny some of what is asked, in order.
    pub fn denying(&self) -> Vec<Decider> {
        self.deciders(|outcome| outcome != Outcome::Permit)
    }

    /// The rules and defaults that permit some of it, in order.
    pub fn permitting(&self) -> Vec<Decider> {
        self.deciders(|outcome| outcome != Outcome::Deny)
    }

    fn deciders(&self, wanted: impl Fn(Outcome) -> bool) -> Vec<Decider> {
        let all = self.pieces.iter().filter(|piece| wanted(piece.outcome)).map(|piece| piece.decider);
        crate::flow_set::distinct(all.collect())
    }
}

/// Decides `question` by `rules`, for every value of what is not known.
pub fn judge(question: &Question, rules: &RuleSet, effort: &Effort) -> Result<Judgement, Exhausted> {
    let pieces = decide(std::slice::from_ref(&question.region), rules, effort)?;
    let shadows: Vec<(Region, Outcome)> =
        pieces.iter().map(|piece| (question.project(&piece.region), piece.outcome)).collect();
    let among = |wanted: &dyn Fn(Outcome) -> bool| -> Result<FlowSet, Exhausted> {
        let wanted = shadows.iter().filter(|(_, outcome)| wanted(*outcome));
        wanted.map(|(region, _)| region.clone()).collect::<FlowSet>().canonical(effort)
    };
    let (permitted, denied, either);
    if pieces.iter().zip(&shadows).all(|(piece, (shadow, _))| piece.region == *shadow) {
        // Nothing is hidden: the pieces are the answer.
        permitted = among(&|outcome| outcome == Outcome::Permit)?;
        denied = among(&|outcome| outcome == Outcome::Deny)?;
        either = among(&|outcome| outcome == Outcome::Unknown)?;
    } else {
        let may_permit = among(&|outcome| outcome != Outcome::Deny)?;
        let may_deny = among(&|outcome| outcome != Outcome::Permit)?;
        permitted = may_permit.subtract(&may_deny, effort)?.canonical(effort)?;
        denied = may_deny.subtract(&may_permit, effort)?.canonical(effort)?;
        either = may_permit.intersect_within(&may_deny, effort)?.canonical(effort)?;
    }
    let unknowns = if either.is_empty() { Vec::new() } else { unknowns(question, &pieces, effort)? };
    Ok(Judgement { permitted, denied, either, pieces, unknowns })
}

impl Question {
    /// A question about packets with known addresses.
    pub fn about(region: Region) -> Self {
        Question { region, hidden: Hidden::default() }
    }

    /// `region` as far as the question demands it: an address that is hidden is left open, and so is a port as far as the
    /// question has it.
    pub(crate) fn project(&self, region: &Region) -> Region {
        let asked = &self.region;
        let pick = |hidden, asked: &AddressSet, mine: &AddressSet| {
            if hidden { asked.whole_families() } else { mine.clone() }
        };
        Region {
            source: pick(self.hidden.source, &asked.source, &region.source),
            destination: pick(self.hidden.destination, &asked.destination, &region.destination),
            protocol: region.protocol.clone(),
            source_port: if self.hidden.source_port { &asked.source_port } else { &region.source_port }
                .clone(),
            destination_port: if self.hidden.destination_port {
                &asked.destination_port
            } else {
                &region.destination_port
            }
            .clone(),
            in_interface: NameSet::any(),
            out_interface: NameSet::any(),
            conditions: region.conditions.retain(|symbol| self.demands(symbol)),
        }
    }

    /// Whether the question is about both the packets of which `symbol` holds and those of which it does not:
    /// one that asks for `*.example.com` asks for `a.example.com` and for all the others.
    pub(crate) fn demands(&self, symbol: &Symbol) -> bool {
        symbol.kind == SymbolKind::Name
            && self.region.conditions.iter().any(|(asked, held)| {
                *held
                    && asked.side == symbol.side
                    && asked.kind == SymbolKind::Name
                    && pattern_covers(&asked.name, &symbol.name)
                    && self.is_asked_for(asked)
            })
    }

    /// Whether `symbol` is the narrowest name that the question asserts, not one that follows from it.
    fn is_asked_for(&self, symbol: &Symbol) -> bool {
        self.region.conditions.essential().iter().any(|(asked, held)| *held && *asked == symbol)
    }
}

/// What of `permitted` is surely and undeclared: there is an interface by which it is permitted whatever the symbols,
/// and not declared even if every condition of `declared` holds.
///
/// Interfaces are real: a packet may come by any of them. Symbols are not known, and may differ between interfaces.
pub fn surely_excess(permitted: &FlowSet, declared: &FlowSet, effort: &Effort) -> Result<FlowSet, Exhausted> {
    let permitted = permitted.canonical(effort)?;
    let sure = permitted.regions.into_iter().filter(|region| region.conditions.is_none());
    let may_be_declared = declared.map(|region| Region { conditions: Conditions::none(), ..region.clone() });
    let excess = sure.collect::<FlowSet>().subtract(&may_be_declared, effort)?;
    excess.map(Region::packets_only).canonical(effort)
}
