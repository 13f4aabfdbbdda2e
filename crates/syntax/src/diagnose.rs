//! What to tell a user about a text that does not fit the grammar: first the mistakes that many make, then what
//! was expected and what was found.

mod mistakes;

use diagnostics::TextRange;

use crate::error::{SyntaxError, quoted};
use crate::grammar::{Misfit, Rule};
use crate::layout::continues_flow;
use crate::tokens::{Token, TokenKind};

/// The tokens `first..=last`, which do not fit.
pub(crate) struct Diagnosis<'text> {
    pub source: &'text str,
    pub tokens: &'text [Token],
    pub first: usize,
    pub last: usize,
    pub part: Part,
}

/// What the tokens should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Statement,
    Entry,
    Rule,
}

/// One misfit, with its place among the tokens.
struct Case<'text> {
    source: &'text str,
    tokens: &'text [Token],
    first: usize,
    /// The first token that does not fit; `None` if one is missing at the end.
    found: Option<usize>,
    /// The last token that did fit.
    before: Option<usize>,
    /// The first token after all of them.
    next: Option<usize>,
    part: Part,
    keyword: Option<&'text str>,
    expected: &'text [Rule],
}

impl Diagnosis<'_> {
    pub fn of(&self, misfit: &Misfit) -> SyntaxError {
        let offset = self.tokens[self.first].range.start as usize + misfit.offset;
        let tokens = &self.tokens[..=self.last];
        let place =
            self.first + tokens[self.first..].partition_point(|token| token.range.end as usize <= offset);
        let found = (place..=self.last).find(|&position| !tokens[position].kind.is_trivia());
        let before = (self.first..place).rev().find(|&position| !tokens[position].kind.is_trivia());
        let next =
            (self.last + 1..self.tokens.len()).find(|&position| !self.tokens[position].kind.is_comment());
        let expected = &misfit.expected;
        let case = Case {
            source: self.source,
            tokens: self.tokens,
            first: self.first,
            found,
            before,
            next,
            part: self.part,
            keyword: self.keyword(),
            expected,
        };
        case.mistake().unwrap_or_else(|| case.plainly())
    }

    /// For a `when` or `test` that is complete but for its braces.
    pub fn without_body(&self) -> SyntaxError {
        let keyword = self.keyword().unwrap_or("when");
        SyntaxError::new(
            self.tokens[self.last].range,
            format!("this `{keyword}` holds nothing: expected `{{`, found the end of the line"),
            "expected `{` after this",
        )
        .with_help(form(Some(keyword)))
    }

    /// The word that says which statement it is.
    fn keyword(&self) -> Option<&'static str> {
        if self.part != Part::Statement || continues_flow(self.source, self.tokens.get(self.first + 1)) {
            return None;
        }
        let first = &self.tokens[self.first];
        let word = if first.kind == TokenKind::Word { first.text(self.source) } else { return None };
        FORMS.iter().map(|(keyword, _)| *keyword).find(|&keyword| keyword == word)
    }
}

