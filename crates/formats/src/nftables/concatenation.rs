//! Keys joined with ` . `: every combination that a set lists.

use diagnostics::TextRange;
use space::{Conditions, Region, Side, Symbol, SymbolKind};

use super::axis;
use super::canonical;
use super::condense::condense;
use super::draft::{Draft, MOST_REGIONS};
use super::model::{Key, Op, Value};

/// A negated set of combinations with more parts than this is kept as an unknown.
const MOST_CUTS: usize = 64;

impl<'a> Draft<'_, '_, 'a> {
    /// `ip saddr . tcp dport { 10.0.0.1 . 22, ... }`
    pub fn concatenation(
        &mut self,
        keys: &[Key<'a>],
        op: Op,
        value: &Value<'a>,
        place: TextRange,
    ) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        let mut unknown = Vec::new();
        let found: Vec<&Value<'a>> = match value {
            Value::Reference(name) => {
                let content = self.content(name, Side::Packet, place);
                unknown.extend(content.unknown);
                content.elements.into_iter().map(|element| &element.key).collect()
            }
            value => match super::values::literal(value) {
                Some(elements) => elements.iter().map(|element| &element.key).collect(),
                None => vec![value],
            },
        };
        let mut base = vec![axis::any()];
        for key in keys {
            let of = self.base_of(key);
            base = base.iter().filter_map(|region| region.intersect(&of)).collect();
        }
        for element in found {
            regions.extend(self.combination(keys, element, place));
            if regions.len() > 64 * MOST_REGIONS {
                break;
            }
        }
        let mut regions = condense(regions);
        let negated = matches!(op, Op::Unequal | Op::NoneOf);
        let most = if negated { MOST_CUTS } else { 8 * MOST_REGIONS };
        if regions.len() > most || !matches!(op, Op::Implicit | Op::Equal | Op::Unequal | Op::NoneOf) {
            self.approximate("its combinations come to more parts than are kept");
            let symbol = self.own_symbol(&canonical::comparison(&Key::Concat(keys.to_vec()), op, value));
            base.retain_mut(|region| {
                let both = region.conditions.and(&Conditions::holds(symbol.clone()));
                both.map(|both| region.conditions = both).is_some()
            });
            return base;
        }
        if !negated {
            let rest = unknown.into_iter().flat_map(|symbol| {
                base.iter().map(move |region| region.clone().when(Conditions::holds(symbol.clone())))
            });
            regions.extend(rest.collect::<Vec<_>>());
            return regions;
        }
        let mut left = base;
        for cut in &regions {
            let mut next = Vec::new();
            for region in &left {
                region.split(cut, &mut next);
            }
            left = next;
        }
        for symbol in unknown {
            left.retain_mut(|region| {
                let both = region.conditions.and(&Conditions::lacks(symbol.clone()));
                both.map(|both| region.conditions = both).is_some()
            });
        }
        left
    }

    /// One element of a concatenation.
    fn combination(&mut self, keys: &[Key<'a>], element: &Value<'a>, place: TextRange) -> Vec<Region> {
        let parts = match element {
            Value::Concat(parts) if parts.len() == keys.len() => parts,
            Value::Shared(inner) if matches!(**inner, Value::Concat(_)) => {
                return self.combination(keys, inner, place);
            }
            Value::Rest => {
                return keys.iter().map(|key| self.base_of(key)).fold(vec![axis::any()], |all, of| {
                    all.iter().filter_map(|region| region.intersect(&of)).collect()
                });
            }
            Value::Unknown { name, placeholder } => {
                let kind = if *placeholder { SymbolKind::Placeholder } else { SymbolKind::Undefined };
                self.approximate("an element is not in the file");
                let symbol = Symbol::new(Side::Packet, kind, &canonical::fitting(name.clone()));
                return vec![axis::any().when(Conditions::holds(symbol))];
            }
            _ => {
                let text = canonical::value(element, true);
                let shown = diagnostics::printable(&canonical::fitting(text.clone())).into_owned();
                let message = format!("`{shown}` has not as many parts as what it is compared with");
                let symbol = self.invalid(place, &text, message, "join the parts with ` . `");
                return vec![axis::any().when(Conditions::holds(symbol))];
            }
        };
        let mut regions = vec![axis::any()];
        for (key, part) in keys.iter().zip(parts) {
            let choice = self.alternatives(key, Op::Equal, part, place);
            regions = regions
                .iter()
                .flat_map(|region| {
                    choice.iter().filter_map(|other| region.intersect(other)).collect::<Vec<_>>()
                })
                .take(MOST_REGIONS)
                .collect();
        }
        regions
    }
}
