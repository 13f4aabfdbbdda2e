//! Expressions to values, by the names in scope. Plain functions: the queries are in `policy`.

mod endpoints;
mod module;
mod remarks;
mod services;

use std::sync::Arc;

use std::collections::BTreeSet;

use diagnostics::TextRange;
use syntax::ast::{self, Expression, ExpressionKind};

pub use remarks::{Remark, RemarkKind};

pub(crate) use module::{Argument, Instance, ModuleText, instantiate};

use crate::{Anchor, EndpointSet, Endpoints, Problem, Services, StatementId};

/// Where the names of an expression are looked up.
pub(crate) trait Scope {
    /// What `name` is; of an imported module, what `name` is there when `module` is its alias.
    fn find(&self, module: Option<&str>, name: &str) -> Option<Found<'_>>;
    /// Whether a module is imported under this alias.
    fn has_module(&self, alias: &str) -> bool;
    /// Names to guess from when one is not found.
    fn names(&self, module: Option<&str>) -> Vec<String>;
    /// Which parameter fills the placeholder `<name>` of a host name, and what it is.
    fn placeholder(&self, _name: &str) -> Option<(&str, Found<'_>)> {
        None
    }
}

/// What a name stands for, before it is evaluated.
pub(crate) enum Found<'a> {
    Role(&'a ast::Role),
    Service(&'a ast::ServiceDefinition),
    /// Already a value: a parameter, or a role of an imported module.
    Endpoints(&'a Endpoints),
    Services(&'a Services),
    Argument(&'a Argument),
    /// Declared `none`: what hangs on it is not asked for.
    Nothing,
    /// Declared, and wrong in its own place.
    Broken,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoValue {
    /// A role or service of it is `none`: what needs it is not asked for.
    NotUsed,
    /// It is wrong, and that was said.
    Wrong,
    /// It is defined by itself, which is yet to be said.
    Circle,
    /// It leads through too many definitions, which is yet to be said.
    TooDeep,
}

/// Evaluates the expressions of one statement and collects what is wrong with them.
pub(crate) struct Evaluator<'a> {
    scope: &'a dyn Scope,
    pub complaints: Vec<Complaint>,
    /// The parameters for whose placeholders a wildcard had to stand.
    unset: BTreeSet<String>,
    /// The roles and services that are being evaluated, to find circles.
    open: Vec<String>,
}

/// A name that leads through more definitions than this is not evaluated: nobody could read it.
const DEEPEST: usize = 128;

/// What is wrong, at a range of the item that is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub range: TextRange,
    pub message: String,
    pub label: String,
    pub help: String,
}

impl Complaint {
    /// The same as a problem, of an item that begins at `offset` in a statement.
    pub fn at(self, statement: &StatementId, offset: u32) -> Problem {
        Problem {
            place: Anchor::Statement { id: statement.clone(), range: self.range.shifted_by(offset) },
            message: self.message,
            label: self.label,
            related: Vec::new(),
            help: Some(self.help),
        }
    }
}

impl<'a> Evaluator<'a> {
    pub fn new(scope: &'a dyn Scope) -> Self {
        Evaluator { scope, complaints: Vec::new(), unset: BTreeSet::new(), open: Vec::new() }
    }

    /// Says what is wrong at `range`.
    pub fn wrong(
        &mut self,
        range: TextRange,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> NoValue {
        self.complaints.push(Complaint {
            range,
            message: message.into(),
            label: label.into(),
            help: help.into(),
        });
        NoValue::Wrong
    }

    /// Looks a path up: `name`, or `alias.name`.
    fn find(&mut self, path: &ast::Path, wanted: &str) -> Result<(Found<'a>, String), NoValue> {
        let (module, name) = match path.segments.as_slice() {
            [name] => (None, name),
            [module, name] => (Some(module.text.as_str()), name),
            _ => {
                return Err(self.wrong(
                    path.range,
                    format!("`{path}` is no name of a {wanted}"),
                    "a name has at most one dot here",
                    "write `name`, or `alias.name` for something of an imported module",
                ));
            }
        };
        let scope = self.scope;
        if let Some(found) = scope.find(module, &name.text) {
            return Ok((found, path.to_string()));
        }
        if let Some(alias) = module
            && !scope.has_module(alias)
        {
            return Err(self.wrong(
                path.range,
                format!("no module is imported as `{alias}`"),
                "not imported",
                format!("add `import std... as {alias} {{ ... }}`"),
            ));
        }
        let names = scope.names(module);
        let guess = syntax::similar_name(&name.text, names.iter().map(String::as_str));
        let help = match (guess, module) {
            (Some(guess), _) => format!("did you mean `{guess}`?"),
            (None, Some(alias)) => {
                format!("`flowright library` lists what the module behind `{alias}` offers")
            }
            (None, None) => format!("define it: `{wanted} {} = ...`", name.text),
        };
        Err(self.wrong(name.range, format!("`{path}` is not defined"), "not defined", help))
    }

    /// Begins the evaluation of the definition of `name` itself, so that a circle through it is found and said here.
    pub fn define(&mut self, name: &str) {
        self.open.push(name.to_owned());
    }

    /// Evaluates a definition that was found under `name`, named at `at`.
    fn entered<T>(
        &mut self,
        name: String,
        at: TextRange,
        evaluate: impl FnOnce(&mut Self) -> Result<T, NoValue>,
    ) -> Result<T, NoValue> {
        let value = if self.open.len() >= DEEPEST {
            Err(NoValue::TooDeep)
        } else if self.open.contains(&name) {
            Err(NoValue::Circle)
        } else {
            self.open.push(name);
            let value = evaluate(self);
            self.open.pop();
            value
        };
        // A circle is said once, in the definition that is being looked at.
        match (value, self.open.as_slice()) {
            (Err(NoValue::Circle | NoValue::TooDeep), []) => Err(NoValue::Wrong),
            (Err(NoValue::TooDeep), [root]) => {
                let message = format!("`{root}` leads through more than {DEEPEST} definitions");
                Err(self.wrong(at, message, "too long a way", "write out what the name means"))
            }
            (Err(NoValue::Circle), [root]) => {
                let message = format!("the definition of `{root}` leads back to itself");
                Err(self.wrong(at, message, "leads in a circle", "take the name out of its own definition"))
            }
            (value, _) => value,
        }
    }

    /// Evaluates in the place of another statement; what is wrong there is said there, and only there.
    fn elsewhere<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> Result<T, NoValue>) -> Result<T, NoValue> {
        let before = self.complaints.len();
        let value = evaluate(self);
        self.complaints.truncate(before);
        value
    }

    /// The text of an expression that must be one.
    pub fn text(&mut self, expression: &Expression) -> Result<Arc<str>, NoValue> {
        match &expression.kind {
            ExpressionKind::Text(text) => Ok(text.as_str().into()),
            ExpressionKind::Number(number) => Ok(number.to_string().into()),
            ExpressionKind::Path(path) => Ok(path.to_string().into()),
            _ => Err(self.wrong(
                expression.range,
                "a text is expected here",
                "not a text",
                "put it between double quotes",
            )),
        }
    }
}

/// The value of a key in a block of entries.
pub(crate) fn entry<'e>(entries: &'e [ast::Entry], key: &str) -> Option<&'e ast::Entry> {
    entries.iter().find(|entry| entry.key.text == key)
}

/// A flow written outside any policy, `SOURCE -> DESTINATION [SERVICE]`: its ends and its services, or what is wrong
/// with it and where in `text`.
pub fn parse_flow(text: &str) -> Result<(EndpointSet, EndpointSet, Services), Box<FlowError>> {
    let quoted = with_quoted_hosts(text);
    // A place after a name that was put between quotes is two bytes further on for each.
    let real = |range: TextRange| {
        let quotes = quoted.get(..range.start as usize).map_or(0, |before| before.matches('"').count());
        let added = quotes.saturating_sub(text.matches('"').count());
        TextRange::new(
            (range.start as usize).saturating_sub(added),
            (range.end as usize).saturating_sub(added),
        )
    };
    flow_of(&quoted).map_err(|error| Box::new(FlowError { range: real(error.range), ..*error }))
}

/// Host names need no quotes on a command line: each word with a dot and a letter is put between quotes.
fn with_quoted_hosts(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '"')) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '-' | '.' | ':' | '/')));
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        let host = word.contains('.')
            && !word.contains(['/', ':'])
            && word.contains(|c: char| c.is_ascii_alphabetic());
        if host {
            out.push_str(&format!("\"{word}\""));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn flow_of(text: &str) -> Result<(EndpointSet, EndpointSet, Services), Box<FlowError>> {
    let parse = syntax::parse(text);
    if let Some(error) = parse.errors.into_iter().next() {
        return Err(Box::new(FlowError { range: error.range, message: error.message, help: error.help }));
    }
    let flow = match parse.file.items.as_slice() {
        [item] => match &item.kind {
            ast::ItemKind::Flow(flow) => Some((flow, item.range.start)),
            _ => None,
        },
        _ => None,
    };
    let Some((flow, start)) = flow else {
        return Err(Box::new(FlowError {
            range: TextRange::new(0, text.len()),
            message: "a flow is expected".to_owned(),
            help: Some(
                "write `SOURCE -> DESTINATION SERVICE`, such as `10.0.0.1 -> 192.0.2.1 tcp/443`".to_owned(),
            ),
        }));
    };
    let mut evaluator = Evaluator::new(&Bare);
    let ends = evaluator.endpoints(&flow.from).and_then(|from| Ok((from, evaluator.endpoints(&flow.to)?)));
    let services = flow.service.as_ref().map_or(Ok(Services::any()), |service| evaluator.services(service));
    match (ends, services) {
        (Ok((from, to)), Ok(services)) => Ok((from.all(), to.all(), services)),
        _ => {
            let complaint = evaluator.complaints.into_iter().next();
            let (range, message, help) = complaint.map_or_else(
                || (TextRange::new(0, text.len()), "`none` asks for nothing".to_owned(), None),
                |complaint| (complaint.range.shifted_by(start), complaint.message, Some(complaint.help)),
            );
            Err(Box::new(FlowError { range, message, help }))
        }
    }
}

/// What is wrong with a flow, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowError {
    pub range: TextRange,
    pub message: String,
    pub help: Option<String>,
}

/// A scope without names: only literals mean something.
struct Bare;

impl Scope for Bare {
    fn find(&self, _: Option<&str>, _: &str) -> Option<Found<'_>> {
        None
    }

    fn has_module(&self, _: &str) -> bool {
        false
    }

    fn names(&self, _: Option<&str>) -> Vec<String> {
        Vec::new()
    }
}
