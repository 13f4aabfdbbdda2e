//! What connection tracking says of the first packet of a flow.

use space::{IntervalSet, Side, Symbol, SymbolKind};

/// Whether a match on the state holds for the first packet of a valid flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Always,
    /// Never, and for which packets it is instead.
    Never(&'static str),
    /// Where the symbol holds (or lacks, with `false`).
    When(Symbol, bool),
    /// It hangs on something that only this rule can be asked about.
    Unknown,
    /// The list names a state that there is none of.
    Malformed,
}

pub(super) const FOR_REPLIES: &str = "for replies";
const FOR_INVALID: &str = "for packets of no valid connection";
const FOR_UNTRACKED: &str = "for packets that are not tracked, and none are exempted";

const INVALID: u8 = 1;
const NEW: u8 = 2;
const ESTABLISHED: u8 = 4;
const RELATED: u8 = 8;
const UNTRACKED: u8 = 16;
const SNAT: u8 = 32;
const DNAT: u8 = 64;

/// In the order in which iptables looks: the beginning of a name is enough.
const STATES: [(&str, u8); 7] = [
    ("INVALID", INVALID),
    ("NEW", NEW),
    ("ESTABLISHED", ESTABLISHED),
    ("RELATED", RELATED),
    ("UNTRACKED", UNTRACKED),
    ("SNAT", SNAT),
    ("DNAT", DNAT),
];

/// `--ctstate LIST` (or `! --ctstate LIST`) for a new flow. `exempted` says whether the raw table takes packets from
/// tracking; then each of them is either UNTRACKED or NEW, and which is a question about the packet.
pub(super) fn holds(list: &str, negated: bool, exempted: bool) -> Holds {
    let Some(states) = parse(list) else { return Holds::Malformed };
    let untracked = || Symbol::new(Side::Packet, SymbolKind::Match, "untracked, by table raw");
    let translated = states & (SNAT | DNAT) != 0;
    let named = |state: u8| states & state != 0;
    let holds = match (named(NEW), named(UNTRACKED)) {
        (true, true) => Holds::Always,
        (true, false) if !exempted => Holds::Always,
        (_, untracked) if translated => match (untracked && exempted, exempted && named(NEW)) {
            (false, false) => Holds::When(translation(states), true),
            _ => Holds::Unknown,
        },
        (true, false) => Holds::When(untracked(), false),
        (false, true) if exempted => Holds::When(untracked(), true),
        (false, _) => Holds::Never(""),
    };
    match (holds, negated) {
        (Holds::Never(_), false) => Holds::Never(if named(ESTABLISHED | RELATED) {
            FOR_REPLIES
        } else if named(UNTRACKED) {
            FOR_UNTRACKED
        } else {
            FOR_INVALID
        }),
        (Holds::Always, true) => {
            Holds::Never(if named(ESTABLISHED | RELATED) { FOR_INVALID } else { FOR_REPLIES })
        }
        (Holds::Never(_), true) => Holds::Always,
        (Holds::When(symbol, value), true) => Holds::When(symbol, !value),
        (holds, _) => holds,
    }
}

/// Whether the list names UNTRACKED.
pub(super) fn lists_untracked(list: &str) -> bool {
    parse(list).is_some_and(|states| states & UNTRACKED != 0)
}

/// The types of ICMPv6 that connection tracking leaves alone: multicast listeners, and neighbour discovery without
/// redirects (`noct_valid_new` in the kernel's `nf_conntrack_proto_icmpv6.c`). With all their codes, as
/// `type * 256 + code`.
pub(super) fn untracked_types() -> IntervalSet<u16> {
    IntervalSet::from_ranges([(130 << 8, 136 << 8 | 255), (143 << 8, 143 << 8 | 255)])
}

/// The one symbol for "its addresses are translated", by the states that ask for it.
fn translation(states: u8) -> Symbol {
    let name = match (states & SNAT != 0, states & DNAT != 0) {
        (true, true) => "--ctstate SNAT,DNAT",
        (true, false) => "--ctstate SNAT",
        _ => "--ctstate DNAT",
    };
    Symbol::new(Side::Packet, SymbolKind::Match, name)
}

fn parse(list: &str) -> Option<u8> {
    let mut states = 0;
    for name in list.split(',') {
        let begins =
            |state: &str| state.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        let (_, state) = STATES.iter().find(|(state, _)| !name.is_empty() && begins(state))?;
        states |= state;
    }
    Some(states)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_with_new_hold_and_others_do_not() {
        assert_eq!(holds("NEW", false, false), Holds::Always);
        assert_eq!(holds("INVALID,NEW", false, false), Holds::Always);
        assert_eq!(holds("new,EST", false, false), Holds::Always);
        assert_eq!(holds("RELATED,ESTABLISHED", false, false), Holds::Never(FOR_REPLIES));
        assert_eq!(holds("INVALID", false, false), Holds::Never(FOR_INVALID));
        assert_eq!(holds("UNTRACKED", false, false), Holds::Never(FOR_UNTRACKED));
        assert_eq!(holds("NEW,NONSENSE", false, false), Holds::Malformed);
        assert_eq!(holds("", false, false), Holds::Malformed);
    }

    #[test]
    fn negations_are_exact() {
        assert_eq!(holds("NEW", true, false), Holds::Never(FOR_REPLIES));
        assert_eq!(holds("RELATED,ESTABLISHED", true, false), Holds::Always);
        assert_eq!(holds("INVALID", true, false), Holds::Always);
    }

    #[test]
    fn an_untracked_packet_is_not_new() {
        let untracked = |value| {
            Holds::When(Symbol::new(Side::Packet, SymbolKind::Match, "untracked, by table raw"), value)
        };
        assert_eq!(holds("NEW", false, true), untracked(false));
        assert_eq!(holds("NEW", true, true), untracked(true));
        assert_eq!(holds("UNTRACKED", false, true), untracked(true));
        assert_eq!(holds("NEW,UNTRACKED", false, true), Holds::Always);
        assert_eq!(holds("ESTABLISHED", false, true), Holds::Never(FOR_REPLIES));
    }

    #[test]
    fn translation_is_not_known() {
        assert!(matches!(holds("DNAT", false, false), Holds::When(_, true)));
        assert!(matches!(holds("DNAT", true, false), Holds::When(_, false)));
        assert_eq!(holds("NEW,DNAT", false, false), Holds::Always);
        assert_eq!(holds("UNTRACKED,DNAT", false, true), Holds::Unknown);
        assert!(matches!(holds("RELATED,DNAT", false, false), Holds::When(_, true)));
    }
}
