use codespan_reporting::diagnostic::{Diagnostic, Severity};
use codespan_reporting::term::{Chars, Config, emit_to_write_style};

use super::excerpt::{Cut, excerpts};
use super::paint::Painter;
use super::places::Places;
use super::reported;
use crate::{Finding, Level, Sources, printable};

/// How a full report looks. The default has no colour, box-drawing borders and no width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Escape codes for a terminal.
    pub colour: bool,
    /// Borders and marks of ASCII alone; with no colour, this is what a screen reader or an old console reads well.
    pub ascii: bool,
    /// Columns of the terminal: notes are wrapped and source lines cut to fit. Without one (a file, a pipe), notes
    /// are one line each.
    pub width: Option<u16>,
}

/// Every finding with the lines it points at, its notes, what a fix would do and what to do next.
///
/// Whatever the names and the files hold, only our own line ends and escape codes come out; lines as long as a whole
/// export are cut around what the labels point at, with the true column kept.
pub fn full(findings: &[Finding], sources: &dyn Sources, style: Style) -> String {
    let mut places = Places::new(sources);
    let mut painter = Painter::new(style.colour);
    let config = config(style);
    for finding in reported(findings) {
        let (files, labels) = excerpts(shown_labels(finding), &mut places, &cut(style));
        let diagnostic = Diagnostic::new(severity(finding.level))
            .with_code(finding.check)
            .with_message(printable(&finding.message))
            .with_labels(labels)
            .with_notes(notes(finding, style, files.gutter()));
        emit_to_write_style(&mut painter, &config, &files, &diagnostic)
            .expect("an excerpt holds every line that its labels touch");
    }
    painter.finish()
}

/// More labels than anybody reads; the rest are counted.
const MOST_LABELS: usize = 16;

/// The primary label first: its file is shown first.
fn shown_labels(finding: &Finding) -> impl Iterator<Item = &crate::Label> {
    let primary = finding.labels.iter().filter(|label| label.primary);
    primary.chain(finding.labels.iter().filter(|label| !label.primary)).take(MOST_LABELS)
}

/// What stands below the source: notes, the fix, and last the next step.
fn notes(finding: &Finding, style: Style, gutter: usize) -> Vec<String> {
    let left_off = finding.labels.len().saturating_sub(MOST_LABELS);
    let more = (left_off > 0).then(|| format!("places not shown: {left_off}; `--format json` has them all"));
    let fix = finding.fix.as_ref().map(|fix| format!("fix ({}): {}", fix.safety.as_str(), fix.summary));
    let help = finding.help.as_ref().map(|help| format!("help: {help}"));
    let notes = finding.notes.iter().cloned().chain(more).chain(fix).chain(help);
    // Before a note stand the gutter, a space, the bullet and a space.
    let width = style.width.map(|width| usize::from(width).saturating_sub(gutter + 3).max(NARROWEST));
    notes.map(|note| wrap(&printable(&note), width)).collect()
}

/// Below this many columns, wrapping and cutting would leave nothing to read.
const NARROWEST: usize = 40;

fn wrap(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for (place, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if place > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note | Level::Off => Severity::Note,
    }
}

fn config(style: Style) -> Config {
    Config {
        chars: if style.ascii { Chars::ascii() } else { Chars::box_drawing() },
        // An excerpt holds the line before a label only where it is worth showing.
        before_label_lines: 1,
        ..Config::default()
    }
}

