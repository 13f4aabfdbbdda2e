use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::diagnostic::{Label as Shown, LabelStyle};
use codespan_reporting::files::{Error, Files, Location};

use super::places::Places;
use crate::printable::is_printable;
use crate::{FileId, Label, printable};

/// Copies what the labels of one finding point at out of their files.
///
/// codespan prints a source line whole and as it is, which for an export in one line of 50 MB, or with escape
/// sequences in it, will not do. So it never sees a file: it sees an excerpt, in which long lines are cut around the
/// labels and every character is printable, and labels that point into that. Line numbers and columns are the file's.
pub(super) fn excerpts<'a>(
    labels: impl Iterator<Item = &'a Label>,
    places: &mut Places<'_>,
    cut: &Cut,
) -> (Excerpts, Vec<Shown<usize>>) {
    let mut files: Vec<FileId> = Vec::new();
    let mut marks: Vec<Mark<'_>> = Vec::new();
    for label in labels {
        let file = label.place.file;
        let position = files.iter().position(|known| *known == file).unwrap_or_else(|| {
            files.push(file);
            files.len() - 1
        });
        marks.push(Mark::new(label, position, places));
    }
    let excerpts: Vec<Excerpt> = files
        .iter()
        .enumerate()
        .map(|(position, file)| excerpt(*file, position, &marks, places, cut))
        .collect();
    let shown = marks
        .iter()
        .map(|mark| {
            let style = if mark.label.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
            let text = places.text(mark.label.place.file);
            let range = excerpts[mark.file].range(mark, text, cut);
            Shown::new(style, mark.file, range).with_message(mark.text())
        })
        .collect();
    (Excerpts { files: excerpts }, shown)
}

/// How a source line is made fit to be shown.
pub(super) struct Cut {
    /// The most characters of a line; a longer one is shown around its labels.
    pub(super) width: usize,
    /// Stands for what is left out.
    pub(super) ellipsis: &'static str,
    /// Stands for a character that must not be printed.
    pub(super) substitute: char,
}

impl Cut {
    /// Tabs stay: codespan turns them into spaces.
    fn shown(&self, character: char) -> char {
        if character == '\t' || is_printable(character) { character } else { self.substitute }
    }
}

/// A label over more lines than this points at its first line only.
const MOST_LINES: usize = 5;

/// Where a label starts and ends: lines from 0, offsets of the file.
struct Mark<'a> {
    label: &'a Label,
    /// Which of the excerpts.
    file: usize,
    first_line: usize,
    last_line: usize,
    start: usize,
    end: usize,
    /// The last line of a label that is shown by its first, from 1.
    goes_on_to: Option<usize>,
}

impl<'a> Mark<'a> {
    fn new(label: &'a Label, file: usize, places: &mut Places<'_>) -> Self {
        let span = label.place;
        let index = places.index(span.file);
        let start = index.boundary(span.range.start);
        let mut end = index.boundary(span.range.end).max(start);
        let first_line = index.line(span.range.start) as usize - 1;
        let mut last_line = (index.line(span.range.end) as usize - 1).max(first_line);
        let line = |line: usize| -> Range<usize> {
            index.line_range(line as u32 + 1).expect("a line that an offset is in").into()
        };
        // A label that takes in line ends means the lines before them.
        for _ in 0..MOST_LINES {
            if last_line > first_line && end == line(last_line).start {
                last_line -= 1;
                end = line(last_line).end;
            }
        }
        let mut goes_on_to = None;
        if last_line - first_line >= MOST_LINES {
            goes_on_to = Some(last_line + 1);
            last_line = first_line;
            end = line(first_line).end;
        }
        Mark { label, file, first_line, last_line, start, end, goes_on_to }
    }

    fn text(&self) -> String {
        let text = printable(&self.label.text);
        match self.goes_on_to {
            Some(line) if text.is_empty() => format!("to line {line}"),
            Some(line) => format!("{text} (to line {line})"),
            None => text.into_owned(),
        }
    }

    /// What has to be seen of a line: all of a label inside it, else where the label enters or leaves it.
    fn wanted(&self, line: usize) -> Option<Range<usize>> {
        match (line == self.first_line, line == self.last_line) {
            (true, true) => Some(self.start..self.end),
            (true, false) => Some(self.start..self.start),
            (false, true) => Some(self.end..self.end),
            (false, false) => None,
        }
    }
}

