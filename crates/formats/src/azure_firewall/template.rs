use std::borrow::Cow;
use std::collections::BTreeMap;

use diagnostics::TextRange;

use crate::json::{Kind, Value};

/// What the expressions of an ARM template can refer to. Of an export it is empty.
///
/// A variable is what the template says. A parameter's default is not: whoever deploys may give another value, so
/// defaults are used to show names and never to decide.
#[derive(Default)]
pub struct Scope<'j> {
    variables: BTreeMap<String, Value<'j>>,
    parameters: BTreeMap<String, Value<'j>>,
    /// Where the variables stand.
    section: Option<TextRange>,
}

/// What a property says.
pub enum Term<'j> {
    Text(Cow<'j, str>),
    /// `[…]`, without the brackets and with no blanks but in quotes.
    Expression(String),
    /// Not a string and not a number.
    Other,
}

/// A name that may be an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// For people: with the defaults of parameters.
    pub shown: String,
    /// For comparison: equal ones are the same name in every deployment.
    pub exact: String,
    /// Whether no expression is left in `exact`.
    pub literal: bool,
}

/// Expressions in expressions, deeper than this, are left as they are.
const DEPTH_LIMIT: usize = 16;
/// A name of more parts than this is somebody's joke, and left as it is.
const PARTS_LIMIT: usize = 200;

