//! Mistakes that have a better answer than what was expected and what was found.

use std::net::Ipv4Addr;

use super::{Case, Part};
use crate::error::{SyntaxError, quoted};
use crate::grammar::Rule;
use crate::layout::STATEMENT_KEYWORDS;
use crate::lower::prefix_of_mask;
use crate::similar::similar_name;
use crate::tokens::{Bracket, TokenKind};

/// Words that mean something in every expression.
const RESERVED: [&str; 7] = ["any", "none", "or", "except", "from", "allow", "deny"];

const PARAMETER_TYPES: [&str; 5] = ["role", "label", "text", "port", "boolean"];

impl Case<'_> {
    pub(super) fn mistake(&self) -> Option<SyntaxError> {
        self.sign()
            .or_else(|| self.beginning())
            .or_else(|| self.condition())
            .or_else(|| self.naming())
            .or_else(|| self.arrow())
            .or_else(|| self.typing())
            .or_else(|| self.quoting())
            .or_else(|| self.mask())
            .or_else(|| self.too_much())
            .or_else(|| self.rule())
    }

    fn error(&self, message: impl Into<String>, label: &str, help: impl Into<String>) -> Option<SyntaxError> {
        Some(SyntaxError::new(self.place(), message, label).with_help(help))
    }

    /// Signs of other languages, and texts without an end.
    fn sign(&self) -> Option<SyntaxError> {
        let found = self.token(self.found)?;
        let text = found.text(self.source);
        let follows = |next: &str| {
            self.source.get(found.range.end as usize..).is_some_and(|rest| rest.starts_with(next))
        };
        if found.kind == TokenKind::OpenText {
            let help = "write `\"` where the text ends; a text has no line ends, but it may have `\\n`";
            return self.error("this text is never closed", "`\"` is missing", help);
        }
        if found.kind == TokenKind::Slash && (follows("/") || follows("*")) {
            return self.error(
                "comments are not written with slashes",
                "not a comment",
                "begin the comment with `#`",
            );
        }
        if found.kind == TokenKind::Bar && follows("|") {
            return self.error(
                "`||` is not a sign of the language",
                "unknown sign",
                "write `|` for any one of several, or `or` for whichever the firewall can match",
            );
        }
        if found.kind == TokenKind::Equal && follows(">") && self.expects(Rule::arrow) {
            return self.error("a flow's arrow is `->`, not `=>`", "not an arrow", "write `->`");
        }
        if found.kind != TokenKind::Unknown {
            return None;
        }
        let help = match text {
            "'" | "`" | "“" | "”" | "„" | "‘" | "’" | "«" | "»" => {
                "write texts in double quotes: `\"text\"`"
            }
            "→" | "⇒" | "➔" | "➜" | "⟶" | ">" | "–" | "—" | "−" if self.expects(Rule::arrow) => {
                "write `->` between source and destination"
            }
            ";" if self.expects(Rule::comma) && self.part == Part::Statement => {
                "write `,` between the elements of a list"
            }
            "<" if self.expects(Rule::arrow) => {
                "a flow has one direction: write one for each, `a -> b` and `b -> a`"
            }
            ";" => "a statement ends with its line: remove the `;`",
            "*" => "write a wildcard name in double quotes, `\"*.example.com\"`, and `any` for everything",
            "<" => "write a placeholder inside double quotes: `\"<tenant>.example.com\"`",
            "@" => "write a mail address in double quotes",
            "&" => "write `and` between conditions, and `[a, b]` for all of several",
            "!" => "write `!=` for unequal, and `a except b` for everything but",
            "\\" => "inside brackets a line may end anywhere, without a sign",
            "$" | "%" => "write a name as it is, without a sign before it",
            "\u{a0}" | "\u{200b}" | "\u{feff}" | "\u{202f}" => {
                "delete this invisible character, which was copied from elsewhere, or type a space in its place"
            }
            _ if text.chars().all(char::is_alphanumeric) => {
                "names are made of the letters a to z, digits and `_`; write anything else as a text in double quotes"
            }
            _ => "remove it; a text that holds it is written in double quotes",
        };
        self.error(format!("{} has no meaning here", quoted(text)), "unexpected character", help)
    }

    /// The first word of a statement, misspelt or from another language.
    fn beginning(&self) -> Option<SyntaxError> {
        if self.part != Part::Statement || self.keyword.is_some() {
            return self.misplaced();
        }
        let first = self.tokens[self.first];
        let word = first.text(self.source);
        let at_first = |message: String, label: &str, help: String| {
            Some(SyntaxError::new(first.range, message, label).with_help(help))
        };
        if first.kind != TokenKind::Word || !(self.found == Some(self.first) || self.expects(Rule::arrow)) {
            return None;
        }
        let second = self.tokens.get(self.first + 1).filter(|_| self.found.is_some());
        if self.found == Some(self.first) || (self.before == Some(self.first) && self.found.is_some()) {
            match word {
                "allow" | "permit" | "accept" | "pass" => {
                    let help = "a flow stands without it; the rules of a test go between `rules {` and `}`"
                        .to_owned();
                    return at_first(format!("{} begins no statement", quoted(word)), "not needed", help);
                }
                "deny" | "drop" | "block" | "reject" | "forbid" => {
                    let help = "write `never source -> destination` for what must not get through".to_owned();
                    return at_first(
                        format!("{} begins no statement", quoted(word)),
                        "unknown statement",
                        help,
                    );
                }
                _ => {}
            }
        }
        let second = second.filter(|second| second.kind != TokenKind::Colon)?;
        if self.before != Some(self.first) {
            return None;
        }
        let found = self.kind(self.found)?;
        if found == TokenKind::Equal {
            let help =
                format!("write `role` or `service` before it: {}", quoted(&format!("role {word} = …")));
            return at_first(
                format!("{} is neither a role nor a service yet", quoted(word)),
                "what is it?",
                help,
            );
        }
        let takes_next =
            matches!(second.kind, TokenKind::Word | TokenKind::Text | TokenKind::Open(Bracket::Curly));
        let words = STATEMENT_KEYWORDS.iter().copied().chain(["rules", "expect"]);
        let guess = similar_name(word, words).or_else(|| foreign_keyword(word)).filter(|_| takes_next)?;
        at_first(
            format!("{} begins no statement", quoted(word)),
            "unknown statement",
            format!("did you mean `{guess}`?"),
        )
    }

    /// `rules` or `expect` outside of a test.
    fn misplaced(&self) -> Option<SyntaxError> {
        let word = self.keyword.filter(|word| matches!(*word, "rules" | "expect"))?;
        self.expected.iter().all(|&rule| rule == Rule::continues_flow).then_some(())?;
        let message = format!("`{word}` belongs into a test");
        let help = "write `test \"title\" { … }` around it";
        Some(SyntaxError::new(self.tokens[self.first].range, message, "outside of a test").with_help(help))
    }

    /// Comparisons of a `when`.
    fn condition(&self) -> Option<SyntaxError> {
        if self.keyword != Some("when") {
            return None;
        }
        if self.expects(Rule::comparator) && self.kind(self.found) == Some(TokenKind::Equal) {
            return self.error("a comparison is written `==`, not `=`", "not a comparison", "write `==`");
        }
        if self.expects(Rule::kw_and) && matches!(self.text(self.found), "or" | "|" | ",") {
            return self.error(
                format!("conditions are not joined by {}", quoted(self.text(self.found))),
                "expected `and`",
                "write `and`, or `parameter in [a, b]` for any one of several values",
            );
        }
        None
    }

    /// Things that cannot be names.
    fn naming(&self) -> Option<SyntaxError> {
        let found = self.token(self.found)?;
        let text = found.text(self.source);
        let hyphened = found.kind == TokenKind::Minus
            && self.kind(self.before) == Some(TokenKind::Word)
            && self.token(self.before).is_some_and(|before| before.range.end == found.range.start);
        if hyphened {
            let start = self.token(self.before)?.range.start as usize;
            let rest = self.source.get(start..).unwrap_or_default();
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))
                .unwrap_or(rest.len());
            let written = rest.get(..end).unwrap_or_default().trim_end_matches(['-', '.']);
            let help = if written.contains('.') {
                format!("write a host name in double quotes: {}", quoted(&format!("\"{written}\"")))
            } else {
                format!("write {}", quoted(&written.replace('-', "_")))
            };
            return self.error(
                format!("{} is not a name: it has a `-`", quoted(written)),
                "not in a name",
                help,
            );
        }
        let is_label = found.kind == TokenKind::Colon && self.before == Some(self.first);
        if is_label && self.part == Part::Statement && self.kind(self.before) == Some(TokenKind::Word) {
            let label = self.text(self.before);
            let range = self.tokens[self.first].range;
            let help = match label {
                "optional" | "never" => format!("write `{label} source -> destination`, without the colon"),
                _ => format!("choose another label: {} has a meaning of its own", quoted(label)),
            };
            let message = format!("{} cannot be a label", quoted(label));
            return Some(SyntaxError::new(range, message, "reserved word").with_help(help));
        }
        if self.expects(Rule::name) {
            return match found.kind {
                TokenKind::Word => self.error(
                    format!("{} cannot be a name", quoted(text)),
                    "reserved word",
                    format!("choose another name: {} has a meaning of its own", quoted(text)),
                ),
                TokenKind::Literal => self.error(
                    format!("{} cannot be a name", quoted(text)),
                    "not a name",
                    "begin the name with a letter",
                ),
                TokenKind::Text | TokenKind::OpenText => self.error(
                    format!("expected a name, found the text {}", quoted(text)),
                    "expected a name",
                    "write names without quotes, made of the letters a to z, digits and `_`",
                ),
                _ => None,
            };
        }
        if self.expects(Rule::primary) && found.kind == TokenKind::Word && RESERVED.contains(&text) {
            return self.error(
                format!("expected a value, found the word {}", quoted(text)),
                "expected a value",
                self.form(),
            );
        }
        if self.expects(Rule::segment)
            && matches!(found.kind, TokenKind::Text)
            && self.keyword == Some("import")
        {
            return self.error(
                format!("expected the name of a module, found the text {}", quoted(text)),
                "expected a name",
                "write the module's name without quotes: `import std.veeam.vb365`",
            );
        }
        None
    }

    /// Between source and destination.
    fn arrow(&self) -> Option<SyntaxError> {
        if !self.expects(Rule::arrow) || self.part == Part::Entry {
            return None;
        }
        let text = self.text(self.found);
        if matches!(self.kind(self.found)?, TokenKind::Minus) || text == "to" {
            return self.error(
                format!("expected `->`, found {}", quoted(text)),
                "expected `->`",
                "write `->` between source and destination",
            );
        }
        let is_label = self.before == Some(self.first) && self.kind(self.before) == Some(TokenKind::Word);
        if is_label && self.kind(self.found.map(|found| found + 1)) == Some(TokenKind::Arrow) {
            let label = self.text(self.before);
            return self.error(
                format!("expected `->`, found {}", quoted(text)),
                "expected `->`",
                format!("write `:` after {} if it is a label, and `->` if it is the source", quoted(label)),
            );
        }
        if text == "," {
            return self.error(
                "expected `->`, found `,`",
                "expected `->`",
                "write several sources or destinations as a list: `[a, b] -> c`",
            );
        }
        None
    }

    fn typing(&self) -> Option<SyntaxError> {
        let wants_type = self.expects(Rule::parameter_type) || self.expects(Rule::simple_type);
        let found = self.token(self.found).filter(|found| wants_type && found.kind == TokenKind::Word)?;
        let word = found.text(self.source);
        let meant = match word {
            "string" | "str" | "hostname" => Some("text"),
            "bool" | "flag" => Some("boolean"),
            "number" | "integer" | "int" => Some("port"),
            "address" | "network" | "host" | "endpoint" => Some("role"),
            "enum" | "choice" | "one" => Some("one of [a, b]"),
            _ => similar_name(word, PARAMETER_TYPES),
        };
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "the types are `role`, `label`, `text`, `port`, `boolean`, `one of [a, b]` and `list of` one of these"
                .to_owned(),
        };
        self.error(format!("{} is not a type", quoted(word)), "unknown type", help)
    }

    fn quoting(&self) -> Option<SyntaxError> {
        let found = self.token(self.found).filter(|_| self.expects(Rule::text))?;
        if !matches!(found.kind, TokenKind::Word | TokenKind::Literal) {
            return None;
        }
        let text = found.text(self.source);
        self.error(
            format!("expected a text in double quotes, found {}", quoted(text)),
            "expected a text",
            format!("write {}", quoted(&format!("\"{text}\""))),
        )
    }

    /// An address and a mask with a blank between them.
    fn mask(&self) -> Option<SyntaxError> {
        if self.kind(self.before) != Some(TokenKind::Literal) {
            return None;
        }
        let (address, mask) = (self.text(self.before), self.text(self.found));
        address.parse::<Ipv4Addr>().ok()?;
        let length = prefix_of_mask(mask.parse().ok()?)?;
        self.error(
            format!("expected a prefix length, found the mask {}", quoted(mask)),
            "a mask",
            format!("write `{address}/{length}`"),
        )
    }

    /// Something after the end of what was complete.
    fn too_much(&self) -> Option<SyntaxError> {
        let found =
            self.token(self.found).filter(|_| self.expects(Rule::EOI) || self.expects(Rule::close_square))?;
        let (text, before) = (found.text(self.source), self.text(self.before));
        let after_protocol = self.kind(self.before) == Some(TokenKind::Word) && self.expects(Rule::kw_from);
        let number = if found.kind == TokenKind::Colon {
            self.tokens.get(self.found? + 1).map_or("", |next| next.text(self.source))
        } else {
            text
        };
        if after_protocol && number.starts_with(|first: char| first.is_ascii_digit()) {
            return self.error(
                format!("expected `/` between protocol and port, found {}", quoted(text)),
                "expected `/`",
                format!("write {}", quoted(&format!("{before}/{number}"))),
            );
        }
        let after_port =
            self.before.and_then(|before| self.kind(before.checked_sub(1))) == Some(TokenKind::Slash);
        if text == "," && after_port && self.expects(Rule::EOI) {
            let after = self.text(self.found.map(|found| found + 1));
            return self.error(
                "expected the end of the line, found `,`",
                "several ports need braces",
                format!("write several ports between braces: {}", quoted(&format!("{{{before}, {after}}}"))),
            );
        }
        if text == "," && self.part == Part::Statement && self.expects(Rule::EOI) {
            return self.error(
                "expected the end of the line, found `,`",
                "several values need brackets",
                "write several values as a list: `[a, b]`",
            );
        }
        if self.keyword == Some("import") && self.expects(Rule::kw_as) && found.kind == TokenKind::Word {
            let help = format!("write {}", quoted(&format!("as {text}")));
            return self.error(
                format!("expected `as` or `{{`, found {}", quoted(text)),
                "expected `as`",
                help,
            );
        }
        let next = self.kind(self.found.map(|found| found + 1));
        if found.kind == TokenKind::Word && next == Some(TokenKind::Equal) && self.expects(Rule::block) {
            return self.error(
                format!("the entry {} stands outside of braces", quoted(text)),
                "expected the end of the line",
                format!("write {}", quoted(&format!("{{ {text} = … }}"))),
            );
        }
        None
    }

    fn rule(&self) -> Option<SyntaxError> {
        let wants_rule = self.part == Part::Rule && self.found == Some(self.first);
        let found = self.token(self.found).filter(|found| wants_rule && found.kind == TokenKind::Word)?;
        let word = found.text(self.source);
        let meant = match word {
            "permit" | "accept" | "pass" => Some("allow"),
            "drop" | "block" | "reject" | "never" => Some("deny"),
            _ => similar_name(word, ["allow", "deny"]),
        };
        let help = meant.map_or_else(|| self.form(), |meant| format!("did you mean `{meant}`?"));
        self.error(
            format!("expected `allow` or `deny`, found {}", quoted(word)),
            "expected `allow` or `deny`",
            help,
        )
    }
}

/// What others call a statement of ours.
fn foreign_keyword(word: &str) -> Option<&'static str> {
    Some(match word {
        "use" | "include" | "require" => "import",
        "param" | "var" | "variable" | "input" => "parameter",
        "group" | "host" | "hosts" | "network" | "object" | "let" | "define" | "set" => "role",
        "ports" | "application" | "protocol" => "service",
        "device" | "gateway" => "firewall",
        "ignore" | "suppress" | "exception" | "except" => "waive",
        "if" => "when",
        _ => return None,
    })
}
