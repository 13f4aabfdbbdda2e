use diagnostics::TextRange;

use crate::ast::{Item, ItemKind, SourceFile, Test, When};
use crate::diagnose::{Diagnosis, Part};
use crate::error::SyntaxError;
use crate::grammar::{self, Misfit, Rule};
use crate::layout::{Body, Damage, Statement, holds_statements, lay_out};
use crate::lower::{Lowering, TestPart};
use crate::recover;
use crate::tokens::{Bracket, Token, TokenKind, tokenize};

/// A file as far as it could be read, and everything that is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parse {
    /// The statements without an error. An entry or a test's rule with an error is left out of its statement.
    pub file: SourceFile,
    /// In the order of their places.
    pub errors: Vec<SyntaxError>,
    /// Names that the statements with an error would have given to something, sorted: that one of them is unknown
    /// is not worth another error.
    pub broken_names: Vec<String>,
}

/// Reads a whole file: any text, in a time that grows with its length alone.
pub fn parse(text: &str) -> Parse {
    if u32::try_from(text.len()).is_err() {
        let error = SyntaxError::new(TextRange::default(), "the file is larger than 4 GiB", "too large")
            .with_help("split it into several files");
        return Parse { errors: vec![error], ..Parse::default() };
    }
    let tokens = tokenize(text);
    let layout = lay_out(text, &tokens);
    let mut reader =
        Reader { source: text, tokens: &tokens, errors: layout.errors, broken_names: Vec::new() };
    let items = reader.items(&layout.statements, 0);
    let Reader { mut errors, mut broken_names, .. } = reader;
    errors.sort_by_key(|error| error.range);
    broken_names.sort();
    broken_names.dedup();
    Parse { file: SourceFile { items }, errors, broken_names }
}

/// Reads statements one by one.
struct Reader<'text> {
    source: &'text str,
    tokens: &'text [Token],
    errors: Vec<SyntaxError>,
    broken_names: Vec<String>,
}

impl<'text> Reader<'text> {
    /// The items that `statements` say; their ranges count from `origin`.
    fn items(&mut self, statements: &[Statement], origin: u32) -> Vec<Item> {
        let mut items = Vec::with_capacity(statements.len());
        for statement in statements {
            if let Some(TestPart::Item(kind)) = self.part(statement, None) {
                items.push(self.item(statement, kind, origin));
            }
        }
        items
    }

    fn item(&self, statement: &Statement, kind: ItemKind, origin: u32) -> Item {
        let range = self.range(statement.first, statement.last);
        let range = TextRange { start: range.start - origin, end: range.end - origin };
        Item { range, doc: self.doc(statement), kind }
    }

    /// One statement, of the test that begins at `test` if it is in one; `None` after an error that costs all of it.
    fn part(&mut self, statement: &Statement, test: Option<u32>) -> Option<TestPart> {
        let errors = self.errors.len();
        let part = match &statement.body {
            Some(body) => self.with_body(statement, body).map(TestPart::Item),
            None => self.plain(statement, test),
        };
        if part.is_none() {
            if statement.damage == Damage::None && self.errors.len() == errors {
                // A statement never vanishes without a word.
                let range = self.range(statement.first, statement.last);
                let error = SyntaxError::new(range, "this statement cannot be read", "not understood");
                self.errors.push(error.with_help("write it in a simpler way, and report this text as a bug"));
            }
            self.remember_names(statement);
        }
        part
    }

    /// A `when` or `test` with its braces.
    fn with_body(&mut self, statement: &Statement, body: &Body) -> Option<ItemKind> {
        let start = self.tokens[statement.first].range.start;
        let is_test = self.tokens[statement.first].is_word(self.source, "test");
        let head = self.head(statement, body.open - 1);
        if is_test {
            let (mut rules, mut expectations, mut items) = (Vec::new(), Vec::new(), Vec::new());
            // What is inside is read even if nothing will hold it: its errors count.
            for inner in &body.statements {
                match self.part(inner, Some(start)) {
                    Some(TestPart::Rules(more)) => rules.extend(more),
                    Some(TestPart::Expectation(expectation)) => expectations.push(expectation),
                    Some(TestPart::Item(kind)) => items.push(self.item(inner, kind, start)),
                    None => {}
                }
            }
            let Some(Head::Test(title)) = head else { return None };
            Some(ItemKind::Test(Test { title, rules, expectations, items }))
        } else {
            let items = self.items(&body.statements, start);
            let Some(Head::When(condition)) = head else { return None };
            Some(ItemKind::When(When { condition, items }))
        }
    }

    /// A `when` or `test` up to the token `last`.
    fn head(&mut self, statement: &Statement, last: usize) -> Option<Head> {
        if statement.damage == Damage::Lost {
            return None;
        }
        let text = self.text(statement.first, last);
        let is_test = self.tokens[statement.first].is_word(self.source, "test");
        let mut lowering = Lowering::new(0, text.len());
        let head = match grammar::read(if is_test { Rule::test_head } else { Rule::when_head }, text) {
            Ok(nodes) if is_test => lowering.test_head(nodes).map(Head::Test),
            Ok(nodes) => lowering.when_head(nodes).map(Head::When),
            Err(misfit) => {
                self.diagnose(statement.first, last, Part::Statement, &misfit);
                None
            }
        };
        self.collect(lowering, self.tokens[statement.first].range.start);
        head
    }

