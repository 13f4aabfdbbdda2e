//! Whether every range of a tree is where it says.

use std::ops::Range;

use diagnostics::TextRange;
use syntax::ast::*;

/// Panics if a name, text or path of `file` does not stand at its range in `text`, or if a range is not within
/// what it belongs to.
pub fn check(text: &str, file: &SourceFile) {
    let whole = TextRange::new(0, text.len());
    for item in &file.items {
        Places { text, origin: 0 }.item(item, whole);
    }
}

struct Places<'text> {
    text: &'text str,
    /// Where the item begins whose ranges these are.
    origin: u32,
}

impl Places<'_> {
    fn at(&self, range: TextRange) -> &str {
        let range: Range<usize> = range.shifted_by(self.origin).into();
        self.text.get(range.clone()).unwrap_or_else(|| panic!("{range:?} is no range of the text"))
    }

    fn within(&self, inner: TextRange, outer: TextRange) {
        assert!(outer.start <= inner.start && inner.end <= outer.end, "{inner:?} is outside of {outer:?}");
        let text = self.at(inner);
        assert_eq!(text.trim(), text, "blanks belong to no range");
    }

    fn item(&self, item: &Item, outer: TextRange) {
        self.within(item.range, outer);
        let inner = Places { text: self.text, origin: self.origin + item.range.start };
        let whole = TextRange::new(0, item.range.len());
        match &item.kind {
            ItemKind::Module(module) => {
                inner.path(&module.path);
                inner.entries(&module.entries, whole);
            }
            ItemKind::Parameter(parameter) => {
                inner.name(&parameter.name);
                inner.within(parameter.ty.range, whole);
                parameter.default.iter().for_each(|value| inner.expression(value, whole));
                inner.entries(&parameter.entries, whole);
            }
            ItemKind::Import(import) => {
                inner.path(&import.path);
                import.alias.iter().for_each(|alias| inner.name(alias));
                inner.entries(&import.arguments, whole);
            }
            ItemKind::Role(Role { name, value, entries })
            | ItemKind::Service(ServiceDefinition { name, value, entries }) => {
                inner.name(name);
                inner.expression(value, whole);
                inner.entries(entries, whole);
            }
            ItemKind::Flow(flow) => {
                inner.within(flow.range, whole);
                flow.label.iter().for_each(|label| inner.name(label));
                match flow.kind {
                    FlowKind::Required => assert_eq!(flow.kind_range, None),
                    FlowKind::Optional => {
                        assert_eq!(flow.kind_range.map(|range| inner.at(range)), Some("optional"))
                    }
                    FlowKind::Never => {
                        assert_eq!(flow.kind_range.map(|range| inner.at(range)), Some("never"))
                    }
                }
                inner.expression(&flow.from, flow.range);
                inner.expression(&flow.to, flow.range);
                flow.service.iter().for_each(|service| inner.expression(service, flow.range));
                inner.entries(&flow.entries, whole);
            }
            ItemKind::Firewall(firewall) => {
                inner.name(&firewall.name);
                inner.entries(&firewall.entries, whole);
            }
            ItemKind::Waiver(waiver) => {
                inner.name(&waiver.check);
                waiver.firewall.iter().for_each(|name| inner.name(name));
                waiver.rule.iter().for_each(|rule| inner.quoted(rule.range));
                inner.entries(&waiver.entries, whole);
            }
            ItemKind::Test(test) => {
                inner.quoted(test.title.range);
                for rule in &test.rules {
                    inner.within(rule.range, whole);
                    assert!(inner.at(rule.range).starts_with(if rule.allow { "allow" } else { "deny" }));
                    inner.expression(&rule.from, rule.range);
                    inner.expression(&rule.to, rule.range);
                    rule.service.iter().for_each(|service| inner.expression(service, rule.range));
                }
                for expectation in &test.expectations {
                    inner.within(expectation.range, whole);
                    inner.name(&expectation.verdict);
                    inner.path(&expectation.target);
                }
                test.items.iter().for_each(|item| inner.item(item, whole));
            }
            ItemKind::When(when) => {
                for comparison in &when.condition {
                    inner.within(comparison.range, whole);
                    inner.path(&comparison.parameter);
                    inner.expression(&comparison.value, comparison.range);
                }
                when.items.iter().for_each(|item| inner.item(item, whole));
            }
        }
    }

    fn name(&self, name: &Name) {
        assert_eq!(self.at(name.range), name.text);
    }

    fn path(&self, path: &Path) {
        assert_eq!(self.at(path.range), path.to_string());
        path.segments.iter().for_each(|segment| self.name(segment));
    }

    fn quoted(&self, range: TextRange) {
        let text = self.at(range);
        assert!(text.len() >= 2 && text.starts_with('"') && text.ends_with('"'), "{text}");
    }

    fn entries(&self, entries: &[Entry], outer: TextRange) {
        for entry in entries {
            self.within(entry.range, outer);
            self.name(&entry.key);
            match &entry.value {
                EntryValue::Expression(value) => self.expression(value, entry.range),
                EntryValue::Flow { from, to, service } => {
                    self.expression(from, entry.range);
                    self.expression(to, entry.range);
                    service.iter().for_each(|service| self.expression(service, entry.range));
                }
            }
        }
    }

    fn expression(&self, expression: &Expression, outer: TextRange) {
        self.within(expression.range, outer);
        let text = self.at(expression.range);
        match &expression.kind {
            ExpressionKind::Any => assert_eq!(text, "any"),
            ExpressionKind::None => assert_eq!(text, "none"),
            ExpressionKind::Path(path) => {
                assert_eq!(path.range, expression.range);
                self.path(path);
            }
            ExpressionKind::Text(_) => self.quoted(expression.range),
            ExpressionKind::Number(number) => assert_eq!(text.parse(), Ok(*number)),
            ExpressionKind::Date { .. } | ExpressionKind::Address(_) => {
                assert!(!text.contains(char::is_whitespace), "{text}");
            }
            ExpressionKind::Service(service) => {
                for port in service.ports.iter().chain(&service.source_ports) {
                    self.within(port.range, expression.range);
                    match &port.kind {
                        PortKind::Name(path) => self.path(path),
                        PortKind::Range { start, .. } => {
                            assert!(self.at(port.range).starts_with(&start.to_string()));
                        }
                    }
                }
                service.icmp_types.iter().for_each(|icmp| self.within(icmp.range, expression.range));
            }
            ExpressionKind::List(elements) => {
                assert!(text.starts_with('[') && text.ends_with(']'), "{text}");
                elements.iter().for_each(|element| self.expression(element, expression.range));
            }
            ExpressionKind::Alternatives(parts) | ExpressionKind::Either(parts) => {
                parts.iter().for_each(|part| self.expression(part, expression.range));
            }
            ExpressionKind::Except(whole, without) => {
                self.expression(whole, expression.range);
                self.expression(without, expression.range);
            }
        }
    }
}
