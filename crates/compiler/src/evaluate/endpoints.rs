use std::collections::BTreeSet;
use std::sync::Arc;

use diagnostics::TextRange;
use space::{AddressSet, Set};
use syntax::ast::{AddressLiteral, Expression, ExpressionKind};

use super::{Argument, Evaluator, Found, NoValue};
use crate::{EndpointSet, Endpoints};

impl<'a> Evaluator<'a> {
    /// What `expression` means as endpoints.
    pub fn endpoints(&mut self, expression: &Expression) -> Result<Endpoints, NoValue> {
        match &expression.kind {
            ExpressionKind::Any => Ok(Endpoints::any()),
            ExpressionKind::None => Err(NoValue::NotUsed),
            ExpressionKind::Address(literal) => Ok(Endpoints::one(addresses(literal))),
            ExpressionKind::Text(text) => self.host(text, expression.range).map(Endpoints::one),
            ExpressionKind::Path(path) => {
                let (found, name) = self.find(path, "role")?;
                self.found_endpoints(found, name, path.range)
            }
            ExpressionKind::List(elements) => self.union(elements, expression.range),
            ExpressionKind::Either(choices) => {
                let mut all = Vec::new();
                for choice in choices {
                    all.extend(self.endpoints(choice)?.choices);
                }
                Ok(Endpoints { choices: all })
            }
            ExpressionKind::Except(from, without) => self.except(from, without),
            ExpressionKind::Alternatives(_) => Err(self.wrong(
                expression.range,
                "`|` stands between services, not between endpoints",
                "alternative endpoints",
                "write `a or b` where one of them is enough, `[a, b]` where both are meant",
            )),
            ExpressionKind::Service(_) => Err(self.wrong(
                expression.range,
                "a service stands where endpoints are expected",
                "this is a service",
                "a flow is `source -> destination service`",
            )),
            ExpressionKind::Number(_) | ExpressionKind::Date { .. } => Err(self.wrong(
                expression.range,
                "endpoints are expected here",
                "not an address, name or role",
                "write an address, a name between double quotes, or the name of a role",
            )),
        }
    }

    fn found_endpoints(
        &mut self,
        found: Found<'a>,
        name: String,
        at: TextRange,
    ) -> Result<Endpoints, NoValue> {
        match found {
            Found::Role(role) => {
                self.entered(name, at, |this| this.elsewhere(|this| this.endpoints(&role.value)))
            }
            Found::Endpoints(endpoints) => Ok(endpoints.clone()),
            Found::Argument(Argument::Endpoints(endpoints)) => Ok(endpoints.clone()),
            Found::Argument(Argument::Text(text)) => self.host(&text.clone(), at).map(Endpoints::one),
            Found::Argument(Argument::None) | Found::Nothing => Err(NoValue::NotUsed),
            Found::Broken => Err(NoValue::Wrong),
            Found::Service(_) | Found::Services(_) => Err(self.wrong(
                at,
                format!("`{name}` is a service; endpoints are expected here"),
                "a service",
                "a flow is `source -> destination service`",
            )),
            Found::Argument(_) => Err(self.wrong(
                at,
                format!("the parameter `{name}` is no role"),
                "not endpoints",
                "use a parameter of type `role` here",
            )),
        }
    }

    /// The union of list elements; those that are `none` add nothing.
    fn union(&mut self, elements: &[Expression], range: TextRange) -> Result<Endpoints, NoValue> {
        let mut all = Endpoints::one(EndpointSet::empty());
        let mut used = false;
        let mut failed = None;
        for element in elements {
            match self.endpoints(element) {
                Ok(value) => {
                    used = true;
                    let mut choices = Vec::new();
                    for mine in &all.choices {
                        choices.extend(value.choices.iter().map(|theirs| mine.clone().union(theirs)));
                    }
                    if choices.len() > 64 {
                        return Err(self.wrong(
                            range,
                            "too many alternatives in one list",
                            "more than 64 combinations of `or`",
                            "write several flows instead",
                        ));
                    }
                    all = Endpoints { choices };
                }
                Err(NoValue::NotUsed) => {}
                Err(wrong) => failed = Some(wrong),
            }
        }
        match failed {
            Some(failed) => Err(failed),
            None if elements.is_empty() => Err(self.wrong(
                range,
                "an empty list names no endpoints",
                "nothing in it",
                "write `none` for a role that does not exist",
            )),
            None if !used => Err(NoValue::NotUsed),
            None => Ok(all),
        }
    }

