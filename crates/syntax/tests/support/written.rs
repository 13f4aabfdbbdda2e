//! A tree as text without its ranges: two trees are written alike if and only if they say the same.

use syntax::ast::*;

/// One item a line.
pub fn file(file: &SourceFile) -> String {
    file.items.iter().map(|each| item(each) + "\n").collect()
}

fn item(item: &Item) -> String {
    let doc = item.doc.as_ref().map_or(String::new(), |doc| format!("doc {doc:?} "));
    doc + &match &item.kind {
        ItemKind::Module(Module { path, entries: list }) => format!("module {path}{}", entries(list)),
        ItemKind::Parameter(Parameter { name, ty, default, entries: list }) => {
            let default = default.as_ref().map_or(String::new(), |value| format!(" = {}", expression(value)));
            format!("parameter {}: {}{default}{}", name.text, parameter_type(&ty.kind), entries(list))
        }
        ItemKind::Import(Import { path, alias, arguments }) => {
            let alias = alias.as_ref().map_or(String::new(), |alias| format!(" as {}", alias.text));
            format!("import {path}{alias}{}", entries(arguments))
        }
        ItemKind::Role(Role { name, value, entries: list }) => {
            format!("role {} = {}{}", name.text, expression(value), entries(list))
        }
        ItemKind::Service(ServiceDefinition { name, value, entries: list }) => {
            format!("service {} = {}{}", name.text, expression(value), entries(list))
        }
        ItemKind::Flow(Flow { label, kind, kind_range: _, from, to, service, entries: list, range: _ }) => {
            let label = label.as_ref().map_or(String::new(), |label| format!("{}: ", label.text));
            format!("flow {label}{kind:?} {}{}", ends(from, to, service.as_ref()), entries(list))
        }
        ItemKind::Firewall(Firewall { name, entries: list }) => {
            format!("firewall {}{}", name.text, entries(list))
        }
        ItemKind::Waiver(Waiver { check, firewall, rule, entries: list }) => {
            let firewall = firewall.as_ref().map_or(String::new(), |name| format!(" at {}", name.text));
            let rule = rule.as_ref().map_or(String::new(), |rule| format!(" rule {:?}", rule.value));
            format!("waive {}{firewall}{rule}{}", check.text, entries(list))
        }
        ItemKind::Test(Test { title, rules, expectations, items }) => {
            let rules = rules.iter().map(|TestRule { allow, from, to, service, range: _ }| {
                format!("{} {}", if *allow { "allow" } else { "deny" }, ends(from, to, service.as_ref()))
            });
            let expectations = expectations
                .iter()
                .map(|Expectation { verdict, target, range: _ }| format!("expect {} {target}", verdict.text));
            let parts: Vec<String> = rules.chain(expectations).chain(items.iter().map(self::item)).collect();
            format!("test {:?} {{{}}}", title.value, parts.join("; "))
        }
        ItemKind::When(When { condition, items }) => {
            let condition: Vec<String> = condition
                .iter()
                .map(|Comparison { parameter, operator, value, range: _ }| {
                    format!("{parameter} {operator:?} {}", expression(value))
                })
                .collect();
            let items: Vec<String> = items.iter().map(self::item).collect();
            format!("when {} {{{}}}", condition.join(" and "), items.join("; "))
        }
    }
}

fn entries(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let written: Vec<String> = entries
        .iter()
        .map(|Entry { key, value, range: _ }| match value {
            EntryValue::Expression(value) => format!("{} = {}", key.text, expression(value)),
            EntryValue::Flow { from, to, service } => {
                format!("{} = {}", key.text, ends(from, to, service.as_ref()))
            }
        })
        .collect();
    format!(" {{{}}}", written.join("; "))
}

fn ends(from: &Expression, to: &Expression, service: Option<&Expression>) -> String {
    let service = service.map_or(String::new(), |service| format!(" {}", expression(service)));
    format!("{} -> {}{service}", expression(from), expression(to))
}

fn parameter_type(kind: &ParameterTypeKind) -> String {
    match kind {
        ParameterTypeKind::OneOf(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            format!("one of [{}]", names.join(", "))
        }
        ParameterTypeKind::List(element) => format!("list of {}", parameter_type(&element.kind)),
        simple => format!("{simple:?}"),
    }
}

pub fn expression(expression: &Expression) -> String {
    let joined = |parts: &[Expression], word: &str| {
        let parts: Vec<String> = parts.iter().map(self::expression).collect();
        format!("({})", parts.join(word))
    };
    match &expression.kind {
        ExpressionKind::Any => "any".to_owned(),
        ExpressionKind::None => "none".to_owned(),
        ExpressionKind::Path(path) => path.to_string(),
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Number(number) => number.to_string(),
        ExpressionKind::Date { year, month, day } => format!("{year}-{month}-{day}"),
        ExpressionKind::Address(AddressLiteral::Host(host)) => format!("host {host}"),
        ExpressionKind::Address(AddressLiteral::Network(network)) => format!("network {network}"),
        ExpressionKind::Address(AddressLiteral::Range(first, last)) => format!("range {first}-{last}"),
        ExpressionKind::Service(ServiceLiteral { protocol, ports, source_ports, icmp_types }) => {
            let icmp: Vec<String> = icmp_types
                .iter()
                .map(|IcmpType { number, code, range: _ }| format!("{number}.{code:?}"))
                .collect();
            format!(
                "{protocol:?}/{{{}}}{{{}}} from {{{}}}",
                self::ports(ports),
                icmp.join(" "),
                self::ports(source_ports)
            )
        }
        ExpressionKind::List(elements) => format!("[{}]", joined(elements, ", ")),
        ExpressionKind::Alternatives(parts) => joined(parts, " | "),
        ExpressionKind::Either(parts) => joined(parts, " or "),
        ExpressionKind::Except(whole, without) => {
            format!("({} except {})", self::expression(whole), self::expression(without))
        }
    }
}

fn ports(ports: &[Port]) -> String {
    let ports: Vec<String> = ports
        .iter()
        .map(|port| match &port.kind {
            PortKind::Range { start, end } => format!("{start}-{end}"),
            PortKind::Name(path) => path.to_string(),
        })
        .collect();
    ports.join(" ")
}