    /// A statement without statements inside.
    fn plain(&mut self, statement: &Statement, test: Option<u32>) -> Option<TestPart> {
        let start = self.tokens[statement.first].range.start;
        let text = self.text(statement.first, statement.last);
        let goal = if test.is_some() { Rule::test_statement } else { Rule::statement };
        // Rules and expectations belong to the test, and so their ranges count from its start.
        let is_item =
            !["rules", "expect"].iter().any(|word| self.tokens[statement.first].is_word(self.source, word));
        let origin = if is_item { start } else { test.unwrap_or(start) };
        let mut lowering = Lowering::new((start - origin) as usize, text.len());
        let part = match &statement.damage {
            Damage::Lost => None,
            Damage::Unclosed(missing) => {
                // The bracket has its error; the rest is read as if it were there.
                let mut closed = text.to_owned();
                closed.push('\n');
                closed.extend(missing.iter().map(|bracket| bracket.closing()));
                read(goal, &closed, &mut lowering).ok().flatten()
            }
            // `when` and `test` have a body, or they are not complete.
            Damage::None if holds_statements(self.source, self.tokens, statement.first) => {
                self.head(statement, statement.last)?;
                self.errors
                    .push(self.diagnosis(statement.first, statement.last, Part::Statement).without_body());
                None
            }
            Damage::None => match read(goal, text, &mut lowering) {
                Ok(part) => part,
                Err(misfit) => self.recovered(statement, goal, &misfit, &mut lowering),
            },
        };
        self.collect(lowering, origin);
        part
    }

    /// A statement that does not fit the grammar: what is left of it without the entries that do not.
    fn recovered(
        &mut self,
        statement: &Statement,
        goal: Rule,
        misfit: &Misfit,
        lowering: &mut Lowering,
    ) -> Option<TestPart> {
        let (first, last) = (statement.first, statement.last);
        let start = self.tokens[first].range.start;
        // What does not fit before the block is the statement's own fault, and one error is enough for it.
        let block = recover::find_block(self.source, self.tokens, first, last)
            .filter(|block| start as usize + misfit.offset > self.tokens[block.open].range.start as usize);
        let broken =
            block.map_or_else(Vec::new, |block| recover::broken_parts(self.source, self.tokens, &block));
        if broken.is_empty() {
            self.diagnose(first, last, Part::Statement, misfit);
            return None;
        }
        let mut without = self.text(first, last).as_bytes().to_vec();
        for part in broken {
            let range = self.range(part.first, part.last);
            self.diagnose(part.first, part.last, part.kind, &part.misfit);
            if let Some(bytes) = without.get_mut((range.start - start) as usize..(range.end - start) as usize)
            {
                bytes.fill(b' ');
            }
        }
        let without = String::from_utf8(without).ok()?;
        match read(goal, &without, lowering) {
            Ok(part) => part,
            Err(misfit) => {
                self.diagnose(first, last, Part::Statement, &misfit);
                None
            }
        }
    }

    fn diagnose(&mut self, first: usize, last: usize, part: Part, misfit: &Misfit) {
        let error = self.diagnosis(first, last, part).of(misfit);
        self.errors.push(error);
    }

    fn diagnosis(&self, first: usize, last: usize, part: Part) -> Diagnosis<'text> {
        Diagnosis { source: self.source, tokens: self.tokens, first, last, part }
    }

    fn collect(&mut self, lowering: Lowering, origin: u32) {
        let errors = lowering.errors.into_iter();
        self.errors
            .extend(errors.map(|error| SyntaxError { range: error.range.shifted_by(origin), ..error }));
    }

    fn doc(&self, statement: &Statement) -> Option<String> {
        let lines = statement.doc.iter().map(|&position| {
            let line = self.tokens[position].text(self.source).trim_start_matches('#').trim_end();
            line.strip_prefix(' ').unwrap_or(line)
        });
        let lines: Vec<&str> = lines.collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// What a lost statement would have named: its label, what an import is called, else the word after the first;
    /// for a `when`, what is inside.
    fn remember_names(&mut self, statement: &Statement) {
        if let Some(body) = &statement.body {
            for inner in &body.statements {
                self.remember_names(inner);
            }
            return;
        }
        let line = self.tokens.get(statement.first..=statement.last).unwrap_or_default();
        let head =
            line.split(|token| token.kind == TokenKind::Open(Bracket::Curly)).next().unwrap_or_default();
        let named = match head {
            [label, colon, ..] if colon.kind == TokenKind::Colon => Some(label),
            [first, ..] if UNNAMED.contains(&first.text(self.source)) => None,
            [first, ..] if first.is_word(self.source, "import") => {
                let alias = head.iter().skip_while(|token| !token.is_word(self.source, "as")).nth(1);
                alias.or(head.last())
            }
            [_, second, ..] => Some(second),
            _ => None,
        };
        if let Some(name) = named.filter(|token| token.kind == TokenKind::Word) {
            self.broken_names.push(name.text(self.source).to_owned());
        }
    }

    fn range(&self, first: usize, last: usize) -> TextRange {
        self.tokens[first].range.cover(self.tokens[last].range)
    }

    fn text(&self, first: usize, last: usize) -> &'text str {
        let range = self.range(first, last);
        self.source.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

/// Statements that name nothing.
const UNNAMED: [&str; 11] =
    ["module", "waive", "test", "when", "rules", "expect", "optional", "never", "allow", "permit", "deny"];

/// What stands before the braces of a `when` or `test`.
enum Head {
    When(Vec<crate::ast::Comparison>),
    Test(crate::ast::Text),
}

fn read(goal: Rule, text: &str, lowering: &mut Lowering) -> Result<Option<TestPart>, Misfit> {
    let nodes = grammar::read(goal, text)?;
    Ok(match goal {
        Rule::test_statement => lowering.test_statement(nodes),
        _ => lowering.statement(nodes).map(TestPart::Item),
    })
}
