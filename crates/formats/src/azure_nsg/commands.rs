use diagnostics::printable;

use super::model::{Endpoint, Group, Pair, Rule};
use super::template::{Scope, Term};
use super::write::{End, Spec, access, direction_name};
use crate::Direction;
use crate::json::{Kind, Value};

/// The commands of the `az` program for the rules of one group.
pub struct Commands {
    /// `--resource-group … --nsg-name …`
    target: String,
    direction: Direction,
}

impl Commands {
    pub fn new(group: &Group<'_>, direction: Direction) -> Self {
        let name = if group.name.literal {
            quoted(&group.name.shown)
        } else {
            "<network-security-group>".to_owned()
        };
        let resource_group = group.resource_group.as_deref().map_or("<resource-group>".to_owned(), quoted);
        Commands { target: format!("--resource-group {resource_group} --nsg-name {name}"), direction }
    }

    pub fn create(&self, spec: &Spec, name: &str, description: Option<&str>, priority: i64) -> String {
        let mut out = format!(
            "{} --priority {priority} --direction {}",
            self.start("create", name),
            direction_name(self.direction)
        );
        out.push_str(&properties(spec));
        if let Some(description) = description {
            out.push_str(&format!(" --description {}", quoted(description)));
        }
        out
    }

    pub fn update(&self, spec: &Spec, name: &str) -> String {
        self.start("update", name) + &properties(spec)
    }

    pub fn renumber(&self, name: &str, priority: i64) -> String {
        format!("{} --priority {priority}", self.start("update", name))
    }

    pub fn delete(&self, name: &str) -> String {
        self.start("delete", name)
    }

    /// Makes a rule of the file again, as it was.
    pub fn create_again(&self, rule: &Rule<'_>, name: &str, scope: &Scope<'_>) -> String {
        let mut out = self.start("create", name);
        for (option, value) in [("--priority", rule.priority), ("--direction", rule.direction)] {
            out.push_str(&format!(" {option} {}", one(value, scope)));
        }
        out.push_str(&self.as_it_was(rule, scope));
        if let Some(description) = rule.description.and_then(Value::string).filter(|text| !text.is_empty()) {
            out.push_str(&format!(" --description {}", quoted(&description)));
        }
        out
    }

    /// Gives a rule of the file its properties back.
    pub fn update_back(&self, rule: &Rule<'_>, name: &str, scope: &Scope<'_>) -> String {
        self.start("update", name) + &self.as_it_was(rule, scope)
    }

    fn start(&self, verb: &str, name: &str) -> String {
        format!("az network nsg rule {verb} {} --name {}", self.target, quoted(name))
    }

    fn as_it_was(&self, rule: &Rule<'_>, scope: &Scope<'_>) -> String {
        let mut out =
            format!(" --access {} --protocol {}", one(rule.access, scope), one(rule.protocol, scope));
        for (side, end) in [("source", &rule.source), ("destination", &rule.destination)] {
            let addresses = pair(end.addresses, scope);
            let groups = groups(end, scope);
            if !addresses.is_empty() || groups.is_empty() {
                list(&mut out, &format!("--{side}-address-prefixes"), &addresses);
            }
            if !groups.is_empty() {
                list(&mut out, &format!("--{side}-asgs"), &groups);
            }
            list(&mut out, &format!("--{side}-port-ranges"), &pair(end.ports, scope));
        }
        out
    }
}

fn properties(spec: &Spec) -> String {
    let mut out = format!(" --access {} --protocol {}", access(spec.permit), quoted(spec.protocol));
    for (side, end) in [("source", &spec.source), ("destination", &spec.destination)] {
        let End { addresses, groups, ports } = end;
        if groups.is_empty() {
            list(&mut out, &format!("--{side}-address-prefixes"), addresses);
        } else {
            // What a template points with is to be filled in.
            let filled = |id: &String| match id.strip_prefix('[').and_then(|id| id.strip_suffix(']')) {
                Some(expression) => format!("<{expression}>"),
                None => id.clone(),
            };
            list(&mut out, &format!("--{side}-asgs"), &groups.iter().map(filled).collect::<Vec<_>>());
        }
        list(&mut out, &format!("--{side}-port-ranges"), ports);
    }
    out
}

fn list(out: &mut String, option: &str, values: &[String]) {
    out.push_str(&format!(" {option}"));
    for value in values {
        out.push_str(&format!(" {}", quoted(value)));
    }
    if values.is_empty() {
        out.push_str(" ''");
    }
}

fn one(value: Option<Value<'_>>, scope: &Scope<'_>) -> String {
    value.and_then(|value| text(value, scope)).map_or_else(|| "''".to_owned(), |text| quoted(&text))
}

fn pair(pair: Pair<'_>, scope: &Scope<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for value in pair.values() {
        let value = scope.resolve(value);
        let own = (value.kind() != Kind::Array).then_some(value);
        out.extend(value.elements().chain(own).filter_map(|value| text(value, scope)));
    }
    out
}

/// The ids of the application security groups of one side.
fn groups(end: &Endpoint<'_>, scope: &Scope<'_>) -> Vec<String> {
    let Some(list) = end.application_security_groups else { return Vec::new() };
    let list = scope.resolve(list);
    list.elements().filter_map(|group| text(group.get("id").unwrap_or(group), scope)).collect()
}

/// What a value says; an expression as something to fill in.
fn text(value: Value<'_>, scope: &Scope<'_>) -> Option<String> {
    match scope.term(value) {
        Term::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Term::Expression(expression) => Some(format!("<{expression}>")),
        Term::Other => None,
    }
}

/// An argument as a POSIX shell takes it. Names come from files that strangers wrote: nothing in one is obeyed.
fn quoted(text: &str) -> String {
    let text = printable(text);
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b':' | b',' | b'=')
    };
    if !text.is_empty() && text.bytes().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
