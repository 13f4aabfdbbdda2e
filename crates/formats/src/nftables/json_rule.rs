//! Statements, keys and values in JSON.

use std::borrow::Cow;
use std::rc::Rc;

use super::builder::{At, Builder};
use super::canonical;
use super::lexer::Lexer;
use super::model::{Data, Element, Key, Op, Statement, Value, Verdict};
use super::text::Reader;
use crate::json::{Kind, Value as Node};

type Read<T> = Result<T, String>;

/// Reads one statement. Some are objects; what nft cannot say in JSON is a string of its own text.
pub(super) fn statements<'a>(
    build: &mut Builder<'a>,
    table: usize,
    node: Node<'a>,
    out: &mut Vec<Statement<'a>>,
) -> Read<()> {
    if let Some(text) = node.string() {
        return as_text(build, table, node, &text, out);
    }
    let Some(member) = node.members().next() else { return Err("a statement without a name".to_owned()) };
    let body = member.value;
    let statement = match &*member.name {
        "match" => {
            let key = key(required(body, "left")?, 0)?;
            let op = match body.get("op").and_then(Node::string).as_deref() {
                None | Some("in") => Op::Implicit,
                Some("==") => Op::Equal,
                Some("!=") => Op::Unequal,
                Some("<") => Op::Less,
                Some(">") => Op::Greater,
                Some("<=") => Op::LessOrEqual,
                Some(">=") => Op::GreaterOrEqual,
                Some("!") => Op::NoneOf,
                Some(other) => return Err(format!("no operator `{other}`")),
            };
            let value = value(build, required(body, "right")?, 0)?;
            Statement::Match { key, op, value, place: body.place() }
        }
        "vmap" => {
            let key = key(required(body, "key")?, 0)?;
            let map = value(build, required(body, "data")?, 0)?;
            Statement::Vmap { key, map, place: body.place() }
        }
        name @ ("accept" | "drop" | "continue" | "return" | "jump" | "goto") => {
            Statement::Verdict(verdict(name, body)?)
        }
        "reject" => Statement::Verdict(Verdict::Drop),
        "queue" => Statement::Verdict(Verdict::Queue),
        "counter" | "last" | "dup" | "flow" | "ct helper" | "ct timeout" | "ct expectation" | "secmark"
        | "reset" => Statement::Nothing,
        "log" => Statement::Log,
        "notrack" => Statement::Notrack,
        "limit" => Statement::Condition(limit(body)),
        "quota" => Statement::Condition(quota(body)),
        "ct count" => {
            let count = required(body, "val")?.raw();
            let over = body.get("inv").is_some_and(|inverted| inverted.raw() == "true");
            Statement::Condition(format!("ct count {}{count}", if over { "over " } else { "" }))
        }
        "mangle" => {
            let key = key(required(body, "key")?, 0)?;
            let maps = body.get("value").is_some_and(|value| has_map(value));
            Statement::Change { key, maps }
        }
        "set" | "map" => {
            let name = required(body, "set").or_else(|_| required(body, "map"))?;
            let name = name.string().ok_or("a set without a name")?;
            let set = strip_at(name);
            let op = body.get("op").and_then(Node::string).unwrap_or(Cow::Borrowed("add"));
            let text = format!("{op} @{set}");
            Statement::Update { set, text }
        }
        "snat" | "masquerade" => Statement::NewSource,
        "dnat" | "redirect" | "tproxy" => Statement::NewDestination,
        name @ ("fwd" | "synproxy") => Statement::Unknown { text: name.to_owned(), known: true },
        "xt" => Statement::Unknown { text: "xt".to_owned(), known: false },
        "meter" => Statement::Condition(format!("meter {}", word(body, "name").unwrap_or_default())),
        other => return Err(format!("`{other}` is not known")),
    };
    out.push(statement);
    Ok(())
}