    fn except(&mut self, from: &Expression, without: &Expression) -> Result<Endpoints, NoValue> {
        let base = self.endpoints(from)?;
        let cut = match self.endpoints(without) {
            Ok(cut) => cut.all(),
            Err(NoValue::NotUsed) => return Ok(base),
            Err(wrong) => return Err(wrong),
        };
        let mut choices = Vec::new();
        for choice in base.choices {
            if let Some(name) = cut.names.iter().find(|name| !choice.names.contains(*name)) {
                let message = format!("`{name}` cannot be taken out: it is not one of the names here");
                return Err(self.wrong(
                    without.range,
                    message,
                    "which addresses it has is not known",
                    "take out addresses, or names that the left side lists",
                ));
            }
            let names: BTreeSet<Arc<str>> = choice.names.difference(&cut.names).cloned().collect();
            choices.push(EndpointSet { addresses: choice.addresses.subtract(&cut.addresses), names });
        }
        if choices.iter().any(EndpointSet::is_empty) {
            return Err(self.wrong(
                without.range,
                "nothing is left after `except`",
                "takes everything out",
                "write `none` for a role that does not exist",
            ));
        }
        Ok(Endpoints { choices })
    }

    /// A host name or wildcard between quotes, in lower case.
    fn host(&mut self, text: &str, range: TextRange) -> Result<EndpointSet, NoValue> {
        let filled = self.filled(text, range)?;
        let text = filled.as_str();
        if text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok() {
            return Err(self.wrong(
                range,
                format!("`{text}` is an address, and quotes are for names"),
                "an address between quotes",
                format!("write {text} without quotes"),
            ));
        }
        if let Some(reason) = not_a_host(text) {
            return Err(self.wrong(
                range,
                format!("`{text}` is no host name: {reason}"),
                "not a host name",
                "write a name such as \"outlook.office365.com\" or \"*.sharepoint.com\", without scheme, path or port",
            ));
        }
        let names = BTreeSet::from([text.trim_end_matches('.').to_ascii_lowercase().into()]);
        Ok(EndpointSet { names, ..EndpointSet::empty() })
    }
}

impl Evaluator<'_> {
    /// `text` with each `<parameter>` replaced by its value; by `*` where it is not set.
    pub(super) fn filled(&mut self, text: &str, range: TextRange) -> Result<String, NoValue> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((name, after)) = after.split_once('>') else { break };
            out.push_str(before);
            match self.scope.placeholder(name) {
                Some((_, Found::Argument(Argument::Text(value) | Argument::Choice(value)))) => {
                    out.push_str(value)
                }
                Some((parameter, Found::Argument(Argument::None))) => {
                    self.unset.insert(parameter.to_owned());
                    out.push('*');
                }
                _ => {
                    return Err(self.wrong(
                        range,
                        format!("`<{name}>` stands for nothing here"),
                        "no such label",
                        "write the name out; placeholders are filled from a module's parameters of type `label`",
                    ));
                }
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

pub(super) fn addresses(literal: &AddressLiteral) -> EndpointSet {
    let addresses = match literal {
        AddressLiteral::Host(address) => AddressSet::from(*address),
        AddressLiteral::Network(network) => AddressSet::from(*network),
        AddressLiteral::Range(low, high) => AddressSet::range(*low, *high),
    };
    EndpointSet { addresses, ..EndpointSet::empty() }
}

/// Why `text` is no host name or wildcard of one; `None` where it is (RFC 1123, section 2.1, and underscores, which
/// services' names have).
fn not_a_host(text: &str) -> Option<&'static str> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > 253 {
        return Some("it is longer than 253 characters");
    }
    if name.contains("://") {
        return Some("it has a scheme");
    }
    if name.contains(['/', ':']) {
        return Some("it has a path or a port");
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Some("it has an empty label");
        }
        if label.len() > 63 {
            return Some("a label is longer than 63 characters");
        }
        if !label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*')) {
            return Some("it has a character that names do not have");
        }
    }
    (name == "*").then_some("`*` alone is every host: write `any`")
}
