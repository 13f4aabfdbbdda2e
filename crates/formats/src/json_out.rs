use crate::json::quoted;

/// JSON to be written: what the formats of JSON exports share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Out>),
    Object(Vec<(String, Out)>),
}

/// Line ends and indentation of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// `None` where all stands on one line.
    pub newline: Option<&'static str>,
    pub unit: String,
}

impl Out {
    pub fn is_empty(&self) -> bool {
        match self {
            Out::Null => true,
            Out::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// The value as text; `indent` is that of the line it begins on.
    pub fn render(&self, layout: &Layout, indent: &str) -> String {
        let mut out = String::new();
        self.write(layout, indent, &mut out);
        out
    }

    fn write(&self, layout: &Layout, indent: &str, out: &mut String) {
        match self {
            Out::Null => out.push_str("null"),
            Out::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Out::Number(number) => out.push_str(&number.to_string()),
            Out::Text(text) => out.push_str(&quoted(text)),
            Out::List(items) => {
                let items = items.iter().map(|item| (None, item));
                container(items, ['[', ']'], layout, indent, out);
            }
            Out::Object(members) => {
                let members = members.iter().map(|(key, value)| (Some(key.as_str()), value));
                container(members, ['{', '}'], layout, indent, out);
            }
        }
    }
}

fn container<'o>(
    items: impl ExactSizeIterator<Item = (Option<&'o str>, &'o Out)>,
    brackets: [char; 2],
    layout: &Layout,
    indent: &str,
    out: &mut String,
) {
    out.push(brackets[0]);
    let inner = format!("{indent}{}", layout.unit);
    let empty = items.len() == 0;
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match layout.newline {
            Some(newline) => {
                out.push_str(newline);
                out.push_str(&inner);
            }
            None if at > 0 => out.push(' '),
            None => {}
        }
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        item.write(layout, &inner, out);
    }
    if let (Some(newline), false) = (layout.newline, empty) {
        out.push_str(newline);
        out.push_str(indent);
    }
    out.push(brackets[1]);
}