/// `"jump {\n\t\t\ttcp dport 5 accept\n\t\t}"`. The text is not one of the file, so nothing may borrow from it: what is
/// read is copied.
fn as_text<'a>(
    build: &mut Builder<'a>,
    table: usize,
    node: Node<'a>,
    text: &str,
    out: &mut Vec<Statement<'a>>,
) -> Read<()> {
    let mut own = Builder::default();
    own.table(super::model::Family::Inet, Cow::Borrowed(""), node.place());
    let mut reader = Reader::new(Lexer::new(text), own);
    let rule = reader.rule(0, false, 0);
    if let Some(why) = rule.malformed {
        return Err(why);
    }
    let model = reader.build.model;
    let chains = model.tables.first().map(|table| table.chains.as_slice()).unwrap_or_default();
    let mut numbers = Vec::new();
    for _ in chains {
        numbers.push(build.block(table, node.place()));
    }
    for (chain, &number) in chains.iter().zip(&numbers) {
        for rule in chain.order.iter().filter_map(|rule| model.rules.get(*rule as usize)) {
            let covered = build.next_statement();
            build.understood(node.place());
            let mut rule = super::owned::rule(rule, &numbers);
            (rule.place, rule.head, rule.covered) = (node.place(), node.place(), covered);
            build.rule(table, number, At::End, rule);
        }
    }
    out.extend(super::owned::rule(&rule, &numbers).statements);
    Ok(())
}

fn required<'a>(body: Node<'a>, name: &str) -> Read<Node<'a>> {
    body.get(name).ok_or_else(|| format!("`{name}` is missing"))
}

fn strip_at(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.strip_prefix('@').unwrap_or(name)),
        Cow::Owned(name) => Cow::Owned(name.strip_prefix('@').unwrap_or(&name).to_owned()),
    }
}

/// Whether a map is anywhere in it.
fn has_map(node: Node<'_>) -> bool {
    // The tree is no deeper than the reader of JSON allows.
    node.members().any(|member| member.name == "map" || has_map(member.value)) || node.elements().any(has_map)
}

fn verdict<'a>(name: &str, body: Node<'a>) -> Read<Verdict<'a>> {
    let target = || required(body, "target")?.string().ok_or("a jump without a name".to_owned());
    Ok(match name {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "continue" => Verdict::Continue,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()?),
        "goto" => Verdict::Goto(target()?),
        "queue" => Verdict::Queue,
        other => return Err(format!("`{other}` is no verdict")),
    })
}

fn word(body: Node<'_>, name: &str) -> Option<String> {
    let node = body.get(name)?;
    Some(node.string().map_or_else(|| node.raw().to_owned(), Cow::into_owned))
}

fn is_true(body: Node<'_>, name: &str) -> bool {
    body.get(name).is_some_and(|node| node.raw() == "true")
}

fn limit(body: Node<'_>) -> String {
    if let Some(name) = body.string() {
        return format!("limit name {name}");
    }
    let burst = word(body, "burst")
        .map(|number| (number, word(body, "burst_unit").unwrap_or_else(|| "packets".to_owned())));
    let rate = word(body, "rate").unwrap_or_default();
    let unit = word(body, "rate_unit");
    let per = word(body, "per").unwrap_or_else(|| "second".to_owned());
    canonical::limit(is_true(body, "inv"), &rate, unit.as_deref(), &per, burst)
}

fn quota(body: Node<'_>) -> String {
    if let Some(name) = body.string() {
        return format!("quota name {name}");
    }
    let over = if is_true(body, "inv") { "over " } else { "" };
    let number = word(body, "val").unwrap_or_default();
    format!("quota {over}{number} {}", word(body, "val_unit").unwrap_or_else(|| "bytes".to_owned()))
}

