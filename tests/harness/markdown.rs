use std::ops::Range;

/// A heading and what stands under it, up to the next heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'t> {
    /// The number of `#`; 0 for what stands before the first heading.
    pub level: usize,
    pub title: &'t str,
    /// From 1.
    pub line: usize,
    pub blocks: Vec<Block<'t>>,
    /// Where the text of the section ends, in bytes of the file.
    pub end: usize,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'t> {
    /// The words behind the opening fence, the language first.
    pub words: Vec<&'t str>,
    pub text: &'t str,
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// The bytes of `text` in the file.
    pub range: Range<usize>,
    /// The end of the line of the closing fence.
    pub end: usize,
}

impl<'t> Block<'t> {
    pub fn language(&self) -> &'t str {
        self.words.first().copied().unwrap_or_default()
    }
}

/// The sections of a Markdown file. Only what the suites use is known: headings with `#`, and blocks between fences of
/// three or more backticks at the start of a line. An error names the line of a fence that is never closed.
pub fn sections(text: &str) -> Result<Vec<Section<'_>>, String> {
    let mut out = vec![Section { level: 0, title: "", line: 1, blocks: Vec::new(), end: 0 }];
    let mut open: Option<(usize, Block<'_>)> = None;
    let mut at = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let (start, end) = (at, at + raw.len());
        at = end;
        let line = raw.trim_end();
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        if let Some((fence, block)) = &mut open {
            if ticks >= *fence && line.len() == ticks {
                block.text = &text[block.range.start..start];
                block.range.end = start;
                block.end = end;
                if let (Some(section), Some((_, block))) = (out.last_mut(), open.take()) {
                    section.end = end;
                    section.blocks.push(block);
                }
            }
            continue;
        }
        if ticks >= 3 {
            let words = line[ticks..].split_whitespace().collect();
            open = Some((ticks, Block { words, text: "", line: index + 1, range: end..end, end }));
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if level > 0 && line[level..].starts_with(' ') {
            out.push(Section {
                level,
                title: line[level..].trim(),
                line: index + 1,
                blocks: Vec::new(),
                end,
            });
        } else if let Some(section) = out.last_mut() {
            section.end = end;
        }
    }
    match open {
        Some((_, block)) => Err(format!("{}: the block that begins here is never closed", block.line)),
        None => Ok(out),
    }
}
