//! The lines of a formatted file, put into columns once all are there.

/// Lines in the making: text goes to the open line until it is ended.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Depth and text of the line that is being written.
    open: Option<(usize, String)>,
    blank_before_next: bool,
}

struct Line {
    indent: usize,
    text: String,
    comment: Option<String>,
    blank_before: bool,
    aligned: Option<Aligned>,
}

/// Lines of one kind that follow each other have their `=` in one column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned {
    Role,
    Service,
    Entry,
}

/// Comments farther apart than this are not put into one column.
const WIDEST_GAP: usize = 30;

impl Lines {
    /// Opens a line `indent` levels deep, unless one is open.
    pub fn start(&mut self, indent: usize) {
        if self.open.is_none() {
            self.open = Some((indent, String::new()));
        }
    }

    pub fn write(&mut self, text: &str) {
        self.open.get_or_insert_default().1.push_str(text);
    }

    /// Ends the open line; an empty one was never there.
    pub fn end(&mut self) {
        if let Some((indent, text)) = self.open.take().filter(|(_, text)| !text.is_empty()) {
            let text = text.trim_end().to_owned();
            self.push(indent, text, None);
        }
    }

    /// A blank line before the next one.
    pub fn blank(&mut self) {
        self.blank_before_next = true;
    }

    /// Puts a comment at the end of the last line; `false` if there is none, or it has one already.
    pub fn append_comment(&mut self, comment: &str) -> bool {
        match self.lines.last_mut() {
            Some(line) if line.comment.is_none() && !line.text.is_empty() => {
                line.comment = Some(comment.to_owned());
                true
            }
            _ => false,
        }
    }

    pub fn own_line_comment(&mut self, indent: usize, comment: &str) {
        self.push(indent, String::new(), Some(comment.to_owned()));
    }

    /// Marks the last line as one of several whose `=` stand in one column.
    pub fn align_last(&mut self, class: Aligned) {
        if let Some(line) = self.lines.last_mut() {
            line.aligned = Some(class);
        }
    }

    /// How many lines have ended.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// Of the open line.
    pub fn indent(&self) -> usize {
        self.open.as_ref().map_or(0, |(indent, _)| *indent)
    }

    /// Columns of the open line so far.
    pub fn width(&self) -> usize {
        self.open.as_ref().map_or(0, |(indent, text)| indent * 2 + text.chars().count())
    }

    pub fn at_start(&self) -> bool {
        self.open.as_ref().is_none_or(|(_, text)| text.is_empty())
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        self.end();
        self.align_equals();
        let columns = self.comment_columns();
        let mut text = String::new();
        for (line, column) in self.lines.iter().zip(columns) {
            if line.blank_before && !text.is_empty() {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n(' ', line.indent * 2));
            text.push_str(&line.text);
            if let Some(comment) = &line.comment {
                text.extend(std::iter::repeat_n(' ', column.saturating_sub(line.text.chars().count())));
                text.push_str(comment);
            }
            text.push('\n');
        }
        text
    }

    fn push(&mut self, indent: usize, text: String, comment: Option<String>) {
        let blank_before = std::mem::take(&mut self.blank_before_next);
        self.lines.push(Line { indent, text, comment, blank_before, aligned: None });
    }

    fn align_equals(&mut self) {
        let same = |line: &Line, next: &Line| {
            !next.blank_before
                && line.indent == next.indent
                && line.aligned.is_some()
                && line.aligned == next.aligned
        };
        for run in self.lines.chunk_by_mut(same) {
            // Nothing before the first `=` of these lines is wider than a byte a character.
            let column = run.iter().filter_map(|line| line.text.find(" = ")).max().unwrap_or(0);
            for line in run.iter_mut().filter(|line| line.aligned.is_some()) {
                if let Some(equal) = line.text.find(" = ") {
                    line.text.insert_str(equal, &" ".repeat(column - equal));
                }
            }
        }
    }

    /// For each line, how many columns after its indentation its comment begins.
    fn comment_columns(&self) -> Vec<usize> {
        let trails = |line: &Line| line.comment.is_some() && !line.text.is_empty();
        let same = |line: &Line, next: &Line| {
            !next.blank_before && line.indent == next.indent && trails(line) && trails(next)
        };
        let mut columns = Vec::with_capacity(self.lines.len());
        for run in self.lines.chunk_by(same) {
            let widths = || run.iter().map(|line| line.text.chars().count());
            let (least, most) = (widths().min().unwrap_or(0), widths().max().unwrap_or(0));
            columns.extend(run.iter().zip(widths()).map(|(line, width)| match () {
                () if line.text.is_empty() => 0,
                () if most - least > WIDEST_GAP => width + 2,
                () => most + 2,
            }));
        }
        columns
    }
}