pub(super) fn key<'a>(node: Node<'a>, depth: usize) -> Read<Key<'a>> {
    if depth > 16 {
        return Err("nested too deep".to_owned());
    }
    let Some(member) = node.members().next() else {
        return Err(format!("`{}` is nothing to match", canonical::fitting(node.raw().to_owned())));
    };
    let body = member.value;
    let field = |name: &str| word(body, name);
    let text = |parts: &[Option<String>]| {
        let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
        Key::Other(parts.join(" "))
    };
    Ok(match &*member.name {
        "payload" => {
            match (body.get("protocol").and_then(Node::string), body.get("field").and_then(Node::string)) {
                (Some(protocol), Some(field)) => Key::Payload(protocol, field),
                _ => {
                    let number = |name: &str| field(name).and_then(|text| text.parse().ok());
                    match (body.get("base").and_then(Node::string), number("offset"), number("len")) {
                        (Some(base), Some(offset), Some(length)) => Key::Raw(base, offset, length),
                        _ => return Err("a payload without a place".to_owned()),
                    }
                }
            }
        }
        "meta" => Key::Meta(required(body, "key")?.string().ok_or("a key without a name")?),
        "ct" => {
            let mut key = required(body, "key")?.string().ok_or("a key without a name")?;
            // Old versions of nft had the family apart.
            if let Some(family) = field("family") {
                key = format!("{family} {key}").into();
            }
            Key::Ct(key, body.get("dir").and_then(Node::string))
        }
        "fib" => {
            let flags = required(body, "flags")?;
            let flags: Vec<Cow<'_, str>> = match flags.string() {
                Some(flag) => vec![flag],
                None => flags.elements().filter_map(Node::string).collect(),
            };
            Key::Fib(flags.join(" . "), required(body, "result")?.string().ok_or("a key without a name")?)
        }
        "concat" => Key::Concat(body.elements().map(|part| key(part, depth + 1)).collect::<Read<_>>()?),
        sign @ ("&" | "|" | "^" | "<<" | ">>") => {
            let sign = ["&", "|", "^", "<<", ">>"].into_iter().find(|known| *known == sign).unwrap_or("&");
            let mut parts = body.elements();
            let (Some(left), Some(right)) = (parts.next(), parts.next()) else {
                return Err(format!("`{sign}` takes two operands"));
            };
            let mut inner = key(left, depth + 1)?;
            for operand in std::iter::once(right).chain(parts) {
                inner = Key::Operation(Box::new(inner), sign, Box::new(plain_value(operand, depth + 1)?));
            }
            inner
        }
        "exthdr" => text(&[Some("exthdr".to_owned()), field("name"), field("field")]),
        "tcp option" | "ip option" | "sctp chunk" | "dccp option" => {
            let kind = Some(member.name.to_string());
            text(&[kind, field("name").or_else(|| field("type")), field("field")])
        }
        "socket" => {
            let level = field("level").map(|level| format!("level {level}"));
            text(&[Some("socket".to_owned()), field("key"), level])
        }
        "rt" => text(&[Some("rt".to_owned()), field("family"), field("key")]),
        "osf" => text(&[Some("osf".to_owned()), field("key").or_else(|| field("name"))]),
        "ipsec" => {
            let spnum = field("spnum").filter(|number| number != "0").map(|number| format!("spnum {number}"));
            text(&[Some("ipsec".to_owned()), field("dir"), spnum, field("family"), field("key")])
        }
        "tunnel" => text(&[Some("tunnel".to_owned()), field("key")]),
        name @ ("numgen" | "symhash" | "jhash") => {
            let of = match body.get("expr") {
                Some(expr) => Some(canonical::key(&key(expr, depth + 1)?)),
                None => None,
            };
            let number = |name: &str| {
                field(name).filter(|number| number != "0").map(|number| format!("{name} {number}"))
            };
            let parts =
                [Some(name.to_owned()), field("mode"), of, number("mod"), number("seed"), number("offset")];
            text(&parts)
        }
        other => return Err(format!("`{other}` is not known")),
    })
}

/// A value without a set in it.
fn plain_value<'a>(node: Node<'a>, depth: usize) -> Read<Value<'a>> {
    value(&mut Builder::default(), node, depth)
}

