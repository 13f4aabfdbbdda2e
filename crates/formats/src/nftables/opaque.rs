//! Matches on what is not modelled.

use diagnostics::TextRange;
use space::{Conditions, Region, Side, Symbol, SymbolKind};

use super::canonical;
use super::draft::Draft;
use super::model::{Key, Op, Value};

/// More values than this of something that is not modelled become one unknown.
const MOST_SYMBOLS: usize = 16;

impl<'a> Draft<'_, '_, 'a> {
    /// A match on something that is not modelled.
    pub fn opaque(&mut self, key: &Key<'a>, op: Op, value: &Value<'a>) -> Vec<Region> {
        let base = self.base_of(key);
        if let Key::Payload(header, _) = key
            && header == "arp"
        {
            self.never("for ARP");
            return Vec::new();
        }
        let text = canonical::key(key);
        self.approximate(format!("`{}` is not modelled", diagnostics::printable(&text)));
        let negated = matches!(op, Op::Unequal | Op::NoneOf);
        let one_by_one =
            matches!(op, Op::Implicit | Op::Equal | Op::Unequal) && !super::text_rule::is_flags(key);
        let words: Vec<String> = match super::values::literal(value) {
            Some(elements) if one_by_one && elements.len() <= MOST_SYMBOLS => {
                elements.iter().map(|element| canonical::value(&element.key, false)).collect()
            }
            _ => vec![canonical::value(value, false)],
        };
        let updated = match value {
            Value::Reference(name) => {
                self.content(name, Side::Packet, TextRange::new(0, 0));
                self.around.facts.updated.contains(&(self.around.number, name.clone()))
            }
            _ => false,
        };
        let own = updated || self.hangs_on_more(key);
        let mut symbols = Vec::new();
        for word in words {
            let written = match op {
                Op::Implicit | Op::Equal | Op::Unequal if !super::text_rule::is_flags(key) => {
                    format!("{text} {word}")
                }
                op => {
                    format!("{text}{}{word}", canonical::op(if op == Op::Unequal { Op::Equal } else { op }))
                }
            };
            symbols.push(if own {
                self.own_symbol(&written)
            } else {
                let kind =
                    if matches!(key, Key::Fib(..)) { SymbolKind::AddressGroup } else { SymbolKind::Match };
                let side = match key {
                    Key::Fib(flags, result) if result == "type" && flags.as_str() == "daddr" => {
                        Side::Destination
                    }
                    Key::Fib(flags, result) if result == "type" && flags.as_str() == "saddr" => Side::Source,
                    _ => Side::Packet,
                };
                let kind = if side == Side::Packet { SymbolKind::Match } else { kind };
                Symbol::new(side, kind, &canonical::fitting(written))
            });
        }
        if op == Op::Unequal && negated {
            let mut lacking = Conditions::none();
            for symbol in symbols {
                match lacking.and(&Conditions::lacks(symbol)) {
                    Some(both) => lacking = both,
                    None => return Vec::new(),
                }
            }
            return vec![base.when(lacking)];
        }
        symbols.into_iter().map(|symbol| base.clone().when(Conditions::holds(symbol))).collect()
    }

    /// Whether the same question may have two answers: what other rules or earlier packets change, and what is not
    /// the same at two hooks.
    fn hangs_on_more(&self, key: &Key<'a>) -> bool {
        match key {
            Key::Operation(inner, ..) => self.hangs_on_more(inner),
            Key::Concat(all) => all.iter().any(|one| self.hangs_on_more(one)),
            Key::Meta(field) => matches!(
                &**field,
                "mark" | "random" | "priority" | "secmark" | "nftrace" | "length" | "cgroup" | "broute"
            ),
            Key::Ct(field, _) => !matches!(&**field, "helper" | "zone" | "l3proto" | "protocol"),
            Key::Payload(header, field) => {
                matches!(
                    (&**header, &**field),
                    ("ip", "ttl" | "checksum" | "length") | ("ip6", "hoplimit" | "length")
                ) || self.around.facts.changed.contains(&format!("{header} {field}"))
            }
            Key::Raw(..) => true,
            Key::Other(text) => {
                text.starts_with("numgen")
                    || text.starts_with("jhash")
                    || text.starts_with("symhash")
                    || self.around.facts.changed.contains(text)
            }
            Key::Fib(flags, _) => flags.contains("iif") || flags.contains("oif") || flags.contains("mark"),
        }
    }
}