fn excerpt(file: FileId, position: usize, marks: &[Mark<'_>], places: &mut Places<'_>, cut: &Cut) -> Excerpt {
    let name = printable(places.path(file)).into_owned();
    let text = places.text(file);
    let index = places.index(file);
    let line_range =
        |line: usize| -> Range<usize> { index.line_range(line as u32 + 1).unwrap_or_default().into() };
    let blank = |line: usize| text[line_range(line)].trim().is_empty();
    let here = || marks.iter().filter(|mark| mark.file == position);

    let mut wanted: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
    for mark in here() {
        for line in mark.first_line..=mark.last_line {
            wanted.entry(line).or_default().extend(mark.wanted(line));
        }
        // A mark on an empty line (the end of a file) says nothing without the line before.
        if mark.first_line > 0 && blank(mark.first_line) && !blank(mark.first_line - 1) {
            wanted.entry(mark.first_line - 1).or_default();
        }
    }
    // codespan shows a single line between two shown ones rather than a break.
    let between: Vec<usize> = wanted
        .keys()
        .zip(wanted.keys().skip(1))
        .filter(|(line, next)| *line + 2 == **next)
        .map(|(line, _)| line + 1)
        .collect();
    for line in between {
        wanted.entry(line).or_default();
    }

    let headed = here().min_by_key(|mark| (!mark.label.primary, mark.start));
    let (line, column) = headed.map_or((1, 1), |mark| index.line_column(mark.label.place.range.start));
    let location = Location { line_number: line as usize, column_number: column as usize };

    let mut shown = String::new();
    let mut lines = Vec::with_capacity(wanted.len());
    for (line, wanted) in wanted {
        let start = shown.len();
        let pieces = show_line(text, line_range(line), &wanted, cut, &mut shown);
        lines.push(Line { index: line, range: start..shown.len(), pieces });
        shown.push('\n');
    }
    Excerpt { name, location, text: shown, lines }
}

/// Appends one line as it is shown, and says what of it went where.
fn show_line(
    text: &str,
    line: Range<usize>,
    wanted: &[Range<usize>],
    cut: &Cut,
    shown: &mut String,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut left_off_from = line.start;
    for window in windows(text, line.clone(), wanted, cut) {
        if window.start > left_off_from {
            shown.push_str(cut.ellipsis);
        }
        let at = shown.len();
        shown.extend(text[window.clone()].chars().map(|character| cut.shown(character)));
        left_off_from = window.end;
        pieces.push(Piece { of: window, at });
    }
    if line.end > left_off_from {
        shown.push_str(cut.ellipsis);
    }
    pieces
}

/// However many labels share a long line, each is shown with this many characters.
const NARROWEST_SHARE: usize = 32;

/// The parts of a line that are shown: all of a short one, else what is wanted with what stands around it.
fn windows(text: &str, line: Range<usize>, wanted: &[Range<usize>], cut: &Cut) -> Vec<Range<usize>> {
    if forward(text, line.clone(), cut.width) == line.end {
        return vec![line];
    }
    if wanted.is_empty() {
        let head = line.start..forward(text, line, cut.width);
        return vec![head];
    }
    let share = (cut.width / wanted.len()).max(NARROWEST_SHARE);
    let mut windows: Vec<Range<usize>> = wanted
        .iter()
        .map(|wanted| {
            let start = backward(text, line.start..wanted.start, share / 4);
            let head = forward(text, wanted.clone(), share / 2);
            let end = if head < wanted.end { head } else { forward(text, head..line.end, share / 4) };
            // An ellipsis in place of a few bytes would hide more than it saves.
            let start = if start - line.start <= cut.ellipsis.len() { line.start } else { start };
            let end = if line.end - end <= cut.ellipsis.len() { line.end } else { end };
            start..end
        })
        .collect();
    windows.sort_by_key(|window| (window.start, window.end));
    windows.dedup_by(|next, window| {
        let touching = next.start <= window.end + cut.ellipsis.len();
        if touching {
            window.end = window.end.max(next.end);
        }
        touching
    });
    windows
}

/// The offset some characters after the start of a range, or its end.
fn forward(text: &str, range: Range<usize>, characters: usize) -> usize {
    text[range.clone()].char_indices().nth(characters).map_or(range.end, |(at, _)| range.start + at)
}

/// The offset some characters before the end of a range, or its start.
fn backward(text: &str, range: Range<usize>, characters: usize) -> usize {
    text[range.clone()]
        .char_indices()
        .rev()
        .take(characters)
        .last()
        .map_or(range.end, |(at, _)| range.start + at)
}

/// The excerpts of one finding, which codespan takes for files; an id is a position.
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

impl Excerpts {
    /// How many columns line numbers take.
    pub(super) fn gutter(&self) -> usize {
        let last = self.files.iter().filter_map(|file| file.lines.last()).map(|line| line.index + 1).max();
        last.map_or(0, |number| number.to_string().len())
    }
}

struct Excerpt {
    name: String,
    /// Of the label that the excerpt is about.
    location: Location,
    /// The shown lines, each with a line feed after it.
    text: String,
    lines: Vec<Line>,
}

struct Line {
    /// In the file, from 0.
    index: usize,
    /// In the excerpt, without the line feed.
    range: Range<usize>,
    pieces: Vec<Piece>,
}

/// A part of a file's line that is shown, and where in the excerpt it starts.
struct Piece {
    of: Range<usize>,
    at: usize,
}

impl Excerpt {
    fn line(&self, index: usize) -> Option<&Line> {
        self.lines.binary_search_by_key(&index, |line| line.index).ok().map(|position| &self.lines[position])
    }

    /// What a mark covers of the excerpt.
    fn range(&self, mark: &Mark<'_>, text: &str, cut: &Cut) -> Range<usize> {
        let start = self.offset(mark.first_line, mark.start, text, cut);
        let end = self.offset(mark.last_line, mark.end, text, cut);
        start..end.max(start)
    }

    /// Where an offset of the file is shown; one that is left out is where the ellipsis after the last shown part
    /// before it ends.
    fn offset(&self, line: usize, offset: usize, text: &str, cut: &Cut) -> usize {
        let Some(line) = self.line(line) else { return 0 };
        let Some(piece) = line.pieces.iter().rfind(|piece| piece.of.start <= offset) else {
            return line.range.start;
        };
        let length =
            |part: &str| -> usize { part.chars().map(|character| cut.shown(character).len_utf8()).sum() };
        if offset <= piece.of.end {
            piece.at + length(&text[piece.of.start..offset])
        } else {
            piece.at + length(&text[piece.of.clone()]) + cut.ellipsis.len()
        }
    }
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, offset: usize) -> Result<usize, Error> {
        let lines = &self.file(id)?.lines;
        let after = lines.partition_point(|line| line.range.start <= offset);
        Ok(lines.get(after.saturating_sub(1)).map_or(0, |line| line.index))
    }

    fn line_range(&'a self, id: usize, index: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        let max = file.lines.last().map_or(0, |line| line.index);
        file.line(index).map(|line| line.range.clone()).ok_or(Error::LineTooLarge { given: index, max })
    }

    /// codespan asks for it to head an excerpt, and there is one answer: it does not follow from a shown offset,
    /// which in a cut line is no offset of the file.
    fn location(&'a self, id: usize, _: usize) -> Result<Location, Error> {
        Ok(self.file(id)?.location)
    }
}

impl Excerpts {
    fn file(&self, id: usize) -> Result<&Excerpt, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Cut = Cut { width: 64, ellipsis: "…", substitute: '?' };

    fn shown(wanted: &[Range<usize>]) -> String {
        let text: String = (100..140).map(|number| format!("{number}.")).collect();
        let mut shown = String::new();
        show_line(&text, 0..text.len(), wanted, &CUT, &mut shown);
        shown
    }

    #[test]
    fn a_label_inside_another_takes_nothing_of_it_away() {
        let (outer, inner) = (60..76, 62..64);
        assert_eq!(shown(&[outer.clone(), inner]), "…113.114.115.116.117.118.119.120.…");
        assert_eq!(shown(&[outer.clone(), outer]), "…113.114.115.116.117.118.119.120.…");
    }

    #[test]
    fn a_label_at_an_end_of_the_line_has_no_ellipsis_there() {
        assert_eq!(shown(&[0..3, 156..159]), "100.101.102…137.138.139.");
    }

    #[test]
    fn a_line_without_a_label_shows_its_start() {
        assert_eq!(shown(&[]), "100.101.102.103.104.105.106.107.108.109.110.111.112.113.114.115.…");
    }
}