pub(super) fn value<'a>(build: &mut Builder<'a>, node: Node<'a>, depth: usize) -> Read<Value<'a>> {
    if depth > 32 {
        return Err("nested too deep".to_owned());
    }
    match node.kind() {
        Kind::String => {
            let text = node.string().unwrap_or_default();
            if text == "*" {
                return Ok(Value::Rest);
            }
            Ok(if text.starts_with('@') { Value::Reference(strip_at(text)) } else { Value::Word(text) })
        }
        Kind::Number => Ok(Value::Word(Cow::Borrowed(node.raw()))),
        Kind::Bool => Ok(Value::Word(Cow::Borrowed(if node.raw() == "true" { "exists" } else { "missing" }))),
        Kind::Null => Err("`null` is no value".to_owned()),
        Kind::Array => {
            let all = node.elements().map(|one| value(build, one, depth + 1)).collect::<Read<Vec<_>>>()?;
            Ok(Value::List(all))
        }
        Kind::Object => object(build, node, depth),
    }
}

fn object<'a>(build: &mut Builder<'a>, node: Node<'a>, depth: usize) -> Read<Value<'a>> {
    let Some(member) = node.members().next() else { return Err("an empty value".to_owned()) };
    let body = member.value;
    Ok(match &*member.name {
        "set" => Value::Set(elements_of(build, body, depth)?),
        "range" => {
            let mut ends = body.elements();
            match (ends.next(), ends.next()) {
                (Some(low), Some(high)) => {
                    Value::Range(Box::new((value(build, low, depth + 1)?, value(build, high, depth + 1)?)))
                }
                _ => return Err("a range without two ends".to_owned()),
            }
        }
        "prefix" => {
            let length = required(body, "len")?.raw().parse().map_err(|_| "a prefix without a length")?;
            Value::Prefix(Box::new(value(build, required(body, "addr")?, depth + 1)?), length)
        }
        "concat" => {
            Value::Concat(body.elements().map(|one| value(build, one, depth + 1)).collect::<Read<Vec<_>>>()?)
        }
        "|" => {
            Value::List(body.elements().map(|one| value(build, one, depth + 1)).collect::<Read<Vec<_>>>()?)
        }
        "elem" => value(build, required(body, "val")?, depth + 1)?,
        _ => Value::Computed(canonical::key(&key(node, depth + 1)?)),
    })
}

/// The elements of a set, or what can be read of them: the others are kept as unknowns.
pub(super) fn elements<'a>(build: &mut Builder<'a>, list: Option<Node<'a>>) -> Rc<Vec<Element<'a>>> {
    let Some(list) = list else { return Rc::default() };
    match elements_of(build, list, 0) {
        Ok(elements) => elements,
        Err(message) => {
            build.problem(list.place(), format!("the elements cannot be read: {message}"), "export again");
            let key = Value::Unknown { name: "elements that cannot be read".to_owned(), placeholder: false };
            Rc::new(vec![Element { key, data: None, expires: false, place: list.place() }])
        }
    }
}

fn elements_of<'a>(build: &mut Builder<'a>, list: Node<'a>, depth: usize) -> Read<Rc<Vec<Element<'a>>>> {
    let mut out = Vec::new();
    let single = (list.kind() != Kind::Array).then_some(list);
    for node in list.elements().chain(single) {
        let place = node.place();
        let (key_node, data_node) = match node.kind() {
            Kind::Array => {
                let mut parts = node.elements();
                match (parts.next(), parts.next()) {
                    (Some(key), data) => (key, data),
                    _ => return Err("an empty element".to_owned()),
                }
            }
            _ => (node, None),
        };
        let (key_node, expires) = match key_node.get("elem").filter(|_| key_node.kind() == Kind::Object) {
            Some(inner) => {
                let expires = ["timeout", "expires", "limit", "quota", "ct count"]
                    .iter()
                    .any(|name| inner.get(name).is_some());
                (required(inner, "val")?, expires)
            }
            None => (key_node, false),
        };
        let data = match data_node {
            Some(node) => Some(data(build, node, depth)?),
            None => None,
        };
        out.push(Element { key: value(build, key_node, depth + 1)?, data, expires, place });
    }
    Ok(Rc::new(out))
}

fn data<'a>(build: &mut Builder<'a>, node: Node<'a>, depth: usize) -> Read<Data<'a>> {
    if let Some(member) = node.members().next()
        && let Ok(verdict) = verdict(&member.name, member.value)
    {
        return Ok(Data::Verdict(verdict));
    }
    value(build, node, depth + 1).map(Data::Value)
}
