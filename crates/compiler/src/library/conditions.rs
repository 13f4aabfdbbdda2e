//! Under which values of its parameters a module says something.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use syntax::ast::{self, ComparisonOperator, ExpressionKind, ParameterTypeKind};

use super::context::Contexts;
use super::expression_words;

/// What is known of the parameters, in the order in which it became known.
#[derive(Clone, Debug, Default)]
pub(super) struct When {
    parameters: Vec<(String, Allowed)>,
}

/// The values that a parameter may have.
#[derive(Clone, Debug)]
enum Allowed {
    /// Of a choice: these, of so many.
    Choices { left: Vec<String>, of: usize, boolean: bool },
    /// Of anything else: not these, and one of those if there are any.
    Values { within: Option<BTreeSet<String>>, without: BTreeSet<String> },
}

impl When {
    /// The same with one comparison more; `None` where no value fits all of them.
    pub fn with(
        mut self,
        comparison: &ast::Comparison,
        context: usize,
        contexts: &Contexts<'_>,
    ) -> Option<Self> {
        let wanted = expression_words(&comparison.value);
        let equal = comparison.operator != ComparisonOperator::NotEqual;
        let (name, parameter) = match root(comparison.parameter.to_string(), context, contexts) {
            Root::Parameter(parameter) => (parameter.name.text.clone(), parameter),
            Root::Value(value) => return (wanted.contains(&value) == equal).then_some(self),
            // A comparison with something that is no parameter is an error elsewhere.
            Root::Unknown => return Some(self),
        };
        let known = self.parameters.iter().position(|(known, _)| *known == name);
        let at = known.unwrap_or_else(|| {
            self.parameters.push((name, Allowed::anything(parameter)));
            self.parameters.len() - 1
        });
        let (_, allowed) = self.parameters.get_mut(at)?;
        allowed.narrow(wanted, equal).then_some(self)
    }

    /// As `when` of a record: a value, a list of them, or `{ "not": [...] }`.
    pub fn to_json(&self) -> Map<String, Value> {
        let values =
            self.parameters.iter().filter_map(|(name, allowed)| Some((name.clone(), allowed.to_json()?)));
        values.collect()
    }
}

impl Allowed {
    fn anything(parameter: &ast::Parameter) -> Self {
        let none = parameter.default.as_ref().is_some_and(|default| default.kind == ExpressionKind::None);
        let choices = match &parameter.ty.kind {
            ParameterTypeKind::OneOf(names) => names.iter().map(|name| name.text.clone()).collect(),
            ParameterTypeKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            _ => return Allowed::Values { within: None, without: BTreeSet::new() },
        };
        let left: Vec<String> = choices.into_iter().chain(none.then(|| "none".to_owned())).collect();
        Allowed::Choices { of: left.len(), left, boolean: parameter.ty.kind == ParameterTypeKind::Boolean }
    }

    /// Leaves only what is among `wanted`, or only what is not; tells whether anything is left.
    fn narrow(&mut self, wanted: Vec<String>, equal: bool) -> bool {
        match self {
            Allowed::Choices { left, .. } => {
                left.retain(|choice| wanted.contains(choice) == equal);
                !left.is_empty()
            }
            Allowed::Values { within, without } => {
                if equal {
                    let wanted: BTreeSet<String> = wanted.into_iter().collect();
                    *within = Some(match within.take() {
                        Some(before) => before.intersection(&wanted).cloned().collect(),
                        None => wanted,
                    });
                } else {
                    without.extend(wanted);
                }
                within.as_ref().is_none_or(|within| within.iter().any(|value| !without.contains(value)))
            }
        }
    }

    fn to_json(&self) -> Option<Value> {
        match self {
            Allowed::Choices { left, of, .. } if left.len() == *of => None,
            Allowed::Choices { left, boolean, .. } => {
                let values: Vec<Value> = left
                    .iter()
                    .map(|choice| match (boolean, choice.as_str()) {
                        (true, "true") => json!(true),
                        (true, "false") => json!(false),
                        _ => json!(choice),
                    })
                    .collect();
                Some(one_or_list(values))
            }
            Allowed::Values { within: Some(within), without } => {
                Some(one_or_list(within.difference(without).map(|value| json!(value)).collect()))
            }
            Allowed::Values { within: None, without } if without.is_empty() => None,
            Allowed::Values { within: None, without } => Some(json!({ "not": without })),
        }
    }
}

fn one_or_list(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    }
}

/// What a parameter comes down to: one that the module's user sets, or a value that the library gives it.
enum Root<'a> {
    Parameter(&'a ast::Parameter),
    Value(String),
    Unknown,
}

fn root<'a>(mut name: String, mut context: usize, contexts: &Contexts<'a>) -> Root<'a> {
    // Each step leads to the context outside, so there are no more of them than contexts.
    loop {
        let Some(parameter) = contexts.parameter(&name, context) else { return Root::Unknown };
        if context == Contexts::ROOT {
            return Root::Parameter(parameter);
        }
        let Some((value, outer)) = contexts.value(parameter, context) else { return Root::Unknown };
        match &value.kind {
            ExpressionKind::Path(path)
                if outer != context && contexts.parameter(&path.to_string(), outer).is_some() =>
            {
                (name, context) = (path.to_string(), outer);
            }
            _ => return Root::Value(expression_words(value).join(", ")),
        }
    }
}