impl Case<'_> {
    /// What was expected and what was found, for a misfit that is none of the usual mistakes.
    fn plainly(&self) -> SyntaxError {
        let expected = one_of(&self.wanted());
        let message = format!("expected {expected}, found {}", self.found_words());
        let (range, label) = match self.found {
            Some(found) => (self.tokens[found].range, format!("expected {expected}")),
            None => (self.place(), format!("expected {expected} after this")),
        };
        SyntaxError::new(range, message, label).with_help(self.advice())
    }

    fn advice(&self) -> String {
        if self.expects(Rule::ports) || self.expects(Rule::port) {
            return "write ports as `tcp/443`, `tcp/1000-2000` or `tcp/{80, 443}`".to_owned();
        }
        if self.expects(Rule::comma) && self.part != Part::Entry {
            return "write `,` between the elements of a list, and its closing bracket after the last"
                .to_owned();
        }
        let at_line_end =
            self.found.is_none() && matches!(self.kind(self.next), None | Some(TokenKind::Newline));
        if at_line_end && self.expects(Rule::primary) && self.part == Part::Statement {
            return format!("{}; only inside brackets does it go on in the next line", self.form());
        }
        self.form()
    }

    /// How what was being written looks in full.
    fn form(&self) -> String {
        match self.part {
            Part::Statement => form(self.keyword),
            Part::Entry => "an entry is written `key = value`".to_owned(),
            Part::Rule => "write `allow source -> destination service`, or `deny …`".to_owned(),
        }
    }

    /// The place to underline: what was found, or else what it is missing after.
    fn place(&self) -> TextRange {
        self.found.or(self.before).map_or_else(TextRange::default, |position| self.tokens[position].range)
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    fn token(&self, position: Option<usize>) -> Option<&Token> {
        self.tokens.get(position?)
    }

    fn text(&self, position: Option<usize>) -> &str {
        self.token(position).map_or("", |token| token.text(self.source))
    }

    fn kind(&self, position: Option<usize>) -> Option<TokenKind> {
        self.token(position).map(|token| token.kind)
    }

    fn found_words(&self) -> String {
        match self.found {
            Some(_) => quoted(self.text(self.found)),
            None => match self.kind(self.next) {
                Some(TokenKind::Newline) | None => "the end of the line".to_owned(),
                Some(_) => quoted(self.text(self.next)),
            },
        }
    }

    /// In words, without what could as well have been left out.
    fn wanted(&self) -> Vec<&'static str> {
        let mut words: Vec<&str> = Vec::new();
        for &rule in self.expected {
            let Some(word) = self.word(rule) else { continue };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if self.expects(Rule::EOI) {
            // All is there: whatever else may follow would only lengthen the list.
            words.retain(|word| word.starts_with("the end"));
        }
        if words.is_empty() {
            words.push("something else");
        }
        words
    }

    fn word(&self, rule: Rule) -> Option<&'static str> {
        Some(match rule {
            Rule::EOI if self.part == Part::Statement => "the end of the line",
            Rule::EOI if self.part == Part::Entry => "the end of the entry",
            Rule::EOI => "the end of the rule",
            Rule::primary | Rule::expression | Rule::entry_service => "a value",
            Rule::arrow => "`->`",
            Rule::equal => "`=`",
            Rule::comma => "`,`",
            Rule::colon => "`:`",
            Rule::close_curly => "`}`",
            Rule::close_round => "`)`",
            Rule::close_square => "`]`",
            Rule::open_curly | Rule::block => "`{`",
            Rule::open_square => "`[`",
            Rule::name | Rule::choice | Rule::path | Rule::segment => "a name",
            Rule::module_path => "the name of a module",
            Rule::key | Rule::entry => "`key = value`",
            Rule::text => "a text in double quotes",
            Rule::ports | Rule::port | Rule::port_number => "a port",
            Rule::comparator => "`==`, `!=` or `in`",
            Rule::comparison => "a comparison",
            Rule::kw_and => "`and`",
            Rule::kw_of => "`of`",
            Rule::parameter_type | Rule::simple_type | Rule::one_of => "a type",
            Rule::check_name => "the name of a check",
            Rule::verdict => "a verdict",
            Rule::test_rule | Rule::kw_allow | Rule::kw_deny => "`allow` or `deny`",
            _ => return None,
        })
    }
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}

/// Each statement in full, by the word it begins with.
const FORMS: [(&str, &str); 11] = [
    ("module", "write `module a.b.c`, then its entries between braces"),
    ("parameter", "write `parameter name: type`, then `= default` if it has one"),
    ("import", "write `import a.b.c as name`, then the arguments between braces"),
    ("role", "write `role name = value`"),
    ("service", "write `service name = tcp/443`"),
    ("firewall", "write `firewall name { export = \"…\" }`"),
    ("waive", "write `waive check-name at firewall rule \"…\" { reason = \"…\" }`"),
    ("test", "write `test \"title\" { rules { … } expect met label }`"),
    ("when", "write `when parameter == value { … }`"),
    ("rules", "write `rules { allow source -> destination service }`"),
    ("expect", "write `expect met label`"),
];

fn form(keyword: Option<&str>) -> String {
    let known = FORMS.iter().find(|(word, _)| Some(*word) == keyword);
    known.map_or("a flow is written `source -> destination service`", |(_, form)| form).to_owned()
}