impl<'j> Scope<'j> {
    pub fn of_template(template: Value<'j>) -> Self {
        let named = |section: Option<Value<'j>>| {
            let members = section.into_iter().flat_map(Value::members);
            members.map(|member| (member.name.to_ascii_lowercase(), member.value)).collect()
        };
        Scope {
            variables: named(template.get("variables")),
            parameters: named(template.get("parameters")),
            section: template.get("variables").map(Value::place),
        }
    }

    /// Whether a place is in the value of a variable, which more than one rule may use.
    pub fn is_variable(&self, place: TextRange) -> bool {
        self.section.is_some_and(|section| section.cover(place) == section)
    }

    /// The value itself, or the one in the variable that it refers to.
    pub fn resolve(&self, value: Value<'j>) -> Value<'j> {
        let mut value = value;
        for _ in 0..DEPTH_LIMIT {
            let Some(next) = self.variable(value) else { break };
            value = next;
        }
        value
    }

    fn variable(&self, value: Value<'j>) -> Option<Value<'j>> {
        if self.variables.is_empty() || value.kind() != Kind::String || !value.raw().starts_with("\"[") {
            return None;
        }
        let Term::Expression(expression) = term(value) else { return None };
        let (function, arguments) = call(&expression)?;
        let [argument] = arguments.as_slice() else { return None };
        let name = literal(argument).filter(|_| function.eq_ignore_ascii_case("variables"))?;
        self.variables.get(&name.to_ascii_lowercase()).copied()
    }

    /// What the value says, variables filled in.
    pub fn term(&self, value: Value<'j>) -> Term<'j> {
        term(self.resolve(value))
    }

    pub fn name(&self, value: Value<'j>) -> Name {
        match self.term(value) {
            Term::Text(text) => {
                Name { shown: text.to_string(), exact: text.to_ascii_lowercase(), literal: true }
            }
            Term::Expression(expression) => {
                let mut name = Name { literal: true, ..Name::default() };
                self.spell(&expression, &mut name, 0, &mut { PARTS_LIMIT });
                name.exact.make_ascii_lowercase();
                name
            }
            Term::Other => {
                Name { shown: value.raw().to_owned(), exact: value.raw().to_owned(), literal: false }
            }
        }
    }

    /// The name of what `resourceId('type', …, 'name')` points at, compared as [`name`](Scope::name) compares.
    pub fn pointed(&self, expression: &str) -> Option<Name> {
        let (function, arguments) = call(expression)?;
        let last = arguments.last().filter(|_| function.eq_ignore_ascii_case("resourceId"))?;
        let mut name = Name { literal: true, ..Name::default() };
        self.spell(last, &mut name, 0, &mut { PARTS_LIMIT });
        name.exact.make_ascii_lowercase();
        Some(name)
    }

    /// Appends what `expression` comes to.
    fn spell(&self, expression: &str, out: &mut Name, depth: usize, parts: &mut usize) {
        *parts = parts.saturating_sub(1);
        if let Some(text) = literal(expression) {
            out.shown.push_str(&text);
            out.exact.push_str(&text);
            return;
        }
        if depth < DEPTH_LIMIT
            && *parts > 0
            && let Some((function, arguments)) = call(expression)
        {
            match (function.to_ascii_lowercase().as_str(), arguments.as_slice()) {
                ("concat", arguments) => {
                    for argument in arguments {
                        self.spell(argument, out, depth + 1, parts);
                    }
                    return;
                }
                ("format", [pattern, arguments @ ..]) => {
                    if let Some(pattern) = literal(pattern)
                        && let Some(pieces) = pieces(&pattern, arguments)
                    {
                        for (text, argument) in pieces {
                            out.shown.push_str(text);
                            out.exact.push_str(text);
                            if let Some(argument) = argument {
                                self.spell(argument, out, depth + 1, parts);
                            }
                        }
                        return;
                    }
                }
                ("variables", [name]) => {
                    let name = literal(name).unwrap_or_default().to_ascii_lowercase();
                    match self.variables.get(&name).map(|value| term(*value)) {
                        Some(Term::Text(text)) => {
                            out.shown.push_str(&text);
                            out.exact.push_str(&text);
                            return;
                        }
                        Some(Term::Expression(inner)) => return self.spell(&inner, out, depth + 1, parts),
                        _ => {}
                    }
                }
                ("parameters", [name]) => {
                    let name = literal(name).unwrap_or_default().to_ascii_lowercase();
                    let default =
                        self.parameters.get(&name).and_then(|parameter| parameter.get("defaultValue"));
                    if let Some(Term::Text(text)) = default.map(term)
                        && !text.is_empty()
                    {
                        out.shown.push_str(&text);
                        out.exact.push_str(&format!("[{expression}]"));
                        out.literal = false;
                        return;
                    }
                }
                _ => {}
            }
        }
        out.literal = false;
        for text in [&mut out.shown, &mut out.exact] {
            text.push_str(&format!("[{expression}]"));
        }
    }
}

impl Name {
    /// A name that is no expression.
    pub fn literal(name: &str) -> Name {
        Name { shown: name.to_owned(), exact: name.to_ascii_lowercase(), literal: true }
    }

    /// `group/rule` as the group's name and the rule's.
    pub fn split(&self) -> Option<(Name, String)> {
        let (exact, last) = self.exact.rsplit_once('/')?;
        let (shown, rule) = self.shown.rsplit_once('/')?;
        // A slash inside an expression separates nothing.
        if last.contains(['[', ']', '(', ')']) && !last.starts_with('[') {
            return None;
        }
        let literal = !exact.contains('[');
        Some((Name { shown: shown.to_owned(), exact: exact.to_owned(), literal }, rule.to_owned()))
    }
}

/// What a value says by itself.
pub fn term(value: Value<'_>) -> Term<'_> {
    match value.kind() {
        Kind::Number => Term::Text(Cow::Borrowed(value.raw())),
        Kind::String => match value.string().unwrap_or_default() {
            text if text.trim_start().starts_with('[') => term_of(&text),
            text => Term::Text(text),
        },
        _ => Term::Other,
    }
}

/// What a string says.
pub fn term_of<'s>(text: &str) -> Term<'s> {
    match text.trim().strip_prefix('[') {
        // `[[` is how a template writes a text that begins with a bracket.
        Some(rest) if rest.starts_with('[') => Term::Text(Cow::Owned(rest.to_owned())),
        Some(rest) if rest.ends_with(']') => Term::Expression(without_blanks(&rest[..rest.len() - 1])),
        _ => Term::Text(Cow::Owned(text.to_owned())),
    }
}

/// `name(first, second)` as its parts; `None` where the expression is anything else.
pub fn call(expression: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = expression.trim().split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
        return None;
    }
    let mut arguments = Vec::new();
    let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' => depth += 1,
            // The parenthesis that was taken off is not the one that `name` opened: `a(b).c(d)`.
            b')' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                arguments.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted || depth > 0 {
        return None;
    }
    if !inner.trim().is_empty() {
        arguments.push(inner[start..].trim());
    }
    Some((name, arguments))
}

/// `'text'` without its quotes.
pub fn literal(expression: &str) -> Option<String> {
    let inner = expression.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inner.replace("''", "\u{0}");
    (!text.contains('\'')).then(|| text.replace('\u{0}', "'"))
}

/// `{0}/{1}` as texts, each with the argument that follows it.
fn pieces<'p, 'a>(pattern: &'p str, arguments: &[&'a str]) -> Option<Vec<(&'p str, Option<&'a str>)>> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while let Some((text, tail)) = rest.split_once('{') {
        let (number, tail) = tail.split_once('}')?;
        if text.contains('}') {
            return None;
        }
        out.push((text, Some(*arguments.get(number.parse::<usize>().ok()?)?)));
        rest = tail;
    }
    if rest.contains('}') {
        return None;
    }
    out.push((rest, None));
    Some(out)
}

