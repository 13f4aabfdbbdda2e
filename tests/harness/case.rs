use std::ops::Range;

use checks::Settings;
use compiler::Date;
use diagnostics::Level;

use crate::markdown::{Block, Section, sections};
use crate::project::{ExportText, Texts};

/// One test of a suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// The headings that lead to it, outermost first.
    pub headings: Vec<String>,
    /// The line of its own heading.
    pub line: usize,
    pub texts: Texts,
    pub expectations: Vec<Expectation>,
    /// Where its last block ends, in bytes of the suite.
    pub end: usize,
}

/// What a block says that must come out.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub kind: Kind,
    pub options: Options,
    pub text: String,
    /// The line of the block's opening fence, and the bytes of its text.
    pub line: usize,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Findings,
    Verdicts,
    Coverage,
    /// What `fix` does and leaves.
    Fixes,
    /// An export after `fix`; with a name where the test has several.
    Fixed(Option<String>),
}

/// How the program is asked.
#[derive(Clone, Debug)]
pub struct Options {
    pub as_of: Date,
    pub settings: Settings,
    /// `--unsafe`
    pub unsafe_too: bool,
}

impl Default for Options {
    /// On the day on which suites are run, unless they say another.
    fn default() -> Self {
        Options {
            as_of: Date { year: 2027, month: 1, day: 1 },
            settings: Settings::default(),
            unsafe_too: false,
        }
    }
}

/// The tests of a Markdown file: each heading that has no heading under it, and has blocks, is one. The blocks of the
/// headings above it stand in it too. An error is a line of the file and what is wrong there.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    let all = sections(text)?;
    let mut out = Vec::new();
    let mut above: Vec<&Section<'_>> = Vec::new();
    for (at, section) in all.iter().enumerate() {
        above.retain(|upper| upper.level < section.level);
        let leads_on = all.get(at + 1).is_some_and(|next| next.level > section.level);
        if !leads_on && section.blocks.iter().any(|block| is_known(block.language())) {
            out.push(case(&above, section)?);
        }
        above.push(section);
    }
    Ok(out)
}

/// The languages that mean something to a suite; others only illustrate.
fn is_known(language: &str) -> bool {
    !matches!(language, "" | "text" | "console" | "markdown")
}

fn case(above: &[&Section<'_>], own: &Section<'_>) -> Result<Case, String> {
    let headings = above.iter().copied().chain([own]).map(|section| section.title.to_owned());
    let mut case = Case {
        headings: headings.filter(|title| !title.is_empty()).collect(),
        line: own.line,
        texts: Texts::default(),
        expectations: Vec::new(),
        end: own.blocks.last().map_or(own.end, |block| block.end),
    };
    for block in above.iter().flat_map(|section| &section.blocks).chain(&own.blocks) {
        if is_known(block.language()) {
            add(&mut case, block).map_err(|wrong| format!("{}: {wrong}", block.line))?;
        }
    }
    Ok(case)
}

fn add(case: &mut Case, block: &Block<'_>) -> Result<(), String> {
    let (options, names) = options(block)?;
    let name = match names.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        _ => return Err("a block has one name".to_owned()),
    };
    let text = block.text.to_owned();
    let kind = match block.language() {
        "flow" => {
            let path = name.unwrap_or_else(|| "policy.flow".to_owned());
            let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
            let is_module = first.is_some_and(|line| line.starts_with("module "));
            let files = if is_module { &mut case.texts.modules } else { &mut case.texts.policies };
            files.retain(|(known, _)| *known != path);
            files.push((path, text));
            return Ok(());
        }
        language if language == "export" || formats::find(language).is_some() => {
            let name = name.unwrap_or_else(|| "edge".to_owned());
            let format = formats::find(language).map(formats::Format::name);
            case.texts.exports.retain(|known| known.name != name);
            case.texts.exports.push(ExportText { name, format, mapping: None, text });
            return Ok(());
        }
        "feed" => {
            let kind = name.ok_or("a feed has a kind: `feed m365-endpoints`")?;
            case.texts.feeds.retain(|(known, _)| *known != kind);
            case.texts.feeds.push((kind, text));
            return Ok(());
        }
        "findings" => Kind::Findings,
        "verdicts" => Kind::Verdicts,
        "coverage" => Kind::Coverage,
        "fixes" | "fixes-unsafe" => Kind::Fixes,
        "fixed" | "fixed-unsafe" => Kind::Fixed(name.clone()),
        other => return Err(format!("`{other}` is no kind of block")),
    };
    if name.is_some() && !matches!(kind, Kind::Fixed(_)) {
        return Err("this block takes no name".to_owned());
    }
    case.expectations.push(Expectation { kind, options, text, line: block.line, range: block.range.clone() });
    Ok(())
}

/// The words of an opening fence: options, and what is left as names.
fn options<'t>(block: &Block<'t>) -> Result<(Options, Vec<&'t str>), String> {
    let mut options = Options { unsafe_too: block.language().ends_with("-unsafe"), ..Options::default() };
    let mut names = Vec::new();
    for word in block.words.iter().skip(1) {
        match word.split_once('=') {
            None if *word == "strict" => options.settings.strict = true,
            None => names.push(*word),
            Some(("as-of", day)) => options.as_of = date(day)?,
            Some((check, level)) if checks::find(check).is_some() => {
                options.settings.levels.insert(check.to_owned(), self::level(level)?);
            }
            Some((other, _)) => return Err(format!("`{other}` is no option and no check")),
        }
    }
    Ok((options, names))
}

fn date(text: &str) -> Result<Date, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let parsed = match parts.as_slice() {
        [year, month, day] => (year.parse().ok()).zip(month.parse().ok()).zip(day.parse().ok()),
        _ => None,
    };
    let ((year, month), day) = parsed.ok_or_else(|| format!("`{text}` is no date"))?;
    Ok(Date { year, month, day })
}

fn level(text: &str) -> Result<Level, String> {
    let all = [Level::Off, Level::Note, Level::Warning, Level::Error];
    all.into_iter().find(|level| level.as_str() == text).ok_or_else(|| format!("`{text}` is no level"))
}