fn cut(style: Style) -> Cut {
    const LINE: usize = 160;
    /// Line number, border and the marks of labels over several lines.
    const MARGIN: usize = 8;
    let width = style.width.map_or(LINE, |width| usize::from(width).saturating_sub(MARGIN).max(NARROWEST));
    if style.ascii {
        Cut { width, ellipsis: "[...]", substitute: '?' }
    } else {
        Cut { width, ellipsis: "…", substitute: char::REPLACEMENT_CHARACTER }
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimens::*;
    use super::*;

    fn shown(finding: fn(&Texts) -> Finding, style: Style) -> String {
        let texts = texts();
        full(&[finding(&texts)], &texts, style)
    }

    fn boxed(finding: fn(&Texts) -> Finding) -> String {
        shown(finding, Style::default())
    }

    fn plain(finding: fn(&Texts) -> Finding) -> String {
        shown(finding, Style { ascii: true, width: Some(60), colour: false })
    }

    #[test]
    fn a_finding_without_a_label_is_its_headline_and_its_help() {
        insta::assert_snapshot!(boxed(|_| no_label()), @r"
        error[unknown-format]: no format recognises `exports/core.bin`
         = help: name the format: `--export exports/core.bin=FORMAT`
        ");
    }

    #[test]
    fn labels_in_two_files_show_the_file_to_edit_first() {
        insta::assert_snapshot!(boxed(two_files), @r"
        error[missing-flow]: `exo` is denied at `oslo_edge`: `backup_proxy -> exchange_online tcp/443`
          ┌─ exports/edge.conf:2:5
          │
        2 │     10  deny    tcp 10.20.5.0/24 any eq 443
          │         ^^^^ denies all of it
          │
          ┌─ oslo.flow:5:1
          │
        5 │ exo: backup_proxy -> exchange_online tcp/443
          │ ---                  ----------------------- this is never reached
          │ │
          │ required here
          │
          = 10.20.5.1 -> outlook.office365.com tcp/443 is one packet of it
          = rule `10` decides it; rule `20` would permit it
          = fix (safe): insert a permit of `exo` before rule `10`
          = help: `flowright fix` shows the change
        ");
    }

    #[test]
    fn a_label_over_a_few_lines_shows_them_all() {
        insta::assert_snapshot!(boxed(several_lines), @r"
        warning[unbound-role]: `oslo_edge` guards a role without addresses
           ┌─ oslo.flow:9:12
           │
         2 │   role backup_proxy = 10.20.5.0/28
           │   -----------------
           ·
         9 │     guards = [
           │ ╭────────────^
        10 │ │     backup_proxy,
        11 │ │     事務所,
        12 │ │   ] -> any
           │ ╰───^ these are guarded
        ");
    }

    #[test]
    fn a_label_over_many_lines_shows_its_first() {
        insta::assert_snapshot!(boxed(many_lines), @r"
        note[unused-module]: nothing uses this module
          ┌─ oslo.flow:1:1
          │
        1 │ ## Backup of Microsoft 365.
          │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^ all of this (to line 6)
        ");
    }

    #[test]
    fn tabs_are_spaces_and_line_ends_are_not_shown() {
        insta::assert_snapshot!(boxed(tabs_and_line_ends), @r"
        warning[overbroad-rule]: rule `20` permits more than is declared
          ┌─ exports/edge.conf:3:5
          │
        3 │     20  permit  ip any any
          │         ^^^^^^^^^^^^^^^^^^ all of it
        ");
    }

    #[test]
    fn marks_are_as_wide_as_what_they_mark() {
        insta::assert_snapshot!(boxed(wide_characters), @r"
        warning[unused-role]: nothing uses `事務所`
          ┌─ oslo.flow:6:6
          │
        6 │ role 事務所 = [192.0.2.0/24, 198.51.100.7] except 192.0.2.1
          │      ^^^^^^                  ------------ this address is in no flow
          │      │
          │      defined here
          │
          = help: remove the role
        ");
    }

    #[test]
    fn hostile_names_are_shown_and_do_nothing() {
        insta::assert_snapshot!(boxed(hostile_names), @r#"
        warning[shadowed-rule]: rule `FW\u{1b}[2K\u{202e}24\u{202c}` never decides
          ┌─ exports/fw\u{1b}[31m.conf:1:11
          │
        1 │ set rule "FW�[2K�24�" action allow
          │           ^^^^^^^^^^ `FW\u{1b}[2K\u{202e}24\u{202c}` is shadowed
          │
          = first line\u{a}error[forged]: a line of its own\u{85}
          = help: remove\u{7} it
        "#);
    }

    #[test]
    fn a_label_at_the_end_of_a_file_shows_the_line_before() {
        insta::assert_snapshot!(boxed(end_of_file), @r"
        error[syntax-error]: expected `}`, found the end of the file
          ┌─ unfinished.flow:3:1
          │
        1 │ firewall oslo_edge {
          │                    - opened here
        2 │   guards = [backup_proxy] -> any
        3 │
          │ ^ expected here
          │
          = help: close the block
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_its_labels() {
        insta::assert_snapshot!(boxed(one_long_line), @r#"
        warning[redundant-rule]: rule `rule-19999` changes nothing
          ┌─ exports/nsg.json:1:1039959
          │
        1 │ …3"},{"name":"rule-00002","access":"A…port":"443"},{"name":"rule-00300","acce…3"},{"name":"rule-19999","access":"A…
          │               ----------                           ---------------------------             ^^^^^^^^^^ redundant
          │               │                                    │
          │               │                                    and these are between them
          │               permits the same
        "#);
    }

    #[test]
    fn a_check_that_is_off_is_silent() {
        assert_eq!(boxed(switched_off), "");
    }

    #[test]
    fn ascii_needs_no_other_character() {
        insta::assert_snapshot!(plain(two_files), @r"
        error[missing-flow]: `exo` is denied at `oslo_edge`: `backup_proxy -> exchange_online tcp/443`
          --> exports/edge.conf:2:5
          |
        2 |     10  deny    tcp 10.20.5.0/24 any eq 443
          |         ^^^^ denies all of it
          |
          --> oslo.flow:5:1
          |
        5 | exo: backup_proxy -> exchange_online tcp/443
          | ---                  ----------------------- this is never reached
          | |
          | required here
          |
          = 10.20.5.1 -> outlook.office365.com tcp/443 is one packet
            of it
          = rule `10` decides it; rule `20` would permit it
          = fix (safe): insert a permit of `exo` before rule `10`
          = help: `flowright fix` shows the change
        ");
        insta::assert_snapshot!(plain(several_lines), @r"
        warning[unbound-role]: `oslo_edge` guards a role without addresses
           --> oslo.flow:9:12
           |
         2 |   role backup_proxy = 10.20.5.0/28
           |   -----------------
           .
         9 |     guards = [
           | /------------^
        10 | |     backup_proxy,
        11 | |     事務所,
        12 | |   ] -> any
           | \---^ these are guarded
        ");
        insta::assert_snapshot!(plain(wide_characters), @r"
        warning[unused-role]: nothing uses `事務所`
          --> oslo.flow:6:6
          |
        6 | role 事務所 = [192.0.2.0/24, 198.51.100.7] except[...]
          |      ^^^^^^                  ------------ this address is in no flow
          |      |
          |      defined here
          |
          = help: remove the role
        ");
        insta::assert_snapshot!(plain(hostile_names), @r#"
        warning[shadowed-rule]: rule `FW\u{1b}[2K\u{202e}24\u{202c}` never decides
          --> exports/fw\u{1b}[31m.conf:1:11
          |
        1 | set rule "FW?[2K?24?" action allow
          |           ^^^^^^^^^^ `FW\u{1b}[2K\u{202e}24\u{202c}` is shadowed
          |
          = first line\u{a}error[forged]: a line of its own\u{85}
          = help: remove\u{7} it
        "#);
        insta::assert_snapshot!(plain(one_long_line), @r#"
        warning[redundant-rule]: rule `rule-19999` changes nothing
          --> exports/nsg.json:1:1039959
          |
        1 | [...]"name":"rule-00002","acces[...]:"443"},{"name":"rule-00[...]"name":"rule-19999","acces[...]
          |              ----------                     ---------------------        ^^^^^^^^^^ redundant
          |              |                              |
          |              |                              and these are between them
          |              permits the same
        "#);
    }

    #[test]
    fn colour_adds_escape_codes_and_nothing_else() {
        let texts = texts();
        let findings = all(&texts);
        let coloured = full(&findings, &texts, Style { colour: true, ..Style::default() });
        let mut stripped = String::new();
        for (place, part) in coloured.split("\u{1b}[").enumerate() {
            stripped.push_str(if place == 0 {
                part
            } else {
                part.split_once('m').expect("an escape code").1
            });
        }
        assert_eq!(stripped, full(&findings, &texts, Style::default()));
        let first = coloured.lines().next().map(|line| line.replace('\u{1b}', "ESC"));
        insta::assert_snapshot!(first.unwrap_or_default(), @r"ESC[0;1;31merror[unknown-format]ESC[0;1m: no format recognises `exports/core.bin`ESC[0m");
    }

    #[test]
    fn findings_are_parted_by_an_empty_line() {
        let texts = texts();
        let both = full(&[no_label(), no_label()], &texts, Style::default());
        assert_eq!(both, boxed(|_| no_label()).repeat(2));
        assert!(both.ends_with("=FORMAT`\n\n"));
    }

    #[test]
    fn labels_beyond_the_most_are_counted() {
        let texts = texts();
        let mut finding = no_label().primary(texts.find(0, "exo"), "first");
        for _ in 0..MOST_LABELS + 2 {
            finding = finding.secondary(texts.find(1, "deny"), "again");
        }
        let shown = full(&[finding], &texts, Style::default());
        assert_eq!(shown.matches("again").count(), MOST_LABELS - 1);
        assert!(shown.contains("= places not shown: 3;"));
    }

    #[test]
    fn notes_are_wrapped_between_words() {
        let width = Some(10);
        assert_eq!(wrap("one two three", width), "one two\nthree");
        assert_eq!(wrap("ten.chars. x", width), "ten.chars.\nx");
        assert_eq!(wrap("longer.than.ten x", width), "longer.than.ten\nx");
        assert_eq!(wrap("a  b", width), "a  b");
        assert_eq!(wrap("one two three", None), "one two three");
    }
}