fn without_blanks(expression: &str) -> String {
    let mut quoted = false;
    let keep = |character: &char| {
        quoted ^= *character == '\'';
        quoted || !character.is_whitespace()
    };
    expression.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn named(name: &str) -> Name {
        let template = r#"{"variables": {"prefix": "nsg", "full": "[concat(variables('PREFIX'), '-web')]", "loop": "[variables('loop')]"},
                           "parameters": {"name": {"defaultValue": "edge"}, "bare": {}}}"#;
        let template = Json::parse(template).expect("JSON");
        let quoted = crate::json::quoted(name);
        let value = Json::parse(&quoted).expect("JSON");
        Scope::of_template(template.root()).name(value.root())
    }

    #[test]
    fn names_are_spelled_out_as_far_as_they_are_known() {
        let cases = [
            ("Web", "Web", "web", true),
            ("[variables('full')]", "nsg-web", "nsg-web", true),
            (
                "[concat(variables('full'), '/', 'Allow It''s')]",
                "nsg-web/Allow It's",
                "nsg-web/allow it's",
                true,
            ),
            ("[format('{0}/{1}', variables('prefix'), 'r')]", "nsg/r", "nsg/r", true),
            ("[parameters('name')]", "edge", "[parameters('name')]", false),
            ("[ parameters( 'bare' ) ]", "[parameters('bare')]", "[parameters('bare')]", false),
            ("[concat(parameters('name'), '/r')]", "edge/r", "[parameters('name')]/r", false),
            ("[toLower('A')]", "[toLower('A')]", "[tolower('a')]", false),
            ("[[literal]", "[literal]", "[literal]", true),
            ("[variables('loop')]", "[variables('loop')]", "[variables('loop')]", false),
            ("[format('{0', 'a')]", "[format('{0','a')]", "[format('{0','a')]", false),
        ];
        for (name, shown, exact, literal) in cases {
            let expected = Name { shown: shown.to_owned(), exact: exact.to_owned(), literal };
            assert_eq!(named(name), expected, "{name}");
        }
    }

    #[test]
    fn a_child_names_its_group() {
        let split = |name: &str| named(name).split().map(|(group, rule)| (group.exact, group.literal, rule));
        assert_eq!(split("nsg/rule"), Some(("nsg".to_owned(), true, "rule".to_owned())));
        let symbolic = ("[parameters('name')]".to_owned(), false, "rule".to_owned());
        assert_eq!(split("[concat(parameters('name'), '/rule')]"), Some(symbolic));
        assert_eq!(split("rule"), None);
        assert_eq!(split("[toLower('a/b')]"), None);
    }

    #[test]
    fn calls_are_taken_apart() {
        assert_eq!(call("f('a,b', g(1, 2))"), Some(("f", vec!["'a,b'", "g(1, 2)"])));
        assert_eq!(call("f()"), Some(("f", vec![])));
        for other in ["f('a').b", "f(a)(b)", "'f(a)'", "f(a", "f('a)", "f)a("] {
            assert_eq!(call(other), None, "{other}");
        }
    }
}
