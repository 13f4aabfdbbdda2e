//! A copy of a rule that borrows from no text.

use std::borrow::Cow;
use std::rc::Rc;

use super::model::{Data, Element, Key, Rule, Statement, Value, Verdict};

/// `blocks` are the numbers that the chains written in rules have where the copy goes.
pub(super) fn rule<'o>(rule: &Rule<'_>, blocks: &[usize]) -> Rule<'o> {
    Rule {
        statements: rule.statements.iter().map(|one| statement(one, blocks)).collect(),
        comment: rule.comment.as_deref().map(text),
        place: rule.place,
        head: rule.head,
        covered: rule.covered,
        handle: rule.handle,
        malformed: rule.malformed.clone(),
        command: rule.command,
    }
}

fn text<'o>(text: &str) -> Cow<'o, str> {
    Cow::Owned(text.to_owned())
}

fn statement<'o>(statement: &Statement<'_>, blocks: &[usize]) -> Statement<'o> {
    match statement {
        Statement::Match { key: of, op, value: with, place } => {
            Statement::Match { key: key(of), op: *op, value: value(with, blocks), place: *place }
        }
        Statement::Vmap { key: of, map, place } => {
            Statement::Vmap { key: key(of), map: value(map, blocks), place: *place }
        }
        Statement::Verdict(one) => Statement::Verdict(verdict(one, blocks)),
        Statement::Log => Statement::Log,
        Statement::Condition(what) => Statement::Condition(what.clone()),
        Statement::Nothing => Statement::Nothing,
        Statement::Notrack => Statement::Notrack,
        Statement::Change { key: of, maps } => Statement::Change { key: key(of), maps: *maps },
        Statement::Update { set, text: what } => Statement::Update { set: text(set), text: what.clone() },
        Statement::NewDestination => Statement::NewDestination,
        Statement::NewSource => Statement::NewSource,
        Statement::Unknown { text, known } => Statement::Unknown { text: text.clone(), known: *known },
    }
}

fn verdict<'o>(verdict: &Verdict<'_>, blocks: &[usize]) -> Verdict<'o> {
    match verdict {
        Verdict::Accept => Verdict::Accept,
        Verdict::Drop => Verdict::Drop,
        Verdict::Continue => Verdict::Continue,
        Verdict::Return => Verdict::Return,
        Verdict::Jump(chain) => Verdict::Jump(text(chain)),
        Verdict::Goto(chain) => Verdict::Goto(text(chain)),
        Verdict::Block(block, goto) => {
            Verdict::Block(blocks.get(*block).copied().unwrap_or(usize::MAX), *goto)
        }
        Verdict::Queue => Verdict::Queue,
    }
}

fn key<'o>(of: &Key<'_>) -> Key<'o> {
    match of {
        Key::Payload(header, field) => Key::Payload(text(header), text(field)),
        Key::Raw(base, offset, length) => Key::Raw(text(base), *offset, *length),
        Key::Meta(field) => Key::Meta(text(field)),
        Key::Ct(field, direction) => Key::Ct(text(field), direction.as_deref().map(text)),
        Key::Fib(flags, result) => Key::Fib(flags.clone(), text(result)),
        Key::Other(what) => Key::Other(what.clone()),
        Key::Concat(all) => Key::Concat(all.iter().map(key).collect()),
        Key::Operation(inner, sign, operand) => {
            Key::Operation(Box::new(key(inner)), sign, Box::new(value(operand, &[])))
        }
    }
}

fn value<'o>(of: &Value<'_>, blocks: &[usize]) -> Value<'o> {
    let all = |values: &[Value<'_>]| values.iter().map(|one| value(one, blocks)).collect();
    match of {
        Value::Word(word) => Value::Word(text(word)),
        Value::Reference(name) => Value::Reference(text(name)),
        Value::Range(ends) => Value::Range(Box::new((value(&ends.0, blocks), value(&ends.1, blocks)))),
        Value::Prefix(inner, length) => Value::Prefix(Box::new(value(inner, blocks)), *length),
        Value::Concat(values) => Value::Concat(all(values)),
        Value::List(values) => Value::List(all(values)),
        Value::Set(elements) => {
            Value::Set(Rc::new(elements.iter().map(|element| copy(element, blocks)).collect()))
        }
        Value::Shared(inner) => value(inner, blocks),
        Value::Rest => Value::Rest,
        Value::Computed(what) => Value::Computed(what.clone()),
        Value::Unknown { name, placeholder } => {
            Value::Unknown { name: name.clone(), placeholder: *placeholder }
        }
    }
}

fn copy<'o>(element: &Element<'_>, blocks: &[usize]) -> Element<'o> {
    Element {
        key: value(&element.key, blocks),
        data: element.data.as_ref().map(|data| match data {
            Data::Verdict(one) => Data::Verdict(verdict(one, blocks)),
            Data::Value(one) => Data::Value(value(one, blocks)),
        }),
        expires: element.expires,
        place: element.place,
    }
}
